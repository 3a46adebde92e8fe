"""Dagster's own memory, which the lake can do without: rebuilt from the lake, and kept from growing for ever.

The lake is the truth. Deleting a run would take the status of its partitions with it, so what a run holds is reported
anew, without a run, before the run goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import dagster as dg

from logsight_assets.intake.receipts import receipt_hours
from logsight_assets.lake import Lake, hours_below, values
from logsight_assets.partitions import hour_is_inside, month_key
from logsight_assets.tables import TREND_NAMES
from resources.object_store import ObjectStore

_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_CHUNK = 200


def rehydrate(lake: Lake, instance: dg.DagsterInstance) -> dict[str, int]:
    """Report every partition that the lake holds and Dagster does not know of; returns how many by asset."""
    reported: dict[str, int] = {}
    for asset, held in partitions_of(lake).items():
        key = dg.AssetKey(asset)
        missing = sorted(held - instance.get_materialized_partitions(key))
        for partition in missing:
            instance.report_runless_asset_event(
                dg.AssetMaterialization(key, partition=partition, description="found in the lake")
            )
        if missing:
            reported[asset] = len(missing)
    return reported


def partitions_of(lake: Lake) -> dict[str, set[str]]:
    """Partition keys, by asset, of what lies in the lake."""
    store, start, now = lake.store, lake.partitions_start, lake.now
    found: dict[str, set[str]] = defaultdict(set)
    for _, _, hour in receipt_hours(store):
        if hour_is_inside(hour, start, now):
            found["intake"].add(hour.partition_key)
    hourly = {"events": "events/", "patterns": "patterns/"}
    hourly |= {f"{name}_minute": f"trends/{name}_minute/" for name in TREND_NAMES}
    for asset, prefix in hourly.items():
        for tenant in values(store, prefix, "tenant"):
            hours = hours_below(store, f"{prefix}tenant={tenant}/")
            found[asset].update(hour.partition_key for hour in hours if hour_is_inside(hour, start, now))
    for name in TREND_NAMES:
        days = _windows(store, f"trends/{name}_hour/", "dt")
        months = _windows(store, f"trends/{name}_day/", "month")
        found[f"{name}_hour"] = {day for day in days if start <= day <= now.day}
        found[f"{name}_day"] = {month_key(month) for month in months if start[:7] <= month <= now.month}
    return dict(found)


def _windows(store: ObjectStore, prefix: str, part: str) -> Iterator[str]:
    for tenant in values(store, prefix, "tenant"):
        yield from values(store, f"{prefix}tenant={tenant}/", part)


@dataclass(frozen=True)
class Trimmed:
    """What trimming removed and what it kept in another form."""

    runs: int
    partitions: int


def trim(instance: dg.DagsterInstance, before: datetime, most: int = 2000) -> Trimmed:
    """Delete ended runs from before a time, oldest first; partitions whose status they hold are reported anew."""
    filters = dg.RunsFilter(statuses=_ENDED, created_before=before)
    records = instance.get_run_records(filters, limit=most, ascending=True)
    old = {record.dagster_run.run_id for record in records}
    moved = 0
    for materialization in _held_by(instance, old):
        instance.report_runless_asset_event(materialization)
        moved += 1
    for run_id in old:
        instance.delete_run(run_id)
    return Trimmed(len(old), moved)


def _held_by(instance: dg.DagsterInstance, runs: set[str]) -> list[dg.AssetMaterialization]:
    """The latest materialization of each partition that one of these runs made."""
    if not runs:
        return []
    held = []
    for key in instance.get_asset_keys():
        latest = instance.event_log_storage.get_latest_storage_id_by_partition(
            key, dg.DagsterEventType.ASSET_MATERIALIZATION
        )
        for ids in _chunks(latest.values()):
            found = instance.fetch_materializations(dg.AssetRecordsFilter(key, storage_ids=ids), limit=len(ids))
            held += [
                record.asset_materialization
                for record in found.records
                if record.run_id in runs and record.asset_materialization is not None
            ]
    return held


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
