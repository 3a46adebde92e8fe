"""Rows of a tenant's windows, computed by the query engine: what the numbers of its report are made of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from logsight_assets.lake import Lake
from logsight_assets.reports.inputs import Inputs
from logsight_assets.reports.measured import Measured
from logsight_assets.reports.period import Period
from logsight_assets.reports.slices import Slice, Slices, slices_of, slices_sql
from logsight_assets.sqltext import sql
from logsight_assets.tables import PATTERNS, TRENDS
from logsight_assets.timeline import Hour
from logsight_assets.trends.histogram import scale_sql
from resources.object_store import ObjectInfo
from resources.query_engine import QueryEngine, Session

Pattern: TypeAlias = tuple[str, int]  # service, pattern id


@dataclass(frozen=True, order=True)
class Service:
    """What is counted apart; on the platform's page a tenant stands in its place."""

    environment: str
    name: str


@dataclass(frozen=True)
class Seen:
    """Events of one pattern in one slice, and when the first and the last of them happened."""

    events: int = 0
    errors: int = 0
    first_unix_nano: int = 0
    last_unix_nano: int = 0

    def __add__(self, other: Seen) -> Seen:
        if not self.events or not other.events:
            return self if self.events else other
        return Seen(
            self.events + other.events,
            self.errors + other.errors,
            min(self.first_unix_nano, other.first_unix_nano),
            max(self.last_unix_nano, other.last_unix_nano),
        )


@dataclass(frozen=True)
class TenantRows:
    """All rows of a tenant's report."""

    tenant: str
    slices: Slices
    services: Mapping[Hour, Mapping[Service, Measured]]  # without durations
    durations: Mapping[Slice, Mapping[Service, Mapping[int, int]]]
    slowest: Mapping[Service, Mapping[Hour, int]]  # p95 of each hour of the period, nanoseconds
    patterns: Mapping[Slice, Mapping[Pattern, Seen]] = field(default_factory=dict)


def read_tenant(lake: Lake, engine: QueryEngine, period: Period, inputs: Inputs) -> TenantRows:
    """Ask for everything but the texts of patterns, which only a few of them need."""
    with engine.session() as session:
        for name, objects in inputs.trends.items():
            session.define(f"{name}_closed", TRENDS[f"{name}_hour"], _uris(lake, objects.days))
            session.define(f"{name}_opened", TRENDS[f"{name}_minute"], _uris(lake, objects.hours))
        services = _services(session)
        slices = slices_of(period, {*services, *(hour for _, hour in inputs.completeness)})
        relation = slices_sql(slices)
        session.keep("duration_hours", sql("trends/duration_hours", **_levels("service_duration")))
        return TenantRows(
            inputs.tenant,
            slices,
            services,
            _durations(session, relation),
            _slowest(session, slices),
            _patterns(session, relation),
        )


def read_masks(lake: Lake, engine: QueryEngine, inputs: Inputs, patterns: Collection[Pattern]) -> dict[Pattern, str]:
    """The masks of these patterns."""
    if not patterns:
        return {}
    ids = ", ".join(str(pattern) for pattern in sorted({pattern for _, pattern in patterns}))
    with engine.session() as session:
        session.define("patterns", PATTERNS, _uris(lake, list(inputs.patterns.values())))
        rows = session.fetch(sql("reports/masks", pattern_ids=ids)).to_pylist()
    return {(row["service"], row["pattern_id"]): row["mask"] for row in rows}


def _uris(lake: Lake, entries: Sequence[ObjectInfo]) -> list[str]:
    return [lake.store.uri(entry.key) for entry in entries]


def _levels(name: str) -> dict[str, str]:
    return {"closed": f"{name}_closed", "opened": f"{name}_opened"}


def _services(session: Session) -> dict[Hour, dict[Service, Measured]]:
    found: dict[Hour, dict[Service, Measured]] = defaultdict(dict)
    for row in session.fetch(sql("reports/service_hours", **_levels("service_trend"))).to_pylist():
        found[_hour(row)][_service(row)] = Measured(
            row["event_count"], row["error_count"], row["request_count"], row["bytes"], row["weighted_event_count"]
        )
    return dict(found)


def _durations(session: Session, slices: str) -> dict[Slice, dict[Service, dict[int, int]]]:
    found: dict[Slice, dict[Service, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    for row in session.fetch(sql("reports/durations", rows="duration_hours", slices=slices)).to_pylist():
        found[Slice(row["slice"])][_service(row)][row["duration_bucket"]] = row["event_count"]
    return found


def _slowest(session: Session, slices: Slices) -> dict[Service, dict[Hour, int]]:
    own = slices_sql({Slice.PERIOD: slices[Slice.PERIOD]})
    session.keep("period_durations", sql("reports/period_durations", rows="duration_hours", slices=own))
    question = sql(
        "trends/duration_quantiles",
        keys="hour_time, environment, service",
        rows="period_durations",
        scale=scale_sql(),
        numerator="95",
        denominator="100",
    )
    found: dict[Service, dict[Hour, int]] = defaultdict(dict)
    for row in session.fetch(question).to_pylist():
        found[_service(row)][_hour(row)] = row["duration_ns"]
    return found


def _patterns(session: Session, slices: str) -> dict[Slice, dict[Pattern, Seen]]:
    found: dict[Slice, dict[Pattern, Seen]] = defaultdict(dict)
    for row in session.fetch(sql("reports/patterns", **_levels("template_trend"), slices=slices)).to_pylist():
        found[Slice(row["slice"])][row["service"], row["pattern_id"]] = Seen(
            row["event_count"], row["error_count"], row["first_seen_unix_nano"], row["last_seen_unix_nano"]
        )
    return found


def _service(row: Mapping[str, Any]) -> Service:
    return Service(row["environment"], row["service"])


def _hour(row: Mapping[str, Any]) -> Hour:
    return Hour.parse(f"{row['hour_time']:%Y-%m-%dT%H}")
