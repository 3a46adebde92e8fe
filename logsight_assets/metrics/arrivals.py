"""Metric objects that have arrived: each is read once, counted, and noted under every hour of which it holds points.

`raw_metrics/tenant=T/source=S/dt=…/hour=HH/<object>` is as delivered and is never changed; the hour is that of arrival.
What is noted (`metric_files/`) finds the objects of an hour however late they came. The receipt is written last, so a
killed run leaves an object that is read again. Points are not stored twice: the table is made from the objects.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.quarantine import QuarantineWriter
from logsight_assets.intake.receipts import key_digest
from logsight_assets.intake.records import Refused
from logsight_assets.lake import (
    PLATFORM,
    Lake,
    hours_below,
    is_erased,
    mark,
    mark_once,
    metric_file_key,
    metric_receipt_prefix,
    quarantine_key,
    raw_metrics_prefix,
    values,
)
from logsight_assets.metrics.content import MetricObject
from logsight_assets.metrics.fetched import FetchedSeries
from logsight_assets.metrics.otlp import Left
from logsight_assets.scratch import scratch_folder
from logsight_assets.settings import TENANT_NAME
from logsight_assets.timeline import Hour
from resources.object_store import ObjectInfo, ObjectStore

LEVEL = "metrics"  # of markers of hours whose table may have changed


@dataclass(frozen=True)
class MetricReceipt:
    """What became of one metric object: points = measured + left out + refused, and what was fetched."""

    raw_key: str
    content_sha256: str
    raw_bytes: int
    measured: int = 0  # data points of OTLP that tell a number
    left_out: dict[str, int] = field(default_factory=dict)  # why → data points
    refused: int = 0  # lines, groups and data points in quarantine
    fetched: int = 0  # points of stored answers
    faults: list[str] = field(default_factory=list)  # of the object itself
    hours: dict[str, int] = field(default_factory=dict)  # event hour → points

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> MetricReceipt:
        held = json.loads(data)
        return cls(**{each.name: held[each.name] for each in fields(cls) if each.name in held})


@dataclass(frozen=True)
class TakenIn:
    """What one look did."""

    objects: int = 0
    measured: int = 0
    fetched: int = 0
    left_out: int = 0
    refused: int = 0
    faults: int = 0
    hours: frozenset[Hour] = frozenset()

    def with_receipt(self, receipt: MetricReceipt) -> TakenIn:
        return replace(
            self,
            objects=self.objects + 1,
            measured=self.measured + receipt.measured,
            fetched=self.fetched + receipt.fetched,
            left_out=self.left_out + sum(receipt.left_out.values()),
            refused=self.refused + receipt.refused,
            faults=self.faults + len(receipt.faults),
            hours=self.hours | {Hour.parse(hour) for hour in receipt.hours},
        )


@dataclass(frozen=True)
class Place:
    """Where metric objects lie."""

    tenant: str
    source: str
    hour: Hour  # of arrival


def take_in(lake: Lake, hours: Collection[Hour] | None = None, most_bytes: int | None = None) -> TakenIn:
    """Read what has no receipt yet, of these arrival hours (all when None); no more than about so many bytes.

    Nothing is fetched: the same objects always give the same receipts.
    """
    return take_in_at(lake, places(lake.store, hours), most_bytes)


def take_in_at(lake: Lake, found: Iterable[Place], most_bytes: int | None = None) -> TakenIn:
    """The same, of these places alone."""
    done, size = TakenIn(), 0
    with scratch_folder(lake.state) as scratch:
        for place in found:
            for entry in _without_receipt(lake.store, place):
                if most_bytes is not None and size >= most_bytes:
                    return done
                size += entry.size
                if receipt := _take(lake, place, entry, scratch):
                    done = done.with_receipt(receipt)
    return done


def places(store: ObjectStore, hours: Collection[Hour] | None = None) -> Iterator[Place]:
    """Tenants' arrival hours below `raw_metrics/`; a folder that can be no tenant's or source's is passed over."""
    for tenant in values(store, "raw_metrics/", "tenant"):
        if (tenant != PLATFORM and not TENANT_NAME.fullmatch(tenant)) or is_erased(store, tenant):
            continue
        for source in values(store, f"raw_metrics/tenant={tenant}/", "source"):
            if TENANT_NAME.fullmatch(source):
                below = hours_below(store, f"raw_metrics/tenant={tenant}/source={source}/")
                yield from (Place(tenant, source, hour) for hour in below if hours is None or hour in hours)


