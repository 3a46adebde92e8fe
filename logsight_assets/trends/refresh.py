"""All that is due: changed hours, then the days and months behind them. Each level can be refreshed alone as well."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from logsight_assets.lake import Lake, marked
from logsight_assets.scratch import workers
from logsight_assets.timeline import Hour
from logsight_assets.trends.hours import HourOutcome, refresh_hour
from logsight_assets.trends.pyramid import RollupOutcome, due_days, refresh_day, refresh_month
from resources.query_engine import QueryEngine


@dataclass(frozen=True)
class Refreshed:
    """What was done, level by level."""

    hours: list[HourOutcome]
    days: list[RollupOutcome]
    months: list[RollupOutcome]

    @property
    def outcomes(self) -> list[HourOutcome | RollupOutcome]:
        return [*self.hours, *self.days, *self.months]

    @property
    def is_changed(self) -> bool:
        return any(outcome.is_changed for outcome in self.outcomes)

    def check(self) -> None:
        """Raise ConservationError for the first window whose sums did not hold; all others are published."""
        for outcome in self.outcomes:
            outcome.check()


def due_hours(lake: Lake) -> list[Hour]:
    """Event hours that may no longer match their files."""
    return sorted(Hour.parse(hour) for hour in marked(lake.store, "hours"))


def refresh_hours(
    lake: Lake, engine: QueryEngine, hours: Iterable[Hour], *, replay: bool = False
) -> Iterator[tuple[Hour, Callable[[], HourOutcome]]]:
    """Refresh hours side by side; in their order, each with what gives its outcome or raises what it raised.

    Most of an hour of few events is planning and writing small objects, which one thread does at a time: two hours at
    once take little more than half of the time of two after each other.
    """
    with ThreadPoolExecutor(max_workers=workers(lake), thread_name_prefix="hours") as pool:
        tasks = [(hour, pool.submit(refresh_hour, lake, engine, hour, replay=replay)) for hour in hours]
        for hour, task in tasks:
            yield hour, task.result


def refresh(lake: Lake, engine: QueryEngine, hours: Iterable[Hour] | None = None, *, replay: bool = False) -> Refreshed:
    """Bring hours (those with markers when None), then due days, then due months up to date.

    With `replay` the given hours, and what lies above them, are computed again though their inputs are the same.
    """
    chosen = due_hours(lake) if hours is None else sorted(set(hours))
    done_hours = [outcome() for _, outcome in refresh_hours(lake, engine, chosen, replay=replay)]
    again_days = {hour.day for hour in chosen} if replay else set()
    days = due_days(lake, marked(lake.store, "days"))
    done_days = [refresh_day(lake, engine, day, replay=day in again_days) for day in days]
    again_months = {day[:7] for day in again_days}
    months = sorted(marked(lake.store, "months"))
    done_months = [refresh_month(lake, engine, month, replay=month in again_months) for month in months]
    return Refreshed(done_hours, done_days, done_months)
