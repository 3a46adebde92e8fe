"""Groups of rows that grow together, whatever the order in which their links are found."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence

from logsight_assets.templates.units import Row, generalise

Moves = dict[Row, Row]  # rows, and the more general rows that take their place


class Unions:
    """Disjoint groups of rows (union-find)."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._parent: dict[Row, Row] = {row: row for row in rows}

    def join(self, rows: Sequence[Row]) -> None:
        """Put rows into one group."""
        root = self._root(rows[0])
        for row in rows[1:]:
            self._parent[self._root(row)] = root

    def moves(self) -> Moves:
        """Each row of a group of several onto the least general row of the group."""
        groups: defaultdict[Row, list[Row]] = defaultdict(list)
        for row in self._parent:
            groups[self._root(row)].append(row)
        return merged(groups.values())

    def _root(self, row: Row) -> Row:
        parent = self._parent
        while parent[row] is not row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row


def merged(groups: Iterable[Collection[Row]]) -> Moves:
    """Each row of a group of several onto the least general row of the group."""
    moves: Moves = {}
    for group in groups:
        if len(group) > 1:
            moves.update(dict.fromkeys(group, generalise(list(group))))
    return moves
