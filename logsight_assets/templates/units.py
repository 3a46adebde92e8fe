"""Units: the pieces of a line of which each is a constant or a variable as a whole, and how likely it is a value.

A row is a line as units. Tokens that belong together are one unit: a quoted text, a list or object, `host:80`, a value
of several words after `=`. A unit keeps the blank before it, so that a row joins back to its line's text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from logsight_assets.templates.tokens import ANY, NUMBER, QUOTES

Row = tuple[str, ...]

NONE = "<NONE>"  # an empty value: `key= next=`, `()`
_PLACEHOLDER = re.compile(r"<[A-Z*][A-Z0-9_:*]*>")
_WORD = re.compile(r"[A-Za-z]?[a-z]+(?:[-'][a-z]+)*")
_LETTERS = re.compile(r"[A-Za-z]+")
_TWO_LETTERS = re.compile(r"[^\W\d_]{2}")
_COMPOSITE = re.compile(r"[^\w<>*.$-]")
# A request line is known by its verb: GET and DELETE are never two values of one place.
_VERBS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "CONNECT"})


@lru_cache(maxsize=1 << 16)
def kind(unit: str) -> str:
    """Class of a unit, from what is surely a value to what is surely none.

    V placeholders (with punctuation and single letters), D name with a number, P dotted name or path, O composite,
    C capitals or camel case, W plain word, S punctuation or HTTP verb.
    """
    text = unit.lstrip()
    if len(text) > 1 and text[0] in QUOTES and text[-1] == text[0]:
        text = text[1:-1]
        if not text.strip():
            return "V"
    if text in _VERBS:
        return "S"
    rest = _PLACEHOLDER.sub("", text)
    if rest != text:
        if not _TWO_LETTERS.search(rest) and not (len(rest) == 1 and rest.isalpha() and text.endswith(NUMBER)):
            return "V"
        return "O" if _COMPOSITE.search(text) else "D"
    if not any(character.isalpha() for character in text):
        return "S"
    if _WORD.fullmatch(text):
        return "W"
    if _LETTERS.fullmatch(text):
        return "C"
    return "P" if text.count(".") >= 2 or "/" in text or "\\" in text else "O"


def is_wild(unit: str) -> bool:
    """Whether the unit is a placeholder."""
    return kind(unit) == "V"


@lru_cache(maxsize=1 << 16)
def words_in(unit: str) -> tuple[str, ...]:
    """The words of a unit: `app.orders-<NUM>` has `app` and `orders`."""
    return tuple(_LETTERS.findall(_PLACEHOLDER.sub(" ", unit)))


def like(unit: str, text: str) -> str:
    """The text in place of a unit, with the unit's blank."""
    return " " + text if unit[0] == " " else text


def generalise(rows: list[Row]) -> Row:
    """The least general row of rows of equal length: what differs becomes a placeholder, in its quotes."""
    return tuple(column[0] if len(set(column)) == 1 else _general(column) for column in zip(*rows, strict=True))


def _general(column: tuple[str, ...]) -> str:
    first = column[0].lstrip()[0]
    quoted = first in QUOTES and all(unit.lstrip()[0] == first == unit[-1] for unit in column)
    return like(column[0], first + ANY + first if quoted else ANY)
