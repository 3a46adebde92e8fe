"""`logsight build`: everything that is not up to date, through the same Dagster jobs, in this process.

Windows outside the partitions (imports of old logs) are computed by the same functions without Dagster.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from logsight_assets.errors import LogSightError
from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.receipts import Receipt
from logsight_assets.intake.run import IntakeReport, sources_of
from logsight_assets.lake import Lake
from logsight_assets.observers import Observer, watching
from logsight_assets.outside import due_windows, read_outside, refresh_outside
from logsight_assets.partitions import REPLAY_TAG, contiguous, hour_is_inside, month_key, range_tags
from logsight_assets.timeline import Hour
from logsight_assets.trends.hours import HourOutcome


@dataclass
class BuildSummary(Observer):
    """What a build did; `to_json` is the public shape of `logsight build --json`."""

    on_step: Callable[[str, int], None] = lambda *_: None  # what, how many done
    intake_report: IntakeReport = field(default_factory=IntakeReport)
    hours: dict[Hour, HourOutcome] = field(default_factory=dict)
    outside_partitions: int = 0
    seconds: float = 0.0

    def receipt(self, receipt: Receipt) -> None:
        self.on_step("objects", 1)

    def intake(self, report: IntakeReport) -> None:
        self.intake_report.merge(report)

    def hour(self, outcome: HourOutcome) -> None:
        self.hours[outcome.hour] = outcome
        self.on_step("hours", 1)

    def to_json(self) -> dict[str, Any]:
        report = self.intake_report
        return {
            "objects": report.objects,
            "lines": report.lines,
            "events": report.events,
            "quarantined": report.quarantined,
            "ignored_lines": report.ignored_lines,
            "late": report.late,
            "erased": report.erased,
            "duplicates": sum(outcome.total("duplicates") for outcome in self.hours.values()),
            "faults": report.faults,
            "event_hours": sorted(str(hour) for hour in {*report.event_hours, *self.hours}),
            "outside_partitions": self.outside_partitions,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True)
class Builder:
    """Runs the jobs of a code location on an instance."""

    lake: Lake
    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def build(
        self, summary: BuildSummary, start: Hour | None = None, end: Hour | None = None, *, replay: bool = False
    ) -> BuildSummary:
        """Read what has arrived in [start, end), then refresh each window that this or anything before has touched."""
        began = time.perf_counter()
        with watching(summary):
            self._read(summary, start, end, replay=replay)
            self._refresh(summary, replay=replay)
        summary.seconds = time.perf_counter() - began
        return summary

    def _read(self, summary: BuildSummary, start: Hour | None, end: Hour | None, *, replay: bool) -> None:
        arrivals = [
            arrival
            for arrival in waiting(self.lake, sources_of(self.lake), replay=replay)
            if (start is None or arrival.raw.arrival_hour >= start) and (end is None or arrival.raw.arrival_hour < end)
        ]
        summary.on_step("waiting", len(arrivals))
        inside = {a.raw.arrival_hour for a in arrivals if self._is_inside(a.raw.arrival_hour)}
        for first, last in contiguous(inside):
            self._run("read_hours", range_tags(first.partition_key, last.partition_key), replay=replay)
        outside = [a for a in arrivals if not self._is_inside(a.raw.arrival_hour)]
        if outside:
            read_outside(self.lake, outside)

    def _refresh(self, summary: BuildSummary, *, replay: bool) -> None:
        due, outside = due_windows(self.lake)
        summary.on_step("due", len(due.hours) + len(outside.hours))
        summary.outside_partitions = len(outside.hours)
        for first, last in contiguous(due.hours):
            self._run("refresh_hours", range_tags(first.partition_key, last.partition_key), replay=replay)
        refresh_outside(self.lake, outside, replay=replay)
        # Publishing hours marks days, publishing days marks months: look again after each level.
        for day in due_windows(self.lake)[0].days:
            self._run("refresh_days", range_tags(day, day), replay=replay)
        for month in due_windows(self.lake)[0].months:
            self._run("refresh_months", range_tags(month_key(month), month_key(month)), replay=replay)

    def _is_inside(self, hour: Hour) -> bool:
        return hour_is_inside(hour, self.lake.partitions_start, self.lake.now)

    def _run(self, job: str, tags: dict[str, str], *, replay: bool) -> None:
        result = self.definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            tags=tags | ({REPLAY_TAG: "true"} if replay else {}),
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            raise_on_error=True,
        )
        if not result.success:
            raise LogSightError(f"job {job} failed; see run {result.run_id} in the Dagster UI")
