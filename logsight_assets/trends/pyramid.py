"""The pyramid above the hour: a day's object holds hour rows of closed hours, a month's object day rows of its days.

Each is the merge of the level below, of objects that are read by listing. What retention removed below stays above: the
rows of a sealed window whose object is gone are carried over from what is published. An hour joins its day once it is
closed; until then readers take it from the minute level. Which windows an object holds is in its metadata.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from logsight_assets.errors import ConservationError
from logsight_assets.lake import (
    Lake,
    day_key,
    hour_key,
    is_erased,
    mark,
    mark_once,
    markers,
    minute_key,
    unmark,
    values,
)
from logsight_assets.parquet import INPUTS, VERSION, parquet_bytes, read_facts, read_rows
from logsight_assets.sqltext import sql
from logsight_assets.table_model import Table
from logsight_assets.tables import TREND_NAMES, TRENDS
from logsight_assets.timeline import Hour, days_of_month, hours_of_day, parse_day
from logsight_assets.trends.hour_rows import event_count
from logsight_assets.trends.hour_windows import EVENT_COUNT
from logsight_assets.trends.publish import Held, Holding, Inputs, Published, Window, facts_of, publish
from logsight_assets.versions import TRENDS_VERSION
from resources.object_store import ObjectInfo, ObjectStore
from resources.query_engine import QueryEngine

PARTS = "logsight.parts"  # JSON: the windows below that an object holds → hash of their inputs


@dataclass(frozen=True)
class RollupOutcome:
    """What refreshing a day or a month did."""

    window: str  # YYYY-MM-DD or YYYY-MM
    published: list[str]  # keys
    skipped: list[str]
    removed: list[str]
    failures: Mapping[str, ConservationError]  # key → why it was left as it was

    @property
    def is_changed(self) -> bool:
        return bool(self.published or self.removed)

    def check(self) -> None:
        """Raise ConservationError if a merge did not add up."""
        if self.failures:
            raise ConservationError(f"{self.window}: " + " | ".join(str(e) for e in self.failures.values()))


def is_closed(lake: Lake, hour: Hour) -> bool:
    """Whether an hour's day may hold it: its end, and what still comes late as a rule, have passed."""
    return lake.clock() >= hour.end + timedelta(minutes=lake.settings.trends.close_after_minutes)


def included_windows(store: ObjectStore, key: str) -> list[str]:
    """Hours (`YYYY-MM-DDTHH`) that a day's object holds, or days that a month's does; empty if it is absent."""
    facts = read_facts(store, key)
    return sorted(json.loads(facts.get(PARTS, "{}"))) if facts else []


# Refreshing -----------------------------------------------------------------------------------------------------------


def due_days(lake: Lake, waiting: Mapping[str, list[str]]) -> list[str]:
    """Days, of the `marked` ones, with a changed hour that is closed; open hours keep their markers for later."""
    return sorted(day for day, keys in waiting.items() if any(_is_due(lake, day, key) for key in keys))


def _is_due(lake: Lake, day: str, marker: str) -> bool:
    hh = marker.rpartition("/")[2].partition("-")[0]
    return not hh.isdigit() or is_closed(lake, Hour.parse(f"{day}T{hh}"))


def refresh_day(lake: Lake, engine: QueryEngine, day: str, *, replay: bool = False) -> RollupOutcome:
    """Publish a day, mark its month behind a change, then remove the markers of closed hours that were read before."""
    read = [key for key in markers(lake.store, "days", day) if _is_due(lake, day, key)]
    own: list[str] = []
    windows = day_windows(lake, engine, day)
    outcome = _publish(lake.store, day, windows, lambda: _announce(lake.store, "days", day, own), replay=replay)
    if outcome.is_changed or read:
        _mark_month(lake.store, day)
    if not outcome.failures:
        unmark(lake.store, read + own)
    return outcome


def refresh_month(lake: Lake, engine: QueryEngine, month: str, *, replay: bool = False) -> RollupOutcome:
    """Publish a month, then remove the markers that were read before."""
    read = markers(lake.store, "months", month)
    own: list[str] = []
    windows = month_windows(lake, engine, month)
    outcome = _publish(lake.store, month, windows, lambda: _announce(lake.store, "months", month, own), replay=replay)
    if not outcome.failures:
        unmark(lake.store, read + own)
    return outcome


def _announce(store: ObjectStore, level: str, window: str, own: list[str]) -> None:
    if not own:
        own.append(mark(store, level, window, "publishing"))


def _mark_month(store: ObjectStore, day: str) -> None:
    mark_once(store, "months", day[:7], day)


def _publish(
    store: ObjectStore, name: str, windows: Iterator[Window], announce: Callable[[], None], *, replay: bool
) -> RollupOutcome:
    done: list[Published] = []
    failures: dict[str, ConservationError] = {}
    for window in windows:
        try:
            done.append(publish(store, window, announce, replay=replay))
        except ConservationError as error:
            failures[window.keys[0]] = error
    return RollupOutcome(
        name,
        published=[key for each in done for key in each.put],
        skipped=[key for each in done for key in each.untouched],
        removed=[key for each in done for key in each.removed],
        failures=failures,
    )


