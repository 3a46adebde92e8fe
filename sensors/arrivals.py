"""Raw objects that have arrived and have no receipt: one run reads an arrival hour and counts it."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import dagster as dg

from logsight_assets.intake.arrivals import interrupted_hours, waiting
from logsight_assets.intake.run import sources_of
from logsight_assets.lake import Lake, marked
from logsight_assets.partitions import hour_is_inside
from logsight_assets.timeline import Hour, hours_between
from sensors.requests import busy_windows, digest, hour_requests

NAME = "arrivals"
# Delivery streams name an object by the hour of its oldest record and put it a buffer later. Older hours are looked at
# when `logsight add` or the safety net says so, because listing all of raw every few seconds does not scale.
RECENT_HOURS = 3


def arrivals_due(lake: Lake) -> dict[Hour, list[str]]:
    """Identities of the objects to be read, by arrival hour, of recent hours and of those that are marked."""
    recent = set(hours_between(lake.now - RECENT_HOURS, lake.now + 2))
    told = {Hour.parse(hour) for hour in marked(lake.store, "arrivals")}
    found: dict[Hour, list[str]] = defaultdict(list)
    for arrival in waiting(lake, sources_of(lake), recent | told | interrupted_hours(lake)):
        found[arrival.raw.arrival_hour].append(arrival.raw.identity)
    return found


def arrivals_sensor(jobs: Sequence[Any]) -> dg.SensorDefinition:
    """Asks for `live` runs of partitions, and for `outside` where an arrival hour is none."""

    @dg.sensor(
        name=NAME,
        jobs=jobs,
        # The daemon looks every five seconds at the soonest; 1 avoids that an interval of 5 now and then waits for two.
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts reading as soon as raw objects arrive; bursts become one run.",
    )
    def arrivals(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult | dg.SkipReason:
        due = arrivals_due(lake)
        inside = {h: names for h, names in due.items() if hour_is_inside(h, lake.partitions_start, lake.now)}
        outside = [name for hour, names in due.items() if hour not in inside for name in names]
        busy = busy_windows(context.instance, [NAME])
        requests = hour_requests("live", inside, busy.of("live"))
        if outside and "outside" not in busy.keys:
            requests.append(dg.RunRequest(run_key=f"outside:{digest(outside)}", job_name="outside"))
        if not requests:
            return dg.SkipReason("no raw object waits" if not due else "what waits is being read")
        return dg.SensorResult(run_requests=requests)

    return arrivals
