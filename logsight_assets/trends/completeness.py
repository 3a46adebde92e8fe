"""How complete the inputs of a tenant's hour are, by source: the one truth for reports, objectives and incidents.

A stream is what one raw path brings: a source of a tenant, or a source whose lines choose. Its watermark is the newest
event time in what was read of it, minus the lateness that it is allowed; nothing earlier is expected any more. An hour
is complete when the watermark has reached its end and nothing that arrived up to then is unread. A later object
re-opens it by itself: the rows are derived anew, never kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from logsight_assets.errors import PublishConflict
from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.receipts import Receipt, read_receipts
from logsight_assets.intake.sources import SourceDefinition, automatic_source
from logsight_assets.lake import MIXED, Lake, completeness_key, values
from logsight_assets.parquet import parquet_bytes
from logsight_assets.tables import COMPLETENESS
from logsight_assets.timeline import Hour, hours_between, parse_day
from resources.object_store import ObjectStore

COMPLETE = "complete"
OPEN = "open"  # more is still expected
BEHIND = "behind"  # something arrived and is not read
_TURNS = 5
_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True)
class ReceiptSummary:
    """What completeness needs of a receipt."""

    raw_tenant: str  # of the raw path, or _mixed
    source: str
    newest_event_unix_nano: int | None
    hours: Mapping[str, frozenset[Hour]]  # tenant → event hours
    imported: bool = False  # put by `logsight add`: whole when it is put, so nothing of it comes late

    @classmethod
    def of(cls, receipt: Receipt) -> ReceiptSummary:
        hours: dict[str, set[Hour]] = defaultdict(set)
        for hour, tenants in receipt.event_hours.items():
            for tenant in tenants:
                hours[tenant].add(Hour.parse(hour))
        return cls(
            receipt.tenant,
            receipt.source,
            receipt.newest_event_unix_nano,
            {tenant: frozenset(held) for tenant, held in hours.items()},
            receipt.imported,
        )


@dataclass(frozen=True)
class PendingRaw:
    """Raw objects of an arrival hour that have no receipt."""

    raw_tenant: str
    source: str
    arrival_hour: Hour


@dataclass
class _Stream:
    watermark: int | None = None  # nanoseconds since 1970
    newest: int | None = None
    pending: set[Hour] = field(default_factory=set)
    hours: dict[str, set[Hour]] = field(default_factory=lambda: defaultdict(set))

    def take(self, receipt: ReceiptSummary, lateness_minutes: int) -> None:
        for tenant, hours in receipt.hours.items():
            self.hours[tenant] |= hours
        newest = receipt.newest_event_unix_nano
        if receipt.imported and any(receipt.hours.values()):
            # A file is whole when it is added: nothing more is expected of any hour that it touches.
            newest = (max(hour for hours in receipt.hours.values() for hour in hours) + 1).start_nano
            lateness_minutes = 0
        if newest is None:
            return
        self.newest = max(newest - receipt.imported, self.newest or 0)
        reached = newest - lateness_minutes * _MINUTE_NS
        self.watermark = max(reached, self.watermark or reached)


def state_of(hour: Hour, watermark: int | None, pending: Iterable[Hour]) -> str:
    """State of an hour by the watermark (nanoseconds since 1970) and the arrival hours of what is not read."""
    if any(arrival <= hour for arrival in pending):
        return BEHIND
    return COMPLETE if watermark is not None and watermark >= (hour + 1).start_nano else OPEN


def completeness_rows(
    receipts: Iterable[ReceiptSummary],
    pending: Iterable[PendingRaw],
    lateness_minutes: Callable[[str], int],
    since: Hour,
) -> dict[str, pa.Table]:
    """Rows of `completeness` by tenant.

    Every hour between a source's first and last has a row, also those without an event: that nothing was said is known
    only if everything was read. Before `since` only hours with events have one, so that a single line of the year 2000
    does not make 200,000 rows.
    """
    streams = _streams(receipts, pending, lateness_minutes)
    found: dict[str, dict[str, list[_Stream]]] = defaultdict(lambda: defaultdict(list))
    for (raw_tenant, source), stream in streams.items():
        for tenant in stream.hours if raw_tenant == MIXED else {raw_tenant}:
            found[tenant][source].append(stream)
    return {tenant: _table(tenant, sources, since) for tenant, sources in sorted(found.items())}


def _streams(
    receipts: Iterable[ReceiptSummary], pending: Iterable[PendingRaw], lateness_minutes: Callable[[str], int]
) -> dict[tuple[str, str], _Stream]:
    streams: dict[tuple[str, str], _Stream] = defaultdict(_Stream)
    for receipt in receipts:
        streams[receipt.raw_tenant, receipt.source].take(receipt, lateness_minutes(receipt.source))
    for raw in pending:
        streams[raw.raw_tenant, raw.source].pending.add(raw.arrival_hour)
    return streams


def _table(tenant: str, sources: Mapping[str, list[_Stream]], since: Hour) -> pa.Table:
    rows = []
    for source, streams in sorted(sources.items()):
        marks = [stream.watermark for stream in streams]
        # The slowest stream decides.
        reached = [mark for mark in marks if mark is not None]
        watermark = min(reached) if len(reached) == len(marks) else None
        pending = set[Hour]().union(*(stream.pending for stream in streams))
        shown = None if watermark is None else _datetime(watermark)
        rows += [
            {
                "source": source,
                "event_hour": hour.start.replace(tzinfo=None),
                "watermark": shown,
                "state": state_of(hour, watermark, pending),
            }
            for hour in _hours(tenant, streams, since)
        ]
    return pa.Table.from_pylist(rows, COMPLETENESS.arrow_schema)


def _hours(tenant: str, streams: Iterable[_Stream], since: Hour) -> list[Hour]:
    known: set[Hour] = set()
    newest: set[Hour] = set()
    for stream in streams:
        known |= stream.hours.get(tenant, set()) | stream.pending
        newest |= {Hour.of_nano(stream.newest)} if stream.newest is not None else set()
    if not known:
        return []
    first, last = min(known), max(known | newest)
    return sorted({hour for hour in known if hour < since} | set(hours_between(max(first, since), last + 1)))


def _datetime(unix_nano: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=unix_nano // 1000)  # noqa: DTZ001  the column has no zone


# Reading and writing --------------------------------------------------------------------------------------------------


def refresh_completeness(lake: Lake, sources: Mapping[str, SourceDefinition]) -> list[str]:
    """Derive and publish the table from receipts and what waits; the keys that changed."""
    for _ in range(_TURNS):
        tenants = values(lake.store, "completeness/", "tenant")
        versions = {tenant: _version(lake.store, completeness_key(tenant)) for tenant in tenants}
        tables = _derived(lake, sources)
        changed = _put(lake.store, tables, versions)
        if changed is not None:
            return changed
    raise PublishConflict(f"completeness: others published {_TURNS} times in a row; run it again")


def _derived(lake: Lake, sources: Mapping[str, SourceDefinition]) -> dict[str, pa.Table]:
    def lateness_minutes(source: str) -> int:
        return (sources.get(source) or automatic_source(source)).lateness_minutes

    # What waits is listed first: an object that is read in between shows as unread, never as not there.
    pending = {PendingRaw(a.raw.tenant, a.raw.source, a.raw.arrival_hour) for a in waiting(lake, sources)}
    receipts = [ReceiptSummary.of(receipt) for receipt in read_receipts(lake)]
    since = Hour.of(parse_day(lake.partitions_start).astimezone(UTC))
    return completeness_rows(receipts, pending, lateness_minutes, since)


def _put(store: ObjectStore, tables: Mapping[str, pa.Table], versions: Mapping[str, str | None]) -> list[str] | None:
    """Keys that changed; None when another writer was faster."""
    changed = []
    for tenant in sorted({*tables, *versions}):
        key, version = completeness_key(tenant), versions.get(tenant)
        if tenant not in tables:
            store.delete(key)
            changed.append(key)
            continue
        data = parquet_bytes(tables[tenant], COMPLETENESS, {})
        if version is not None and store.get(key) == data:
            continue
        if not store.put_if(key, data, version):
            return None
        changed.append(key)
    return changed


def _version(store: ObjectStore, key: str) -> str | None:
    entry = store.head(key)
    return entry.version if entry else None
