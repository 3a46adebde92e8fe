"""Erasure of a tenant: everywhere, for good, with a certificate of counts.

Order: tombstone (from here on intake, publishers and readers act as if the tenant had never been); its lines in mixed
raw objects are blanked (they are found through its event files, so before those go); a plan of counts; every prefix of
the tenant; a second sweep for what a run that began before the tombstone still put; certificate. A killed erasure is
simply run again: each step finds only what is left, and the plan keeps the counts of what already went.

What is read in place is not ours to change: the tombstone alone hides it.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass

import pyarrow.parquet as pq

from logsight_assets.errors import ObjectMissing, UsageError
from logsight_assets.lake import Lake, certificate_key, hours_below, tombstone_key
from logsight_assets.settings import TENANT_NAME
from logsight_assets.timeline import Hour
from resources.object_store import ObjectInfo, ObjectStore

# Folders whose objects are about an erasure, not about the tenant's data.
_KEPT = {"tombstones", "certificates"}


@dataclass(frozen=True)
class Blanked:
    """What blanking did in raw objects of mixed sources."""

    objects: int = 0
    lines: int = 0
    shared_lines: int = 0  # lines that also hold records of other tenants: left as they are


# Blanks lines of `_mixed` raw objects: id of the raw object → the tenant's line numbers in it, and those of its lines
# that hold another tenant's records too. Belongs to intake, which knows containers, formats and receipts; it must give
# the same result when it is called again, and may be called with lines that are blank already.
BlankLines = Callable[[Lake, Mapping[str, "TenantLines"]], Blanked]


@dataclass(frozen=True)
class TenantLines:
    """Physical lines, from 1, in one raw object."""

    own: frozenset[int]
    shared: frozenset[int]


@dataclass(frozen=True)
class Certificate:
    """Counts of an erasure."""

    objects: dict[str, int]  # top-level folder → objects removed
    events: int  # rows of the event files removed, late ones included
    blanked: Blanked

    def __add__(self, other: Certificate) -> Certificate:
        mine, theirs = self.blanked, other.blanked
        return Certificate(
            dict(Counter(self.objects) + Counter(other.objects)),
            self.events + other.events,
            Blanked(mine.objects + theirs.objects, mine.lines + theirs.lines, mine.shared_lines + theirs.shared_lines),
        )

    def to_json(self, erased_time: str) -> bytes:
        held = {
            "objects": dict(sorted(self.objects.items())),
            "events": self.events,
            "blanked": asdict(self.blanked),
            "erased_time": erased_time,
        }
        return json.dumps(held, sort_keys=True).encode() + b"\n"


def erase(lake: Lake, tenant: str, blank_lines: BlankLines) -> Certificate:
    """Remove a tenant from the lake; the same call finishes an interrupted erasure. UsageError for an invalid name."""
    if not TENANT_NAME.fullmatch(tenant):
        raise UsageError(f"tenant {tenant!r} must match {TENANT_NAME.pattern}")
    put_tombstone(lake, tenant)
    blanked = blank_lines(lake, lines_in_mixed(lake.store, tenant))
    planned = plan(lake, tenant, blanked)
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


def is_erased(store: ObjectStore, tenant: str) -> bool:
    return store.head(tombstone_key(tenant)) is not None


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


def count(store: ObjectStore, tenant: str, blanked: Blanked = Blanked()) -> Certificate:
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


def lines_in_mixed(store: ObjectStore, tenant: str) -> dict[str, TenantLines]:
    """Lines of a tenant by raw object, from its event files.

    Also names raw objects of the tenant's own sources: whoever blanks takes those that are mixed. A line shared with
    another tenant is found in that tenant's files of the same raw object.
    """
    own: dict[str, set[int]] = defaultdict(set)
    for raw_object, line in _places(store, tenant, None):
        own[raw_object].add(line)
    shared: dict[str, set[int]] = defaultdict(set)
    for other in _tenants(store):
        if other != tenant:
            for raw_object, line in _places(store, other, set(own)):
                if line in own[raw_object]:
                    shared[raw_object].add(line)
    return {
        raw_object: TenantLines(frozenset(lines - shared[raw_object]), frozenset(shared[raw_object]))
        for raw_object, lines in sorted(own.items())
    }


def _tenants(store: ObjectStore) -> list[str]:
    areas = ("events/", "late/")
    return sorted({f.removeprefix("tenant=") for area in areas for f in store.folders(area) if f.startswith("tenant=")})


def _places(store: ObjectStore, tenant: str, wanted: set[str] | None) -> Iterator[tuple[str, int]]:
    """(raw object, line) of a tenant's stored events; only of the wanted raw objects, which file names tell."""
    for key in _event_keys(store, tenant):
        raw_object = key.rpartition("~")[2].removesuffix(".parquet")
        if wanted is not None and raw_object not in wanted:
            continue
        with store.open(key) as stream:
            lines = pq.read_table(stream, columns=["raw_line"])["raw_line"]
        yield from ((raw_object, line) for line in lines.unique().to_pylist())


def _event_keys(store: ObjectStore, tenant: str) -> Iterator[str]:
    for area in ("events", "late"):
        hours: list[Hour] = list(hours_below(store, f"{area}/tenant={tenant}/"))
        for hour in hours:
            for entry in store.list(f"{area}/tenant={tenant}/{hour.path}/"):
                yield entry.key


def blanked(content: bytes, lines: frozenset[int]) -> bytes:
    """Text with these lines (from 1) emptied; line ends and the numbers of all other lines stay."""
    kept = content.split(b"\n")
    for line in lines:
        if 1 <= line <= len(kept):
            kept[line - 1] = b"\r" if kept[line - 1].endswith(b"\r") else b""
    return b"\n".join(kept)
