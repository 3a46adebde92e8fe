"""Tables: rows of one skeleton, in which likely values are open, whose open columns are judged one by one.

One place at a time is not enough where several values differ at once:

    copied orders-<NUM> to /tmp in <DUR>    ⎫                       ⎧ column 1: 3 names: a variable
    copied invoices-<NUM> to ftp in <DUR>   ⎬  copied ? to ? in ?   ⎨ column 3: open, 3 values: a variable
    copied users-<NUM> to archive in <DUR>  ⎭                       ⎩
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from logsight_assets.templates.evidence import Judge
from logsight_assets.templates.unions import Moves, merged
from logsight_assets.templates.units import Row, kind

OPEN = "?"


def skeleton(row: Row, judge: Judge) -> Row:
    """The row with `?` for likely values."""
    return tuple(OPEN if judge.is_open(row, index) else unit for index, unit in enumerate(row))


def tables(rows: Collection[Row], judge: Judge) -> Moves:
    """Join the rows of a table that agree in all columns but its variables."""
    by_skeleton: defaultdict[Row, list[Row]] = defaultdict(list)
    for row in rows:
        by_skeleton[skeleton(row, judge)].append(row)
    moves: Moves = {}
    for shape, members in by_skeleton.items():
        if len(members) > 1 and any(unit != OPEN and kind(unit) != "S" for unit in shape):
            moves.update(_joined(shape, members, judge))
    return moves


def _joined(shape: Row, members: list[Row], judge: Judge) -> Moves:
    variables = {
        index
        for index, unit in enumerate(shape)
        if unit == OPEN and judge.is_variable({row[index] for row in members}, members[0], index)
    }
    groups: defaultdict[Row, list[Row]] = defaultdict(list)
    for row in members:
        groups[tuple(OPEN if index in variables else unit for index, unit in enumerate(row))].append(row)
    return merged(groups.values())
