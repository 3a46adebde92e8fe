"""What a tenant's report is made from: the objects, and a hash of each hour in them, pinned before anything is read.

A day is read from its object of hour rows; hours that it does not hold yet, from their minute objects. An hour's hash
is that of its event files, so it is the same in whichever of them the hour lies.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import chain

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.receipts import read_receipt, receipt_entries
from logsight_assets.lake import (
    PLATFORM,
    Lake,
    completeness_key,
    hour_key,
    is_erased,
    minute_key,
    patterns_key,
    values,
)
from logsight_assets.parquet import INPUTS, read_rows
from logsight_assets.reports.period import Period
from logsight_assets.tables import TREND_NAMES
from logsight_assets.timeline import Hour, hours_of_day
from logsight_assets.trends.hour_rows import Counts
from logsight_assets.trends.publish import facts_of
from logsight_assets.trends.pyramid import PARTS
from logsight_assets.trends.remembered import Remembered
from resources.object_store import ObjectInfo, ObjectStore


@dataclass(frozen=True)
class TrendObjects:
    """Objects of one trend, each hour of the days in one of them."""

    days: tuple[ObjectInfo, ...]  # hour rows
    hours: tuple[ObjectInfo, ...]  # minute rows of hours that no day holds yet
    parts: Mapping[str, str]  # hour → hash of its inputs


@dataclass(frozen=True)
class Received:
    """Lines of a source that arrived in the period."""

    lines: int = 0
    quarantined: int = 0


@dataclass(frozen=True)
class Inputs:
    """Everything that a tenant's numbers depend on."""

    tenant: str
    trends: Mapping[str, TrendObjects]
    patterns: Mapping[Hour, ObjectInfo]
    counts: Mapping[Hour, Counts]  # of the hours of the period, as they were published
    completeness: Mapping[tuple[str, Hour], str]  # (source, hour) → state
    received: Mapping[str, Received]  # by source, of the tenant's own raw paths
    parts: Mapping[str, str]  # name → content hash of all of it

    @property
    def fingerprint(self) -> str:
        return fingerprint_of(self.parts)


def fingerprint_of(parts: Mapping[str, str]) -> str:
    """Hash over sorted names and content hashes."""
    return _hash(f"{name} {content}" for name, content in sorted(parts.items()))


def tenants_of(lake: Lake, period: Period) -> list[str]:
    """Tenants with trends in the period or in what it is compared with; `_platform` for what belongs to none."""
    days = _days(period)
    found = set()
    for level in ("hour", "minute"):
        prefix = f"trends/service_trend_{level}/"
        for tenant in values(lake.store, prefix, "tenant"):
            if days & set(values(lake.store, f"{prefix}tenant={tenant}/", "dt")):
                found.add(tenant)
    return sorted(tenant for tenant in found if not is_erased(lake.store, tenant))


def days_with_data(lake: Lake, tenant: str | None = None) -> list[str]:
    """Days of which there are trends, of a tenant or of all."""
    found: set[str] = set()
    for level in ("hour", "minute"):
        prefix = f"trends/service_trend_{level}/"
        for name in values(lake.store, prefix, "tenant"):
            if tenant in (None, PLATFORM, name):
                found |= set(values(lake.store, f"{prefix}tenant={name}/", "dt"))
    return sorted(found)


def survey(lake: Lake, tenant: str, period: Period) -> Inputs:
    """List and pin the inputs. ObjectMissing when one went between listing and reading: list again."""
    store = lake.store
    days = sorted(_days(period))
    trends = {name: _trend_objects(store, name, tenant, days) for name in TREND_NAMES}
    patterns = {
        hour: entry for day in days for hour in hours_of_day(day) if (entry := store.head(patterns_key(tenant, hour)))
    }
    counts = {hour: _counts(facts_of(store, patterns[hour])) for hour in period.hours if hour in patterns}
    states = _completeness(store, tenant, period)
    received = received_in(store, tenant, period)
    parts: dict[str, str] = {}
    for name, each in trends.items():
        parts |= _by_day(name, each.parts)
    parts |= _by_day("patterns", {str(hour): facts_of(store, entry)[INPUTS] for hour, entry in patterns.items()})
    parts["completeness"] = _hash(f"{s} {h} {state}" for (s, h), state in sorted(states.items()))
    parts["receipts"] = received_hash(received)
    return Inputs(tenant, trends, patterns, counts, states, received, parts)


