"""`logsight build`: everything that is not up to date, through the same Dagster jobs, in this process.

Windows outside the partitions (imports of old logs) are computed by the same functions without Dagster.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg

from logsight_assets.anomalies.hours import due_hours as due_anomalies
from logsight_assets.errors import LogSightError
from logsight_assets.failures import Failures, WindowsFailed
from logsight_assets.intake.arrivals import Arrival, ready
from logsight_assets.intake.receipts import Receipt
from logsight_assets.intake.run import IntakeReport, declared_sources
from logsight_assets.lake import Lake, marked, unmark
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.hours import all_hours, refresh_metrics
from logsight_assets.metrics.hours import due_hours as due_metrics
from logsight_assets.observers import Observer, watching
from logsight_assets.outside import ToRead, due_windows, is_inside, read_outside, refresh_outside
from logsight_assets.partitions import REPLAY_TAG, contiguous, contiguous_days, month_key, range_tags
from logsight_assets.slo.days import due_days
from logsight_assets.templates.refresh import templates_are_due
from logsight_assets.timeline import Hour
from logsight_assets.trends.hours import HourOutcome

# A run costs about a second of Dagster's own; in one process nothing is lost when a longer one fails.
_LONGEST_RUN = 240
# Each pass goes from the oldest to the newest and marks only newer ones: the second finds what others marked meanwhile.
_MOST_PASSES = 10


@dataclass
class BuildSummary(Observer):
    """What a build did; `to_json` is the public shape of `logsight build --json`."""

    on_step: Callable[[str, int], None] = lambda *_: None  # what, how many done
    intake_report: IntakeReport = field(default_factory=IntakeReport)
    hours: dict[Hour, HourOutcome] = field(default_factory=dict)
    failures: dict[str, Exception] = field(default_factory=dict)
    outside_partitions: int = 0
    seconds: float = 0.0
    stage_seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the wall of what is done inside to a stage."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.stage_seconds[name] = self.stage_seconds.get(name, 0.0) + time.perf_counter() - began

    def receipt(self, receipt: Receipt) -> None:  # noqa: ARG002 - the progress bar counts
        self.on_step("objects", 1)

    def intake(self, report: IntakeReport) -> None:
        self.intake_report.merge(report)

    def hour(self, outcome: HourOutcome) -> None:
        self.hours[outcome.hour] = outcome
        self.on_step("hours", 1)

    def failure(self, window: str, error: Exception) -> None:
        # What Dagster is told of a failure that came here before.
        if not isinstance(error, WindowsFailed):
            self.failures[window] = error

    def check(self) -> None:
        """Raise LogSightError if anything failed, with its text: whoever builds may read it."""
        if self.failures:
            texts = [f"{window}: {type(error).__name__}: {error}" for window, error in self.failures.items()]
            raise LogSightError(f"{len(texts)} failed, everything else is done:\n  " + "\n  ".join(texts))

    def to_json(self) -> dict[str, Any]:
        report = self.intake_report
        # A run also looks at hours in which nothing has changed; those are not what it did.
        touched = {hour for hour, outcome in self.hours.items() if outcome.is_changed or hour in report.event_hours}
        return {
            "objects": report.objects,
            "lines": report.lines,
            "events": report.events,
            "quarantined": report.quarantined,
            "ignored_lines": report.ignored_lines,
            "late": report.late,
            "erased": report.erased,
            "durations_out_of_range": report.durations_out_of_range,
            "weights_out_of_range": report.weights_out_of_range,
            "duplicates": sum(self.hours[hour].total("duplicates") for hour in touched),
            "faults": report.faults,
            "event_hours": sorted(str(hour) for hour in {*report.event_hours, *touched}),
            "outside_partitions": self.outside_partitions,
            "seconds": round(self.seconds, 3),
            "stage_seconds": {stage: round(seconds, 3) for stage, seconds in self.stage_seconds.items()},
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
        """Read what has arrived in [start, end), then refresh each window that this or anything before has touched.

        Raises LogSightError at the end if a window failed; everything else is done.
        """
        began = time.perf_counter()
        with watching(summary):
            with summary.stage("intake"):
                hours = self._read(summary, start, end, replay=replay)
            with summary.stage("trends"):
                self._refresh_trends(summary, hours, replay=replay)
            # Behind all levels: templates are counted over them.
            with summary.stage("templates"):
                if replay or templates_are_due(self.lake):
                    self._run(summary, "refresh_templates", replay=replay)
            with summary.stage("anomalies"):
                self._refresh_anomalies(summary, replay=replay)
            with summary.stage("slo"):
                self._refresh_objectives(summary)
            with summary.stage("metrics"):
                self._refresh_metrics(summary, replay=replay)
        summary.seconds = time.perf_counter() - began
        summary.check()
        return summary

    def _read(self, summary: BuildSummary, start: Hour | None, end: Hour | None, *, replay: bool) -> set[Hour]:
        """Read what has arrived; returns the arrival hours that are partitions."""

        def is_asked_for(hour: Hour) -> bool:
            return (start is None or hour >= start) and (end is None or hour < end)

        # Markers before the listing: whoever puts an object afterwards leaves one of its own, which stays.
        told = {Hour.parse(hour): keys for hour, keys in marked(self.lake.store, "arrivals").items()}
        declared = declared_sources(self.lake)
        waits = ready(self.lake, declared, replay=replay)
        found, told = waits.arrivals, {hour: told[hour] for hour in told.keys() - waits.kept_hours}
        arrivals = [arrival for arrival in found if is_asked_for(arrival.raw.arrival_hour)]
        # Asked for or not: what was left in the middle may stand in two places.
        left = [each for each in found if each.is_interrupted and not is_asked_for(each.raw.arrival_hour)]
        summary.on_step("waiting", len(arrivals) + len(left))
        # Before the others, so that one run tells how complete both are.
        self._read_alone(told, arrivals, left)
        inside = {a.raw.arrival_hour for a in arrivals if is_inside(self.lake, a.raw.arrival_hour)}
        spans = contiguous(inside, _LONGEST_RUN)
        for first, last in spans:
            # Not the whole job: which hours late events touch is known when all is read, and each is counted once.
            chosen = ["intake", "completeness"] if last == spans[-1][1] else ["intake"]
            self._run(summary, "live", first.partition_key, last.partition_key, replay=replay, only=chosen)
        for hour in told.keys() - {arrival.raw.arrival_hour for arrival in found}:
            unmark(self.lake.store, told[hour])
        if marked(self.lake.store, "completeness"):
            self._run(summary, "refresh_completeness")
        return inside

    def _read_alone(self, told: Mapping[Hour, list[str]], arrivals: list[Arrival], left: list[Arrival]) -> None:
        """Read, without a run of Dagster, arrivals whose hours are no partitions, and all that was left."""
        outside = [a for a in arrivals if not is_inside(self.lake, a.raw.arrival_hour)]
        hours = {arrival.raw.arrival_hour for arrival in outside}
        markers = [key for hour in hours for key in told.get(hour, [])]
        read_outside(self.lake, ToRead(outside + left, markers), Failures(self.lake))

    def _refresh_trends(self, summary: BuildSummary, read: set[Hour], *, replay: bool) -> None:
        """Refresh what is due, and the hours that were read though nothing in them may have changed."""
        due, outside = due_windows(self.lake)
        hours = read.union(due.hours)
        summary.on_step("due", len(hours) + len(outside.hours))
        summary.outside_partitions = len(outside.hours)
        for first, last in contiguous(hours, _LONGEST_RUN):
            self._run(summary, "refresh_hours", first.partition_key, last.partition_key, replay=replay)
        refresh_outside(self.lake, outside, Failures(self.lake), replay=replay)
        # Publishing hours marks days, publishing days marks months: look again after each level.
        for first_day, last_day in contiguous_days(due_windows(self.lake)[0].days, _LONGEST_RUN):
            self._run(summary, "refresh_days", first_day, last_day, replay=replay)
        for month in due_windows(self.lake)[0].months:
            self._run(summary, "refresh_months", month_key(month), month_key(month), replay=replay)

    def _refresh_anomalies(self, summary: BuildSummary, *, replay: bool) -> None:
        """Judge hours from the oldest on; one that changes marks later ones, so look again until none is due."""
        for _ in range(_MOST_PASSES):
            due = [hour for hour in due_anomalies(self.lake) if is_inside(self.lake, hour)]
            if summary.failures or not due:
                break
            for first, last in contiguous(due, _LONGEST_RUN):
                self._run(summary, "refresh_anomalies", first.partition_key, last.partition_key, replay=replay)
            replay = False

    def _refresh_objectives(self, summary: BuildSummary) -> None:
        for _ in range(_MOST_PASSES):
            days = self._due_objective_days()
            if summary.failures or not days:
                break
            for first_day, last_day in contiguous_days(days, _LONGEST_RUN):
                self._run(summary, "refresh_objectives", first_day, last_day)

    def _refresh_metrics(self, summary: BuildSummary, *, replay: bool) -> None:
        """Take in metric objects and make their hours; a live source is asked by nobody here."""
        failures = Failures(self.lake)
        with failures.attempt("metric objects"):
            take_in(self.lake)
        due = all_hours(self.lake) if replay else set(due_metrics(self.lake))
        inside = {hour for hour in due if is_inside(self.lake, hour)}
        for first, last in contiguous(inside, _LONGEST_RUN):
            self._run(summary, "refresh_metrics", first.partition_key, last.partition_key, replay=replay)
        for hour in sorted(due - inside):
            with failures.attempt(f"metrics of hour {hour}"):
                refresh_metrics(self.lake, hour, replay=replay)

    def _due_objective_days(self) -> list[str]:
        return [day for day in due_days(self.lake) if self.lake.partitions_start <= day <= self.lake.now.day]

    def _run(
        self,
        summary: BuildSummary,
        job: str,
        first: str | None = None,
        last: str | None = None,
        *,
        replay: bool = False,
        only: Sequence[str] | None = None,
    ) -> None:
        """Run a job, or some of its assets, over a range of partitions, both ends included.

        What its windows raise is in the summary.
        """
        tags = range_tags(first, last) if first and last else {}
        result = run_job(
            self.definitions, self.instance, job, tags | ({REPLAY_TAG: "true"} if replay else {}), only=only
        )
        if not result.success and not summary.failures:
            error = LogSightError(f"job {job} failed; see run {result.run_id} in the Dagster UI")
            summary.failure(f"run {result.run_id}", error)


def run_job(
    definitions: dg.Definitions,
    instance: dg.DagsterInstance,
    job: str,
    tags: Mapping[str, str],
    *,
    only: Sequence[str] | None = None,
) -> dg.ExecuteInProcessResult:
    """Run a job, or some of its assets, in this process; a failure is in the result."""
    return definitions.resolve_job_def(job).execute_in_process(
        instance=instance,
        tags=dict(tags),
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        asset_selection=[dg.AssetKey(name) for name in only] if only else None,
        raise_on_error=False,
    )
