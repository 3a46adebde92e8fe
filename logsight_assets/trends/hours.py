"""The hour as a whole: its tenants are published, then what is made of it is marked: its day, templates, signals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields

from logsight_assets.errors import ConservationError
from logsight_assets.lake import EVERYTHING, Lake, mark, mark_once, markers, unmark
from logsight_assets.timeline import Hour
from logsight_assets.trends.hour_inputs import tenants_of
from logsight_assets.trends.hour_rows import Counts
from logsight_assets.trends.hour_windows import HourWindows
from logsight_assets.trends.publish import Published, publish
from resources.object_store import ObjectStore
from resources.query_engine import QueryEngine

ANOMALIES, OBJECTIVES = "anomalies", "objectives"  # levels of markers of what is made of trends


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
    windows = HourWindows(lake, engine, hour)
    windows.prepare(tenants, replay=replay)
    for tenant in tenants:
        try:
            done[tenant] = publish(lake.store, windows.of(tenant), announce, replay=replay)
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
