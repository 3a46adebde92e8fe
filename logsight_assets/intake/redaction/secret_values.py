"""Where the value of `key=value` ends, and whether it can be a secret."""

from __future__ import annotations

from logsight_assets.intake.redaction.expressions import compile_bytes
from logsight_assets.intake.redaction.vendors import looks_random

_UNQUOTED = compile_bytes(r"[^\s\"'\\,;&<>()\[\]{}|]+")
_PLACEHOLDER = compile_bytes(
    r"(?i)(?:\W*|[*xX.#\-]{3,}|(?:your|insert|change|enter|example)[_\-].*|null|none|nil|undefined|unset|unknown|true"
    r"|false|yes|no|n/a|empty|hidden|masked|redacted|removed|filtered|secret"
    r"|password|passwd|pwd|token|string|str|int|bool(?:ean)?|object|bytes|%[a-z]|%\(.*\)s|\$\{.*|\$\(.*|\$\w+|\{.*"
    r"|<.*>|\[.*\]|:[a-z_]+|@[a-z_]+)"
)
# No quote, backslash, blank or list sign, which the gate could not follow through JSON escapes.
_PLAIN = compile_bytes(r"[!#-%(-+\--:=?-\[\]-~]+")
# `Invalid password: must have …` is prose; a password of these letters is a risk taken.
_PROSE = frozenset(
    b"a an and new are at authentication be by can cannot could does error expected expired fail failed failure "
    b"field for from has have if in "
    b"incorrect invalid is it length lookup may mismatch missing must not of ok on or please required should than "
    b"that the this to too "
    b"unauthorized update use using was were when will with wrong you your user permission access account "
    b"login".split()
)


# How far a value is looked at before it counts as a secret: without a bound, `password=password=…` is quadratic.
_LOOK = 512


def value_span(text: bytes, at: int, look: int = _LOOK) -> tuple[int, int, bool]:
    """Start and end of the value that begins at `at`, without quotes, and whether it is quoted; empty if none.

    A quote may be escaped (`\\"…\\"`, JSON inside JSON); it ends at the same quote with as many backslashes. A value
    whose closing quote is missing (the line was cut) ends with the line.
    """
    limit = min(len(text), at + look)
    if at < limit and text[at] not in b"\"'\\":
        match = _UNQUOTED.match(text, at, limit)
        return (at, match[0][1], False) if match else (at, at, False)
    start = at
    while start < limit and text[start] == 0x5C:
        start += 1
    if start < limit and text[start] in b"\"'":
        return start + 1, _quoted_end(text, text[at : start + 1], start + 1, limit), True
    return at, at, False


def _quoted_end(text: bytes, quote: bytes, start: int, limit: int) -> int:
    line_end = text.find(b"\n", start, limit)
    limit = line_end if line_end >= 0 else limit
    end = text.find(quote, start, limit)
    while len(quote) == 1 and end > start and text[end - 1] == 0x5C and (end - 1 == start or text[end - 2] != 0x5C):
        end = text.find(quote, end + 1, limit)
    return end if end >= 0 else limit


def whole_end(text: bytes, at: int, end: int) -> int:
    """The end of a secret's value that is longer than the first look."""
    return end if end < at + _LOOK else value_span(text, at, len(text))[1]


def is_placeholder(value: bytes) -> bool:
    """Whether a value stands for nothing: empty, starred, a variable, a type, one of our tokens."""
    return len(value) <= 64 and _PLACEHOLDER.fullmatch(value)


def is_prose(value: bytes) -> bool:
    """Whether a value behind a colon is the next word of a sentence."""
    return value.rstrip(b".!?:").lower() in _PROSE


def is_random_secret(value: bytes) -> bool:
    """Eight characters that mix letters and digits, or 24 that mix cases: no name, no number, no date."""
    if len(value) < 8 or not _PLAIN.fullmatch(value) or is_placeholder(value):
        return False
    if looks_random(value):
        return True
    return len(value) >= 24 and value.isalpha() and not value.islower() and not value.isupper()


def is_code(value: bytes) -> bool:
    """Three to eight digits: a PIN, a card's check number, a one-time password."""
    return 3 <= len(value) <= 8 and value.isdigit()
