"""How complete the inputs of a tenant's hour are, by source: the one truth for reports, objectives and incidents.

A stream is what one raw path brings: a source of a tenant, or a source whose lines choose. Its watermark is the newest
event time in what was read of it, minus the lateness that it is allowed; nothing earlier is expected any more. An hour
is complete when the watermark has reached its end and nothing that arrived up to then is unread. A later object
re-opens it by itself: the rows are derived anew. What they are derived from is read once: `streams.py`.

While a source's file is wrong nobody knows how late it may be, nor what waits in the place that it is read in. So it
has no watermark: no hour of it becomes complete, and only those that were told complete before go on being it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logsight_assets.declarations import Declared
from logsight_assets.errors import PublishConflict
from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.sources import SourceDefinition, source_of
from logsight_assets.lake import MIXED, Lake, completeness_key, is_erased, values
from logsight_assets.parquet import parquet_bytes, read_rows
from logsight_assets.tables import COMPLETENESS
from logsight_assets.timeline import Hour, hours_between, parse_day
from logsight_assets.trends.hours import mark_signals
from logsight_assets.trends.streams import Reach, Stream, read_streams
from resources.object_store import ObjectStore

COMPLETE = "complete"
OPEN = "open"  # more is still expected
BEHIND = "behind"  # something arrived and is not read
_TURNS = 5
_MINUTE_NS = 60 * 10**9


@dataclass(frozen=True)
class PendingRaw:
    """Raw objects of an arrival hour that have no receipt."""

    raw_tenant: str
    source: str
    arrival_hour: Hour


@dataclass(frozen=True)
class _Stream:
    """A stream's reach, what of it is not read, and how late it may be; None where nobody knows."""

    reach: Reach
    pending: frozenset[Hour]
    lateness_minutes: int | None

    @property
    def watermark(self) -> int | None:
        """Nanoseconds since 1970. A file is whole when it is added: what comes of it is never late."""
        if self.lateness_minutes is None:
            return None
        marks = []
        if self.reach.newest is not None:
            marks.append(self.reach.newest - self.lateness_minutes * _MINUTE_NS)
        if self.reach.whole_until is not None:
            marks.append(self.reach.whole_until.start_nano)
        return max(marks, default=None)

    @property
    def last(self) -> Hour | None:
        """The newest hour of which something is known, whoever's."""
        hours = [] if self.reach.newest is None else [Hour.of_nano(self.reach.newest)]
        hours += [] if self.reach.whole_until is None else [self.reach.whole_until - 1]
        return max(hours, default=None)


def state_of(hour: Hour, watermark: int | None, pending: Iterable[Hour]) -> str:
    """State of an hour by the watermark (nanoseconds since 1970) and the arrival hours of what is not read."""
    if any(arrival <= hour for arrival in pending):
        return BEHIND
    return COMPLETE if watermark is not None and watermark >= (hour + 1).start_nano else OPEN


def completeness_rows(
    reaches: Mapping[Stream, Reach],
    pending: Iterable[PendingRaw],
    lateness_minutes: Callable[[str], int | None],
    since: Hour,
) -> dict[str, pa.Table]:
    """Rows of `completeness` by tenant.

    Every hour between a source's first and last has a row, also those without an event: that nothing was said is known
    only if everything was read. Before `since` only hours with events have one, so that a single line of the year 2000
    does not make 200,000 rows.
    """
    unread: dict[Stream, set[Hour]] = defaultdict(set)
    for raw in pending:
        unread[raw.raw_tenant, raw.source].add(raw.arrival_hour)
    found: dict[str, dict[str, list[_Stream]]] = defaultdict(lambda: defaultdict(list))
    for raw_tenant, source in sorted(reaches.keys() | unread.keys()):
        reach = reaches.get((raw_tenant, source), Reach())
        stream = _Stream(reach, frozenset(unread[raw_tenant, source]), lateness_minutes(source))
        for tenant in reach.hours if raw_tenant == MIXED else [raw_tenant]:
            found[tenant][source].append(stream)
    return {tenant: _table(tenant, sources, since) for tenant, sources in sorted(found.items())}


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
        known |= stream.reach.hours.get(tenant, frozenset()) | stream.pending
        newest |= {stream.last} if stream.last is not None else set()
    if not known:
        return []
    first, last = min(known), max(known | newest)
    return sorted({hour for hour in known if hour < since} | set(hours_between(max(first, since), last + 1)))


