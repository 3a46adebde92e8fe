"""The hour's anomalies brought up to date: inputs pinned, judged, published, and later hours told of what changed.

An hour is made of its own trends, of how complete they are, of today's templates, of what people accepted, and of what
the hours of its baseline hold. So hours are worked on from the oldest on, and one that changes marks later ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from logsight_assets.anomalies.acceptance import acceptances, accepted_series, fingerprint
from logsight_assets.anomalies.baseline import OFFSETS, baseline_hours, dependent_hours
from logsight_assets.anomalies.judge import Facts, judge
from logsight_assets.anomalies.naming import Naming, naming_of
from logsight_assets.anomalies.observe import Observed, observe
from logsight_assets.anomalies.rows import IS_COMPLETE, TOLD, earlier_hour, table_of, told
from logsight_assets.anomalies.series import ANOMALY, Series
from logsight_assets.lake import (
    Lake,
    anomalies_key,
    completeness_key,
    is_erased,
    mark,
    markers,
    minute_key,
    seal_key,
    unmark,
    values,
)
from logsight_assets.parquet import INPUTS, VERSION, parquet_bytes, read_rows
from logsight_assets.tables import ANOMALIES
from logsight_assets.timeline import Hour
from logsight_assets.trends.completeness import COMPLETE
from logsight_assets.trends.hours import ANOMALIES as LEVEL
from logsight_assets.trends.publish import Holding, Inputs, Published, Totals, Window, facts_of, hold, publish
from logsight_assets.trends.remembered import Remembered
from logsight_assets.versions import ANOMALIES_VERSION
from resources.object_store import ObjectStore
from resources.query_engine import QueryEngine

_CHECKED_HOURS = 48
_PUBLISHING = "publishing"
_COUNTS = {"series": "logsight.series", "anomalies": "logsight.anomalies", "running": "logsight.running"}


@dataclass(frozen=True)
class AnomalyHour:
    """What refreshing an hour did, and what it holds now over all tenants."""

    hour: Hour
    published: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    series: int = 0  # rows
    anomalies: int = 0  # that began in the hour and that nobody accepted
    running: int = 0  # of any episode

    @property
    def is_changed(self) -> bool:
        return bool(self.published or self.removed)


def refresh_anomalies(lake: Lake, engine: QueryEngine, hour: Hour, *, replay: bool = False) -> AnomalyHour:
    """Publish an hour of every tenant, mark the later hours that a change concerns, then remove the hour's markers."""
    read = markers(lake.store, LEVEL, str(hour))
    # Whoever was killed between publishing and marking left this behind.
    was_killed = any(key.rpartition("/")[2].startswith(_PUBLISHING) for key in read)
    own: list[str] = []
    done: dict[str, Published] = {}
    observed = _Observed(lake, engine, hour)
    for tenant in _tenants(lake.store, hour):
        before = _told(lake.store, tenant, hour)
        window = _Judging(lake, tenant, hour, observed).window()
        done[tenant] = publish(lake.store, window, lambda: _announce(lake.store, hour, own), replay=replay)
        if was_killed or _told(lake.store, tenant, hour) != before:
            _mark_later(lake.store, tenant, hour)
    unmark(lake.store, read + own)
    return _outcome(hour, done.values())


def published_hour(lake: Lake, hour: Hour) -> AnomalyHour:
    """Counts of an hour as it is published; nothing is computed."""
    keys = [anomalies_key(tenant, hour) for tenant in values(lake.store, "anomalies/", "tenant")]
    return _outcome(hour, [Published(hold(lake.store, keys))])


def due_hours(lake: Lake) -> list[Hour]:
    """Hours that are marked."""
    return sorted(Hour.parse(window) for window in _marked(lake.store))


def overlooked_hours(lake: Lake) -> list[Hour]:
    """Recent hours that were judged while more was expected of them, and of which all is known now."""
    store, recent = lake.store, [lake.now - back for back in range(_CHECKED_HOURS)]
    return [
        hour
        for hour in recent
        for tenant in values(store, "anomalies/", "tenant")
        if (entry := store.head(anomalies_key(tenant, hour)))
        and (facts_of(store, entry)[IS_COMPLETE] == "true") != (hour_state(store, tenant, hour) == COMPLETE)
    ]


def _marked(store: ObjectStore) -> list[str]:
    return store.folders(f"pending/{LEVEL}/")


def _announce(store: ObjectStore, hour: Hour, own: list[str]) -> None:
    if not own:
        own.append(mark(store, LEVEL, str(hour), _PUBLISHING))


def _mark_later(store: ObjectStore, tenant: str, hour: Hour) -> None:
    for later in dependent_hours(hour):
        if store.head(anomalies_key(tenant, later)) and not markers(store, LEVEL, str(later)):
            mark(store, LEVEL, str(later), str(hour))


def _told(store: ObjectStore, tenant: str, hour: Hour) -> str | None:
    entry = store.head(anomalies_key(tenant, hour))
    return facts_of(store, entry).get(TOLD) if entry else None


