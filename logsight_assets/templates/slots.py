"""One place: rows that are equal but for one unit become one row, if the values there are those of a variable.

user alice logged in ⎫
user bob logged in   ⎬  →  user <*> logged in
user carol logged in ⎭
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from logsight_assets.templates.evidence import Judge
from logsight_assets.templates.unions import Moves, Unions
from logsight_assets.templates.units import Row, kind


def one_slot(rows: Collection[Row], judge: Judge) -> Moves:
    """Join the rows of each place that is a variable; a place needs a constant besides."""
    places: defaultdict[tuple[int, int], list[Row]] = defaultdict(list)
    for row in rows:
        constants = [kind(unit) not in "VS" for unit in row]
        total = sum(constants)
        for index, key in enumerate(around(row)):
            if total > constants[index]:
                places[index, key].append(row)
    unions = Unions(rows)
    for (index, _), members in places.items():
        if len(members) > 1 and judge.is_variable({row[index] for row in members}, members[0], index):
            unions.join(members)
    return unions.moves()


def around(row: Row) -> list[int]:
    """For each unit, a hash of all others with their places."""
    each = unit_hashes(row)
    total = sum(each)
    return [total - one for one in each]


def unit_hashes(row: Row) -> list[int]:
    """A hash of each unit with its place; the sum of some stands for these units in these places.

    Of texts, not of pairs: hashes of tuples are nearly linear, so that sums of exchanged units would often be equal.
    """
    return [hash(f"{index} {unit}") for index, unit in enumerate(row)]


def hashes(row: Row) -> tuple[list[int], list[int]]:
    """Hashes of `row[:i]` and of `row[i:]` for each i from 0 to the length.

    The slices themselves would cost the square of the length in memory: 600 MB for 5,000 rows of 120 units.
    """
    before = [0]
    for unit in row:
        before.append(hash((before[-1], unit)))
    after = [0]
    for unit in reversed(row):
        after.append(hash((after[-1], unit)))
    return before, after[::-1]