# Windows --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Step:
    """How one level becomes the next in one tenant's table: day rows of a month, or hour rows of a day."""

    lake: Lake
    engine: QueryEngine
    tenant: str
    name: str  # of the trend
    below: str  # level of the rows that are merged
    level: str  # level of the rows that come out
    key: str  # the object
    prefix: str  # holds every object below and nothing else
    parents: Mapping[str, str]  # window below → key of its object

    @property
    def table(self) -> Table:
        return TRENDS[f"{self.name}_{self.level}"]

    def window(self) -> Window:
        return Window(f"{self.level} rows in {self.key}", [self.key], self._survey, self._make)

    def _survey(self, holding: Holding) -> Inputs:
        present = self._present(holding)
        if is_erased(self.lake.store, self.tenant):
            return Inputs({})
        facts = {name: facts_of(self.lake.store, entry)[INPUTS] for name, entry in present.items()}
        return Inputs(self._carried(holding, present) | facts)

    def _present(self, holding: Holding) -> dict[str, ObjectInfo]:
        """Objects below that take part: those of closed windows, and what was taken in before."""
        listed = {entry.key: entry for entry in self.lake.store.list(self.prefix)}
        held = _parts(holding[self.key])
        return {
            window: listed[key]
            for window, key in self.parents.items()
            if key in listed and (window in held or self._is_ready(window))
        }

    def _is_ready(self, window: str) -> bool:
        return self.below == "hour" or is_closed(self.lake, Hour.parse(window))

    def _carried(self, holding: Holding, present: Mapping[str, ObjectInfo]) -> dict[str, str]:
        """Windows of the published object whose own object retention removed."""
        held = _parts(holding[self.key])
        return {name: inputs for name, inputs in held.items() if name not in present and self._is_sealed(name)}

    def _is_sealed(self, window: str) -> bool:
        below = f"dt={window}/" if self.below == "hour" else f"{Hour.parse(window).path}/"
        return any(self.lake.store.list(f"seals/tenant={self.tenant}/{below}"))

    def _make(self, inputs: Inputs, holding: Holding) -> Mapping[str, bytes]:
        present = self._present(holding)
        wanted = sum(int(facts_of(self.lake.store, entry)[EVENT_COUNT]) for entry in present.values())
        rows = self._merged([self.lake.store.uri(entry.key) for entry in present.values()])
        if carried := self._carried(holding, present):
            kept = self._kept(sorted(carried))
            wanted += event_count(kept)
            rows = pa.concat_tables([rows, kept]).sort_by([(name, "ascending") for name in self.table.key])
        if event_count(rows) != wanted:
            raise ConservationError(
                f"{self.key}: the level below counts {wanted} events, its merge {event_count(rows)}; not published"
            )
        facts = {
            INPUTS: inputs.fingerprint or "",
            VERSION: str(TRENDS_VERSION),
            EVENT_COUNT: str(wanted),
            PARTS: json.dumps(dict(sorted(inputs.parts.items())), separators=(",", ":")),
        }
        return {self.key: parquet_bytes(rows, self.table, facts)}

    def _merged(self, uris: list[str]) -> pa.Table:
        time = f"{self.level}_time"
        with self.engine.session() as session:
            session.define("rows_below", TRENDS[f"{self.name}_{self.below}"], uris)
            rows = session.fetch(
                sql(
                    f"trends/{self.name}",
                    time=f"date_trunc('{self.level}', {self.below}_time)",
                    time_name=time,
                    rows="rows_below",
                )
            )
        return rows.cast(self.table.arrow_schema)

    def _kept(self, windows: list[str]) -> pa.Table:
        """Published rows of these windows."""
        held = read_rows(self.lake.store, self.key).cast(self.table.arrow_schema)
        times = pa.array([_start(window) for window in windows], pa.timestamp("us"))
        return held.filter(pc.is_in(held[f"{self.level}_time"], value_set=times))


def _parts(held: Held) -> dict[str, str]:
    parts: dict[str, str] = json.loads(held.facts.get(PARTS, "{}"))
    return parts


def _start(window: str) -> datetime:
    start = Hour.parse(window).start if "T" in window else parse_day(window)
    return start.replace(tzinfo=None)


def day_windows(lake: Lake, engine: QueryEngine, day: str) -> Iterator[Window]:
    """The objects of a day: hour rows of every tenant and trend."""
    hours = hours_of_day(day)
    for tenant, name in _tenants(lake.store, "minute", "hour"):
        parents = {str(hour): minute_key(name, tenant, hour) for hour in hours}
        prefix = f"trends/{name}_minute/tenant={tenant}/dt={day}/"
        yield _Step(lake, engine, tenant, name, "minute", "hour", hour_key(name, tenant, day), prefix, parents).window()


def month_windows(lake: Lake, engine: QueryEngine, month: str) -> Iterator[Window]:
    """The objects of a month: day rows of every tenant and trend."""
    days = days_of_month(month)
    for tenant, name in _tenants(lake.store, "hour", "day"):
        parents = {day: hour_key(name, tenant, day) for day in days}
        prefix = f"trends/{name}_hour/tenant={tenant}/dt={month}-"
        yield _Step(lake, engine, tenant, name, "hour", "day", day_key(name, tenant, month), prefix, parents).window()


def _tenants(store: ObjectStore, *levels: str) -> Iterator[tuple[str, str]]:
    for name in TREND_NAMES:
        for tenant in sorted({t for level in levels for t in values(store, f"trends/{name}_{level}/", "tenant")}):
            yield tenant, name
