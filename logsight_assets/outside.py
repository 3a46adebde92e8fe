"""Windows outside Dagster's partitions (imports of old logs, wrong clocks): the same functions, without a partition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from logsight_assets.failures import Failures
from logsight_assets.intake.arrivals import Arrival, interrupted_hours, ready
from logsight_assets.intake.run import IntakeReport, declared_sources, read_objects, workbench
from logsight_assets.lake import Lake, mark, marked, unmark
from logsight_assets.observers import saw_hour, saw_intake, saw_receipt
from logsight_assets.partitions import hour_is_inside
from logsight_assets.scratch import embedded_engine
from logsight_assets.timeline import Hour
from logsight_assets.trends.hours import HourOutcome, refresh_hour
from logsight_assets.trends.pyramid import RollupOutcome, due_days, refresh_day, refresh_month


@dataclass(frozen=True)
class Due:
    """Windows that wait for a refresh, by level; keys as in a path."""

    hours: list[Hour]
    days: list[str]
    months: list[str]

    def __bool__(self) -> bool:
        return bool(self.hours or self.days or self.months)


def due_windows(lake: Lake) -> tuple[Due, Due]:
    """What waits, inside the partitions and outside of them."""
    hours = sorted(Hour.parse(hour) for hour in marked(lake.store, "hours"))
    days = due_days(lake, marked(lake.store, "days"))
    months = sorted(marked(lake.store, "months"))
    start, now = lake.partitions_start, lake.now
    last_day, last_month = now.day, now.month

    def split(is_inside: bool) -> Due:
        return Due(
            [hour for hour in hours if hour_is_inside(hour, start, now) == is_inside],
            [day for day in days if (start <= day <= last_day) == is_inside],
            [month for month in months if (start[:7] <= month <= last_month) == is_inside],
        )

    return split(True), split(False)


@dataclass(frozen=True)
class ToRead:
    """Raw objects to be read, and the markers, looked at before the listing, of hours in which no others wait."""

    arrivals: list[Arrival]
    markers: list[str]


def outside_to_read(lake: Lake) -> ToRead:
    """What is to be read of the arrival hours that are no partitions and that somebody told of."""
    told = {Hour.parse(hour): keys for hour, keys in marked(lake.store, "arrivals").items()}
    outside = {hour for hour in told.keys() | interrupted_hours(lake) if not is_inside(lake, hour)}
    waits = ready(lake, declared_sources(lake), outside)
    settled = (outside & told.keys()) - waits.kept_hours
    return ToRead(waits.arrivals, [key for hour in settled for key in told[hour]])


def is_inside(lake: Lake, hour: Hour) -> bool:
    return hour_is_inside(hour, lake.partitions_start, lake.now)


def read_outside(lake: Lake, told: ToRead, failures: Failures) -> IntakeReport:
    """Read objects whose arrival hour is no partition; the markers go when all of them are read."""
    report = IntakeReport()
    with failures.attempt("arrival hours outside the partitions"):
        if told.arrivals:
            with workbench(lake) as bench:
                report = read_objects(bench, told.arrivals, saw_receipt)
            saw_intake(report)
            mark(lake.store, "completeness", "table", "outside")
        unmark(lake.store, told.markers)
    return report


def refresh_outside(
    lake: Lake, due: Due, failures: Failures, *, replay: bool = False
) -> list[HourOutcome | RollupOutcome]:
    """Refresh windows that are no partitions, each level marking the next."""
    outcomes: list[HourOutcome | RollupOutcome] = []
    if not due:
        return outcomes
    days = {*due.days, *(hour.day for hour in due.hours)}
    with embedded_engine(lake) as engine:
        for hour in due.hours:
            with failures.attempt(f"hour {hour}"):
                outcome = refresh_hour(lake, engine, hour, replay=replay)
                saw_hour(outcome)
                outcomes.append(outcome)
                outcome.check()
        for refresh, windows in ((refresh_day, days), (refresh_month, _months(due, days))):
            for window in sorted(windows):
                with failures.attempt(window):
                    done = refresh(lake, engine, window, replay=replay)
                    outcomes.append(done)
                    done.check()
    return outcomes


def _months(due: Due, days: Iterable[str]) -> set[str]:
    return {*due.months, *(day[:7] for day in days)}
