"""Event files as intake would leave them, from a few words."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa

from logsight_assets.intake.mask import pattern_id_sql
from logsight_assets.lake import Lake, event_file_name, events_prefix
from logsight_assets.parquet import parquet_bytes
from logsight_assets.tables import EVENTS
from logsight_assets.timeline import Hour
from logsight_assets.trends.histogram import bucket_of

HOUR = Hour.parse("2025-06-01T09")
SECOND = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_patterns: dict[str, int] = {}


def pattern_of(body: str) -> int:
    """The pattern id that intake gives a body."""
    if body not in _patterns:
        with duckdb.connect() as connection:
            found = connection.execute(
                f"select {pattern_id_sql('body')} from (select ? as body) as b", [body]
            ).fetchone()
        assert found
        _patterns[body] = found[0]
    return _patterns[body]


def event(second: float = 0, body: str = "hello", hour: Hour = HOUR, **columns: Any) -> dict[str, Any]:
    """A row of `events`, `second` seconds into its hour; `own_id` gives it an id of its own."""
    nano = hour.start_nano + int(second * SECOND)
    own_id, content = columns.pop("own_id", None), columns.pop("content", "")
    duration = columns.get("duration_ns")
    row = {
        "event_time": (_EPOCH + timedelta(microseconds=nano // 1000)).replace(tzinfo=None),
        "time_unix_nano": nano,
        "observed_time": hour.start.replace(tzinfo=None),
        "environment": "prod",
        "service": "shop",
        "host": None,
        "severity_number": 9,
        "severity_text": "INFO",
        "body": body,
        "attributes": "{}",
        "resource": "{}",
        "trace_id": None,
        "span_id": None,
        "event_id": own_id,
        "record_hash": _hash(f"{own_id}{content}{body}{second}") if own_id else None,
        "pattern_id": None,
        "duration_ns": None,
        "duration_bucket": None if duration is None else bucket_of(duration),
        "is_error": False,
        "is_request": False,
        "body_bytes": len(body.encode()),
        "sensitivity": "none",
        "sample_weight": 1,
        "time_inferred": False,
        "source": "app",
        "raw_object": None,
        "raw_line": None,
        "raw_record": 0,
    }
    row.update(columns)
    if row["pattern_id"] is None:
        row["pattern_id"] = pattern_of(row["body"])
    return row


def event_rows(rows: list[dict[str, Any]], raw_object: str) -> pa.Table:
    """Rows of one raw object, numbered as its lines; an event without an own id gets one of its place."""
    placed = []
    for line, row in enumerate(rows, start=1):
        line = row["raw_line"] or line
        place = {"raw_object": raw_object, "raw_line": line, "event_id": row["event_id"] or f"{raw_object}:{line}"}
        placed.append(row | place)
    return pa.Table.from_pylist(placed, EVENTS.arrow_schema)


def put_events(
    lake: Lake,
    rows: list[dict[str, Any]],
    *,
    raw_object: str = "o1",
    tenant: str = "acme",
    hour: Hour = HOUR,
    arrival: Hour | None = None,
    source: str = "app",
) -> str:
    """Put one event file; returns its key."""
    key = events_prefix(tenant, hour) + event_file_name(source, arrival or hour, raw_object)
    lake.store.put(key, parquet_bytes(event_rows(rows, raw_object), EVENTS, {}))
    return key


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.md5(text.encode()).digest()[:8], "big") >> 1
