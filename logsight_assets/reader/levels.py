"""Rows of the pyramid at one level, as a question needs them: every hour once, from as few objects as hold it.

Closed hours come from the day's or month's object, hours that it does not hold yet from the level below.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from logsight_assets.lake import values
from logsight_assets.reader.views import Need, rows_of
from logsight_assets.sqltext import literal, sql
from logsight_assets.tables import TRENDS
from logsight_assets.timeline import Hour
from logsight_assets.trends.parts import Parts, day_parts, hour_parts, hours_of_day
from resources.object_store import ObjectInfo


@dataclass(frozen=True)
class Rows:
    """A select without a view's name, and all that it reads."""

    select: str
    entries: Sequence[ObjectInfo]


def minute_rows(need: Need, name: str) -> Rows:
    prefix = f"trends/{name}_minute/"
    entries = [entry for tenant in need.tenants for _, entry in wanted_hours(need, f"{prefix}tenant={tenant}/")]
    return Rows(f"select * from {rows_of(TRENDS[f'{name}_minute'], entries, need)}", entries)


def hour_rows(need: Need, name: str) -> Rows:
    table, minutes = TRENDS[f"{name}_hour"], TRENDS[f"{name}_minute"]
    parts = {tenant: hour_parts(need.lake, name, tenant, need.constraint) for tenant in need.tenants}
    days = [entry for part in parts.values() for entry in part.days]
    selects = [f"select * from {rows_of(table, days, need)}"]
    selects += [
        _labelled(_merged(name, "minute", "hour", rows_of(minutes, part.hours, need)), tenant, "hour", "dt")
        for tenant, part in parts.items()
        if part.hours
    ]
    return Rows(" union all by name ".join(selects), [entry for part in parts.values() for entry in part.entries])


def day_rows(need: Need, name: str) -> Rows:
    parts = {tenant: day_parts(need.lake, name, tenant, need.constraint) for tenant in need.tenants}
    selects = [f"select * from {rows_of(TRENDS[f'{name}_day'], [], need)}"]
    for tenant, part in parts.items():
        selects += _day_selects(need, name, tenant, part)
    return Rows(" union all by name ".join(selects), [entry for part in parts.values() for entry in part.entries])


ROWS: Mapping[str, Callable[[Need, str], Rows]] = {"minute": minute_rows, "hour": hour_rows, "day": day_rows}


def wanted_hours(need: Need, prefix: str) -> Iterator[tuple[Hour, ObjectInfo]]:
    """Objects below `dt=…/hour=…` of the hours that are wanted."""
    for day in values(need.lake.store, prefix, "dt"):
        if need.constraint.wants_day(day):
            for hour, entry in hours_of_day(need.lake.store, prefix, day):
                if need.constraint.wants_hour(hour):
                    yield hour, entry


def _day_selects(need: Need, name: str, tenant: str, part: Parts) -> Iterator[str]:
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
