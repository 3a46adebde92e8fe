"""A day's objectives brought up to date, for every tenant: inputs pinned, counted, published.

A day is made of the trends of all days in its objectives' windows. So one whose counts changed marks the days after it.
Rows of an objective whose file is wrong stay as they are: see `trends/carried.py`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

import pyarrow as pa

from logsight_assets.declarations import Declared
from logsight_assets.errors import ObjectMissing
from logsight_assets.lake import (
    Lake,
    completeness_key,
    is_erased,
    mark,
    markers,
    slo_key,
    unmark,
    values,
)
from logsight_assets.parquet import INPUTS, VERSION, parquet_bytes, read_rows
from logsight_assets.slo.budget import EXHAUSTED, Count, HourOfObjective, hours_of_objective
from logsight_assets.slo.counting import TRENDS_READ, count
from logsight_assets.slo.objective import FOLDER, LONGEST_WINDOW_DAYS, Objective, read_objectives
from logsight_assets.tables import SLO
from logsight_assets.timeline import Hour, hours_of_day, parse_day
from logsight_assets.trends.carried import carried_part, carried_rows, due_while_wrong, is_carried, mark_carried
from logsight_assets.trends.completeness import COMPLETE
from logsight_assets.trends.hours import OBJECTIVES as LEVEL
from logsight_assets.trends.parts import AllTime, Parts, hour_parts
from logsight_assets.trends.publish import Holding, Inputs, Published, Totals, Window, facts_of, publish
from logsight_assets.versions import SLO_VERSION
from resources.object_store import ObjectStore
from resources.query_engine import QueryEngine

_LONGEST_BURN_DAYS = 4  # three days of a burn rate lie in four days
_EARLIER = "earlier"  # marks a day because one before it changed
_EDITED_DAYS = 35  # of which an edited file makes rows anew by itself; older ones change by a backfill
_DEFINITIONS = "logsight.definitions"
_COUNTS = {"objectives": "logsight.objectives", "exhausted": "logsight.exhausted"}


@dataclass(frozen=True)
class ObjectiveDay:
    """What refreshing a day did, and what it holds now over all tenants."""

    day: str
    published: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    objectives: int = 0
    exhausted: int = 0  # objectives without budget at the end of what is known

    @property
    def is_changed(self) -> bool:
        return bool(self.published or self.removed)


def refresh_objectives(lake: Lake, engine: QueryEngine, day: str, *, replay: bool = False) -> ObjectiveDay:
    """Publish a day of every tenant, mark the later days that it is part of, then remove the day's markers.

    While an objective's file is wrong the day stays marked, and is made again when the file is corrected.
    """
    read = markers(lake.store, LEVEL, day)
    declared = read_objectives(lake.config / FOLDER)
    own: list[str] = []
    done: list[Published] = []
    for tenant in _tenants(lake.store):
        window = _Day.of(lake, engine, tenant, day, declared).window()
        done.append(publish(lake.store, window, lambda: _announce(lake.store, day, own), replay=replay))
    is_changed = any(each.is_changed for each in done)
    if is_changed or not all(map(_is_of_no_count, read)):
        _mark_later(lake.store, day, declared)
    if declared.refused and (is_changed or read):
        mark_carried(lake.store, LEVEL, day)
    unmark(lake.store, read + own)
    totals = Totals.of(done, _COUNTS)
    return ObjectiveDay(day, totals.published, totals.removed, **totals.counts)


def due_days(lake: Lake) -> dict[str, list[str]]:
    """Days that are marked, and recent ones that were counted under other objectives: the day, and names of why.

    Without objectives nobody needs the markers, and they go. While a file is wrong, nobody knows what it says, and what
    was counted under it before it was stays.
    """
    found = {day: markers(lake.store, LEVEL, day) for day in lake.store.folders(f"pending/{LEVEL}/")}
    declared = read_objectives(lake.config / FOLDER)
    if not declared.by_name and not declared.refused and not lake.store.folders("slo/"):
        unmark(lake.store, [key for keys in found.values() for key in keys])
        return {}
    if declared.refused:
        found = due_while_wrong(found)
    recent = {(lake.now - 24 * back).day for back in range(_EDITED_DAYS)}
    for tenant in _tenants(lake.store):
        if is_erased(lake.store, tenant) or declared.wrong_names(tenant):
            continue
        wanted = _definitions(each for each in declared.by_name.values() if each.is_for(tenant))
        for day in recent & _days_of(lake.store, tenant):
            entry = lake.store.head(slo_key(tenant, day))
            held = facts_of(lake.store, entry).get(_DEFINITIONS) if entry else _definitions([])
            if held != wanted:
                found.setdefault(day, []).append(f"edited-{wanted}")
    return found


def _days_of(store: ObjectStore, tenant: str) -> set[str]:
    areas = ("trends/service_trend_minute/", "trends/service_trend_hour/", "slo/")
    return {day for area in areas for day in values(store, f"{area}tenant={tenant}/", "dt")}


def _definitions(objectives: Iterable[Objective]) -> str:
    text = " ".join(sorted(objective.fingerprint for objective in objectives))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _announce(store: ObjectStore, day: str, own: list[str]) -> None:
    if not own:
        own.append(mark(store, LEVEL, day, "publishing"))


def _is_of_no_count(marker: str) -> bool:
    """Whether a marker says nothing of the day's own counts."""
    return is_carried(marker) or marker.rpartition("/")[2].startswith(f"{_EARLIER}-")


