"""Dagster's own memory, which the lake can do without: rebuilt from the lake, and kept from growing for ever.

The lake is the truth. Deleting a run would take the status of its partitions with it, so what a run holds is reported
anew, without a run, before the run goes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster._core.events import StepMaterializationData
from dagster._core.instance.utils import RUNLESS_JOB_NAME, RUNLESS_RUN_ID
from dagster._core.storage.event_log import SqlEventLogStorage, SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from sqlalchemy import func, select

from logsight_assets.intake.receipts import receipt_hours
from logsight_assets.lake import PLATFORM, Lake, hours_below, values
from logsight_assets.partitions import hour_is_inside, month_key
from logsight_assets.reports.assets import DAILY, WEEKLY
from logsight_assets.reports.period import Kind
from logsight_assets.reports.store import reported
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
    # The platform's report is made with all others of its period.
    kinds: dict[str, Kind] = {DAILY: "daily", WEEKLY: "weekly"}
    for asset, kind in kinds.items():
        firsts = (period.first.isoformat() for period in reported(store, PLATFORM, kind))
        found[asset] = {first for first in firsts if start <= first <= now.day}
    return dict(found)


def _windows(store: ObjectStore, prefix: str, part: str) -> Iterator[str]:
    for tenant in values(store, prefix, "tenant"):
        yield from values(store, f"{prefix}tenant={tenant}/", part)


@dataclass(frozen=True)
class Trimmed:
    """What trimming removed and what it kept in another form."""

    runs: int
    partitions: int


def trim(instance: dg.DagsterInstance, before: datetime, most: int = 10_000) -> Trimmed:
    """Delete ended runs from before a time, oldest first; partitions whose status they hold are reported anew.

    What is reported anew keeps its time, and an asset's newest materialization stays its last one: otherwise every
    trimming would make a dead asset look fresh.
    """
    filters = dg.RunsFilter(statuses=_ENDED, created_before=before)
    records = instance.get_run_records(filters, limit=most, ascending=True)
    old = {record.dagster_run.run_id for record in records}
    moved = sum(_move(instance, key, old) for key in instance.get_asset_keys()) if old else 0
    for run_id in old:
        _delete(instance, run_id)
    _delete_old_check_results(instance, old)
    return Trimmed(len(old), moved)


def _move(instance: dg.DagsterInstance, key: dg.AssetKey, old: set[str]) -> int:
    """Report the partitions of an asset that these runs hold without a run; returns how many."""
    held = _held_by(instance, key, old)
    newest = instance.get_latest_materialization_event(key)
    for entry in sorted(held, key=lambda entry: entry.timestamp):
        _report(instance, entry)
    if held and newest is not None and newest.timestamp > max(entry.timestamp for entry in held):
        _report(instance, newest)
    return len(held)


def _held_by(instance: dg.DagsterInstance, key: dg.AssetKey, runs: set[str]) -> list[dg.EventLogEntry]:
    """The latest materialization of each partition of an asset, and of an asset without any, if these runs made it."""
    storage_ids = set(
        instance.event_log_storage.get_latest_storage_id_by_partition(
            key, dg.DagsterEventType.ASSET_MATERIALIZATION
        ).values()
    )
    held = []
    for ids in _chunks(storage_ids):
        found = instance.fetch_materializations(dg.AssetRecordsFilter(key, storage_ids=ids), limit=len(ids))
        held += [record.event_log_entry for record in found.records if record.run_id in runs]
    newest = instance.get_latest_materialization_event(key)
    if not storage_ids and newest is not None and newest.run_id in runs:
        held.append(newest)
    return held


def _report(instance: dg.DagsterInstance, entry: dg.EventLogEntry) -> None:
    """Report a materialization again, without a run; unlike `report_runless_asset_event` with the time that it had."""
    materialization = entry.asset_materialization
    if materialization is None:
        return
    event = dg.DagsterEvent(
        event_type_value=dg.DagsterEventType.ASSET_MATERIALIZATION.value,
        job_name=RUNLESS_JOB_NAME,
        event_specific_data=StepMaterializationData(materialization),
    )
    instance.report_dagster_event(event, RUNLESS_RUN_ID, timestamp=entry.timestamp)


def _delete(instance: dg.DagsterInstance, run_id: str) -> None:
    """Delete a run with its logs, and the file that Dagster would leave behind empty."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.delete_run(run_id)
    storage = instance.event_log_storage
    if isinstance(storage, SqliteEventLogStorage):
        for suffix in ("", "-wal", "-shm"):
            Path(storage.path_for_shard(run_id) + suffix).unlink(missing_ok=True)


def _delete_old_check_results(instance: dg.DagsterInstance, runs: set[str]) -> None:
    """Results of deleted runs go, which Dagster keeps for ever; the last one of each check and partition stays."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqlEventLogStorage):
        return
    table = AssetCheckExecutionsTable
    place = (table.c.asset_key, table.c.check_name, table.c.partition)
    with storage.index_connection() as connection:
        last = {row[0] for row in connection.execute(select(func.max(table.c.id)).group_by(*place))}
        for start in range(0, len(runs), _CHUNK):
            chosen = sorted(runs)[start : start + _CHUNK]
            rows = connection.execute(select(table.c.id).where(table.c.run_id.in_(chosen)))
            for ids in _chunks({row[0] for row in rows} - last):
                connection.execute(table.delete().where(table.c.id.in_(ids)))


def _chunks(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), _CHUNK):
        yield ordered[start : start + _CHUNK]
