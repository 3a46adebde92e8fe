"""RE2 expressions over bytes, and the building blocks that detectors and their gates share.

Latin-1 mode, because a log line may hold any byte. A detector runs on decoded text; its *gate* is a wider and cheaper
expression that must match wherever the detector can find something, in the text and also in the JSON text that the
value was decoded from. So a gate never relies on what JSON escapes change: a line feed arrives as the two characters
backslash and n, a quote as backslash and quote, a slash perhaps as backslash and slash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Protocol, TypeAlias, cast

import re2
from re2 import _re2

# Start and end, in bytes, of the whole match and of each group; (-1, -1) for a group that took no part.
Spans: TypeAlias = list[tuple[int, int]]
_MEMORY_BYTES = 8 << 20  # google-re2's own default
_ANYWHERE, _AT_START, _WHOLE = (_re2.RE2.Anchor(number) for number in range(3))


class Expression:
    """A compiled RE2 expression over bytes.

    On google-re2's own class, not on its imitation of `re`: a match as spans costs half of a match as an object (1.9
    against 3.2 µs for one e-mail address), and detectors need no more. A test holds what is used of it.
    """

    __slots__ = ("_match",)

    def __init__(self, source: str, memory_bytes: int = _MEMORY_BYTES) -> None:
        options = _options()
        options.max_mem = memory_bytes
        compiled = _re2.RE2(source.encode("ascii"), options)
        if not compiled.ok():
            raise ValueError(f"{source}: {compiled.error()}")
        self._match: Callable[[object, bytes, int, int], Spans] = compiled.Match

    def search(self, text: bytes, start: int = 0) -> Spans | None:
        """The first match anywhere that begins at `start` or later; what stands before counts as its context."""
        spans = self._match(_ANYWHERE, text, start, len(text))
        return spans if spans[0][0] >= 0 else None

    def match(self, text: bytes, start: int = 0, end: int | None = None) -> Spans | None:
        """The match that begins at `start` and ends by `end`."""
        spans = self._match(_AT_START, text, start, len(text) if end is None else end)
        return spans if spans[0][0] >= 0 else None

    def fullmatch(self, text: bytes) -> bool:
        """Whether the whole text matches."""
        return self._match(_WHOLE, text, 0, len(text))[0][0] >= 0

    def finditer(self, text: bytes) -> Iterator[Spans]:
        """All matches, one behind the other; no expression here matches the empty text."""
        position, length = 0, len(text)
        while True:
            spans = self._match(_ANYWHERE, text, position, length)
            if spans[0][0] < 0:
                return
            yield spans
            position = max(spans[0][1], position + 1)


class GateSet(Protocol):
    """Expressions matched in one pass; the answer is the indexes of those that matched."""

    def Match(self, text: bytes) -> list[int] | None: ...  # noqa: N802 - google-re2's name


def _options() -> re2.Options:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return options


def compile_bytes(source: str, memory_bytes: int = _MEMORY_BYTES) -> Expression:
    """Compile an ASCII expression for bytes, with memory for its automaton; raises ValueError on a bad one."""
    return Expression(source, memory_bytes)


def compile_set(sources: Iterable[str]) -> GateSet:
    """Compile expressions to be searched together, in order."""
    gates = re2.Set.SearchSet(_options())
    for source in sources:
        gates.Add(source.encode("ascii"))
    gates.Compile()
    return cast("GateSet", gates)


# Captures double the price of a match (0.5 → 1.3 µs), so hot detectors do without and cut the match themselves.
# A word begins at a boundary, behind an underscore, or behind an escape that somebody printed (`\nAKIA…`).
BEGINS = r"(?:\b|_|\\[nrtbf])"
# The same for gates, where a real line feed may have become such an escape.
GATE_BEGINS = r"(?:^|[^0-9A-Za-z]|\\[nrtbf])"
GATE_ENDS = r"(?:$|[^0-9A-Za-z])"

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
