"""The hour: a tenant's event files become the minute level of its trends and its patterns, in four objects."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

from logsight_assets.errors import ConservationError, ObjectMissing
from logsight_assets.lake import (
    EVERYTHING,
    Lake,
    events_prefix,
    is_erased,
    mark,
    mark_once,
    markers,
    minute_key,
    patterns_key,
    seal_key,
    unmark,
    values,
)
from logsight_assets.parquet import INPUTS, VERSION, parquet_bytes
from logsight_assets.tables import PATTERNS, TREND_NAMES, TRENDS
from logsight_assets.timeline import Hour
from logsight_assets.trends.hour_rows import Counts, HourRows, TenantFiles, compute_hour, event_count
from logsight_assets.trends.publish import Holding, Inputs, Published, Window, hold, publish
from logsight_assets.trends.remembered import Remembered
from logsight_assets.versions import TRENDS_VERSION
from resources.object_store import ObjectStore, sha256_of
from resources.query_engine import QueryEngine

ANOMALIES, OBJECTIVES = "anomalies", "objectives"  # levels of markers of what is made of trends
EVENT_COUNT = "logsight.event_count"  # sum of the rows' event_count: what the level above must arrive at


@dataclass(frozen=True)
class TenantHour(Counts):
    """Counts of a tenant's hour as published."""

    files: int
    is_stale: bool  # made by an older TRENDS_VERSION

    @property
    def late_ratio(self) -> float:
        return self.late / self.events if self.events else 0.0


@dataclass(frozen=True)
class HourOutcome:
    """What refreshing an hour did."""

    hour: Hour
    tenants: Mapping[str, TenantHour]
    published: list[str]  # keys
    skipped: list[str]  # keys that were up to date
    removed: list[str]  # keys of emptied tenants
    failures: Mapping[str, ConservationError]  # tenant → why nothing of it was published

    @property
    def is_changed(self) -> bool:
        return bool(self.published or self.removed)

    def total(self, count: str) -> int:
        """Sum of one count, such as `duplicates`, over the tenants."""
        return sum(getattr(tenant, count) for tenant in self.tenants.values())

    def check(self) -> None:
        """Raise ConservationError if a tenant's sums did not hold."""
        if self.failures:
            raise ConservationError(f"hour {self.hour}: " + " | ".join(str(e) for e in self.failures.values()))


def refresh_hour(lake: Lake, engine: QueryEngine, hour: Hour, *, replay: bool = False) -> HourOutcome:
    """Publish an hour, mark its day behind a change, then remove the markers that were read before.

    The day is marked also when nothing changed but a marker was there: whoever put it may have been killed between
    changing the hour and marking the day.
    """
    read = markers(lake.store, "hours", str(hour))
    own: list[str] = []
    outcome = publish_hour(lake, engine, hour, replay=replay, announce=lambda: announce(lake.store, hour, own))
    if outcome.is_changed or read:
        mark_day(lake.store, hour)
        mark_templates(lake.store, hour, has_removed=bool(outcome.removed))
        mark_signals(lake, [hour], "published")
    if not outcome.failures:
        unmark(lake.store, read + own)
    return outcome


def announce(store: ObjectStore, hour: Hour, own: list[str]) -> None:
    """Leave one marker of our own before the first change, so that a kill between change and day is found."""
    if not own:
        own.append(mark(store, "hours", str(hour), "publishing"))


def mark_day(store: ObjectStore, hour: Hour) -> None:
    """Say that an hour of a day changed. One marker an hour is enough."""
    mark_once(store, "days", hour.day, hour.hh)


def mark_templates(store: ObjectStore, hour: Hour, *, has_removed: bool) -> None:
    """Say that an hour's patterns or counts changed; what is removed names no tenant any more, so all are looked at."""
    window = EVERYTHING if has_removed else str(hour)
    earlier = markers(store, "templates", window)
    mark(store, "templates", window, "published")
    unmark(store, earlier)


def mark_signals(lake: Lake, hours: Iterable[Hour], name: str) -> None:
    """Say that hours are to be judged anew, and the objectives of their days counted.

    Hours before the partitions are old imports, which nobody judges.
    """
    windows = [(ANOMALIES, str(hour)) for hour in hours if str(hour) >= lake.partitions_start]
    for level, window in [*windows, *dict.fromkeys((OBJECTIVES, text[: len("YYYY-MM-DD")]) for _, text in windows)]:
        mark_once(lake.store, level, window, name)


def publish_hour(
    lake: Lake,
    engine: QueryEngine,
    hour: Hour,
    *,
    replay: bool = False,
    announce: Callable[[], None] = lambda: None,
) -> HourOutcome:
    """Publish each tenant of an hour; one whose sums do not hold is left as it was and reported in `failures`."""
    done: dict[str, Published] = {}
    failures: dict[str, ConservationError] = {}
    tenants = tenants_of(lake.store, hour)
    computed = _Computed(lake, engine, hour)
    computed.prepare(tenants, replay=replay)
    for tenant in tenants:
        try:
            done[tenant] = publish(lake.store, computed.window(tenant), announce, replay=replay)
        except ConservationError as error:
            failures[tenant] = error
    return HourOutcome(
        hour,
        tenants={tenant: tenant_hour(each) for tenant, each in done.items() if each.is_present},
        published=[key for each in done.values() for key in each.put],
        skipped=[key for each in done.values() for key in each.untouched],
        removed=[key for each in done.values() for key in each.removed],
        failures=failures,
    )


def tenant_hour(done: Published) -> TenantHour:
    facts = next(held.facts for held in done.holding.values() if held.version)
    counts = {f.name: int(facts.get(f"logsight.{f.name}", "0")) for f in fields(Counts)}
    return TenantHour(**counts, files=int(facts.get("logsight.files", "0")), is_stale=done.is_stale)


