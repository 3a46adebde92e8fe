"""Which objects of a trend hold each hour once: months, days that those do not hold yet, hours that neither holds.

Nothing is computed here: what is listed, and the footers of days and months, decide.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from logsight_assets.lake import Lake, values
from logsight_assets.timeline import Hour
from logsight_assets.trends.publish import facts_of
from logsight_assets.trends.pyramid import PARTS
from resources.object_store import ObjectInfo, ObjectStore

# A day this old has its hours in the month's object, or a marker says that it soon will: not worth two requests a day.
_SETTLED_HOURS = 48


class Wanted(Protocol):
    """Which windows somebody needs."""

    def wants_hour(self, hour: Hour) -> bool: ...

    def wants_day(self, day: str) -> bool: ...

    def wants_month(self, month: str) -> bool: ...


class AllTime:
    """Every window."""

    def wants_hour(self, hour: Hour) -> bool:  # noqa: ARG002
        return True

    def wants_day(self, day: str) -> bool:  # noqa: ARG002
        return True

    def wants_month(self, month: str) -> bool:  # noqa: ARG002
        return True


@dataclass
class Parts:
    """What one tenant's trend is read from."""

    months: list[ObjectInfo] = field(default_factory=list)
    replaced_days: list[str] = field(default_factory=list)  # of the months: read from below instead
    days: list[ObjectInfo] = field(default_factory=list)
    hours: list[ObjectInfo] = field(default_factory=list)

    @property
    def entries(self) -> list[ObjectInfo]:
        return [*self.months, *self.days, *self.hours]


def hour_parts(lake: Lake, name: str, tenant: str, wanted: Wanted) -> Parts:
    """For rows of hours: every day from its own object and the hours that it does not hold yet."""
    parts = Parts()
    objects = _day_objects(lake.store, name, tenant)
    for day in sorted({*objects, *_minute_days(lake.store, name, tenant)}):
        if wanted.wants_day(day):
            _add_day(parts, lake.store, name, tenant, day, objects.get(day), wanted.wants_hour)
    return parts


def day_parts(lake: Lake, name: str, tenant: str, wanted: Wanted) -> Parts:
    """For rows of days: months for settled days; every other day from its own object and hours that it lacks yet."""
    store = lake.store
    parts = Parts()
    in_months: set[str] = set()
    for month, entry in _objects(store, f"trends/{name}_day/tenant={tenant}/", "month").items():
        if wanted.wants_month(month):
            parts.months.append(entry)
            in_months |= _included(store, entry)
    objects = _day_objects(store, name, tenant)
    unsettled = (lake.now - _SETTLED_HOURS).day
    for day in sorted({*objects, *_minute_days(store, name, tenant)}):
        if wanted.wants_day(day) and (day not in in_months or day >= unsettled):
            if day in in_months and day not in objects:  # retention took it: the month is all there is
                continue
            if day in in_months:
                parts.replaced_days.append(day)
            _add_day(parts, store, name, tenant, day, objects.get(day), lambda _: True)
    return parts


def hours_of_day(store: ObjectStore, prefix: str, day: str) -> Iterator[tuple[Hour, ObjectInfo]]:
    """Parquet objects of a day below a prefix that is cut by hour."""
    below = f"{prefix}dt={day}/hour="
    for entry in store.list(below):
        if entry.key.endswith(".parquet"):
            yield Hour.parse(f"{day}T{entry.key.removeprefix(below)[:2]}"), entry


def _add_day(
    parts: Parts,
    store: ObjectStore,
    name: str,
    tenant: str,
    day: str,
    entry: ObjectInfo | None,
    wants: Callable[[Hour], bool],
) -> None:
    """A day's object, and the minute objects of hours that it does not hold."""
    held = _included(store, entry) if entry else set()
    if entry:
        parts.days.append(entry)
    below = hours_of_day(store, f"trends/{name}_minute/tenant={tenant}/", day)
    parts.hours += [minute for hour, minute in below if str(hour) not in held and wants(hour)]


def _day_objects(store: ObjectStore, name: str, tenant: str) -> dict[str, ObjectInfo]:
    return _objects(store, f"trends/{name}_hour/tenant={tenant}/", "dt")


def _minute_days(store: ObjectStore, name: str, tenant: str) -> list[str]:
    return values(store, f"trends/{name}_minute/tenant={tenant}/", "dt")


def _objects(store: ObjectStore, prefix: str, part: str) -> dict[str, ObjectInfo]:
    """The one object of each window below a prefix, by the window."""
    start = f"{prefix}{part}="
    return {entry.key.removeprefix(start).partition("/")[0]: entry for entry in store.list(start)}


def _included(store: ObjectStore, entry: ObjectInfo) -> set[str]:
    """Windows of the level below that an object holds, by its footer."""
    held: Mapping[str, str] = json.loads(facts_of(store, entry).get(PARTS, "{}"))
    return set(held)
