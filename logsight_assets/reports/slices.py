"""Which hours are added up: of the period, of what it is compared with, and those that both have.

No data is not no errors, so a comparison takes only hours of which both sides know something: of a day that has come
in until 13:00, thirteen hours are compared with the same thirteen of the day before.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from logsight_assets.reports.period import Period
from logsight_assets.timeline import Hour


class Slice(StrEnum):
    """A set of hours; those of a comparison come in pairs."""

    PERIOD = "period"
    BEFORE = "before"
    WEEKDAY = "weekday"
    PERIOD_LIKE_BEFORE = "period_like_before"
    BEFORE_LIKE_PERIOD = "before_like_period"
    PERIOD_LIKE_WEEKDAY = "period_like_weekday"
    WEEKDAY_LIKE_PERIOD = "weekday_like_period"


@dataclass(frozen=True)
class Baseline:
    """The slices of one comparison."""

    whole: Slice  # all that is known of what is compared with
    now: Slice  # hours of the period whose counterpart is known
    then: Slice  # their counterparts


BASELINES = {
    "before": Baseline(Slice.BEFORE, Slice.PERIOD_LIKE_BEFORE, Slice.BEFORE_LIKE_PERIOD),
    "weekday": Baseline(Slice.WEEKDAY, Slice.PERIOD_LIKE_WEEKDAY, Slice.WEEKDAY_LIKE_PERIOD),
}

Slices = Mapping[Slice, tuple[Hour, ...]]


def slices_of(period: Period, known: Collection[Hour]) -> Slices:
    """The hours of each slice, given the hours of which something is known."""
    found: dict[Slice, tuple[Hour, ...]] = {Slice.PERIOD: tuple(hour for hour in period.hours if hour in known)}
    for name, baseline in BASELINES.items():
        other = period.baselines.get(name)
        hours = tuple(hour for hour in other.hours if hour in known) if other else ()
        back = period.start.index - other.start.index if other else 0
        now = tuple(hour for hour in found[Slice.PERIOD] if hour - back in hours)
        found |= {baseline.whole: hours, baseline.now: now, baseline.then: tuple(hour - back for hour in now)}
    return found


def slices_sql(slices: Slices) -> str:
    """The slices as a SQL relation `(slice, hour_time)`; a slice without hours has no row."""
    rows = [
        f"(cast('{name}' as varchar), timestamp '{hour.start:%Y-%m-%d %H:%M:%S}')"
        for name, hours in slices.items()
        for hour in hours
    ]
    # An engine wants a row to know the types by; no hour joins with it.
    rows = rows or ["(cast('' as varchar), timestamp '1900-01-01 00:00:00')"]
    return f"(select * from (values {', '.join(rows)}) as slices (slice, hour_time))"
