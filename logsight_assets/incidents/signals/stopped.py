"""Lines that stopped, or became fewer, while their neighbours go on.

Traffic comes and goes, so a count alone says nothing. But lines of one path through the code come together: where `a`
is logged once, `b` follows r times. In traces `a` is the line that comes right before `b`: if it stopped too, `b` only
follows from that. Where there are no traces, neighbours are lines whose counts went together from slice to slice.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logsight_assets.incidents.observed import Bools, Floats, Ints, Observed
from logsight_assets.incidents.signals.expectation import block_sums, burst_sizes
from logsight_assets.incidents.signals.findings import STOPPED, Finding
from logsight_assets.incidents.signals.neighbours import LEAST_EXPECTED, LEAST_UNITS, Followed, Habits, Missing
from logsight_assets.incidents.signals.paths import stems
from logsight_assets.incidents.windows import SLICES

_MOST_LINES = 800  # different ones that are compared pair by pair
_BRANCH = 0.6  # of a finding's strength is lost if something usual follows the neighbour instead
_FAINT = 0.02
_OTHERS = 4  # lines of other services that say how much is going on
_OVER = 0.4  # of it is left if the line is back before the state changed


@dataclass(frozen=True)
class Units:
    """Counts of lines (rows) by unit (columns): a trace, or a slice of time. A line is named by its stem."""

    stems: Ints  # (t,)
    events: Floats  # (t, u)
    is_during: Bools  # (u,)
    is_late: Bools  # (u,) in the second half of the time from the incident's start to the change of state, or after
    before: Floats | None  # [a, b]: how often a stood right before b, before the incident; None without traces
    branch: Floats | None  # [a, b]: how far something usual now comes behind a in the place of b


def stopped(observed: Observed, start: int) -> list[Finding]:
    """Findings over the time from slice `start` on (0 is the incident's first)."""
    traced = trace_units(observed, start)
    found = _broken(observed, traced, start) if traced is not None else []
    known = set(traced.stems.tolist()) if traced is not None else set()
    untraced = slice_units(observed, start, known)
    return found + _broken(observed, untraced, start) + _vanished(observed, untraced, start)


def trace_units(observed: Observed, start: int) -> Units | None:
    """Whole traces as units; those that the end of the time read may cut are left out."""
    lines = observed.traces
    if not len(lines):
        return None
    begins = lines.nano[lines.starts]
    lasts = lines.nano[np.append(lines.starts[1:], len(lines)) - 1] - begins
    whole = begins < observed.window.as_of - int(np.quantile(lasts, 0.9))
    line_stem = stems(observed)[lines.template]
    chosen, row = _most_frequent(line_stem)
    keep = row >= 0
    events = np.zeros((len(chosen), len(begins)))
    np.add.at(events, (row[keep], lines.order[keep]), 1)
    is_during = begins >= observed.window.start + start * observed.window.slice_ns
    is_late = begins >= observed.window.start + (SLICES // 2) * observed.window.slice_ns
    follows = (lines.trace[1:] == lines.trace[:-1]) & keep[1:] & keep[:-1]
    at = np.flatnonzero(follows)
    during = is_during[lines.order[at]]
    past, now = (_bigrams(row[at[mask]], row[at[mask] + 1], len(chosen)) for mask in (~during, during))
    return Units(chosen, events[:, whole], is_during[whole], is_late[whole], past, _branches(past, now))


def _most_frequent(line_stem: Ints) -> tuple[Ints, Ints]:
    """The stems that are compared, ascending, and the row of each line's stem, or -1."""
    numbers, row, count = np.unique(line_stem, return_inverse=True, return_counts=True)
    if len(numbers) <= _MOST_LINES:
        return numbers, row
    kept = np.sort(np.argsort(-count, kind="stable")[:_MOST_LINES])
    place = np.full(len(numbers), -1, dtype=np.int64)
    place[kept] = np.arange(len(kept))
    return numbers[kept], place[row]


def _bigrams(first: Ints, second: Ints, size: int) -> Floats:
    return np.bincount(first * size + second, minlength=size * size).reshape(size, size).astype(np.float64)


def _branches(past: Floats, now: Floats) -> Floats:
    """[a, b]: of `b` behind `a`, the share in whose place something now comes that also followed `a` before."""
    usual = np.where(past > 0, now, 0)
    others_now = (usual.sum(axis=1)[:, None] - usual) / np.maximum(now.sum(axis=1), 1)[:, None]
    own = past / np.maximum(past.sum(axis=1), 1)[:, None]
    return np.asarray(((others_now - (1 - own)) / np.maximum(own, 1e-9)).clip(0, 1))


def slice_units(observed: Observed, start: int, without: set[int]) -> Units:
    """Slices of time as units, for lines that no trace holds."""
    stem = stems(observed)
    whole = np.zeros_like(observed.counts.events)
    np.add.at(whole, stem, observed.counts.events)
    chosen = np.array(sorted(set(stem.tolist()) - without), dtype=np.int64)
    if len(chosen) > _MOST_LINES:
        chosen = np.sort(chosen[np.argsort(-whole[chosen].sum(axis=1), kind="stable")[:_MOST_LINES]])
    slices = observed.counts.slices
    return Units(chosen, whole[chosen], slices >= start, slices >= SLICES // 2, None, None)


def _broken(observed: Observed, units: Units, start: int) -> list[Finding]:
    past, now = units.events[:, ~units.is_during], units.events[:, units.is_during]
    if past.shape[1] < LEAST_UNITS or now.shape[1] < LEAST_UNITS or len(units.stems) < 2:
        return []
    habits = Habits.of(past, units.before)
    during, late = Followed.of(habits, now), Followed.of(habits, units.events[:, units.is_late])
    calm = observed.gravity[units.stems] < 0.5
    found = []
    for row in range(len(units.stems)):
        neighbours = habits.neighbours(row, calm, during.units)
        if not len(neighbours):
            continue
        number = int(units.stems[row])
        missing = during.missing(habits, neighbours, row)
        # A failure that stopped is no failure.
        strength = missing.strength * (1 - 0.9 * observed.gravity[number])
        if units.branch is not None:
            strength *= 1 - _BRANCH * float(np.average(units.branch[neighbours, row], weights=during.units[neighbours]))
        again = late.missing(habits, neighbours, row)
        if again.expected >= LEAST_EXPECTED and again.share < missing.share - 0.2:
            strength *= max(_OVER, again.share)
        if strength >= _FAINT:
            found.append(_finding(observed, start, number, strength, missing, int(units.stems[neighbours[0]])))
    return found


def _finding(
    observed: Observed, start: int, number: int, strength: float, missing: Missing, neighbour: int | None
) -> Finding:
    goes_on = "its neighbour" if neighbour is not None else "its service"
    return Finding(
        STOPPED,
        observed.templates[number].service,
        float(strength),
        f"a line that should have come about {missing.expected:,.0f} times, as {goes_on} goes on, "
        f"came {missing.came:,.0f} times",
        number,
        missing.before,
        round(missing.came),
        observed.window.start + start * observed.window.slice_ns,
        other=neighbour,
    )


def _vanished(observed: Observed, units: Units, start: int) -> list[Finding]:
    """Lines without traces that were never so few before, while the rest of their service and the others go on."""
    before, during = ~units.is_during, units.is_during
    length = int(during.sum())
    if before.sum() < 2 * length or length < LEAST_UNITS:
        return []
    service = observed.service_of[units.stems]
    at_once = burst_sizes(units.events[:, before])
    usual, now = units.events[:, before].mean(axis=1) * length, units.events[:, during].sum(axis=1)
    often = usual >= 2 * LEAST_EXPECTED
    found = []
    for row in np.flatnonzero(often):
        events, came = units.events[row], now[row]
        expected = usual[row] * _pace(usual, now, often & (service != service[row]))
        blocks = block_sums(events[None, before], length)[0]
        if expected < LEAST_EXPECTED or came >= blocks.min() * 0.5 or came > 0.5 * expected:
            continue
        rest = units.events[service == service[row]].sum(axis=0) - events
        if rest[during].sum() < 0.5 * rest[before].mean() * length:
            continue
        spread = max(0.0, blocks.var() - usual[row]) / usual[row] ** 2
        z = (expected - came) / np.sqrt(expected * at_once[row] + expected**2 * (spread + 0.3 / len(blocks)) + 1)
        number = int(units.stems[row])
        missing = Missing(
            expected, came, int(events[before].sum()), 0.75 * (1 - came / expected) * (1 - np.exp(-z / 2))
        )
        strength = missing.strength * (1 - 0.9 * observed.gravity[number])
        found.append(_finding(observed, start, number, strength, missing, None))
    return found


def _pace(usual: Floats, now: Floats, others: Bools) -> float:
    """0 … 1: how much of its usual lines half of the others still say: where all say less, less is asked."""
    return min(1.0, float(np.median(now[others] / usual[others]))) if others.sum() >= _OTHERS else 1.0
