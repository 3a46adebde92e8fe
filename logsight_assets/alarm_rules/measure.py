"""From the lake to what rules measure: minutes of each service, scores of anomalies, watermarks. Reads, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from logsight_assets.alarm_rules.points import MINUTE_NS, Minute
from logsight_assets.anomalies.series import FLAGGED
from logsight_assets.lake import Lake, anomalies_key, completeness_key, held_uris, is_erased, minute_key, values
from logsight_assets.parquet import read_rows
from logsight_assets.sqltext import literal, sql
from logsight_assets.tables import TRENDS
from logsight_assets.timeline import Hour, hours_between, nano_of
from resources.query_engine import QueryEngine, Session

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  columns have no zone
_MINUTE = timedelta(minutes=1)
_DEAD = timedelta(hours=24)  # a source that is behind for so long holds nobody up any more

Services = Mapping[str, Mapping[int, Minute]]  # service → minute since 1970 → what it has


@dataclass(frozen=True)
class Span:
    """Hours that are read, and of which environment."""

    hours: tuple[Hour, ...]
    environment: str | None
    has_durations: bool


def tenants_of(lake: Lake) -> list[str]:
    """Tenants that have trends and were not erased."""
    names = values(lake.store, "trends/service_trend_minute/", "tenant")
    return [name for name in names if not is_erased(lake.store, name)]


def minutes_of(lake: Lake, engine: QueryEngine, tenants: Iterable[str], span: Span) -> dict[str, Services]:
    """Minutes of each tenant's services, all asked for in one session."""
    found: dict[str, dict[str, dict[int, Minute]]] = defaultdict(lambda: defaultdict(dict))
    names = list(tenants)
    with engine.session() as session:
        _define(lake, session, "service_trend", names, span)
        environment = {"environment": literal(span.environment)}
        for row in session.fetch(sql("alarm_rules/service_minutes", rows="service_trend", **environment)).to_pylist():
            found[row["tenant"]][row["service"]][_minute(row["minute_time"])] = Minute(
                row["event_count"],
                row["error_count"],
                row["request_count"],
                row["failed_request_count"],
                row["last_seen_unix_nano"],
            )
        if span.has_durations:
            _define(lake, session, "service_duration", names, span)
            text = sql("alarm_rules/duration_minutes", rows="service_duration", **environment)
            for row in session.fetch(text).to_pylist():
                held = found[row["tenant"]][row["service"]].setdefault(_minute(row["minute_time"]), Minute())
                held.durations[row["duration_bucket"]] += row["event_count"]
    return dict(found)


def _define(lake: Lake, session: Session, name: str, tenants: Iterable[str], span: Span) -> None:
    keys = {tenant: [minute_key(name, tenant, hour) for hour in span.hours] for tenant in tenants}
    uris = {tenant: held_uris(lake.store, own) for tenant, own in keys.items()}
    held = {tenant: own for tenant, own in uris.items() if own}
    session.define_tenants(name, TRENDS[f"{name}_minute"], held)


def _minute(naive: datetime) -> int:
    return (naive - _EPOCH) // _MINUTE


def scores_of(lake: Lake, tenant: str, hours: Iterable[Hour]) -> dict[str, list[tuple[int, float]]]:
    """The highest score of each service's episodes, by the hour's start; 0 in an hour that was judged and has none."""
    found: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for hour in hours:
        key = anomalies_key(tenant, hour)
        if not lake.store.head(key):
            continue
        highest: dict[str, float] = {}
        for row in read_rows(lake.store, key).select(["service", "state", "score"]).to_pylist():
            score = row["score"] if row["state"] in FLAGGED else 0.0
            highest[row["service"]] = max(highest.get(row["service"], 0.0), score)
        for service, score in highest.items():
            found[service].append((hour.start_nano, score))
    return found


def watermark_of(lake: Lake, tenant: str) -> int | None:
    """Nanoseconds since 1970 up to which a tenant's data is in: the slowest of its sources that are alive decides."""
    key = completeness_key(tenant)
    if not lake.store.head(key):
        return None
    marks: dict[str, datetime] = {}
    for row in read_rows(lake.store, key).select(["source", "watermark"]).to_pylist():
        if row["watermark"] is not None:
            marks[row["source"]] = row["watermark"]
    oldest = lake.clock().astimezone(UTC).replace(tzinfo=None) - _DEAD
    alive = [mark for mark in marks.values() if mark >= oldest]
    return nano_of(min(alive)) if alive else None


def hours_back(now: datetime, minutes: int) -> tuple[Hour, ...]:
    """Hours that hold the last so many minutes, and the one after now, because clocks differ."""
    return tuple(hours_between(Hour.of(now - timedelta(minutes=minutes)), Hour.of(now) + 2))


def nano(moment: datetime) -> int:
    """Nanoseconds since 1970, to the minute before."""
    return int(moment.timestamp()) // 60 * MINUTE_NS
