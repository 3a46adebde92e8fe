"""What has arrived and has no receipt yet, in the lake's own raw and in prefixes that are read in place."""

from __future__ import annotations

import contextlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from logsight_assets.errors import UsageError
from logsight_assets.intake.receipts import Receipt, key_digest, read_receipt, receipt_entries
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.lake import MIXED, Lake, RawObject, raw_hours, raw_objects
from logsight_assets.timeline import Hour
from resources.object_store import FolderStore, ObjectInfo

INTENTS = "intents/"  # one object a transaction in progress

_HIVE = re.compile(r"(?:^|/)dt=(\d{4}-\d{2}-\d{2})/hour=(\d{2})/")
_FIREHOSE = re.compile(r"(?:^|/)(\d{4})/(\d{2})/(\d{2})/(\d{2})/")


@dataclass(frozen=True)
class Arrival:
    """A raw object to be read, with the receipts of earlier readings of the same key."""

    raw: RawObject
    receipt_keys: tuple[str, ...] = ()

    def previous(self, lake: Lake) -> list[Receipt]:
        return [read_receipt(lake.store, key) for key in self.receipt_keys]


def in_place_objects(source: SourceDefinition) -> Iterator[RawObject]:
    """Objects below a source's location; the arrival hour is in the key, else it is when the object was written."""
    if not source.location:
        return
    store = FolderStore(source.location)
    for entry in store.list(""):
        identity = f"{source.name}/{entry.key}"
        hour = _arrival_hour(entry)
        yield RawObject(MIXED, source.name, hour, identity, entry.key, entry.size, entry.modified, store)


def unreachable(sources: Mapping[str, SourceDefinition]) -> dict[str, str]:
    """Locations that are not there, by source: the others are read, and `build` and `doctor` say so."""
    places = {source.name: source.location for source in sources.values() if source.location}
    return {name: place for name, place in places.items() if not Path(place).is_dir()}


def _arrival_hour(entry: ObjectInfo) -> Hour:
    with contextlib.suppress(UsageError):  # a folder that looks like an hour and is none
        if match := _HIVE.search(entry.key):
            return Hour.parse(f"{match[1]}T{match[2]}")
        if match := _FIREHOSE.search(entry.key):
            return Hour.parse(f"{match[1]}-{match[2]}-{match[3]}T{match[4]}")
    return Hour.of(datetime.fromtimestamp(entry.modified, UTC))


def arrived(
    lake: Lake, sources: Mapping[str, SourceDefinition], hours: Iterable[Hour] | None = None
) -> Iterator[RawObject]:
    """Raw objects of the given arrival hours (all when None)."""
    wanted = sorted(raw_hours(lake.store) if hours is None else set(hours))
    for hour in wanted:
        yield from raw_objects(lake, hour)
    for source in sources.values():
        for raw in in_place_objects(source) if source.name not in unreachable(sources) else ():
            if hours is None or raw.arrival_hour in wanted:
                yield raw


def waiting(
    lake: Lake,
    sources: Mapping[str, SourceDefinition],
    hours: Iterable[Hour] | None = None,
    *,
    replay: bool = False,
) -> list[Arrival]:
    """What must be read: objects without a receipt, rewritten since, or left in the middle; with `replay` all."""
    interrupted = interrupted_keys(lake)
    by_folder: dict[tuple[str, str, Hour], list[RawObject]] = defaultdict(list)
    for raw in arrived(lake, sources, hours):
        by_folder[raw.tenant, raw.source, raw.arrival_hour].append(raw)
    found = []
    for (tenant, source, hour), raws in by_folder.items():
        receipts: dict[str, list[ObjectInfo]] = defaultdict(list)
        for object_id, entry in receipt_entries(lake.store, tenant, source, hour).items():
            receipts[object_id[:16]].append(entry)
        for raw in raws:
            entries = receipts.get(key_digest(raw.identity), [])
            is_done = entries and raw.modified <= max(entry.modified for entry in entries)
            if replay or not is_done or raw.identity in interrupted:
                found.append(Arrival(raw, tuple(entry.key for entry in entries)))
    return found


def interrupted_keys(lake: Lake) -> set[str]:
    """Identities of raw objects whose transaction was begun and not ended."""
    return {json.loads(lake.store.get(entry.key))["raw_key"] for entry in lake.store.list(INTENTS)}


def interrupted_hours(lake: Lake) -> set[Hour]:
    """Arrival hours of transactions that were begun and not ended."""
    return {Hour.parse(json.loads(lake.store.get(entry.key))["arrival_hour"]) for entry in lake.store.list(INTENTS)}
