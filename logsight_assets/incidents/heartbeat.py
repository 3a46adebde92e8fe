"""Whether the way of alarms stands still: when somebody last looked for them, and how long the oldest has waited.

The check `alarm_path` shows it in the UI. Where settings name a namespace CloudWatch is told too: what stands still
with the whole machine can only be seen from outside, by values that do not come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.waiting import waiting_keys
from logsight_assets.lake import HEARTBEAT_KEY, Lake
from logsight_assets.settings import Heartbeat
from resources.gauges import Gauge, Gauges


@dataclass(frozen=True)
class PathState:
    """Ages are seconds; None where there is nothing to tell the age of."""

    looked_seconds_ago: float | None
    oldest_waits_seconds: float | None
    waiting: int
    is_moving: bool


def path_state(lake: Lake) -> PathState:
    """The state by the lake's clock. A lake that never looked for alarms does not move either."""
    longest = lake.settings.alarms.stalled_minutes * 60
    looked = _age(lake, HEARTBEAT_KEY, "looked_time")
    keys = [key for keys in waiting_keys(lake).values() for key in keys]
    ages = [age for key in keys if (age := _age(lake, key, "received_time")) is not None]
    oldest = max(ages, default=None)
    is_moving = looked is not None and looked <= longest and (oldest is None or oldest <= longest)
    return PathState(looked, oldest, len(keys), is_moving)


def _age(lake: Lake, key: str, field: str) -> float | None:
    """Seconds since the moment that an object names; None if it is gone."""
    try:
        moment = datetime.fromisoformat(json.loads(lake.store.get(key))[field])
    except ObjectMissing:
        return None
    return (lake.clock() - moment).total_seconds()


# For CloudWatch -------------------------------------------------------------------------------------------------------


def path_gauges(state: PathState) -> Iterator[Gauge]:
    """The state as numbers. A lake that never looked has no age: to whoever watches it that is a value that lacks."""
    if state.looked_seconds_ago is not None:
        age = max(state.looked_seconds_ago, state.oldest_waits_seconds or 0.0, 0.0)
        yield Gauge("AlarmPathAgeSeconds", age, "Seconds")
    yield Gauge("AlarmsWaiting", state.waiting, "Count")


def gauges_of(lake: Lake) -> Gauges | None:
    """Where the settings want the numbers to be told; None for nowhere."""
    return _cloudwatch(lake.settings.heartbeat) if lake.settings.heartbeat.namespace else None


@cache
def _cloudwatch(settings: Heartbeat) -> Gauges:
    # Here, because the SDK costs a third of a second.
    from resources.cloudwatch_gauges import CloudWatchGauges, gauges_client  # noqa: PLC0415

    return CloudWatchGauges(gauges_client(settings.region or None, settings.endpoint_url or None), settings.namespace)