def receipts_of(store: ObjectStore, place: Place) -> dict[str, ObjectInfo]:
    """Receipts of an arrival hour, by the digest of the raw object's key."""
    prefix = metric_receipt_prefix(place.tenant, place.source, place.hour)
    return {entry.key.removeprefix(prefix)[:16]: entry for entry in store.list(prefix)}


def _without_receipt(store: ObjectStore, place: Place) -> list[ObjectInfo]:
    return [entry for entry, receipt in with_receipts(store, place) if receipt is None]


def with_receipts(store: ObjectStore, place: Place) -> Iterator[tuple[ObjectInfo, ObjectInfo | None]]:
    """Objects of an arrival hour, each with its receipt; None for what is still to be read."""
    held = receipts_of(store, place)
    for entry in store.list(raw_metrics_prefix(place.tenant, place.source, place.hour)):
        receipt = held.get(key_digest(entry.key))
        # Written again after its receipt: delivered objects do not change, but a file that somebody copies grows.
        yield entry, receipt if receipt and receipt.modified >= entry.modified else None


def _take(lake: Lake, place: Place, entry: ObjectInfo, scratch: Path) -> MetricReceipt | None:
    """Read one object: quarantine, notes, markers, then the receipt; None if it is gone."""
    try:
        held = MetricObject(lake.store, entry.key, lake.settings.limits, scratch)
    except ObjectMissing:
        return None
    refusals = scratch / "metric-refusals"
    with QuarantineWriter(refusals) as quarantine:
        receipt = _count(entry.key, held, quarantine)
    object_id = key_digest(entry.key) + receipt.content_sha256[:16]
    if quarantine.count:
        lake.store.put_file(quarantine_key(place.tenant, place.source, place.hour, object_id), refusals)
    _forget_earlier(lake.store, place, entry.key, object_id)
    note = {"raw_key": receipt.raw_key, "content_sha256": receipt.content_sha256, "is_fetched": receipt.fetched > 0}
    for hour in map(Hour.parse, receipt.hours):
        name = f"{place.source}~{place.hour}~{object_id}"
        lake.store.put(metric_file_key(place.tenant, hour, name), json.dumps(note, sort_keys=True).encode() + b"\n")
    mark_hours(lake, {Hour.parse(hour) for hour in receipt.hours}, "arrived")
    prefix = metric_receipt_prefix(place.tenant, place.source, place.hour)
    lake.store.put(f"{prefix}{object_id}.json", receipt.to_json())
    return receipt


def _count(key: str, held: MetricObject, quarantine: QuarantineWriter) -> MetricReceipt:
    unpacked = held.unpacked
    hours: Counter[str] = Counter()
    left: Counter[str] = Counter()
    measured = fetched = 0
    for line in unpacked.long_lines:
        quarantine.refuse_long(line)
    for each in held.content():
        match each:
            case Refused():
                quarantine.refuse(each)
            case Left():
                left[each.reason] += 1
            case FetchedSeries():
                fetched += len(each.points)
                hours.update(str(Hour.of_nano(point.start_nano)) for point in each.points)
            case _:
                measured += 1
                hours[str(Hour.of_nano(each.at_nano))] += 1
    return MetricReceipt(
        key,
        unpacked.content_sha256,
        unpacked.raw_bytes,
        measured,
        dict(sorted(left.items())),
        quarantine.count,
        fetched,
        unpacked.faults,
        dict(sorted(hours.items())),
    )


def _forget_earlier(store: ObjectStore, place: Place, key: str, object_id: str) -> None:
    """Take back what was noted of the object's earlier content, and mark its hours."""
    earlier = receipts_of(store, place).get(key_digest(key))
    if earlier is None or object_id in earlier.key:
        return
    old_id = earlier.key.rpartition("/")[2].removesuffix(".json")
    for hour in MetricReceipt.from_json(store.get(earlier.key)).hours:
        store.delete(metric_file_key(place.tenant, Hour.parse(hour), f"{place.source}~{place.hour}~{old_id}"))
        mark(store, LEVEL, hour, "changed")
    store.delete(quarantine_key(place.tenant, place.source, place.hour, old_id))
    store.delete(earlier.key)


def mark_hours(lake: Lake, hours: Collection[Hour], name: str) -> None:
    """Say that hours' points changed: theirs, and the next one's, whose first increase begins in them."""
    for hour in sorted({*hours, *(hour + 1 for hour in hours)}):
        mark_once(lake.store, LEVEL, str(hour), name)
