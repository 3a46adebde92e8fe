"""Which of many texts may hold something: one search over all of them, joined.

An expression in SQL costs more: each query compiles it anew (5 to 8 ms), and looks at each text apart.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from logsight_assets.intake.redaction.catalogue import pattern_beside_addresses
from logsight_assets.intake.redaction.expressions import compile_bytes
from logsight_assets.intake.redaction.policy import RedactionPolicy

# Of the automaton. Real logs were searched at 4.5 ns a byte with 8 MiB, at 2.8 with 32 and at 2.5 with 128; texts made
# to be hard at 300, 27 and 26, because an automaton that outgrows its memory is given up for a slow search.
_MEMORY_BYTES = 32 << 20


@dataclass(frozen=True)
class Nominated:
    """Indexes of texts, ascending; a text is in one list at most, and nothing is in the others."""

    mixed: list[int]  # may hold anything
    addresses: list[int]  # may hold e-mail addresses, and nothing else


class Nomination:
    """Nominates for one policy. Safe to share between threads; searches run outside of Python's lock."""

    def __init__(self, policy: RedactionPolicy) -> None:
        self._beside_addresses = compile_bytes(pattern_beside_addresses(policy), _MEMORY_BYTES)
        self._wants_addresses = policy.email

    def of(self, lines: pa.StringArray) -> Nominated:
        """What may hold something among texts that each end with a line feed, which is no part of them.

        The line feed stands for the text's end and for the beginning of the next one: gates take any sign for either.
        """
        _, offsets, data = lines.buffers()
        if not len(lines) or data is None:
            return Nominated([], [])
        ends = memoryview(offsets).cast("i")[lines.offset : lines.offset + len(lines) + 1].tolist()
        joined = memoryview(data)[: ends[-1]].tobytes()
        mixed = list(_rows(ends, lambda start: self._search(joined, start)))
        if not self._wants_addresses:
            return Nominated(mixed, [])
        known = set(mixed)
        return Nominated(
            mixed, [row for row in _rows(ends, lambda start: joined.find(b"@", start)) if row not in known]
        )

    def _search(self, joined: bytes, start: int) -> int:
        spans = self._beside_addresses.search(joined, start)
        return spans[0][0] if spans else -1


def _rows(ends: list[int], find: Callable[[int], int]) -> Iterator[int]:
    """The rows in which `find` finds something, one find a row: behind it, it goes on at the row's line feed.

    What begins with a line feed belongs to the row behind it.
    """
    row, at = 0, find(max(0, ends[0] - 1))
    while at >= 0:
        row = bisect_right(ends, at + 1, lo=row) - 1
        if row >= len(ends) - 1:
            return
        yield row
        at = find(ends[row + 1] - 1)
