"""Windows outside Dagster's partitions (imports of old logs, wrong clocks): the same functions, without a partition."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from logsight_assets.intake.arrivals import Arrival, waiting
from logsight_assets.intake.run import IntakeReport, read_objects, sources_of, workbench
from logsight_assets.lake import Lake, marked
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


def arrivals_outside(lake: Lake) -> list[Arrival]:
    """Raw objects to be read whose arrival hour is no partition."""
    found = waiting(lake, sources_of(lake))
    return [a for a in found if not hour_is_inside(a.raw.arrival_hour, lake.partitions_start, lake.now)]


def read_outside(lake: Lake, arrivals: Iterable[Arrival]) -> IntakeReport:
    """Read objects whose arrival hour is no partition."""
    with workbench(lake) as bench:
        report = read_objects(bench, arrivals, saw_receipt)
    saw_intake(report)
    return report


def refresh_outside(lake: Lake, due: Due, *, replay: bool = False) -> list[HourOutcome | RollupOutcome]:
    """Refresh windows that are no partitions, each level marking the next; ConservationError at the end, if any."""
    if not due:
        return []
    outcomes: list[HourOutcome | RollupOutcome] = []
    with embedded_engine(lake) as engine:
        for hour in due.hours:
            outcome = refresh_hour(lake, engine, hour, replay=replay)
            saw_hour(outcome)
            outcomes.append(outcome)
        for day in sorted({*due.days, *(hour.day for hour in due.hours)}):
            outcomes.append(refresh_day(lake, engine, day, replay=replay))
        for month in sorted({*due.months, *(day[:7] for day in due.days), *(hour.month for hour in due.hours)}):
            outcomes.append(refresh_month(lake, engine, month, replay=replay))
    for done in outcomes:
        done.check()
    return outcomes


