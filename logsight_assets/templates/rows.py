"""Rows: a line as units, and rows with their repetitions taken out.

    Failed to open 'no such file' for user=bob smith, hosts ['a', 'b'], retry <NUM> <NUM>
    Failed| to| open| 'no such file'| for| user|=|bob smith|,| hosts| <LIST>|,| retry| <NUM>| <NUM>

The limits below bound the work that one line can make; what is longer is not cut as a whole, only seen as its pieces.
"""

from __future__ import annotations

from logsight_assets.templates.tokens import ANY, NUMBER, QUOTES, tokens
from logsight_assets.templates.units import NONE, Row, is_wild, kind, like

MOST_UNITS = 100  # what follows is one last placeholder: dumps and listings
MOST_QUOTED = 40  # tokens that a quoted text may have
MOST_VALUE_WORDS = 8  # words that a value after `=` may have
WIDEST_REPEAT = 5  # units of a group that repeats

LIST = "<LIST>"
_SEPARATING = frozenset("()[]{}<>=,;")
_ENDING = frozenset(":!?|") | QUOTES
_VALUE_ENDS = frozenset(",;)]}")
_NO_TEXT = frozenset("=([{")  # what a value of several words does not hold
_VERBS = ("GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT")


def row_of(typed: str) -> Row:
    """The units of a typed mask."""
    pieces = tokens(typed)
    lists = _list_ends(pieces)
    found: list[str] = []
    run: list[str] = []  # pieces without blanks between them
    index = 0
    while index < len(pieces):
        piece = pieces[index]
        if piece[0] == " ":
            found.extend(_split(run))
            run = []
        end, unit = _whole(pieces, index, lists)
        run.append(unit)
        index = end
    found.extend(_split(run))
    return _with_values(found)


def _whole(pieces: list[str], start: int, lists: dict[int, int]) -> tuple[int, str]:
    """The unit that begins at a piece, if it spans several, and the index after it; else the piece itself."""
    piece = pieces[start]
    mark = piece.lstrip()
    if mark in QUOTES:
        end = lists.get(start + 1, 0)
        if end and pieces[end : end + 1] == [mark]:
            return end + 1, piece + LIST + mark
        if end := _quote_end(pieces, start):
            return end, "".join(pieces[start:end])
    elif start in lists:
        return lists[start], like(piece, LIST)
    return start + 1, piece


def _quote_end(pieces: list[str], start: int) -> int:
    """Index after the token that closes the quotes which a token opens, or 0: an apostrophe, a request line."""
    quote = pieces[start].lstrip()
    if start and pieces[start][0] != " " and (pieces[start - 1][-1].isalnum() or pieces[start - 1][-1] in "_."):
        return 0
    if pieces[start + 1 : start + 2] and pieces[start + 1].lstrip() in _VERBS:
        return 0
    for end in range(start + 1, min(len(pieces), start + 1 + MOST_QUOTED)):
        if pieces[end].lstrip() == quote and not (end + 1 < len(pieces) and pieces[end + 1][0].isalnum()):
            return end + 1
    return 0


def _list_ends(pieces: list[str]) -> dict[int, int]:
    """Where lists and objects of JSON or Python begin and end: brackets with quotes in them, or empty."""
    ends: dict[int, int] = {}
    opened: list[tuple[str, int, int]] = []  # mark, index, quotes before it
    quotes = 0
    for index, piece in enumerate(pieces):
        mark = piece.lstrip()
        if mark in ("[", "{"):
            opened.append((mark, index, quotes))
        elif mark in ("'", '"'):
            quotes += 1
        elif mark in ("]", "}") and opened:
            opening, start, before = opened.pop()
            if (opening == "[") == (mark == "]") and (quotes > before or index == start + 1):
                ends[start] = index + 1
    return ends


def _split(run: list[str]) -> list[str]:
    """A run without blanks as units: brackets, `key` `=` `value`, `word` `:` `value`; what is left stays whole."""
    end = len(run)
    while end and (run[end - 1] in _ENDING or run[end - 1].startswith(".")):
        end -= 1
    found: list[str] = []
    part: list[str] = []
    for index, piece in enumerate(run):
        mark = piece.lstrip()
        alone = mark in _SEPARATING or index >= end or (mark in QUOTES and not part)
        if alone or (mark == ":" and _names_what_follows(part, run, index)):
            if part:
                found.append("".join(part))
                part = []
            found.append(piece)
        else:
            part.append(piece)
    return [*found, "".join(part)] if part else found


def _names_what_follows(part: list[str], run: list[str], colon: int) -> bool:
    """Whether a colon ends a name: not in `http://`, `a::b`, `host:80`."""
    return len(part) == 1 and kind(part[0]) in "WCO" and not run[colon + 1].startswith((":", "/", "\\", NUMBER))


def _with_values(found: list[str]) -> Row:
    """The units with a value of several words after `=` as one, and empty values as `<NONE>`."""
    row: list[str] = []
    index = 0
    while index < len(found) and len(row) < MOST_UNITS:
        row.append(found[index])
        index += 1
        mark, after = row[-1].lstrip(), found[index] if index < len(found) else " "
        if mark == "=" and (after[0] == " " or after in _VALUE_ENDS):
            row.append(NONE)
        elif mark == "=" and (end := _value_end(found, index)):
            row.append("".join(found[index:end]))
            index = end
        elif mark in ("(", "[") and after in (")", "]"):
            row.append(NONE)
    if index < len(found):
        row[MOST_UNITS - 1 :] = [" " + ANY]
    return tuple(row)


def _value_end(found: list[str], start: int) -> int:
    """Index after a value of several words: a text up to `,` or a closing bracket, or an object; 0 where none is."""
    is_object = found[start + 1 : start + 2] == ["{"]  # WorkSource{<NUM> android}
    words = 0
    for index in range(start + 2 * is_object, min(len(found), start + 2 * MOST_VALUE_WORDS)):
        if found[index] in ("}" if is_object else _VALUE_ENDS):
            return index + is_object if index > start + 1 else 0
        words += found[index][0] == " "
        if found[index].lstrip() in _NO_TEXT or words >= MOST_VALUE_WORDS:
            return 0
    return 0


def collapse(row: Row) -> Row:
    """The row with a run of placeholders as one, and a group of units with a placeholder that repeats as one."""
    if not any(is_wild(unit) for unit in row):
        return row
    row = _without_runs(row)
    for width in range(2, WIDEST_REPEAT + 1):
        if len(row) - len({unit.lstrip() for unit in row}) >= width:  # else no group of units stands twice
            row = _without_repeats(row, width)
    return _without_runs(row)


def _without_runs(row: Row) -> Row:
    kept: list[str] = []
    for unit in row:
        if is_wild(unit) and kept:
            if kept[-1] == "," and len(kept) > 1 and is_wild(kept[-2]):
                kept.pop()
            if is_wild(kept[-1]):
                kept[-1] = kept[-1] if kept[-1].lstrip() == unit.lstrip() else like(kept[-1], ANY)
                continue
        kept.append(unit)
    return tuple(kept)


def _without_repeats(row: Row, width: int) -> Row:
    marks = [unit.lstrip() for unit in row]
    kept: list[str] = []
    index = 0
    while index < len(row):
        after = index + width
        if marks[index:after] == marks[after : after + width] and any(is_wild(unit) for unit in row[index:after]):
            index = after  # the last one of equal groups stays
        else:
            kept.append(row[index])
            index += 1
    return tuple(kept)