def _mark_later(store: ObjectStore, day: str, declared: Declared[Objective]) -> None:
    reach = max((objective.window_days for objective in declared.by_name.values()), default=0)
    if declared.refused:
        reach = LONGEST_WINDOW_DAYS
    start = Hour.of(parse_day(day))
    known = {found for tenant in _tenants(store) for found in values(store, f"slo/tenant={tenant}/", "dt")}
    for later in sorted({(start + 24 * days).day for days in range(1, reach + _LONGEST_BURN_DAYS)} & known):
        if not markers(store, LEVEL, later):
            mark(store, LEVEL, later, _EARLIER)


def _tenants(store: ObjectStore) -> list[str]:
    areas = ("trends/service_trend_minute/", "trends/service_trend_hour/", "slo/")
    return sorted({tenant for area in areas for tenant in values(store, area, "tenant")})


@dataclass(frozen=True)
class _Days(AllTime):
    """The days of a window, for `hour_parts`."""

    first: str
    last: str

    def wants_day(self, day: str) -> bool:
        return self.first <= day <= self.last


@dataclass(frozen=True)
class _Day:
    """One tenant's day."""

    lake: Lake
    engine: QueryEngine
    tenant: str
    day: str
    objectives: list[Objective]
    wrong: frozenset[str]  # names of what wrong files declare

    @classmethod
    def of(cls, lake: Lake, engine: QueryEngine, tenant: str, day: str, declared: Declared[Objective]) -> Self:
        own = [each for each in declared.by_name.values() if each.is_for(tenant)]
        return cls(lake, engine, tenant, day, own, declared.wrong_names(tenant))

    def window(self) -> Window:
        return Window(f"objectives of {self.day}", [self._key], self._survey, self._make)

    @property
    def _key(self) -> str:
        return slo_key(self.tenant, self.day)

    def _carried(self) -> list[dict[str, Any]]:
        return carried_rows(self.lake.store, self._key, "objective", self.wrong)

    @property
    def _first_day(self) -> str:
        back = max([_LONGEST_BURN_DAYS, *(objective.window_days for objective in self.objectives)])
        return (Hour.of(parse_day(self.day)) - 24 * back).day

    def _parts(self) -> dict[str, Parts]:
        wanted = _Days(self._first_day, self.day)
        return {name: hour_parts(self.lake, name, self.tenant, wanted) for name in TRENDS_READ}

    def _complete(self) -> tuple[frozenset[Hour], frozenset[Hour]]:
        """Hours up to the day's end of which all is known, and those of the day of which anything is."""
        try:
            rows = read_rows(self.lake.store, completeness_key(self.tenant)).to_pylist()
        except ObjectMissing:
            return frozenset(), frozenset()
        states: dict[Hour, set[str]] = {}
        for row in rows:
            states.setdefault(_hour(row["event_hour"]), set()).add(row["state"])
        inside = {hour: held for hour, held in states.items() if self._first_day <= hour.day <= self.day}
        complete = frozenset(hour for hour, held in inside.items() if held == {COMPLETE})
        return complete, frozenset(hour for hour in inside if hour.day == self.day)

    def _survey(self, _: Holding) -> Inputs:
        store = self.lake.store
        carried = carried_part(self._carried())
        if not (self.objectives or carried) or is_erased(store, self.tenant):
            return Inputs({})
        complete, known = self._complete()
        parts = self._parts()
        entries = {entry.key: facts_of(store, entry)[INPUTS] for each in parts.values() for entry in each.entries}
        if not known and not any(f"/dt={self.day}/" in key for key in entries):
            return Inputs({})
        told = "\n".join(map(str, [*sorted(complete), "of the day", *sorted(known)]))
        entries["completeness"] = hashlib.sha256(told.encode()).hexdigest()
        return Inputs(entries | carried | {f"objective/{each.name}": each.fingerprint for each in self.objectives})

    def _make(self, inputs: Inputs, _: Holding) -> Mapping[str, bytes]:
        complete, known = self._complete()
        counts = count(self.lake, self.engine, self._parts(), self.objectives)
        rows = self._carried()
        for objective in self.objectives:
            own: Mapping[Hour, Count] = counts[objective.name]
            if not own:  # a service that this tenant does not have
                continue
            hours = [hour for hour in hours_of_day(self.day) if hour in known or hour in own]
            rows += [_row(objective, each) for each in hours_of_objective(objective, own, complete, hours)]
        rows.sort(key=lambda row: (row["objective"], row["hour_time"]))
        last = {row["objective"]: row["state"] for row in rows}
        table = pa.Table.from_pylist(rows, SLO.arrow_schema)
        facts = {
            INPUTS: inputs.fingerprint or "",
            VERSION: str(SLO_VERSION),
            _DEFINITIONS: _definitions(self.objectives),
            _COUNTS["objectives"]: str(len(last)),
            _COUNTS["exhausted"]: str(list(last.values()).count(EXHAUSTED)),
        }
        return {self._key: parquet_bytes(table, SLO, facts)}


