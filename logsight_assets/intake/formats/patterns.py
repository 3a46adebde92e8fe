"""RE2 expressions over bytes, compiled when first used.

All matching is on bytes in Latin-1 mode: in UTF-8 mode RE2's `.` refuses an invalid byte, and a log line may hold any;
and google-re2 matches `str` four times slower, because it re-counts offsets (15 µs against 4 µs a line, measured).
Text that many lines share a shape of is better cut by `bytes.split`/`partition` than matched: hot formats do so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

Groups = tuple[bytes | None, ...]


def compile_bytes(source: bytes) -> Any:
    """Compile one expression in Latin-1 mode; raises re2.error on a bad one."""
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.log_errors = False
    return re2.compile(source, options)


class Pattern:
    """One expression of a format. Building it costs nothing, so modules may declare as many as they like."""

    __slots__ = ("_compiled", "_names", "_source")

    def __init__(self, source: str) -> None:
        self._source = source.encode("utf-8")
        self._compiled: Any = None
        self._names: tuple[tuple[str, int], ...] = ()

    def _expression(self) -> Any:
        if self._compiled is None:
            compiled = compile_bytes(self._source)
            names = sorted(compiled.groupindex.items(), key=lambda item: item[1])
            self._names = tuple((_text(name), index) for name, index in names)
            self._compiled = compiled
        return self._compiled

    def groups(self, raw: bytes) -> Groups | None:
        """The groups of a match at the start of `raw`."""
        match = self._expression().match(raw)
        return None if match is None else match.groups()

    def found(self, raw: bytes) -> Groups | None:
        """The groups of the first match anywhere in `raw`."""
        match = self._expression().search(raw)
        return None if match is None else match.groups()

    def head(self, raw: bytes) -> tuple[Groups, int] | None:
        """The groups of a match at the start of `raw`, and where it ends."""
        match = self._expression().match(raw)
        return None if match is None else (match.groups(), match.end())

    def test(self, raw: bytes) -> bool:
        """Whether it matches at the start of `raw`."""
        return self._expression().match(raw) is not None

    def test_anywhere(self, raw: bytes) -> bool:
        """Whether it matches somewhere in `raw`."""
        return self._expression().search(raw) is not None

    def replaced(self, raw: bytes, by: bytes) -> bytes:
        """`raw` with every match replaced by the text `by`."""
        result: bytes = self._expression().sub(by, raw)
        return result

    def named(self, raw: bytes) -> dict[str, bytes] | None:
        """The named groups that took part in a match at the start of `raw`."""
        match = self._expression().match(raw)
        if match is None:
            return None
        values = ((name, match[index]) for name, index in self._names)
        return {name: value for name, value in values if value is not None}


def _text(name: str | bytes) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else name


@lru_cache(maxsize=64)
def source_pattern(source: str) -> Pattern:
    """The expression of a source's definition (validated when the definition is loaded), compiled once."""
    return Pattern(source)
