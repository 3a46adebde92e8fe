"""Which objects each table of a question is made of. They are chosen here by prefix: others are never opened.

A new table gets a line in `PROVIDERS`. Objects of the trend pyramid are chosen so that every hour is counted once:
closed hours from the day's or month's object, hours that it does not hold yet from the level below.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from logsight_assets.lake import MIXED, PLATFORM, Lake, tombstone_key, values
from logsight_assets.reader.records import quarantine, receipts
from logsight_assets.reader.views import Need, Provider, View, rows_of, view
from logsight_assets.settings import TENANT_NAME
from logsight_assets.sqltext import literal, sql
from logsight_assets.tables import (
    COMPLETENESS,
    EVENTS,
    LEVELS,
    PATTERNS,
    QUARANTINE,
    RECEIPTS,
    TREND_NAMES,
    TRENDS,
    Table,
)
from logsight_assets.timeline import Hour
from logsight_assets.trends.publish import facts_of
from logsight_assets.trends.pyramid import PARTS
from resources.object_store import ObjectInfo, ObjectStore

# A day this old has its hours in the month's object, or a marker says that it soon will: not worth two requests a day.
_SETTLED_HOURS = 48


def tenants_of(lake: Lake, tenant: str | None, prefixes: Sequence[str]) -> list[str]:
    """Tenants below prefixes that may be seen: one, or for an operator all; never one that was erased."""
    found = {name for prefix in prefixes for name in values(lake.store, prefix, "tenant")}
    if tenant is not None:
        found &= {tenant}
    return [name for name in sorted(found) if _is_readable(name) and not lake.store.head(tombstone_key(name))]


def _is_readable(name: str) -> bool:
    return bool(TENANT_NAME.fullmatch(name)) or name in (MIXED, PLATFORM)


# Tables cut by hour ---------------------------------------------------------------------------------------------------


def _by_hour(table: Table, prefix: str) -> Provider:
    def provide(need: Need) -> View:
        entries = [entry for tenant in need.tenants for _, entry in _hours(need, f"{prefix}tenant={tenant}/")]
        return View([view(table.name, f"select * from {rows_of(table, entries, need)}")], entries)

    return provide


def _events(need: Need) -> View:
    entries = [entry for tenant in need.tenants for _, entry in _hours(need, f"events/tenant={tenant}/")]
    # No question can name it: the statement's tables are checked against those of `tables.py`.
    files = "logsight_event_files"
    statements = [
        view(files, f"select * from {rows_of(EVENTS, entries, need)}"),
        view(EVENTS.name, sql("reader/events", files=files)),
    ]
    return View(statements, entries)


def _hours(need: Need, prefix: str) -> Iterator[tuple[Hour, ObjectInfo]]:
    """Objects below `dt=…/hour=…` of the hours that are wanted."""
    for day in values(need.lake.store, prefix, "dt"):
        if need.constraint.wants_day(day):
            for hour, entry in _hours_of_day(need.lake.store, prefix, day):
                if need.constraint.wants_hour(hour):
                    yield hour, entry


def _hours_of_day(store: ObjectStore, prefix: str, day: str) -> Iterator[tuple[Hour, ObjectInfo]]:
    below = f"{prefix}dt={day}/hour="
    for entry in store.list(below):
        if entry.key.endswith(".parquet"):
            yield Hour.parse(f"{day}T{entry.key.removeprefix(below)[:2]}"), entry


def _completeness(need: Need) -> View:
    keys = [f"completeness/tenant={tenant}/part.parquet" for tenant in need.tenants]
    entries = [entry for key in keys if (entry := need.lake.store.head(key))]
    return View([view(COMPLETENESS.name, f"select * from {rows_of(COMPLETENESS, entries, need)}")], entries)


# The pyramid ----------------------------------------------------------------------------------------------------------


@dataclass
class _Parts:
    """What one tenant's trend is read from."""

    months: list[ObjectInfo] = field(default_factory=list)
    replaced_days: list[str] = field(default_factory=list)  # of the months: read from below instead
    days: list[ObjectInfo] = field(default_factory=list)
    hours: list[ObjectInfo] = field(default_factory=list)

    @property
    def entries(self) -> list[ObjectInfo]:
        return [*self.months, *self.days, *self.hours]


def _hour_level(name: str) -> Provider:
    table, minutes = TRENDS[f"{name}_hour"], TRENDS[f"{name}_minute"]

    def provide(need: Need) -> View:
        parts = {tenant: _hour_parts(need, name, tenant) for tenant in need.tenants}
        days = [entry for part in parts.values() for entry in part.days]
        selects = [f"select * from {rows_of(table, days, need)}"]
        selects += [
            _labelled(_merged(name, "minute", "hour", rows_of(minutes, part.hours, need)), tenant, "hour", "dt")
            for tenant, part in parts.items()
            if part.hours
        ]
        entries = [entry for part in parts.values() for entry in part.entries]
        return View([view(table.name, " union all by name ".join(selects))], entries)

    return provide


