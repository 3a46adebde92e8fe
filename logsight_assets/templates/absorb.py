"""Absorbing: a template takes the rows that fit it, and rows that fit it but for one place that is a variable.

user <*> opened <PATH>   takes   user bob opened report     (fits but for a place that holds a placeholder)
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection
from typing import NamedTuple

from logsight_assets.templates.evidence import Judge
from logsight_assets.templates.slots import unit_hashes
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
        crowd = [_Standing(row, unit_hashes(row), _shape(row)) for row in same_length]
        shapes = Counter(standing.shape for standing in crowd if standing.shape)
        for shape, _ in sorted(shapes.items(), key=lambda item: (-item[1], item[0]))[:MOST_SHAPES]:
            _absorb(crowd, shape, judge, unions)
    return unions.moves()


class _Standing(NamedTuple):
    """A row with what every shape asks of it."""

    row: Row
    hashes: list[int]  # of its units
    shape: Shape


def _shape(row: Row) -> Shape:
    if sum(kind(unit) in "WC" for unit in row) < FEWEST_WORDS:
        return ()
    return tuple(index for index, unit in enumerate(row) if is_wild(unit))


def _absorb(crowd: list[_Standing], shape: Shape, judge: Judge, unions: Unions) -> None:
    fitting: defaultdict[int, list[_Standing]] = defaultdict(list)  # by the hash of what stands outside the shape
    for standing in crowd:
        if all(kind(standing.row[index]) != "S" for index in shape):
            fitting[sum(standing.hashes) - sum(standing.hashes[index] for index in shape)].append(standing)
    templates = {
        constants for constants, members in fitting.items() if any(standing.shape == shape for standing in members)
    }
    for constants in templates:
        unions.join([standing.row for standing in fitting[constants]])
    outside = [index for index in range(len(crowd[0].row)) if index not in shape]
    places: dict[tuple[int, int], list[list[_Standing]]] = {
        (index, constants - fitting[constants][0].hashes[index]): [] for constants in templates for index in outside
    }
    for constants, members in fitting.items():
        for index in outside:
            found = places.get((index, constants - members[0].hashes[index]))
            if found is not None:
                found.append(members)
    for (index, _), found in places.items():
        if len(found) > 1 and judge.is_variable({m[0].row[index] for m in found}, found[0][0].row, index):
            unions.join([standing.row for members in found for standing in members])
