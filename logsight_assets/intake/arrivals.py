"""What has arrived and has no receipt yet, in the lake's own raw and in prefixes that are read in place."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from logsight_assets.declarations import Declared
from logsight_assets.errors import LogSightError, ObjectMissing, UsageError
from logsight_assets.intake.intents import open_intents
from logsight_assets.intake.raw import RawObject, is_arrival_hour, raw_hours, raw_objects
from logsight_assets.intake.receipts import Receipt, key_digest, object_id_in, read_receipt
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.lake import MIXED, Lake, receipt_prefix, receipts_prefix
from logsight_assets.timeline import Hour
from resources.object_store import FolderStore, ObjectInfo, ObjectStore

_HIVE = re.compile(r"(?:^|/)dt=(\d{4})-(\d{2})-(\d{2})/hour=(\d{2})/")
_FIREHOSE = re.compile(r"(?:^|/)(\d{4})/(\d{2})/(\d{2})/(\d{2})/")


@dataclass(frozen=True)
class Arrival:
    """A raw object to be read, with the receipts of earlier readings of the same key."""

    raw: RawObject
    receipt_keys: tuple[str, ...] = ()
    is_interrupted: bool = False  # a reading of it was begun and not ended

    def previous(self, lake: Lake) -> list[Receipt]:
        found = []
        for key in self.receipt_keys:
            with contextlib.suppress(ObjectMissing):  # replaced since the listing
                found.append(read_receipt(lake.store, key))
        return found


def in_place_objects(source: SourceDefinition) -> Iterator[RawObject]:
    """Objects below a source's location; the arrival hour is in the key, else it is when the object was written."""
    if not source.location:
        return
    store = FolderStore(source.location)
    for entry in store.list(""):
        identity = f"{source.name}/{entry.key}"
        hour = _hour_in(entry.key) or Hour.of(datetime.fromtimestamp(entry.modified, UTC))
        yield RawObject(MIXED, source.name, hour, identity, entry.key, entry.size, entry.modified, store)


def unreachable(sources: Mapping[str, SourceDefinition]) -> dict[str, str]:
    """Locations that cannot be listed, and why, by source: the others are read, and `build` and `doctor` say so."""
    found = {}
    for source in sources.values():
        if source.location and not Path(source.location).is_dir():
            found[source.name] = f"{source.location} is no folder"
            continue
        try:
            for _ in in_place_objects(source):
                pass
        except LogSightError as error:
            found[source.name] = f"{source.location} cannot be listed: {error}"
    return found


def _hour_in(key: str) -> Hour | None:
    """The arrival hour that an object's key says."""
    match = _HIVE.search(key) or _FIREHOSE.search(key)
    if match is None:
        return None
    try:
        hour = Hour.parse(f"{match[1]}-{match[2]}-{match[3]}T{match[4]}")
    except UsageError:  # a folder that looks like an hour and is none
        return None
    return hour if is_arrival_hour(hour) else None


def arrived(
    lake: Lake, sources: Mapping[str, SourceDefinition], hours: Iterable[Hour] | None = None
) -> Iterator[RawObject]:
    """Raw objects of the given arrival hours (all when None)."""
    wanted = sorted(raw_hours(lake.store) if hours is None else set(hours))
    for hour in wanted:
        yield from raw_objects(lake, hour)
    for source in sources.values():
        listed: list[RawObject] = []
        with contextlib.suppress(LogSightError):  # see `unreachable`: one source stops no other
            listed = list(in_place_objects(source))
        yield from (raw for raw in listed if hours is None or raw.arrival_hour in wanted)


def waiting(
    lake: Lake,
    sources: Mapping[str, SourceDefinition],
    hours: Iterable[Hour] | None = None,
    *,
    replay: bool = False,
) -> list[Arrival]:
    """What must be read: objects without a receipt, rewritten since, or left in the middle; with `replay` all."""
    interrupted = {intent.raw_key for intent in open_intents(lake.store)}
    receipts = _Receipts(lake.store)
    found = []
    for raw in list(arrived(lake, sources, hours)):
        entries = receipts.of(raw)
        is_interrupted = raw.identity in interrupted
        if replay or is_interrupted or not receipts.tell_of(raw, entries):
            found.append(Arrival(raw, tuple(entry.key for entry in entries), is_interrupted))
    return found


@dataclass(frozen=True)
class Ready:
    """What can be read now: what is of a source whose file is wrong waits for its correction, and stops no other."""

    arrivals: list[Arrival]
    kept_hours: frozenset[Hour]  # arrival hours of what waits: their markers stay, so that the file is all it waits for


def ready(
    lake: Lake, declared: Declared[SourceDefinition], hours: Iterable[Hour] | None = None, *, replay: bool = False
) -> Ready:
    """What must be read, as `waiting`, as far as it can be."""
    found, wrong = waiting(lake, declared.by_name, hours, replay=replay), declared.wrong
    kept = frozenset(arrival.raw.arrival_hour for arrival in found if arrival.raw.source in wrong)
    return Ready([arrival for arrival in found if arrival.raw.source not in wrong], kept)


class _Receipts:
    """Receipts by the raw object's key that they are of, listed as far as they are asked for."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._listed: dict[str, dict[str, list[ObjectInfo]]] = {}

    def of(self, raw: RawObject) -> list[ObjectInfo]:
        if _hour_in(raw.key) is not None:
            prefix = receipt_prefix(raw.tenant, raw.source, raw.arrival_hour)
        else:
            # The arrival hour of such a key moves on with its file's time: an earlier reading may lie in any.
            prefix = receipts_prefix(raw.tenant, raw.source)
        if prefix not in self._listed:
            by_digest: dict[str, list[ObjectInfo]] = defaultdict(list)
            for entry in self._store.list(prefix):
                by_digest[object_id_in(entry.key)[:16]].append(entry)
            self._listed[prefix] = by_digest
        return self._listed[prefix].get(key_digest(raw.identity), [])

    def tell_of(self, raw: RawObject, entries: list[ObjectInfo]) -> bool:
        """Whether the newest of an object's receipts is of what lies there now."""
        newest = max(entries, key=lambda entry: entry.modified, default=None)
        if newest is None or raw.modified > newest.modified:
            return False
        # A log that is rotated takes its old time along to a name under which another one was read.
        try:
            return _hour_in(raw.key) is not None or read_receipt(self._store, newest.key).raw_bytes == raw.size
        except ObjectMissing:  # replaced since the listing
            return False


def interrupted_hours(lake: Lake) -> set[Hour]:
    """Arrival hours of transactions that were begun and not ended."""
    return {intent.arrival_hour for intent in open_intents(lake.store)}