def _outcome(hour: Hour, done: Iterable[Published]) -> AnomalyHour:
    totals = Totals.of(done, _COUNTS)
    return AnomalyHour(hour, totals.published, totals.removed, **totals.counts)


def _tenants(store: ObjectStore, hour: Hour) -> list[str]:
    """Tenants that have trends, expectations or anomalies of an hour."""
    found = {
        tenant
        for tenant in values(store, "trends/service_trend_minute/", "tenant")
        if store.head(minute_key("service_trend", tenant, hour))
    }
    for tenant in values(store, "anomalies/", "tenant"):
        if any(store.head(anomalies_key(tenant, each)) for each in (hour, *baseline_hours(hour))):
            found.add(tenant)
    return sorted(found)


class _Observed:
    """What the tenants' hour has, asked of the engine when first needed and kept while its inputs stand."""

    def __init__(self, lake: Lake, engine: QueryEngine, hour: Hour) -> None:
        self._lake, self._engine, self._hour = lake, engine, hour
        self._found: dict[tuple[str, str | None], Observed] = {}

    def of(self, tenant: str, naming: Naming, fingerprint: str | None) -> Observed:
        if (tenant, fingerprint) not in self._found:
            self._found[tenant, fingerprint] = observe(self._lake, self._engine, self._hour, {tenant: naming})[tenant]
        return self._found[tenant, fingerprint]


@dataclass(frozen=True)
class _Judging:
    """One tenant's hour."""

    lake: Lake
    tenant: str
    hour: Hour
    observed: _Observed

    def window(self) -> Window:
        return Window(
            f"anomalies of hour {self.hour}", [anomalies_key(self.tenant, self.hour)], self._survey, self._make
        )

    def _survey(self, holding: Holding) -> Inputs:
        store = self.lake.store
        parts = {f"hour/{hour}": facts[TOLD] for hour, facts in self._baseline().items()}
        trends = store.head(minute_key("service_trend", self.tenant, self.hour))
        state = hour_state(store, self.tenant, self.hour)
        if is_erased(store, self.tenant):
            return Inputs({})
        if trends is None:
            is_kept = any(held.version for held in holding.values()) and store.head(seal_key(self.tenant, self.hour))
            if is_kept:
                return Inputs({}, is_frozen=True)
            if not parts or state is None:
                return Inputs({})
        else:
            parts["trends"] = facts_of(store, trends)[INPUTS]
        parts["complete"] = str(state == COMPLETE)
        parts["naming"] = self._naming().fingerprint
        parts["accepted"] = fingerprint(self._accepted())
        return Inputs(parts)

    def _baseline(self) -> dict[Hour, Mapping[str, str]]:
        store, hours = self.lake.store, baseline_hours(self.hour)
        return {h: facts_of(store, entry) for h in hours if (entry := store.head(anomalies_key(self.tenant, h)))}

    def _naming(self) -> Naming:
        return naming_of(self.lake.store, self.tenant, self.hour)

    def _accepted(self) -> frozenset[Series]:
        return accepted_series(acceptances(self.lake.store, self.tenant), self.hour)

    def _make(self, inputs: Inputs, _: Holding) -> Mapping[str, bytes]:
        store, naming = self.lake.store, self._naming()
        earlier = {
            offset: earlier_hour(store, entry, naming)
            for offset in OFFSETS
            if (entry := store.head(anomalies_key(self.tenant, self.hour - offset)))
        }
        is_complete = inputs.parts["complete"] == str(True)
        observed = self.observed.of(self.tenant, naming, inputs.fingerprint) if "trends" in inputs.parts else {}
        judged = judge(Facts(self.hour, is_complete, observed, earlier, self._accepted()))
        rows = table_of(self.hour, judged)
        facts = {
            INPUTS: inputs.fingerprint or "",
            VERSION: str(ANOMALIES_VERSION),
            IS_COMPLETE: str(is_complete).lower(),
            TOLD: told(self.hour, rows, is_complete=is_complete),
            _COUNTS["series"]: str(len(judged)),
            _COUNTS["anomalies"]: str(sum(row.state == ANOMALY for row in judged)),
            _COUNTS["running"]: str(sum(bool(row.episode_id) for row in judged)),
        }
        return {anomalies_key(self.tenant, self.hour): parquet_bytes(rows, ANOMALIES, facts)}


def hour_state(store: ObjectStore, tenant: str, hour: Hour) -> str | None:
    """How complete a tenant's hour is over its sources: complete if each that has a say says so; None if none has."""
    entry = store.head(completeness_key(tenant))
    states = _states(store, entry).get(hour.start.replace(tzinfo=None)) if entry else None
    if states is None:
        return None
    return COMPLETE if states == {COMPLETE} else min(states - {COMPLETE})


def _read_states(store: ObjectStore, key: str) -> dict[datetime, set[str]]:
    found: dict[datetime, set[str]] = {}
    for row in read_rows(store, key).select(["event_hour", "state"]).to_pylist():
        found.setdefault(row["event_hour"], set()).add(row["state"])
    return found


_states = Remembered(_read_states, 64)