def _row(objective: Objective, each: HourOfObjective) -> dict[str, Any]:
    figures = (each.budget_left, each.burn_1h, each.burn_6h, each.burn_3d, each.coverage)
    left, one, six, three, coverage = (None if value is None else round(value, 6) for value in figures)
    return {
        "objective": objective.name,
        "hour_time": each.hour.start.replace(tzinfo=None),
        "service": objective.service,
        "kind": objective.kind,
        "target": objective.target,
        "total_count": each.own.total,
        "bad_count": each.own.bad,
        "window_total_count": each.window.total,
        "window_bad_count": each.window.bad,
        "budget_left_ratio": left,
        "burn_rate_1h": one,
        "burn_rate_6h": six,
        "burn_rate_3d": three,
        "coverage_ratio": coverage,
        "state": each.state,
    }


def _hour(naive: datetime) -> Hour:
    return Hour.of(naive.replace(tzinfo=UTC))


def objectives_at(lake: Lake, tenant: str, moment: datetime) -> list[dict[str, object]]:
    """Rows of `slo` as of the last hour of that hour's day that had ended by then; empty without objectives.

    The row of an hour that goes on holds what has not happened yet whenever it is read later.
    """
    hour = Hour.of(moment) - 1
    key = slo_key(tenant, hour.day)
    if is_erased(lake.store, tenant) or not lake.store.head(key):
        return []
    last: dict[str, dict[str, object]] = {}
    for row in read_rows(lake.store, key).to_pylist():
        if _hour(row["hour_time"]) <= hour:
            last[row["objective"]] = row
    return list(last.values())
