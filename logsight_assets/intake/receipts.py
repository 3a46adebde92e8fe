"""A receipt says what became of a raw object; it is written last, so an object with a receipt is done.

It holds no clock: the same object under the same versions always yields the same bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.raw import RawObject
from logsight_assets.lake import Lake, hours_below, receipt_key, receipt_prefix, values
from logsight_assets.timeline import Hour
from resources.object_store import ObjectInfo, ObjectStore


@dataclass(frozen=True)
class Receipt:
    """Counts, files and versions of one raw object."""

    raw_object: str  # its id
    raw_key: str
    tenant: str  # of the raw path, or _mixed
    source: str
    arrival_hour: str  # YYYY-MM-DDTHH
    format: str
    content_sha256: str
    raw_bytes: int
    plain_bytes: int
    lines: int
    consumed_lines: int
    quarantined_lines: int
    ignored_lines: dict[str, int]  # rule → lines
    records: int
    events: int
    quarantined: int  # entries in quarantine: refused lines and refused records
    refused_records: int  # of these, records inside a line that was consumed, or whole lines of one record
    late: int  # events for sealed hours
    erased: int  # records of erased tenants
    faults: list[str]
    newest_event_unix_nano: int | None
    event_hours: dict[str, dict[str, int]]  # event hour → tenant → events
    files: list[str]  # keys of the event files, sorted
    counts: dict[str, int]  # time_inferred, future_times, without_severity
    versions: dict[str, Any]  # events, mask, redaction key, source fingerprint
    imported: bool = False  # put by `logsight add`: its source has no lateness
    erased_sha256: str | None = field(default=None)  # content after an erasure blanked lines
    durations_out_of_range: int = 0  # NULL in their events
    weights_out_of_range: int = 0  # likewise

    def to_json(self) -> bytes:
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> Receipt:
        held = json.loads(data)
        return cls(**{f.name: held[f.name] for f in fields(cls) if f.name in held})

    @property
    def key(self) -> str:
        return receipt_key(self.tenant, self.source, Hour.parse(self.arrival_hour), self.raw_object)

    @property
    def touched_hours(self) -> list[Hour]:
        return [Hour.parse(hour) for hour in self.event_hours]


def read_receipt(store: ObjectStore, key: str) -> Receipt:
    return Receipt.from_json(store.get(key))


def receipt_entries(store: ObjectStore, tenant: str, source: str, hour: Hour) -> dict[str, ObjectInfo]:
    """Listing of a source's receipts of an arrival hour, by object id."""
    entries = store.list(receipt_prefix(tenant, source, hour))
    return {object_id_in(entry.key): entry for entry in entries}


def object_id_in(key: str) -> str:
    """Id of the raw object that a receipt is of, by the receipt's key."""
    return key.rpartition("/")[2].removesuffix(".json")


def receipt_hours(store: ObjectStore) -> Iterator[tuple[str, str, Hour]]:
    """(raw tenant, source, arrival hour) of everything that has receipts."""
    for tenant in values(store, "receipts/", "tenant"):
        for source in values(store, f"receipts/tenant={tenant}/", "source"):
            for hour in hours_below(store, f"receipts/tenant={tenant}/source={source}/"):
                yield tenant, source, hour


def read_receipts(lake: Lake, hours: Iterable[Hour] | None = None) -> Iterator[Receipt]:
    """Receipts of arrival hours (all when None), in key order."""
    wanted = None if hours is None else set(hours)
    keys = [
        entry.key
        for tenant, source, hour in receipt_hours(lake.store)
        if wanted is None or hour in wanted
        for entry in receipt_entries(lake.store, tenant, source, hour).values()
    ]
    yield from read_receipts_at(lake.store, keys)


def read_receipts_at(store: ObjectStore, keys: Iterable[str]) -> Iterator[Receipt]:
    """Receipts under these keys, in their order; one that was erased or replaced since the listing is left out."""

    def read(key: str) -> Receipt | None:
        try:
            return read_receipt(store, key)
        except ObjectMissing:
            return None

    with ThreadPoolExecutor(max_workers=8) as pool:
        yield from (receipt for receipt in pool.map(read, keys) if receipt)


def key_digest(identity: str) -> str:
    """First half of an object id: tells by a listing alone which raw key a receipt is of."""
    return hashlib.sha256(identity.encode()).hexdigest()[:16]


def object_id(raw: RawObject, content_sha256: str) -> str:
    """Id of a raw object: 16 hex digits of its key's hash and 16 of its content's."""
    return key_digest(raw.identity) + content_sha256[:16]
