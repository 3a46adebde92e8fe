"""A small lake of two tenants and an operator's one, written by hand after `tables.py`: each row names its owner."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from logsight_assets.intake.keys import load_keys
from logsight_assets.lake import (
    Lake,
    completeness_key,
    day_key,
    event_file_name,
    events_prefix,
    hour_key,
    minute_key,
    open_lake,
    patterns_key,
    quarantine_key,
)
from logsight_assets.table_model import Table
from logsight_assets.tables import COMPLETENESS, EVENTS, PATTERNS, TREND_NAMES, TRENDS
from logsight_assets.timeline import Hour

NOW = datetime(2025, 6, 30, 12, 30, tzinfo=UTC)
MINE, THEIRS, PLATFORM = "acme", "globex", "_platform"
FIRST = Hour.parse("2025-06-01T00")


def put(lake: Lake, key: str, table: Table, rows: Iterable[Mapping[str, Any]], parts: Iterable[str] = ()) -> None:
    """Write rows of a table as an object; columns that a row lacks are NULL."""
    full = [{column.name: row.get(column.name) for column in table.columns} for row in rows]
    schema = table.arrow_schema.with_metadata({"logsight.parts": json.dumps(dict.fromkeys(parts, "hash"))})
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_pylist(full, schema), sink)
    lake.store.put(key, bytes(sink.getvalue()))


def event(tenant: str, hour: Hour, line: int, **values: Any) -> dict[str, Any]:
    nano = hour.start_nano + line * 60_000_000_000
    return {
        "event_time": hour.start.replace(tzinfo=None) + timedelta(minutes=line),
        "time_unix_nano": nano,
        "observed_time": hour.start.replace(tzinfo=None),
        "service": f"{tenant}-checkout",
        "severity_number": 9,
        "body": f"secret of {tenant}",
        "attributes": json.dumps({"owner": tenant}),
        "event_id": f"{tenant}-{hour}-{line}",
        "pattern_id": 7,
        "is_error": line % 2 == 0,
        "body_bytes": 10,
        "sample_weight": 1,
        "source": "app",
        "raw_object": f"{tenant}-object",
        "raw_line": line,
        "raw_record": 0,
    } | values


def measures(tenant: str, time_column: str, time: datetime, count: int) -> dict[str, Any]:
    return {
        time_column: time.replace(tzinfo=None),
        "environment": "prod",
        "service": f"{tenant}-checkout",
        "severity_number": 9,
        "pattern_id": 7,
        "duration_bucket": 3,
        "event_count": count,
        "error_count": 1,
        "request_count": 0,
        "bytes": 10,
        "duration_count": 1,
        "duration_sum_ns": 5,
        "duration_min_ns": 5,
        "duration_max_ns": 5,
        "weighted_event_count": count,
        "weighted_error_count": 1,
        "weighted_request_count": 0,
        "first_seen_unix_nano": 1,
        "last_seen_unix_nano": 2,
        "exemplar_event_id": f"{tenant}-event",
    }


def put_tenant(lake: Lake, tenant: str) -> None:
    """Two hours of events with everything that is made of them."""
    for hour in (FIRST, FIRST + 1):
        file = events_prefix(tenant, hour) + event_file_name("app", hour, f"{tenant}-object")
        put(lake, file, EVENTS, [event(tenant, hour, line) for line in range(1, 4)])
        put(lake, patterns_key(tenant, hour), PATTERNS, [{"service": f"{tenant}-checkout", "pattern_id": 7}])
        for name in TREND_NAMES:
            row = measures(tenant, "minute_time", hour.start, 3)
            put(lake, minute_key(name, tenant, hour), TRENDS[f"{name}_minute"], [row])
    for name in TREND_NAMES:
        rows = [measures(tenant, "hour_time", (FIRST + h).start, 3) for h in (0, 1)]
        parts = [str(FIRST), str(FIRST + 1)]
        put(lake, hour_key(name, tenant, FIRST.day), TRENDS[f"{name}_hour"], rows, parts)
        row = measures(tenant, "day_time", FIRST.start, 6)
        put(lake, day_key(name, tenant, FIRST.month), TRENDS[f"{name}_day"], [row], [FIRST.day])
    row = {"source": "app", "event_hour": FIRST.start.replace(tzinfo=None), "state": "complete"}
    put(lake, completeness_key(tenant), COMPLETENESS, [row])
    refused = {"line": 3, "record": 0, "reason": "not_an_object", "text": f"[1, {tenant}, anna@example.com]"}
    entry = gzip.compress(json.dumps(refused).encode() + b"\n", mtime=0)
    lake.store.put(quarantine_key(tenant, "app", FIRST, f"{tenant}-object"), entry)
    load_keys(lake.state)  # a lake in which something was refused has them; asking must not be what makes them


def empty_lake(folder: Path) -> Lake:
    return open_lake(str(folder), {}, clock=lambda: NOW)


def tree(folder: Path) -> dict[str, str]:
    """Every file below a folder with a hash of its bytes, and every folder."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "folder"
        for path in sorted(folder.rglob("*"))
    }
