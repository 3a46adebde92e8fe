"""Retention: what has been kept long enough goes, and nothing that is still needed above it.

An hour is sealed before anything of it goes: its trends were made from exactly the files that the seal names. From then
on they stay as they are, events that come later go to `late/`, and levels above carry the sealed rows over. A level's
objects go only once the level above has taken them in. Every step can be repeated after a kill.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from logsight_assets.intake.receipts import key_digest, receipt_entries
from logsight_assets.lake import (
    MIXED,
    Lake,
    day_key,
    events_prefix,
    hour_key,
    hours_below,
    late_prefix,
    raw_prefix,
    seal_key,
    values,
)
from logsight_assets.settings import Retention
from logsight_assets.tables import TREND_NAMES
from logsight_assets.timeline import Hour, hours_of_day, parse_day, week_start
from logsight_assets.trends.hour_inputs import event_files
from logsight_assets.trends.hour_windows import HourWindows, hour_keys
from logsight_assets.trends.hours import refresh_hour
from logsight_assets.trends.late import is_unsettled
from logsight_assets.trends.publish import Window, hold, is_current
from logsight_assets.trends.pyramid import day_windows, included_windows, month_windows, refresh_day, refresh_month
from resources.query_engine import QueryEngine

_SEAL_TURNS = 3
_DAY = timedelta(days=1)
_SIGNALS = ("anomalies/", "slo/", "backtests/")


@dataclass
class RetentionOutcome:
    """Counts of what went, and what had to stay although its time has come."""

    removed: Counter[str] = field(default_factory=Counter)  # table or area → objects
    sealed: int = 0  # tenants' hours
    moved_late: int = 0  # files of a sealed hour that its seal does not name
    postponed: Counter[str] = field(default_factory=Counter)  # table or area → windows not yet taken in above


def apply_retention(lake: Lake, engine: QueryEngine) -> RetentionOutcome:
    """Remove what every tenant's settings no longer keep."""
    outcome = RetentionOutcome()
    for tenant in _tenants(lake):
        rule = lake.settings.retention if tenant == MIXED else lake.settings.retention_of(tenant)
        work = _Tenant(lake, engine, tenant, rule, outcome)
        work.expire_events()
        work.expire_minutes()
        work.expire_hours()
        work.expire_days()
        work.expire_signals()
        work.expire_reports()
        work.expire_quarantine()
        work.expire_raw()
    return outcome


def _tenants(lake: Lake) -> list[str]:
    areas = ["events/", "late/", "patterns/", "raw/", "quarantine/", "reports/", *_SIGNALS]
    areas += [f"trends/{folder}/" for folder in lake.store.folders("trends/")]
    return sorted({tenant for area in areas for tenant in values(lake.store, area, "tenant")})


def seal_hour(lake: Lake, engine: QueryEngine, tenant: str, hour: Hour) -> bool:
    """Fix a tenant's hour as it is published; False when it is not published from exactly its files.

    The files are listed again behind the seal: a file of an intake that began before it may have come between.
    """
    store, key = lake.store, seal_key(tenant, hour)
    for _ in range(_SEAL_TURNS):
        if store.head(key):
            return True
        refresh_hour(lake, engine, hour)
        window = HourWindows(lake, engine, hour).of(tenant)
        files = event_files(store, tenant, hour)
        if not is_current(store, window):
            return False
        store.put_if(key, _seal(lake, hour, window, files), None)
        if event_files(store, tenant, hour) == files:
            return True
        store.delete(key)
    return False


def _seal(lake: Lake, hour: Hour, window: Window, files: dict[str, str]) -> bytes:
    facts = next(iter(hold(lake.store, window.keys).values())).facts
    counts = {name: int(facts[f"logsight.{name}"]) for name in ("events", "counted", "duplicates", "id_conflicts")}
    seal = {"hour": str(hour), "files": sorted(files), "sealed_time": lake.clock().isoformat(), **counts}
    return json.dumps(seal, sort_keys=True).encode() + b"\n"


