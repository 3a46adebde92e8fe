"""Schedules of reports: a day's early on the next day, a week's early on the next Monday.

By then the last hour has closed (20 minutes after its end, as a rule) and joined its day.
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import dagster as dg

from logsight_assets.lake import Lake
from sensors.requests import BACKGROUND


def day_before(today: date) -> str:
    """Partition key of the day that is over."""
    return (today - timedelta(days=1)).isoformat()


def week_before(today: date) -> str:
    """Partition key, its Monday, of the week that is over."""
    return (today - timedelta(days=today.weekday() + 7)).isoformat()


def report_schedules(jobs: Mapping[str, Any]) -> list[dg.ScheduleDefinition]:
    """Running by default; `reports.daily` and `reports.weekly` of the settings turn them off."""
    return [
        _schedule(jobs["daily_reports"], "40 0 * * *", "daily", day_before),
        _schedule(jobs["weekly_reports"], "50 0 * * 1", "weekly", week_before),
    ]


def _schedule(job: Any, cron: str, setting: str, partition_of: Callable[[date], str]) -> dg.ScheduleDefinition:
    @dg.schedule(
        name=job.name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
    )
    def due(context: dg.ScheduleEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.RunRequest | dg.SkipReason:
        if not getattr(lake.settings.reports, setting):
            return dg.SkipReason(f"reports.{setting} is false in the settings")
        return dg.RunRequest(partition_key=partition_of(context.scheduled_execution_time.date()), tags=BACKGROUND)

    return due
