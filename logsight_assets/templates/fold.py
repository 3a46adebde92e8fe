"""Folding: bounds the rows of one length, whatever a service writes.

Each pass looks at all rows of one length at once. A service that writes free text has as many rows as lines; from
MOST_ROWS on, units that few rows share at their place become placeholders, rarest first, until few enough are left.
What many rows share stays a constant, so that templates with many values in many places come out as they should.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

from logsight_assets.templates.tokens import ANY
from logsight_assets.templates.unions import Moves
from logsight_assets.templates.units import Row, kind, like

MOST_ROWS = 6_000  # of one length


def fold(rows: Collection[Row]) -> Moves:
    """Rows of crowded lengths with their rare units as placeholders."""
    by_length: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_length[len(row)].append(row)
    moves: Moves = {}
    for crowd in by_length.values():
        if len(crowd) > MOST_ROWS:
            moves.update(_folded(crowd))
    return moves


def _folded(rows: list[Row]) -> Moves:
    counts = Counter(place for row in rows for place in enumerate(row))
    fewest = 2
    while True:
        moves = {
            row: tuple(
                like(unit, ANY) if counts[index, unit] < fewest and kind(unit) != "S" else unit
                for index, unit in enumerate(row)
            )
            for row in rows
        }
        if len(set(moves.values())) <= MOST_ROWS:
            return moves
        fewest *= 2