@dataclass(frozen=True)
class _Tenant:
    """Retention of one tenant, or of what is `_mixed`."""

    lake: Lake
    engine: QueryEngine
    tenant: str
    rule: Retention
    outcome: RetentionOutcome

    def _has_expired(self, end: datetime, days: int) -> bool:
        return days > 0 and end <= self.lake.clock() - timedelta(days=days)

    # Events ---------------------------------------------------------------------------------------------------------

    def expire_events(self) -> None:
        store = self.lake.store
        for hour in list(hours_below(store, f"events/tenant={self.tenant}/")):
            if not self._has_expired(hour.end, self.rule.events_days):
                continue
            was_sealed = store.head(seal_key(self.tenant, hour)) is not None
            if not seal_hour(self.lake, self.engine, self.tenant, hour):
                self.outcome.postponed["events"] += 1
                continue
            self.outcome.sealed += not was_sealed
            self._remove_events(hour)
        self._expire_late()

    def _expire_late(self) -> None:
        store = self.lake.store
        for hour in list(hours_below(store, f"late/tenant={self.tenant}/")):
            if is_unsettled(self.lake, self.tenant, hour):
                self.outcome.postponed["late"] += 1
                continue
            for entry in list(store.list(late_prefix(self.tenant, hour))):
                arrival = Hour.parse(entry.key.rpartition("/")[2].split("~")[1])
                if self._has_expired(arrival.end, self.rule.events_days):
                    self._delete("late", entry.key)

    def _remove_events(self, hour: Hour) -> None:
        store = self.lake.store
        named = set(json.loads(store.get(seal_key(self.tenant, hour)))["files"])
        for entry in list(store.list(events_prefix(self.tenant, hour))):
            name = entry.key.rpartition("/")[2]
            if name in named:
                self._delete("events", entry.key)
                continue
            store.put(late_prefix(self.tenant, hour) + name, store.get(entry.key))
            store.delete(entry.key)
            self.outcome.moved_late += 1

    # Trends ---------------------------------------------------------------------------------------------------------

    def expire_minutes(self) -> None:
        for day in self._days("minute"):
            if not self._has_expired(parse_day(day) + timedelta(days=1), self.rule.trends_minute_days):
                continue
            hours = self._minute_hours(day)
            is_free = not any(is_unsettled(self.lake, self.tenant, hour) for hour in hours)
            if not (is_free and self._seal(hours, day) and self._is_taken_in(day, hours)):
                self.outcome.postponed["trends_minute"] += 1
                continue
            for hour in hours:
                for name, key in hour_keys(self.tenant, hour).items():
                    if self.lake.store.head(key):
                        self._delete("patterns" if name == "patterns" else f"{name}_minute", key)

    def expire_hours(self) -> None:
        for day in self._days("hour"):
            if not self._has_expired(parse_day(day) + timedelta(days=1), self.rule.trends_hour_days):
                continue
            if not (self._seal(self._minute_hours(day), day) and self._is_day_taken_in(day)):
                self.outcome.postponed["trends_hour"] += 1
                continue
            for name in TREND_NAMES:
                if self.lake.store.head(hour_key(name, self.tenant, day)):
                    self._delete(f"{name}_hour", hour_key(name, self.tenant, day))

    def expire_days(self) -> None:
        for name in TREND_NAMES:
            for month in values(self.lake.store, f"trends/{name}_day/tenant={self.tenant}/", "month"):
                end = (parse_day(f"{month}-01") + timedelta(days=31)).replace(day=1)
                if self._has_expired(end, self.rule.trends_day_days):
                    self._delete(f"{name}_day", day_key(name, self.tenant, month))

    def _days(self, level: str) -> list[str]:
        store = self.lake.store
        prefixes = [f"trends/{name}_{level}/tenant={self.tenant}/" for name in TREND_NAMES]
        prefixes += [f"patterns/tenant={self.tenant}/"] if level == "minute" else []
        return sorted({day for prefix in prefixes for day in values(store, prefix, "dt")})

    def _minute_hours(self, day: str) -> list[Hour]:
        store = self.lake.store
        return [
            hour for hour in hours_of_day(day) if any(store.head(key) for key in hour_keys(self.tenant, hour).values())
        ]

    def _is_taken_in(self, day: str, hours: Iterable[Hour]) -> bool:
        """Whether the day's objects hold these hours as they are."""
        windows = list(_own(day_windows(self.lake, self.engine, day), self.tenant))
        wanted = {str(hour) for hour in hours}
        return all(
            is_current(self.lake.store, window) and wanted <= set(included_windows(self.lake.store, window.keys[0]))
            for window in windows
        )

    def _is_day_taken_in(self, day: str) -> bool:
        windows = list(_own(month_windows(self.lake, self.engine, day[:7]), self.tenant))
        return all(
            is_current(self.lake.store, window) and day in included_windows(self.lake.store, window.keys[0])
            for window in windows
        )

    def _seal(self, hours: Iterable[Hour], day: str) -> bool:
        """Seal hours and bring what lies above them up to date: sealing may have been what changed them."""
        sealed = [seal_hour(self.lake, self.engine, self.tenant, hour) for hour in hours]
        refresh_day(self.lake, self.engine, day)
        refresh_month(self.lake, self.engine, day[:7])
        return all(sealed)

    def expire_signals(self) -> None:
        """By the day that they are about."""
        for area in _SIGNALS:
            for day in values(self.lake.store, f"{area}tenant={self.tenant}/", "dt"):
                if self._has_expired(parse_day(day) + _DAY, self.rule.signals_days):
                    for entry in list(self.lake.store.list(f"{area}tenant={self.tenant}/dt={day}/")):
                        self._delete(area.rstrip("/"), entry.key)

    def expire_reports(self) -> None:
        """By the day or the week that they are about; the objects of one go together."""
        prefix = f"reports/tenant={self.tenant}/"
        days = values(self.lake.store, f"{prefix}daily/", "dt")
        ends = {f"{prefix}daily/dt={day}/": parse_day(day) + _DAY for day in days}
        for week in values(self.lake.store, f"{prefix}weekly/", "week"):
            ends[f"{prefix}weekly/week={week}/"] = week_start(week) + 7 * _DAY
        for below, end in ends.items():
            if self._has_expired(end, self.rule.reports_days):
                for entry in list(self.lake.store.list(below)):
                    self._delete("reports", entry.key)

    # Arrivals -------------------------------------------------------------------------------------------------------

    def expire_quarantine(self) -> None:
        for source, hour in self._arrivals("quarantine", self.rule.quarantine_days):
            prefix = f"quarantine/tenant={self.tenant}/source={source}/{hour.path}/"
            for entry in list(self.lake.store.list(prefix)):
                self._delete("quarantine", entry.key)

    def expire_raw(self) -> None:
        """Raw objects that were read; one without a receipt, or rewritten since, stays and is counted."""
        store = self.lake.store
        for source, hour in self._arrivals("raw", self.rule.raw_days):
            receipts = receipt_entries(store, self.tenant, source, hour)
            read = {name[:16]: entry.modified for name, entry in receipts.items()}
            for entry in list(store.list(raw_prefix(self.tenant, source, hour))):
                if entry.modified <= read.get(key_digest(entry.key), float("-inf")):
                    self._delete("raw", entry.key)
                else:
                    self.outcome.postponed["raw"] += 1

    def _arrivals(self, area: str, days: int) -> Iterator[tuple[str, Hour]]:
        for source in values(self.lake.store, f"{area}/tenant={self.tenant}/", "source"):
            for hour in list(hours_below(self.lake.store, f"{area}/tenant={self.tenant}/source={source}/")):
                if self._has_expired(hour.end, days):
                    yield source, hour

    def _delete(self, table: str, key: str) -> None:
        self.lake.store.delete(key)
        self.outcome.removed[table] += 1


def _own(windows: Iterator[Window], tenant: str) -> Iterator[Window]:
    return (window for window in windows if f"/tenant={tenant}/" in window.keys[0])
