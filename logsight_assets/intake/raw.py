"""Raw objects of the lake: what lies in an arrival hour, and what lies below `raw/` where nothing is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake, hours_below, is_owner, raw_prefix, values
from logsight_assets.settings import TENANT_NAME
from logsight_assets.timeline import Hour, parse_day
from resources.object_store import ObjectStore

_HH = re.compile(r"[01][0-9]|2[0-3]")
# What is wrong with a folder that `misnamed` finds.
MISNAMED = (
    "is no folder of the layout tenant=T|_mixed/source=S/dt=YYYY-MM-DD/hour=HH, so nothing in it is read; rename it"
)


@dataclass(frozen=True)
class RawObject:
    """A delivered object: where it is read and whose it may be."""

    tenant: str  # or MIXED
    source: str
    arrival_hour: Hour
    identity: str  # the key that its id is made of: relative to the lake, or source name + key below its location
    key: str  # in `store`
    size: int
    modified: float
    store: ObjectStore


def raw_objects(lake: Lake, hour: Hour) -> Iterator[RawObject]:
    """Objects of an arrival hour below `raw/`, in key order."""
    store = lake.store
    for tenant, source in _streams(store):
        for entry in store.list(raw_prefix(tenant, source, hour)):
            yield RawObject(tenant, source, hour, entry.key, entry.key, entry.size, entry.modified, store)


def raw_hours(store: ObjectStore) -> set[Hour]:
    """Arrival hours that have a folder below `raw/`."""
    hours = (
        hour
        for tenant, source in _streams(store)
        for hour in hours_below(store, f"raw/tenant={tenant}/source={source}/")
    )
    return {hour for hour in hours if is_arrival_hour(hour)}


def is_arrival_hour(hour: Hour) -> bool:
    """Whether something can have arrived then: in this century, as events can have happened."""
    return hour.day.startswith("20")


def _streams(store: ObjectStore) -> Iterator[tuple[str, str]]:
    for tenant in filter(is_owner, values(store, "raw/", "tenant")):
        for source in filter(_is_source, values(store, f"raw/tenant={tenant}/", "source")):
            yield tenant, source


# Names ----------------------------------------------------------------------------------------------------------------


def misnamed(store: ObjectStore, prefix: str = "raw/") -> list[str]:
    """Folders of which nothing is read, because no part of the layout has such a name; hidden ones are left out."""
    return list(_misnamed(store, prefix, _LAYOUT))


def _misnamed(store: ObjectStore, prefix: str, levels: Sequence[_Level]) -> Iterator[str]:
    if not levels:
        return
    (name, is_valid), *below = levels
    for folder in store.folders(prefix):
        key, _, value = folder.partition("=")
        if key == name and is_valid(value):
            yield from _misnamed(store, f"{prefix}{folder}/", below)
        elif not folder.startswith("."):
            yield prefix + folder


def _is_source(value: str) -> bool:
    return TENANT_NAME.fullmatch(value) is not None


def _is_day(value: str) -> bool:
    try:
        return f"{parse_day(value):%Y}".startswith("20")
    except UsageError:
        return False


def _is_hour(value: str) -> bool:
    return _HH.fullmatch(value) is not None


_Level: TypeAlias = tuple[str, Callable[[str], bool]]
_LAYOUT: Sequence[_Level] = (("tenant", is_owner), ("source", _is_source), ("dt", _is_day), ("hour", _is_hour))
