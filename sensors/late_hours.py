"""Windows whose inputs changed: hours that late events touched, days whose closed hours changed, their months."""

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg

from logsight_assets.lake import Lake, marked
from logsight_assets.outside import due_windows
from logsight_assets.partitions import month_key
from sensors.arrivals import NAME as ARRIVALS
from sensors.requests import Busy, busy_windows, digest, hour_requests, window_request

NAME = "late_hours"


def late_requests(lake: Lake, busy: Busy) -> list[dg.RunRequest]:
    """Requests for all that is due and not being worked on."""
    inside, outside = due_windows(lake)
    hours, days, months = (marked(lake.store, level) for level in ("hours", "days", "months"))
    waiting = {hour: hours.get(str(hour), []) for hour in inside.hours}
    # A `live` run counts its own hour itself.
    requests = hour_requests("refresh_hours", waiting, busy.of("refresh_hours", "live"))
    requests += _windows("refresh_days", {day: days.get(day, []) for day in inside.days}, busy)
    requests += _windows("refresh_months", {month_key(month): months.get(month, []) for month in inside.months}, busy)
    if outside and "outside" not in busy.keys:
        names = [str(hour) for hour in outside.hours] + outside.days + outside.months
        seen = [name for level in (hours, days, months) for window in level for name in level[window] if window in names]
        requests.append(dg.RunRequest(run_key=f"outside:{digest(seen)}", job_name="outside"))
    return requests


def _windows(job: str, waiting: Mapping[str, list[str]], busy: Busy) -> list[dg.RunRequest]:
    return [
        window_request(job, key, key, f"{job}:{key}:{digest(names)}")
        for key, names in sorted(waiting.items())
        if key not in busy.of(job)
    ]


def late_hours_sensor(jobs: Sequence[Any]) -> dg.SensorDefinition:
    """Refreshes just what changed, level by level."""

    @dg.sensor(
        name=NAME,
        jobs=jobs,
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Refreshes hours that late events touched, and the days and months above changed hours.",
    )
    def late_hours(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult | dg.SkipReason:
        requests = late_requests(lake, busy_windows(context.instance, [NAME, ARRIVALS]))
        return dg.SensorResult(run_requests=requests) if requests else dg.SkipReason("no window is due")

    return late_hours


