"""From the distinct coarse masks of one service to templates.

Each line's mask becomes a row of units; each pass maps rows onto more general rows; lines whose rows end up equal are a
template. The passes run twice: the first time finds the words and texts that are values somewhere (`Judge.learned`,
`spans`), the second starts anew with them, because a value that is known in one kind of line tells what it is in
another. docs/templates.md walks through an example.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logsight_assets.templates.absorb import absorb
from logsight_assets.templates.evidence import Judge
from logsight_assets.templates.fold import fold
from logsight_assets.templates.rows import collapse, row_of
from logsight_assets.templates.slots import one_slot
from logsight_assets.templates.spans import known_phrases, spans
from logsight_assets.templates.tables import tables
from logsight_assets.templates.text import template_text
from logsight_assets.templates.typed_masks import typed
from logsight_assets.templates.unions import Moves
from logsight_assets.templates.units import Row

MOST_ROUNDS = 8  # of a pass that repeats; in practice two or three change something


@dataclass(frozen=True)
class MaskedLine:
    """One distinct coarse mask of one service."""

    mask: str  # first line of the body after intake/mask.py's COARSE_MASK: digit runs and hex words are `0`
    sample_min: str  # smallest and largest body of the mask
    sample_max: str


@dataclass(frozen=True)
class Cluster:
    """The masks of one template."""

    members: tuple[int, ...]  # indexes into the input, ascending
    template: str  # constants and placeholders, e.g. `user <*> logged in from <IP>`


def mine(lines: Sequence[MaskedLine]) -> list[Cluster]:
    """Clusters of the lines, by their first member; each line is in one, and the same in any order of the input."""
    first = [row_of(typed(line.mask)) for line in lines]
    found = _Rows(first)
    judge, phrases = Judge(), set[Row]()
    _, judge, phrases = _pass_all(found, judge, phrases)
    found = _Rows(first)
    shown, _, _ = _pass_all(found, judge, phrases)
    members: defaultdict[Row, list[int]] = defaultdict(list)
    for index, row in enumerate(first):
        members[found.now[row]].append(index)
    clusters = []
    for row, indexes in members.items():
        samples = {sample for i in indexes for sample in (lines[i].sample_min, lines[i].sample_max)}
        text = template_text(samples, [shown[first[i]] for i in indexes], row)
        clusters.append(Cluster(tuple(indexes), text))
    return sorted(clusters, key=lambda cluster: cluster.members)


class _Rows:
    """Where each line's row stands after the passes so far."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self.now: dict[Row, Row] = {row: row for row in rows}

    def distinct(self) -> list[Row]:
        return sorted(set(self.now.values()))

    def move(self, moves: Moves) -> bool:
        """Put rows in their new places; returns whether any is another than before."""
        changed = False
        for origin, row in self.now.items():
            new = moves.get(row, row)
            changed = changed or new != row
            self.now[origin] = new
        return changed


def _pass_all(found: _Rows, judge: Judge, phrases: set[Row]) -> tuple[dict[Row, Row], Judge, set[Row]]:
    """Run all passes; returns the rows as they were before placeholders were collapsed, and what was learned."""
    found.move(known_phrases(found.distinct(), phrases))
    moves, more = spans(found.distinct(), judge)
    found.move(moves)
    phrases = phrases | more
    found.move(known_phrases(found.distinct(), phrases))
    shown = dict(found.now)
    _collapse(found)
    found.move(fold(found.distinct()))
    for _ in range(2):
        found.move(tables(found.distinct(), judge))
        _settle(found, judge)
    for _ in range(MOST_ROUNDS):
        if not found.move(absorb(found.distinct(), judge)):
            break
        _settle(found, judge)
    _collapse(found)
    _settle(found, judge)
    return shown, Judge(judge.learned()), phrases


def _collapse(found: _Rows) -> None:
    found.move({row: collapse(row) for row in found.distinct()})


def _settle(found: _Rows, judge: Judge) -> None:
    """Join rows that differ in one place, until no more do."""
    for _ in range(MOST_ROUNDS):
        if not found.move(one_slot(found.distinct(), judge)):
            return
