"""Rows of the table: how judgements are written, and what later hours read of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.parquet as pq

from logsight_assets.anomalies.judge import EarlierHour, Judged
from logsight_assets.anomalies.naming import Naming
from logsight_assets.anomalies.series import FLAGGED, RUNNING, Earlier, Series
from logsight_assets.anomalies.wording import reason
from logsight_assets.parquet import read_facts
from logsight_assets.tables import ANOMALIES
from logsight_assets.timeline import Hour
from logsight_assets.trends.remembered import Remembered
from resources.object_store import ObjectInfo, ObjectStore

IS_COMPLETE = "logsight.is_complete"
TOLD = "logsight.told"  # hash of what later hours read: they are out of date if, and only if, it changes
_TOLD = ["service", "template_id", "metric", "observed", "sample_size", "state", "direction", "episode_id",
         "expected_low", "expected_high", "baseline_size"]  # fmt: skip
_DIGITS = 6  # what is beyond differs between machines


def table_of(hour: Hour, judged: Iterable[Judged]) -> pa.Table:
    """Rows in the order of the table's key."""
    return pa.Table.from_pylist([_row(hour, each) for each in judged], ANOMALIES.arrow_schema)


def _row(hour: Hour, each: Judged) -> dict[str, object]:
    low, high = each.expected or (None, None)
    return {
        "hour_time": hour.start.replace(tzinfo=None),
        **each.series._asdict(),
        "observed": _rounded(each.observed.value),
        "sample_size": each.observed.size,
        "expected_low": None if low is None else _rounded(low),
        "expected_high": None if high is None else _rounded(high),
        "baseline": each.baseline,
        "baseline_size": each.baseline_size,
        "score": round(each.score, 3),
        "direction": each.direction,
        "state": each.state,
        "episode_id": each.episode_id,
        "reason": reason(each),
        "example_event_ids": json.dumps(each.observed.examples),
    }


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") if abs(value) < 1e15 else value


def told(hour: Hour, rows: pa.Table, *, is_complete: bool) -> str:
    """Hash of what later hours can read of these rows: of the next hour's own episodes, all of it."""
    lines = [f"{hour} {is_complete}"]
    for row in rows.select(_TOLD).to_pylist():
        if row["state"] not in RUNNING:
            row = {name: row[name] for name in ("service", "template_id", "metric", "observed", "sample_size", "state")}
        lines.append(json.dumps(row, sort_keys=True))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def earlier_hour(store: ObjectStore, entry: ObjectInfo, naming: Naming) -> EarlierHour:
    """A published hour under today's names: series that were merged since count as one."""
    held = _earlier(store, entry)
    if not naming.aliases.keys() & {series.template_id for series in held.series}:
        return held
    found: dict[Series, Earlier] = {}
    for series, earlier in held.series.items():
        current = naming.current(series)
        found[current] = _together(found[current], earlier) if current in found else earlier
    return EarlierHour(found, held.is_complete)


def _together(one: Earlier, other: Earlier) -> Earlier:
    first = one if one.state in FLAGGED or other.state not in FLAGGED else other
    return Earlier(one.value + other.value, one.size + other.size, first.state, first.direction, first.episode_id)


def _read(store: ObjectStore, key: str) -> EarlierHour:
    with store.open(key) as stream:
        rows = pq.read_table(stream, columns=_TOLD)
    facts = read_facts(store, key) or {}
    columns = (rows[name].to_pylist() for name in _TOLD)
    series = {
        Series(service, template_id, metric): Earlier(
            value, size, state, direction, episode, None if low is None else (low, high), baseline_size
        )
        for service, template_id, metric, value, size, state, direction, episode, low, high, baseline_size in zip(
            *columns, strict=True
        )
    }
    return EarlierHour(series, facts.get(IS_COMPLETE) == "true")


# Every hour is asked for by forty later ones.
_earlier = Remembered(_read, 2048)
