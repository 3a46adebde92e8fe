"""RE2 expressions over bytes, and the building blocks that detectors and their gates share.

Latin-1 mode, because a log line may hold any byte. A detector runs on decoded text; its *gate* is a wider and cheaper
expression that must match wherever the detector can find something, in the text and also in the JSON text that the
value was decoded from. So a gate never relies on what JSON escapes change: a line feed arrives as the two characters
backslash and n, a quote as backslash and quote, a slash perhaps as backslash and slash.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, cast

import re2  # type: ignore[import-untyped]


class Match(Protocol):
    """What detectors use of a match; offsets are in bytes, -1 for a group that took no part."""

    def span(self, group: int = 0) -> tuple[int, int]: ...
    def start(self, group: int = 0) -> int: ...
    def end(self, group: int = 0) -> int: ...
    def __getitem__(self, group: int) -> bytes | None: ...


class Expression(Protocol):
    """A compiled expression."""

    def search(self, text: bytes, pos: int | None = None) -> Match | None: ...
    def match(self, text: bytes, pos: int | None = None, endpos: int | None = None) -> Match | None: ...
    def fullmatch(self, text: bytes) -> Match | None: ...
    def finditer(self, text: bytes) -> Iterator[Match]: ...


class GateSet(Protocol):
    """Expressions matched in one pass; the answer is the indexes of those that matched."""

    def Match(self, text: bytes) -> list[int] | None: ...


def _options() -> object:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


def compile_bytes(source: str) -> Expression:
    """Compile an ASCII expression for bytes; raises re2.error on a bad one."""
    return cast(Expression, re2.compile(source.encode("ascii"), _options()))


def compile_set(sources: Iterable[str]) -> GateSet:
    """Compile expressions to be searched together, in order."""
    gates = re2.Set.SearchSet(_options())
    for source in sources:
        gates.Add(source.encode("ascii"))
    gates.Compile()
    return cast(GateSet, gates)


# Captures double the price of a match (0.5 → 1.3 µs), so hot detectors do without and cut the match themselves.
# A word begins at a boundary, behind an underscore, or behind an escape that somebody printed (`\nAKIA…`).
BEGINS = r"(?:\b|_|\\[nrtbf])"
# The same for gates, where a real line feed may have become such an escape.
GATE_BEGINS = r"(?:^|[^0-9A-Za-z]|\\[nrtbf])"
GATE_ENDS = r"(?:$|[^0-9A-Za-z])"

# What may stand between a label and its number: a few plain words, then signs. Words, not a counted stretch of
# anything: each counter in a gate multiplies the automaton's states (the union of gates fell from 9 µs a line to 2).
LABEL_WORDS = r"(?i:[ _.\-]?(?:number|num|no|nr|is|was|value|of|for|from|user|customer|client))*"
LABEL_SIGNS = r"[ :=\"'\\#.>(\[]{1,6}"
LABEL_SIGNS_GATE = r"[\s:=\"'\\#.>(\[\]]+"

_WORD = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_JOINS = frozenset(b".-/:+")
_ESCAPED = frozenset(b"nrtbf")


def begin(text: bytes, start: int) -> int:
    """Where the word begins in a match that starts with `BEGINS`."""
    first = text[start]
    return start + 1 if first == 0x5F else start + 2 if first == 0x5C else start


def is_word_at(text: bytes, index: int) -> bool:
    """Whether a letter or digit of ASCII stands at this place."""
    return 0 <= index < len(text) and text[index] in _WORD


def stands_alone(text: bytes, start: int, end: int, joins: frozenset[int] = _JOINS) -> bool:
    """Whether a number is no piece of a longer one: of a UUID, a version, a decimal, a path, a time.

    A joining character counts only with a letter or digit on its far side, so the full stop of a sentence is none.
    """
    if is_word_at(text, end) or (end < len(text) and text[end] in joins and is_word_at(text, end + 1)):
        return False
    if start == 0:
        return True
    before = text[start - 1]
    if before in _WORD:
        return before in _ESCAPED and start >= 2 and text[start - 2] == 0x5C
    return not (before in joins and is_word_at(text, start - 2))


def is_in_row(text: bytes, start: int, end: int) -> bool:
    """Whether a number grouped by blanks has further digits beside it: a table's row, a dump, a longer number."""
    if b" " not in text[start:end]:
        return False
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    is_after = len(after) == 2 and after[0] == 0x20 and 0x30 <= after[1] <= 0x39
    return is_after or (len(before) == 2 and before[1] == 0x20 and 0x30 <= before[0] <= 0x39)
