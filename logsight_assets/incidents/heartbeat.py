"""Whether the way of alarms stands still: when somebody last looked for them, and how long the oldest has waited."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.waiting import waiting_keys
from logsight_assets.lake import HEARTBEAT_KEY, Lake


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
