"""Lakes with trends written by hand, so that every number of a report can be counted on fingers."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from logsight_assets.lake import Lake, completeness_key, hour_key, minute_key, open_lake, patterns_key
from logsight_assets.parquet import INPUTS, parquet_bytes
from logsight_assets.table_model import Table
from logsight_assets.tables import COMPLETENESS, PATTERNS, TREND_NAMES, TRENDS
from logsight_assets.timeline import Hour
from logsight_assets.trends.histogram import bucket_of
from logsight_assets.trends.pyramid import PARTS

DAY, BEFORE, WEEKDAY = "2025-06-10", "2025-06-09", "2025-06-03"
NOW = datetime(2025, 6, 11, 0, 40, tzinfo=UTC)
MS = 1_000_000


@dataclass(frozen=True)
class Lines:
    """Equal lines of one hour: of a service and a pattern, some of them errors, each with the same duration."""

    hour: str  # YYYY-MM-DDTHH
    count: int
    errors: int = 0
    service: str = "checkout"
    environment: str = ""
    pattern: int = 1
    mask: str = "order 0 placed"
    duration_ms: int | None = None
    weight: int = 1


def new_lake(root: Path, now: datetime = NOW) -> Lake:
    return open_lake(str(root), {}, clock=lambda: now)


def at(lake: Lake, now: datetime) -> Lake:
    return replace(lake, clock=lambda: now)


def put_trends(lake: Lake, tenant: str, lines: Iterable[Lines], *, open_hours: Iterable[str] = ()) -> None:
    """Replace a tenant's trends by these lines: days of closed hours, minutes of those that are open."""
    opened = set(open_hours)
    by_hour: dict[str, list[Lines]] = defaultdict(list)
    for each in lines:
        by_hour[each.hour].append(each)
    for area in ("trends/", "patterns/"):
        for entry in list(lake.store.list(area)):
            if f"/tenant={tenant}/" in entry.key:
                lake.store.delete(entry.key)
    days: dict[str, list[str]] = defaultdict(list)
    for hour in sorted(by_hour):
        _put_patterns(lake, tenant, hour, by_hour[hour])
        if hour in opened:
            for name in TREND_NAMES:
                key, facts = minute_key(name, tenant, Hour.parse(hour)), {INPUTS: _hash(by_hour[hour])}
                put_rows(lake, key, TRENDS[f"{name}_minute"], _rows(name, "minute", by_hour[hour]), facts)
        else:
            days[hour[:10]].append(hour)
    for day, hours in days.items():
        parts = {hour: _hash(by_hour[hour]) for hour in hours}
        facts = {INPUTS: _hash(sorted(parts.items())), PARTS: json.dumps(parts)}
        held = [line for hour in hours for line in by_hour[hour]]
        for name in TREND_NAMES:
            put_rows(lake, hour_key(name, tenant, day), TRENDS[f"{name}_hour"], _rows(name, "hour", held), facts)


def put_states(lake: Lake, tenant: str, states: Mapping[tuple[str, str], str]) -> None:
    """Completeness by (source, hour)."""
    rows = [
        {"source": source, "event_hour": _time(hour), "watermark": None, "state": state}
        for (source, hour), state in sorted(states.items())
    ]
    put_rows(lake, completeness_key(tenant), COMPLETENESS, rows, {})


def whole_days(source: str, *days: str) -> dict[tuple[str, str], str]:
    """All hours of days complete, for `put_states`."""
    return {(source, f"{day}T{hour:02}"): "complete" for day in days for hour in range(24)}


def put_rows(lake: Lake, key: str, table: Table, rows: list[dict[str, Any]], facts: Mapping[str, str]) -> None:
    rows.sort(key=lambda row: tuple(row[name] for name in table.key))
    full = [{column.name: row.get(column.name) for column in table.columns} for row in rows]
    lake.store.put(key, parquet_bytes(pa.Table.from_pylist(full, table.arrow_schema), table, facts))


def _put_patterns(lake: Lake, tenant: str, hour: str, lines: list[Lines]) -> None:
    held = {(each.service, each.pattern): each.mask for each in lines}
    rows = [{"service": service, "pattern_id": pattern, "mask": mask} for (service, pattern), mask in held.items()]
    counts = {"events": sum(each.count for each in lines), "counted": sum(each.count for each in lines)}
    facts = {INPUTS: _hash(lines)} | {f"logsight.{name}": str(value) for name, value in counts.items()}
    put_rows(lake, patterns_key(tenant, Hour.parse(hour)), PATTERNS, rows, facts)


def _rows(name: str, level: str, lines: list[Lines]) -> list[dict[str, Any]]:
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for each in lines:
        for severity, count in ((9, each.count - each.errors), (17, each.errors)):
            if count and (name != "service_duration" or each.duration_ms is not None):
                row = _row(name, level, each, severity, count)
                key = tuple(row[column] for column in TRENDS[f"{name}_{level}"].key)
                found[key] = _added(found[key], row) if key in found else row
    return list(found.values())


def _row(name: str, level: str, each: Lines, severity: int, count: int) -> dict[str, Any]:
    errors = count if severity == 17 else 0
    row = {
        f"{level}_time": _time(each.hour),
        "environment": each.environment,
        "service": each.service,
        "severity_number": severity,
        "event_count": count,
        "weighted_event_count": count * each.weight,
    }
    if name == "service_duration":
        return row | {"duration_bucket": bucket_of((each.duration_ms or 0) * MS)}
    nano = Hour.parse(each.hour).start_nano
    row |= {"error_count": errors, "request_count": 0, "bytes": count * 10}
    row |= {"first_seen_unix_nano": nano + 60_000_000_000, "last_seen_unix_nano": nano + 120_000_000_000}
    return row | ({"pattern_id": each.pattern} if name == "template_trend" else {})


def _added(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    sums = {"event_count", "error_count", "request_count", "bytes", "weighted_event_count"}
    return one | {name: one[name] + other[name] for name in sums & one.keys()}


def _time(hour: str) -> datetime:
    return Hour.parse(hour).start.replace(tzinfo=None)


def _hash(what: object) -> str:
    return hashlib.sha256(repr(what).encode()).hexdigest()