def _datetime(unix_nano: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=unix_nano // 1000)  # noqa: DTZ001  the column has no zone


# Reading and writing --------------------------------------------------------------------------------------------------


def refresh_completeness(lake: Lake, declared: Declared[SourceDefinition]) -> list[str]:
    """Derive and publish the table from receipts and what waits; the keys that changed."""
    for _ in range(_TURNS):
        tenants = values(lake.store, "completeness/", "tenant")
        versions = {tenant: _version(lake.store, completeness_key(tenant)) for tenant in tenants}
        tables = _derived(lake, declared)
        changed = _put(lake.store, tables, versions)
        if changed is not None:
            mark_signals(lake, sorted(changed.hours), "completeness")
            return changed.keys
    raise PublishConflict(f"completeness: others published {_TURNS} times in a row; run it again")


def _derived(lake: Lake, declared: Declared[SourceDefinition]) -> dict[str, pa.Table]:
    wrong = declared.wrong

    def lateness_minutes(source: str) -> int | None:
        if source in wrong:
            return None
        return source_of(declared.by_name, source).lateness_minutes

    # What waits is listed first: an object that is read in between shows as unread, never as not there.
    pending = {PendingRaw(a.raw.tenant, a.raw.source, a.raw.arrival_hour) for a in waiting(lake, declared.by_name)}
    reaches = read_streams(lake.store)
    since = Hour.of(parse_day(lake.partitions_start).astimezone(UTC))
    tables = completeness_rows(reaches, pending, lateness_minutes, since)
    tables = {tenant: rows for tenant, rows in tables.items() if not is_erased(lake.store, tenant)}
    if not wrong:
        return tables
    return {tenant: _as_told_before(lake.store, tenant, rows, wrong) for tenant, rows in tables.items()}


def _as_told_before(store: ObjectStore, tenant: str, rows: pa.Table, wrong: Collection[str]) -> pa.Table:
    """The rows, with those of these sources as they are published, but for hours that are behind now.

    Without that a typing error would open every hour of the past, and whatever was made of them would be made twice.
    """
    key = completeness_key(tenant)
    before = read_rows(store, key).to_pylist() if store.head(key) else []
    told = {(row["source"], row["event_hour"]): row for row in before if row["source"] in wrong}
    now = {(row["source"], row["event_hour"]): row for row in rows.to_pylist()}
    for place, row in told.items():
        is_behind = place in now and now[place]["state"] == BEHIND
        now[place] = row | {"state": BEHIND} if is_behind else row
    return pa.Table.from_pylist([now[place] for place in sorted(now)], COMPLETENESS.arrow_schema)


@dataclass
class _Changed:
    """Keys that changed, and hours that became complete, or are it no more."""

    keys: list[str] = field(default_factory=list)
    hours: set[Hour] = field(default_factory=set)


def _put(store: ObjectStore, tables: Mapping[str, pa.Table], versions: Mapping[str, str | None]) -> _Changed | None:
    """What changed; None when another writer was faster."""
    changed = _Changed()
    for tenant in sorted({*tables, *versions}):
        key, version = completeness_key(tenant), versions.get(tenant)
        if tenant not in tables:
            store.delete(key)
            changed.keys.append(key)
            continue
        data = parquet_bytes(tables[tenant], COMPLETENESS, {})
        held = store.get(key) if version is not None else None
        if held == data:
            continue
        if not store.put_if(key, data, version):
            return None
        changed.keys.append(key)
        changed.hours |= _near_events(store, tenant, _turned(held, tables[tenant]))
    return changed


def _turned(held: bytes | None, rows: pa.Table) -> set[Hour]:
    """Hours of which a source is complete in only one of the two. Compared as columns: a table has all hours."""
    before = _complete(pq.read_table(pa.BufferReader(held)) if held else rows.slice(0, 0))
    after = _complete(rows)
    pairs = ((before, after), (after, before))
    found = [one.filter(pc.invert(pc.is_in(one["key"], other["key"]))) for one, other in pairs]
    return {Hour.of(moment.replace(tzinfo=UTC)) for part in found for moment in part["event_hour"].to_pylist()}


def _near_events(store: ObjectStore, tenant: str, hours: set[Hour]) -> set[Hour]:
    """Hours of days with events, and of the days after them: a year without any is no year of silent hours."""
    days = set(values(store, f"events/tenant={tenant}/", "dt")) if hours else set()
    return {hour for hour in hours if {hour.day, (hour - 24).day} & days}


def _complete(rows: pa.Table) -> pa.Table:
    held = rows.filter(pc.equal(rows["state"], COMPLETE))
    hours = held["event_hour"].cast(pa.int64()).cast(pa.string())
    return pa.table({"event_hour": held["event_hour"], "key": pc.binary_join_element_wise(held["source"], hours, "~")})


def _version(store: ObjectStore, key: str) -> str | None:
    entry = store.head(key)
    return entry.version if entry else None
