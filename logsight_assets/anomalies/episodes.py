"""Anomalies as people see them: one episode from its first hour to its last, however many rows it has."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from logsight_assets.anomalies.series import Series
from logsight_assets.lake import Lake, anomalies_key, is_erased
from logsight_assets.parquet import read_rows
from logsight_assets.timeline import Hour, hours_between


@dataclass(frozen=True)
class Episode:
    """A series that left its range, and stayed outside."""

    tenant: str
    episode_id: str
    series: Series
    direction: str  # of its latest hour, as are all that follow
    state: str
    since: Hour  # first hour that was looked at
    last: Hour
    score: float  # the highest
    observed: float
    expected_low: float | None
    expected_high: float | None
    baseline_size: int
    reason: str
    example_event_ids: tuple[str, ...]


def anomalies_between(lake: Lake, tenant: str, start: datetime, end: datetime) -> list[Episode]:
    """Episodes of a tenant with an hour that begins in [start, end) or holds `start`; the highest score first.

    What is not judged yet is not there: who needs the open hour asks for it after `refresh_anomalies`.
    """
    if is_erased(lake.store, tenant):
        return []
    found: dict[tuple[str, Series], Episode] = {}
    for hour in hours_between(Hour.of(start), Hour.of(end) + 1):
        key = anomalies_key(tenant, hour)
        if hour.start >= end or not lake.store.head(key):
            continue
        for row in read_rows(lake.store, key).to_pylist():
            if row["episode_id"]:
                episode = _episode(tenant, hour, row)
                held = found.get((episode.episode_id, episode.series))
                found[episode.episode_id, episode.series] = _with(held, episode) if held else episode
    return sorted(found.values(), key=lambda each: (-each.score, each.series, each.since))


def _episode(tenant: str, hour: Hour, row: dict[str, object]) -> Episode:
    kept = ("episode_id", "direction", "state", "score", "observed", "expected_low", "expected_high", "baseline_size")
    values = {name: row[name] for name in (*kept, "reason")}
    series = Series(str(row["service"]), str(row["template_id"]), str(row["metric"]))
    examples = tuple(json.loads(str(row["example_event_ids"])))
    return Episode(tenant=tenant, series=series, since=hour, last=hour, example_event_ids=examples, **values)  # type: ignore[arg-type]


def _with(held: Episode, later: Episode) -> Episode:
    return replace(later, since=held.since, score=max(held.score, later.score))
