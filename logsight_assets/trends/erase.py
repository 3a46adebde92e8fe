"""Erasure of a tenant: everywhere, for good, with a certificate of counts.

Order: tombstone (from here on intake, publishers and readers act as if the tenant had never been); a plan of counts;
its lines in mixed raw objects are blanked (they are found through its event files too, so before those go); every
prefix of the tenant; a second sweep for what a run that began before the tombstone still put; certificate. A killed
erasure is simply run again: each step finds only what is left, and the plan keeps the counts of what already went.

What is read in place is not ours to change: the tombstone alone hides it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

import pyarrow.parquet as pq

from logsight_assets.errors import ObjectMissing, UsageError
from logsight_assets.intake.blank import Blanked
from logsight_assets.intake.tenant_lines import Place
from logsight_assets.lake import Lake, certificate_key, tombstone_key
from logsight_assets.settings import TENANT_NAME
from resources.object_store import ObjectInfo, ObjectStore

# Folders whose objects are about an erasure, not about the tenant's data.
_KEPT = {"tombstones", "certificates"}
_NOTHING = Blanked()


class MixedLines(Protocol):
    """The tenant's lines in mixed raw objects. Belongs to intake, which knows containers, formats and receipts."""

    def survey(self) -> Blanked:
        """What `apply` will do."""

    def apply(self) -> None:
        """Blank them; again, what is left of them."""


# Places of the tenant's stored events by raw object → its lines.
FindLines = Callable[[Mapping[str, frozenset[Place]]], MixedLines]


@dataclass(frozen=True)
class Certificate:
    """Counts of an erasure."""

    objects: dict[str, int]  # top-level folder → objects removed
    events: int  # rows of the event files removed, late ones included
    blanked: Blanked

    @property
    def is_anything(self) -> bool:
        return bool(self.objects) or self.blanked != _NOTHING

    def __add__(self, other: Certificate) -> Certificate:
        return Certificate(
            dict(Counter(self.objects) + Counter(other.objects)),
            self.events + other.events,
            self.blanked + other.blanked,
        )

    def to_json(self, erased_time: str) -> bytes:
        held = {
            "objects": dict(sorted(self.objects.items())),
            "events": self.events,
            "blanked": asdict(self.blanked),
            "erased_time": erased_time,
        }
        return json.dumps(held, sort_keys=True).encode() + b"\n"


def erase(lake: Lake, tenant: str, find_lines: FindLines) -> Certificate:
    """Remove a tenant from the lake; the same call finishes an interrupted erasure. UsageError for an invalid name."""
    if not TENANT_NAME.fullmatch(tenant):
        raise UsageError(f"tenant {tenant!r} must match {TENANT_NAME.pattern}")
    put_tombstone(lake, tenant)
    lines = find_lines(places_in_raw(lake.store, tenant))
    planned = plan(lake, tenant, lines.survey())
    lines.apply()
    remove_all(lake.store, tenant)
    leftovers = count(lake.store, tenant)  # what a run that had not seen the tombstone put meanwhile
    remove_all(lake.store, tenant)
    certificate = planned + leftovers
    lake.store.put(certificate_key(tenant), certificate.to_json(lake.clock().isoformat()))
    lake.store.delete(_plan_key(tenant))
    return certificate


def put_tombstone(lake: Lake, tenant: str) -> None:
    """Say that a tenant is erased; the first time stands."""
    said = json.dumps({"erased_time": lake.clock().isoformat()}).encode() + b"\n"
    lake.store.put_if(tombstone_key(tenant), said, None)


def plan(lake: Lake, tenant: str, blanked: Blanked) -> Certificate:
    """Counts of what is there before anything goes, on top of what an earlier erasure certified.

    Written once and kept until the certificate stands, so a killed erasure still certifies all of it.
    """
    counted = count(lake.store, tenant, blanked)
    if before := read_certificate(lake.store, certificate_key(tenant)):
        counted = before + counted
    lake.store.put_if(_plan_key(tenant), counted.to_json(lake.clock().isoformat()), None)
    return read_certificate(lake.store, _plan_key(tenant)) or counted


def read_certificate(store: ObjectStore, key: str) -> Certificate | None:
    """The counts in a certificate or plan; None if there is none."""
    try:
        held = json.loads(store.get(key))
    except ObjectMissing:
        return None
    return Certificate(held["objects"], held["events"], Blanked(**held["blanked"]))


def _plan_key(tenant: str) -> str:
    return certificate_key(tenant).replace("certificates/", "certificates/plans/")


def count(store: ObjectStore, tenant: str, blanked: Blanked = _NOTHING) -> Certificate:
    """What is in the lake of a tenant now."""
    objects: Counter[str] = Counter()
    events = 0
    for entry in objects_of(store, tenant):
        area = entry.key.partition("/")[0]
        objects[area] += 1
        if area in ("events", "late"):
            with store.open(entry.key) as stream:
                events += pq.read_metadata(stream).num_rows
    return Certificate(dict(objects), events, blanked)


def objects_of(store: ObjectStore, tenant: str) -> Iterator[ObjectInfo]:
    """Every object below a folder `tenant=<tenant>`, at the top of an area or of one of its tables."""
    name = f"tenant={tenant}"
    for area in store.folders(""):
        if area in _KEPT:
            continue
        below = store.folders(f"{area}/")
        if name in below:
            yield from store.list(f"{area}/{name}/")
        for table in below:
            if "=" not in table and name in store.folders(f"{area}/{table}/"):
                yield from store.list(f"{area}/{table}/{name}/")


def remove_all(store: ObjectStore, tenant: str) -> None:
    """Remove every object of a tenant."""
    for entry in list(objects_of(store, tenant)):
        store.delete(entry.key)


def places_in_raw(store: ObjectStore, tenant: str) -> dict[str, frozenset[Place]]:
    """Places of a tenant's stored events by raw object, also of those of its own sources."""
    found: dict[str, set[Place]] = defaultdict(set)
    for key in _event_keys(store, tenant):
        with store.open(key) as stream:
            rows = pq.read_table(stream, columns=["raw_line", "raw_record"])
        raw_object = key.rpartition("~")[2].removesuffix(".parquet")
        found[raw_object].update(zip(rows["raw_line"].to_pylist(), rows["raw_record"].to_pylist(), strict=True))
    return {raw_object: frozenset(places) for raw_object, places in found.items()}


def _event_keys(store: ObjectStore, tenant: str) -> Iterator[str]:
    for area in ("events", "late"):
        for entry in store.list(f"{area}/tenant={tenant}/"):
            yield entry.key