def _by_day(name: str, hours: Mapping[str, str]) -> dict[str, str]:
    """One part a day, since retention takes whole days: hashes of hours would be as long as the numbers."""
    days: dict[str, list[str]] = defaultdict(list)
    for hour, content in sorted(hours.items()):
        days[hour[: len("YYYY-MM-DD")]].append(f"{hour} {content}")
    return {f"{name}/{day}": _hash(lines) for day, lines in days.items()}


def _counts(facts: Mapping[str, str]) -> Counts:
    return Counts(**{field.name: int(facts.get(f"logsight.{field.name}", "0")) for field in fields(Counts)})


def _days(period: Period) -> set[str]:
    return {day for each in (period, *period.baselines.values()) for day in each.days}


def _trend_objects(store: ObjectStore, name: str, tenant: str, days: Iterable[str]) -> TrendObjects:
    closed, opened, parts = [], [], dict[str, str]()
    for day in days:
        held: dict[str, str] = {}
        if entry := store.head(hour_key(name, tenant, day)):
            closed.append(entry)
            held = json.loads(facts_of(store, entry)[PARTS])
        for hour in hours_of_day(day):
            if str(hour) not in held and (minutes := store.head(minute_key(name, tenant, hour))):
                opened.append(minutes)
                held[str(hour)] = facts_of(store, minutes)[INPUTS]
        parts |= held
    return TrendObjects(tuple(closed), tuple(opened), parts)


def _completeness(store: ObjectStore, tenant: str, period: Period) -> dict[tuple[str, Hour], str]:
    """States of the hours of the period; of the hours that it is compared with only that they are known."""
    try:
        rows = read_rows(store, completeness_key(tenant)).to_pylist()
    except ObjectMissing:
        return {}
    own = set(period.hours)
    others = {hour for other in period.baselines.values() for hour in other.hours}
    found = {}
    for row in rows:
        hour = _hour(row["event_hour"])
        if hour in own or hour in others:
            found[row["source"], hour] = row["state"] if hour in own else "known"
    return found


def received_in(store: ObjectStore, tenant: str, period: Period) -> dict[str, Received]:
    """Counts of the receipts of the arrival hours of the period.

    Of a path that tenants share nobody can say whose a refused line is: ask for `_mixed`.
    """
    found = {}
    with ThreadPoolExecutor(max_workers=8) as pool:
        for source in values(store, f"receipts/tenant={tenant}/", "source"):
            hours = (receipt_entries(store, tenant, source, hour).values() for hour in period.hours)
            held = list(pool.map(lambda entry: received_of(store, entry), chain.from_iterable(hours)))
            if held:
                found[source] = received_together(held)
    return found


def received_together(parts: Iterable[Received]) -> Received:
    held = list(parts)
    return Received(sum(part.lines for part in held), sum(part.quarantined for part in held))


def _received(store: ObjectStore, key: str) -> Received:
    receipt = read_receipt(store, key)
    return Received(receipt.lines, receipt.quarantined)


# The inputs are looked at twice, and a check looks at the same days again: each receipt is read once.
received_of = Remembered(_received, 65_536)


def received_hash(received: Mapping[str, Received]) -> str:
    return _hash(f"{source} {held}" for source, held in sorted(received.items()))


def _hour(naive: datetime) -> Hour:
    return Hour.parse(f"{naive:%Y-%m-%dT%H}")


def _hash(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
