"""Absorbing: a template takes the rows that fit it, and rows that fit it but for one place that is a variable.

user <*> opened <PATH>   takes   user bob opened report     (fits but for a place that holds a placeholder)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection

from logsight_assets.templates.evidence import Judge
from logsight_assets.templates.slots import around
from logsight_assets.templates.unions import Moves, Unions
from logsight_assets.templates.units import Row, is_wild, kind

FEWEST_WORDS = 2  # that a template must have to take others
MOST_SHAPES = 24  # of one length: sets of places that are placeholders, the most frequent first

Shape = tuple[int, ...]  # the places of a row that are placeholders


def absorb(rows: Collection[Row], judge: Judge) -> Moves:
    """Join templates with the rows that fit them; the work is bounded by rows times MOST_SHAPES."""
    by_length: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_length[len(row)].append(row)
    unions = Unions(rows)
    for same_length in by_length.values():
        shapes = Counter(shape for row in same_length if (shape := _shape(row)))
        for shape, _ in sorted(shapes.items(), key=lambda item: (-item[1], item[0]))[:MOST_SHAPES]:
            _absorb(same_length, shape, judge, unions)
    return unions.moves()


def _shape(row: Row) -> Shape:
    if sum(kind(unit) in "WC" for unit in row) < FEWEST_WORDS:
        return ()
    return tuple(index for index, unit in enumerate(row) if is_wild(unit))


def _absorb(rows: list[Row], shape: Shape, judge: Judge, unions: Unions) -> None:
    fitting: defaultdict[Row, list[Row]] = defaultdict(list)
    for row in rows:
        if all(kind(row[index]) != "S" for index in shape):
            fitting[tuple("" if index in shape else unit for index, unit in enumerate(row))].append(row)
    templates = {constants for constants, members in fitting.items() if any(_shape(row) == shape for row in members)}
    for constants in templates:
        unions.join(fitting[constants])
    places: defaultdict[tuple[int, int, int], list[Row]] = defaultdict(list)
    for constants in fitting:
        for index, key in enumerate(around(constants)):
            if index not in shape:
                places[index, *key].append(constants)
    for (index, _, _), found in places.items():
        if len(found) < 2 or templates.isdisjoint(found):
            continue
        members = [row for constants in found for row in fitting[constants]]
        if judge.is_variable({constants[index] for constants in found}, members[0], index):
            unions.join(members)