def tenants_of(store: ObjectStore, hour: Hour) -> list[str]:
    """Tenants that have event files or published trends of an hour."""
    areas = ["events/", "patterns/", *(f"trends/{name}_minute/" for name in TREND_NAMES)]
    return sorted(
        {
            tenant
            for area in areas
            for tenant in values(store, area, "tenant")
            if any(store.list(f"{area}tenant={tenant}/{hour.path}/"))
        }
    )


def hour_keys(tenant: str, hour: Hour) -> dict[str, str]:
    """Key of each object of a tenant's hour, by the name of its table's family."""
    return {name: minute_key(name, tenant, hour) for name in TREND_NAMES} | {"patterns": patterns_key(tenant, hour)}


def hour_window(lake: Lake, engine: QueryEngine, tenant: str, hour: Hour) -> Window:
    """A tenant's hour, for `publish`."""
    return _Computed(lake, engine, hour).window(tenant)


class _Computed:
    """Rows of an hour's tenants, computed together where several are wanted, alone where one has changed meanwhile."""

    def __init__(self, lake: Lake, engine: QueryEngine, hour: Hour) -> None:
        self._lake, self._engine, self._hour = lake, engine, hour
        self._rows: dict[tuple[str, str | None], HourRows | ConservationError] = {}

    def prepare(self, tenants: Sequence[str], *, replay: bool) -> None:
        """Compute all tenants that are not up to date."""
        wanted: dict[str, Inputs] = {}
        for tenant in tenants:
            window = self.window(tenant)
            try:
                holding = hold(self._lake.store, window.keys)
                inputs = window.survey(holding)
            except ObjectMissing:  # changing right now: computed alone, when it is published
                continue
            is_current = all(held.inputs == inputs.fingerprint for held in holding.values())
            if inputs.parts and not inputs.is_frozen and (replay or not is_current):
                wanted[tenant] = inputs
        if len(wanted) > 1:
            with contextlib.suppress(Exception):
                # A file may have gone while it was read. Whatever went wrong comes up again where a tenant is computed
                # alone, and is judged there.
                self._compute(wanted)

    def window(self, tenant: str) -> Window:
        def survey(_: Holding) -> Inputs:
            return hour_inputs(self._lake.store, tenant, self._hour)

        def make(inputs: Inputs, _: Holding) -> Mapping[str, bytes]:
            return _hour_objects(tenant, self._hour, inputs, self._rows_of(tenant, inputs))

        return Window(f"hour {self._hour}", list(hour_keys(tenant, self._hour).values()), survey, make)

    def _rows_of(self, tenant: str, inputs: Inputs) -> HourRows:
        if (tenant, inputs.fingerprint) not in self._rows:
            self._compute({tenant: inputs})
        rows = self._rows.pop((tenant, inputs.fingerprint))
        if isinstance(rows, ConservationError):
            raise rows
        return rows

    def _compute(self, wanted: Mapping[str, Inputs]) -> None:
        files = {}
        for tenant, inputs in wanted.items():
            prefix = events_prefix(tenant, self._hour)
            uris = {name: self._lake.store.uri(prefix + name) for name in sorted(inputs.parts)}
            late = frozenset(uri for name, uri in uris.items() if is_late(name, self._hour))
            files[tenant] = TenantFiles(list(uris.values()), late)
        for tenant, rows in compute_hour(self._engine, files, self._lake.settings.trends).items():
            self._rows[tenant, wanted[tenant].fingerprint] = rows


def hour_inputs(store: ObjectStore, tenant: str, hour: Hour) -> Inputs:
    """Event files of a tenant's hour by name and content. An erased tenant has none; a sealed hour stays as it is.

    Tombstone and seal are looked at after the listing: both stand before the first file goes.
    """
    files = event_files(store, tenant, hour)
    if is_erased(store, tenant):
        return Inputs({})
    if store.head(seal_key(tenant, hour)):
        return Inputs({}, is_frozen=True)
    return Inputs(files)


def event_files(store: ObjectStore, tenant: str, hour: Hour) -> dict[str, str]:
    """Event files of a tenant's hour: name → content hash."""
    listed = list(store.list(events_prefix(tenant, hour)))
    return {entry.key.rpartition("/")[2]: content_hash(store, entry) for entry in listed}


# Event files are read whole for their hash: once, not again for each refresh of a live hour.
content_hash = Remembered(sha256_of, 65_536)


def is_late(file_name: str, hour: Hour) -> bool:
    """Whether an event file arrived after the hour that follows its events' hour; its name says when it arrived."""
    return Hour.parse(file_name.split("~")[1]) > hour + 1


def _hour_objects(tenant: str, hour: Hour, inputs: Inputs, rows: HourRows) -> Mapping[str, bytes]:
    facts = {INPUTS: inputs.fingerprint or "", VERSION: str(TRENDS_VERSION), "logsight.files": str(len(inputs.parts))}
    facts |= {f"logsight.{name}": str(value) for name, value in asdict(rows.counts).items()}
    tables = {f"{name}_minute": name for name in TREND_NAMES}
    objects = {
        minute_key(name, tenant, hour): parquet_bytes(
            rows.tables[name], TRENDS[table], facts | {EVENT_COUNT: str(event_count(rows.tables[name]))}
        )
        for table, name in tables.items()
    }
    patterns = rows.tables["patterns"]
    objects[patterns_key(tenant, hour)] = parquet_bytes(
        patterns, PATTERNS, facts | {EVENT_COUNT: str(event_count(patterns))}
    )
    return objects