def _hour_parts(need: Need, name: str, tenant: str) -> _Parts:
    parts = _Parts()
    objects = _day_objects(need.lake.store, name, tenant)
    for day in sorted({*objects, *_minute_days(need.lake.store, name, tenant)}):
        if need.constraint.wants_day(day):
            _add_day(parts, need, name, tenant, day, objects.get(day), need.constraint.wants_hour)
    return parts


def _day_level(name: str) -> Provider:
    table = TRENDS[f"{name}_day"]

    def provide(need: Need) -> View:
        parts = {tenant: _day_parts(need, name, tenant) for tenant in need.tenants}
        selects = [f"select * from {rows_of(table, [], need)}"]
        for tenant, part in parts.items():
            selects += _day_selects(need, name, tenant, part)
        entries = [entry for part in parts.values() for entry in part.entries]
        return View([view(table.name, " union all by name ".join(selects))], entries)

    return provide


def _day_selects(need: Need, name: str, tenant: str, part: _Parts) -> Iterator[str]:
    if part.months:
        replaced = ", ".join(f"timestamp {literal(day)}" for day in part.replaced_days)
        where = f" where day_time not in ({replaced})" if replaced else ""
        yield f"select * from {rows_of(TRENDS[f'{name}_day'], part.months, need)}{where}"
    if part.days or part.hours:
        hours, minutes = TRENDS[f"{name}_hour"], TRENDS[f"{name}_minute"]
        columns = ", ".join(column.name for column in hours.columns)
        below = f"select {columns} from {rows_of(hours, part.days, need)}"
        if part.hours:
            opened = _merged(name, "minute", "hour", rows_of(minutes, part.hours, need))
            below += f" union all by name select {columns} from ({opened})"
        yield _labelled(_merged(name, "hour", "day", f"({below})"), tenant, "day", "month")


def _day_parts(need: Need, name: str, tenant: str) -> _Parts:
    """Months for settled days; every other day from its own object and the hours that it does not hold yet."""
    store = need.lake.store
    parts = _Parts()
    in_months: set[str] = set()
    for month, entry in _objects(store, f"trends/{name}_day/tenant={tenant}/", "month").items():
        if need.constraint.wants_month(month):
            parts.months.append(entry)
            in_months |= _included(store, entry)
    objects = _day_objects(store, name, tenant)
    unsettled = (need.lake.now - _SETTLED_HOURS).day
    for day in sorted({*objects, *_minute_days(store, name, tenant)}):
        if need.constraint.wants_day(day) and (day not in in_months or day >= unsettled):
            if day in in_months and day not in objects:  # retention took it: the month is all there is
                continue
            if day in in_months:
                parts.replaced_days.append(day)
            _add_day(parts, need, name, tenant, day, objects.get(day), lambda _: True)
    return parts


def _add_day(
    parts: _Parts,
    need: Need,
    name: str,
    tenant: str,
    day: str,
    entry: ObjectInfo | None,
    wants: Callable[[Hour], bool],
) -> None:
    """A day's object, and the minute objects of hours that it does not hold."""
    held = _included(need.lake.store, entry) if entry else set()
    if entry:
        parts.days.append(entry)
    below = _hours_of_day(need.lake.store, f"trends/{name}_minute/tenant={tenant}/", day)
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


def _merged(name: str, below: str, level: str, rows: str) -> str:
    return sql(
        f"trends/{name}",
        time=f"date_trunc('{level}', {below}_time)",
        time_name=f"{level}_time",
        rows=f"{rows} as below",
    )


def _labelled(select: str, tenant: str, level: str, partition: str) -> str:
    """Merged rows with the partition columns that their own object would have."""
    form = "%Y-%m-%d" if partition == "dt" else "%Y-%m"
    label = f"strftime({level}_time, '{form}')"
    return f"select *, {literal(tenant)} as tenant, {label} as {partition} from ({select})"


@dataclass(frozen=True)
class Held:
    """Below which prefixes a table's tenants are listed, and how it is read."""

    prefixes: Sequence[str]
    provide: Provider


def _pyramid(name: str) -> Mapping[str, Held]:
    levels = [f"trends/{name}_{level}/" for level in LEVELS]
    return {
        f"{name}_minute": Held(levels[:1], _by_hour(TRENDS[f"{name}_minute"], levels[0])),
        f"{name}_hour": Held(levels[:2], _hour_level(name)),
        f"{name}_day": Held(levels, _day_level(name)),
    }


PROVIDERS: Mapping[str, Held] = {
    EVENTS.name: Held(["events/"], _events),
    PATTERNS.name: Held(["patterns/"], _by_hour(PATTERNS, "patterns/")),
    **{table: held for name in TREND_NAMES for table, held in _pyramid(name).items()},
    COMPLETENESS.name: Held(["completeness/"], _completeness),
    QUARANTINE.name: Held(["quarantine/"], quarantine),
    RECEIPTS.name: Held(["receipts/"], receipts),
}
