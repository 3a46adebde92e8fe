"""A second way to count: plain Python over event rows, for comparison with what the SQL made of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

Rows = list[dict[str, Any]]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).replace(tzinfo=None)
_NS = {"minute": 60 * 10**9, "hour": 3600 * 10**9, "day": 86_400 * 10**9}


def distinct(rows: Iterable[dict[str, Any]]) -> Rows:
    """The events that count: of copies with an own id, the first by observation and place."""
    kept: dict[Any, dict[str, Any]] = {}
    for row in rows:
        place = (row["observed_time"], row["raw_object"], row["raw_line"], row["raw_record"])
        name = place if row["record_hash"] is None else (row["event_id"], row["record_hash"])
        if name not in kept or place < kept[name]["place"]:
            kept[name] = row | {"place": place}
    return list(kept.values())


def service_trend(rows: Rows, level: str) -> Rows:
    return _counted(rows, level, lambda _: ())


def template_trend(rows: Rows, level: str) -> Rows:
    return _counted(rows, level, lambda row: (("pattern_id", row["pattern_id"]),))


def service_duration(rows: Rows, level: str) -> Rows:
    timed = [row for row in rows if row["duration_ns"] is not None]
    counted = _counted(timed, level, lambda row: (("duration_bucket", row["duration_bucket"]),))
    kept = ("event_count", "weighted_event_count")
    names = (f"{level}_time", "environment", "service", "severity_number", "duration_bucket", *kept)
    return [{name: row[name] for name in names} for row in counted]


def _counted(rows: Rows, level: str, further: Any) -> Rows:
    groups: dict[Any, Rows] = {}
    for row in rows:
        start = row["time_unix_nano"] - row["time_unix_nano"] % _NS[level]
        key = (
            (f"{level}_time", _EPOCH + timedelta(microseconds=start // 1000)),
            ("environment", row["environment"] or ""),
            ("service", row["service"]),
            ("severity_number", row["severity_number"] or 0),
            *further(row),
        )
        groups.setdefault(key, []).append(row)
    ordered = sorted(groups.items(), key=lambda item: [value for _, value in item[0]])
    return [dict(key) | _measures(held) for key, held in ordered]


def _measures(rows: Rows) -> dict[str, Any]:
    durations = [row["duration_ns"] for row in rows if row["duration_ns"] is not None]
    errors = [row for row in rows if row["is_error"]]
    requests = [row for row in rows if row["is_request"]]
    return {
        "event_count": len(rows),
        "error_count": len(errors),
        "request_count": len(requests),
        "bytes": sum(row["body_bytes"] for row in rows),
        "duration_count": len(durations),
        "duration_sum_ns": Decimal(sum(durations)),
        "duration_min_ns": min(durations, default=None),
        "duration_max_ns": max(durations, default=None),
        "weighted_event_count": sum(row["sample_weight"] for row in rows),
        "weighted_error_count": sum(row["sample_weight"] for row in errors),
        "weighted_request_count": sum(row["sample_weight"] for row in requests),
        "first_seen_unix_nano": min(row["time_unix_nano"] for row in rows),
        "last_seen_unix_nano": max(row["time_unix_nano"] for row in rows),
        "exemplar_event_id": min(row["event_id"] for row in rows),
    }
