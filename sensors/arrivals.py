"""Raw objects that have arrived and have no receipt: one run reads an arrival hour and counts it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import dagster as dg

from logsight_assets.declarations import Declared
from logsight_assets.failures import Failures, telling_only_what_may_be_told
from logsight_assets.intake.arrivals import interrupted_hours, ready
from logsight_assets.intake.run import declared_sources
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.lake import Lake, marked, unmark
from logsight_assets.outside import is_inside
from logsight_assets.timeline import Hour
from sensors.requests import Busy, Work, busy_windows, hours_work, recent_hours, requests_of

NAME = "arrivals"


@dataclass(frozen=True)
class Arrivals:
    """Names of what waits, by arrival hour, and markers of hours in which nothing waits any more."""

    due: dict[Hour, list[str]]
    settled: list[str]
    declared: Declared[SourceDefinition]  # objects of those that are refused wait until their files are corrected


def arrivals_due(lake: Lake) -> Arrivals:
    """What waits in the hours around now and in those that are marked.

    Other hours are looked at when `logsight add` or the safety net says so: listing all of raw every few seconds does
    not scale.
    """
    told = {Hour.parse(hour): keys for hour, keys in marked(lake.store, "arrivals").items()}
    found: dict[Hour, list[str]] = defaultdict(list)
    hours = recent_hours(lake.now) | told.keys() | interrupted_hours(lake)
    declared = declared_sources(lake)
    waits = ready(lake, declared, hours)
    for raw in (arrival.raw for arrival in waits.arrivals):
        found[raw.arrival_hour].append(f"{raw.identity} {raw.size} {raw.modified}")
    for hour in found:
        # A new marker is a new chance for what failed.
        found[hour] += told.get(hour, [])
    settled = told.keys() - found.keys() - waits.kept_hours
    return Arrivals(found, [key for hour in settled for key in told[hour]], declared)


def arrival_requests(lake: Lake, due: dict[Hour, list[str]], busy: Busy) -> list[dg.RunRequest]:
    """Requests for all that waits and is not being read."""
    recent = recent_hours(lake.now)
    inside = {hour: names for hour, names in due.items() if is_inside(lake, hour)}
    taken = busy.of("live", "catch_up")
    live = hours_work("live", {hour: names for hour, names in inside.items() if hour in recent}, taken)
    older = hours_work("catch_up", {hour: names for hour, names in inside.items() if hour not in recent}, taken)
    if outside := [name for hour, names in due.items() if hour not in inside for name in names]:
        older.append(Work("outside", "", "", tuple(outside)))
    return requests_of(live, older, busy)


def arrivals_sensor(jobs: Sequence[Any], sensors: Sequence[str]) -> dg.SensorDefinition:
    """Asks for `live` runs of hours around now, `catch_up` of older ones, `outside` where an hour is no partition.

    `sensors` are all whose runs are waited for.
    """

    @dg.sensor(
        name=NAME,
        jobs=jobs,
        # The daemon looks every five seconds at the soonest; 1 avoids that an interval of 5 now and then waits for two.
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts reading as soon as raw objects arrive; bursts become one run.",
    )
    def arrivals(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult | dg.SkipReason:
        with telling_only_what_may_be_told(lake, f"sensor {NAME}"):
            found = arrivals_due(lake)
            unmark(lake.store, found.settled)
            requests = arrival_requests(lake, found.due, busy_windows(context.instance, sensors))
            failures = Failures(lake)
            if not requests:
                # A tick that fails asks for nothing; one that asks only warns.
                found.declared.fail_each(failures.attempt)
            failures.check()
        for each in found.declared.refused:
            context.log.warning("%s; its objects wait", each.told)
        if not requests:
            return dg.SkipReason("what waits is being read" if found.due else "no raw object waits")
        return dg.SensorResult(run_requests=requests)

    return arrivals
