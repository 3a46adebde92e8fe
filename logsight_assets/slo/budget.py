"""Error budgets: pure arithmetic on good and bad counts by the hour. Hours that nobody measured are never good ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from logsight_assets.slo.objective import Objective
from logsight_assets.timeline import Hour, hours_between

MET, BURNING, EXHAUSTED, UNMEASURED = "met", "burning", "exhausted", "unmeasured"
LEAST_COVERAGE = 0.5
# Of a budget of 28 days, 2 % are gone after an hour at 14.4, 5 % after six hours at 6, 10 % after three days at 1.
FAST, SLOW, CREEPING = 14.4, 6.0, 1.0


@dataclass(frozen=True)
class Count:
    """What counts of a time, and how much of it was bad."""

    total: int = 0
    bad: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(self.total + other.total, self.bad + other.bad)


@dataclass(frozen=True)
class HourOfObjective:
    """An objective as of the end of an hour."""

    hour: Hour
    own: Count
    window: Count
    budget_left: float | None
    burn_1h: float | None
    burn_6h: float | None
    burn_3d: float | None
    coverage: float
    state: str


def burn_rate(count: Count, objective: Objective) -> float | None:
    """How many times faster than allowed the budget goes; 1 uses it up exactly. None without anything counted."""
    return count.bad / count.total / objective.allowed if count.total else None


def hours_of_objective(
    objective: Objective, counts: Mapping[Hour, Count], complete: Collection[Hour], hours: Collection[Hour]
) -> Iterator[HourOfObjective]:
    """The objective as of the end of each of these hours."""
    length = objective.window_days * 24
    for hour in sorted(hours):
        window = _sum(counts, hour, length)
        spent = burn_rate(window, objective)
        one, six, three_days = (burn_rate(_sum(counts, hour, back), objective) for back in (1, 6, 72))
        covered = sum(each in complete for each in hours_between(hour + 1 - length, hour + 1))
        left = None if spent is None else 1 - spent
        coverage = covered / length
        state = _state(left, one or 0.0, six or 0.0, three_days or 0.0, coverage)
        own = counts.get(hour, Count())
        yield HourOfObjective(hour, own, window, left, one, six, three_days, coverage, state)


def _sum(counts: Mapping[Hour, Count], last: Hour, hours: int) -> Count:
    return sum((counts[hour] for hour in hours_between(last + 1 - hours, last + 1) if hour in counts), Count())


def _state(left: float | None, one: float, six: float, three_days: float, coverage: float) -> str:
    """What was bad is known whatever else was not measured; that all was well is not."""
    if left is not None and left <= 0:
        return EXHAUSTED
    if one >= FAST or six >= SLOW:
        return BURNING
    if left is None or coverage < LEAST_COVERAGE:
        return UNMEASURED
    return BURNING if three_days > CREEPING else MET
