"""Schedules: an hourly safety net behind the sensors, and a daily clearing of what nobody needs any more."""

from collections.abc import Iterable
from datetime import timedelta

import dagster as dg

from logsight_assets.anomalies.hours import due_hours, overlooked_hours
from logsight_assets.dagster_storage import trim
from logsight_assets.failures import Failures, telling_only_what_may_be_told
from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.run import declared_sources
from logsight_assets.lake import EVERYTHING, Lake, mark_once
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.hours import due_hours as due_metrics
from logsight_assets.outside import due_windows, outside_to_read, read_outside, refresh_outside
from logsight_assets.templates.refresh import templates_are_due
from logsight_assets.timeline import Hour, hours_between
from logsight_assets.trends.published_hours import looks_current
from logsight_assets.upkeep import retain

# Runs, and the run keys of sensors in them, are kept for longer than a queue keeps a message (14 days).
RUN_DAYS = 30
_CHECKED_HOURS = 48
_MARK = "safety-net"


def overlooked(lake: Lake) -> tuple[set[Hour], set[Hour]]:
    """Arrival hours with raw objects that no receipt names, and recent event hours that do not match their files."""
    arrivals = {arrival.raw.arrival_hour for arrival in waiting(lake, declared_sources(lake).by_name)}
    recent = hours_between(lake.now - _CHECKED_HOURS, lake.now + 1)
    return arrivals, {hour for hour in recent if not looks_current(lake, hour)}


def mark_again(lake: Lake, level: str, window: str) -> None:
    """Mark a window anew: a new marker is a new chance, and one of ours is enough."""
    mark_once(lake.store, level, window, _MARK)


@dg.op(description="Marks what the sensors have overlooked, or what failed: a new marker is a new chance.")
def mark_overlooked(context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake]) -> None:
    with telling_only_what_may_be_told(lake, "the safety net"):
        arrivals, hours = overlooked(lake)
        for level, windows in (("arrivals", arrivals), ("hours", hours)):
            for hour in sorted(windows):
                mark_again(lake, level, str(hour))
        mark_again(lake, "completeness", "table")
        if templates_are_due(lake):
            mark_again(lake, "templates", EVERYTHING)
        for hour in {*overlooked_hours(lake), *due_hours(lake)}:
            mark_again(lake, "anomalies", str(hour))
        take_in(lake)
        for hour in due_metrics(lake):
            mark_again(lake, "metrics", str(hour))
    context.log.info("%s arrival hours and %s event hours marked", len(arrivals), len(hours))


@dg.op(description="Reads and refreshes windows that are no partitions: imports of old logs, wrong clocks.")
def refresh_windows_outside(context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake]) -> None:
    with telling_only_what_may_be_told(lake, "windows outside the partitions"):
        failures = Failures(lake)
        report = read_outside(lake, outside_to_read(lake), failures)
        outcomes = refresh_outside(lake, due_windows(lake)[1], failures)
        failures.check()
    context.log.info("%s objects read, %s windows refreshed", report.objects, len(outcomes))


@dg.op(description="Seals and removes what is older than the settings keep.")
def apply_retention(context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake]) -> None:
    with telling_only_what_may_be_told(lake, "retention"):
        done = retain(lake)
    context.log.info("%s objects removed, %s hours sealed", done.removed.total(), done.sealed)


@dg.op(description="Bounds Dagster's own storage; no partition is forgotten.")
def trim_dagster(context: dg.OpExecutionContext, lake: dg.ResourceParam[Lake]) -> None:
    done = trim(context.instance, lake.clock() - timedelta(days=RUN_DAYS))
    context.log.info("%s runs removed, %s partitions reported anew", done.runs, done.partitions)


def upkeep_jobs() -> list[dg.JobDefinition]:
    """Jobs without partitions."""

    @dg.job(name="safety_net", description="Finds what the sensors have overlooked.")
    def safety_net() -> None:
        mark_overlooked()

    @dg.job(name="outside", description="Windows outside the partitions.")
    def outside() -> None:
        refresh_windows_outside()

    @dg.job(name="housekeeping", description="Retention, and Dagster's own storage.")
    def housekeeping() -> None:
        apply_retention()
        trim_dagster()

    return [safety_net, outside, housekeeping]


def upkeep_schedules(jobs: Iterable[dg.JobDefinition]) -> list[dg.ScheduleDefinition]:
    """When they run; running by default."""
    by_name = {job.name: job for job in jobs}
    times = {"hourly_safety_net": ("10 * * * *", "safety_net"), "daily_housekeeping": ("20 3 * * *", "housekeeping")}
    return [
        dg.ScheduleDefinition(
            name, cron_schedule=cron, job=by_name[job], default_status=dg.DefaultScheduleStatus.RUNNING
        )
        for name, (cron, job) in times.items()
    ]
