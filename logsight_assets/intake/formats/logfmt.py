"""logfmt: `key=value key="quoted value" flag`, as Go programs write it."""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.flat_record import flat_record
from logsight_assets.intake.formats.multiline import Fields
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.records import ParseContext

_KEY = Pattern(r"[A-Za-z_@][\w.@/\-]*=(?:\"|\S|$| )")
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def logfmt_pairs(raw: bytes) -> dict[str, Any] | None:
    """The pairs of a line; None unless it begins with one and holds two. A bare word is a flag: true."""
    if not _KEY.test(raw) or raw.count(b"=") < 2:
        return None
    text = text_of(raw)
    pairs: dict[str, Any] = {}
    position, length, bare, equals = 0, len(text), 0, -1
    while position < length:
        if text[position] in " \t":
            position += 1
            continue
        if equals < position:  # looked for once, not for every bare word: a line of words stays linear
            equals = text.find("=", position)
            equals = length if equals < 0 else equals
        blank = text.find(" ", position)
        blank = length if blank < 0 else blank
        if equals == length or blank < equals:
            pairs.setdefault(text[position:blank], True)
            position, bare = blank, bare + 1
            continue
        key = text[position:equals]
        value, position = _value(text, equals + 1)
        if key in pairs:
            key = "_" + key
        pairs[key] = value
    # Prose that happens to hold `=` has more bare words than pairs.
    return pairs if len(pairs) - bare >= 2 and bare <= (len(pairs) - bare) else None


def _value(text: str, start: int) -> tuple[str, int]:
    if text[start : start + 1] != '"':
        end = text.find(" ", start)
        end = len(text) if end < 0 else end
        return text[start:end], end
    end = text.find('"', start + 1)
    if end < 0:
        return text[start:], len(text)
    if "\\" not in text[start:end]:
        return text[start + 1 : end], end + 1
    pieces, position = [], start + 1
    while position < len(text) and text[position] != '"':
        if text[position] == "\\" and position + 1 < len(text):
            position += 1
            pieces.append(_ESCAPES.get(text[position], "\\" + text[position]))
        else:
            pieces.append(text[position])
        position += 1
    return "".join(pieces), position + 1


def logfmt_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of a logfmt line by its keys' names; without a message the line is the body."""
    pairs = logfmt_pairs(raw)
    if pairs is None:
        return None
    fields = flat_record(pairs, context)
    if not {"msg", "message", "body", "event", "log", "text"} & pairs.keys():
        fields["body"] = text_of(raw)
    return fields
