"""Anomalies of hours that changed, and objectives of their days: asked for behind trends and templates."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from logsight_assets.anomalies.hours import due_hours
from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.lake import Lake, marked
from logsight_assets.partitions import contiguous_days, hour_is_inside
from logsight_assets.slo.days import due_days
from sensors.requests import Busy, Work, busy_windows, hours_work, recent_hours, requests_of

NAME = "signals"
ANOMALIES_JOB, OBJECTIVES_JOB = "refresh_anomalies", "refresh_objectives"


def signal_requests(lake: Lake, busy: Busy) -> list[dg.RunRequest]:
    """Recent hours at once, everything else in the background.

    Nothing is asked for while templates wait: their hours would be judged without names, and again with them.
    """
    if marked(lake.store, "templates"):
        return []
    told = marked(lake.store, "anomalies")
    due = [hour for hour in due_hours(lake) if hour_is_inside(hour, lake.partitions_start, lake.now)]
    recent = recent_hours(lake.now)
    taken = busy.of(ANOMALIES_JOB)
    live = hours_work(ANOMALIES_JOB, {hour: told.get(str(hour), []) for hour in due if hour in recent}, taken)
    background = hours_work(ANOMALIES_JOB, {hour: told.get(str(hour), []) for hour in due if hour not in recent}, taken)
    # The oldest first: later hours are judged by them.
    return requests_of(live, [*reversed(background), *_objectives_work(lake, busy)], busy)


def _objectives_work(lake: Lake, busy: Busy) -> list[Work]:
    told, taken = due_days(lake), busy.of(OBJECTIVES_JOB)
    days = [day for day in told if lake.partitions_start <= day <= lake.now.day and day not in taken]
    return [
        Work(OBJECTIVES_JOB, first, last, tuple(key for day in days if first <= day <= last for key in told[day]))
        for first, last in contiguous_days(days)
    ]


def signals_sensor(jobs: Sequence[Any]) -> dg.SensorDefinition:
    @dg.sensor(
        name=NAME,
        jobs=jobs,
        # The open hour is judged as it fills, but not after each object: a run costs more than what it does.
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Judges hours that changed by their past, and counts the objectives of their days.",
    )
    def signals(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult | dg.SkipReason:
        with telling_only_what_may_be_told(lake, f"sensor {NAME}"):
            requests = signal_requests(lake, busy_windows(context.instance, [NAME]))
        return dg.SensorResult(run_requests=requests) if requests else dg.SkipReason("no hour is due")

    return signals
