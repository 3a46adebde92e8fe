"""Whether the way of alarms stands still: when somebody last looked for them, and how long the oldest has waited.

Alarms of our own come of rules that somebody has to look at; where nothing else sends any, a lake whose rules stand
still is as silent as one without a fault. So that has a time of its own.

The check `alarm_path` shows it in the UI. Where settings name a namespace CloudWatch is told too: what stands still
with the whole machine can only be seen from outside, by values that do not come.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from logsight_assets.alarm_rules.rule import FOLDER, read_rules
from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.waiting import waiting_keys
from logsight_assets.lake import HEARTBEAT_KEY, RULES_HEARTBEAT_KEY, Lake
from logsight_assets.settings import Heartbeat
from resources.gauges import Gauge, Gauges


@dataclass(frozen=True)
class RulesState:
    """How the alarm rules of a lake are looked at."""

    looked_seconds_ago: float | None  # None: never
    failed: int  # rules that stand still, because their files are wrong


@dataclass(frozen=True)
class PathState:
    """Ages are seconds; None where there is nothing to tell the age of."""

    looked_seconds_ago: float | None
    oldest_waits_seconds: float | None
    waiting: int
    rules: RulesState | None  # None: there are none
    is_moving: bool


def path_state(lake: Lake) -> PathState:
    """The state by the lake's clock. A lake that never looked for alarms does not move either."""
    longest = lake.settings.alarms.stalled_minutes * 60
    keys = [key for keys in waiting_keys(lake).values() for key in keys]
    looked, rules = _age(lake, _held(lake, HEARTBEAT_KEY), "looked_time"), _rules_state(lake)
    ages = [age for key in keys if (age := _age(lake, _held(lake, key), "received_time")) is not None]
    oldest = max(ages, default=None)
    is_taken = _is_at_most(looked, longest) and (oldest is None or oldest <= longest)
    is_watched = rules is None or (_is_at_most(rules.looked_seconds_ago, longest) and not rules.failed)
    return PathState(looked, oldest, len(keys), rules, is_taken and is_watched)


def beat_of_rules(lake: Lake, failed: int) -> None:
    """Say that the alarm rules were evaluated now, and how many of them could not be."""
    held = {"looked_time": lake.clock().isoformat(), "failed": failed}
    lake.store.put(RULES_HEARTBEAT_KEY, json.dumps(held).encode() + b"\n")


def _rules_state(lake: Lake) -> RulesState | None:
    rules = read_rules(lake.config / FOLDER)
    if not rules.by_name and not rules.refused:
        return None
    held = _held(lake, RULES_HEARTBEAT_KEY)
    return RulesState(_age(lake, held, "looked_time"), held["failed"] if held else 0)


def _is_at_most(age: float | None, longest: float) -> bool:
    return age is not None and age <= longest


def _held(lake: Lake, key: str) -> dict[str, Any] | None:
    """What an object says; None if it is not there, or gone by now."""
    try:
        said: dict[str, Any] = json.loads(lake.store.get(key))
    except ObjectMissing:
        return None
    return said


def _age(lake: Lake, held: Mapping[str, Any] | None, field: str) -> float | None:
    """Seconds since the moment that an object names; None without one."""
    return (lake.clock() - datetime.fromisoformat(held[field])).total_seconds() if held else None


# For CloudWatch -------------------------------------------------------------------------------------------------------


def path_gauges(state: PathState) -> Iterator[Gauge]:
    """The state as numbers. What was never looked for has no age: to whoever watches it that is a value that lacks."""
    looked = [state.looked_seconds_ago] + ([state.rules.looked_seconds_ago] if state.rules else [])
    ages = [age for age in looked if age is not None]
    if len(ages) == len(looked):
        yield Gauge("AlarmPathAgeSeconds", max(*ages, state.oldest_waits_seconds or 0.0, 0.0), "Seconds")
    yield Gauge("AlarmsWaiting", state.waiting, "Count")


def gauges_of(lake: Lake) -> Gauges | None:
    """Where the settings want the numbers to be told; None for nowhere."""
    return _cloudwatch(lake.settings.heartbeat) if lake.settings.heartbeat.namespace else None


@cache
def _cloudwatch(settings: Heartbeat) -> Gauges:
    # Here, because the SDK costs a third of a second.
    from resources.cloudwatch_gauges import CloudWatchGauges, gauges_client  # noqa: PLC0415

    return CloudWatchGauges(gauges_client(settings.region or None, settings.endpoint_url or None), settings.namespace)
