"""The table `incidents`: a row an incident, derived from its records, one object a tenant.

A run derives the rows of the incidents that it touched, and `rebuild` all of them; both make the same rows, because a
row is the fold of the incident's records and nothing else.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logsight_assets.errors import PublishConflict
from logsight_assets.incidents.records import IncidentRecords, incidents_of
from logsight_assets.incidents.state import fold
from logsight_assets.lake import Lake, incidents_key
from logsight_assets.parquet import parquet_bytes
from logsight_assets.tables import INCIDENTS

_TURNS = 20


def refresh_rows(lake: Lake, tenant: str, incident_ids: Iterable[str]) -> None:
    """Derive the rows of these incidents anew; one that is gone has none. PublishConflict when others are faster."""
    key, wanted = incidents_key(tenant), sorted(set(incident_ids))
    for _ in range(_TURNS):
        # The version first, then the records: who read fewer records than another fails the put.
        entry = lake.store.head(key)
        before = lake.store.get(key) if entry else b""
        derived = [row for name in wanted if (row := row_of(lake, tenant, name)) is not None]
        data = parquet_bytes(_with_rows(before, wanted, derived), INCIDENTS, {})
        if data == before or lake.store.put_if(key, data, entry.version if entry else None):
            return
    raise PublishConflict(f"table incidents: others published {_TURNS} times in a row; run it again")


def rebuild(lake: Lake, tenant: str) -> None:
    """Derive all rows of a tenant anew."""
    refresh_rows(lake, tenant, incidents_of(lake.store, tenant))


def stored_rows(lake: Lake, tenant: str) -> dict[str, dict[str, Any]]:
    """The rows of a tenant as they were published last, by incident."""
    return _rows(lake.store.get(incidents_key(tenant)) if lake.store.head(incidents_key(tenant)) else b"")


def row_of(lake: Lake, tenant: str, incident_id: str) -> dict[str, Any] | None:
    """The row of one incident; None if it has no records."""
    state = fold(IncidentRecords(lake, tenant, incident_id).all())
    if not state.records:
        return None
    first = min(state.alarms.values(), key=lambda alarm: (alarm.unix_ms, alarm.name), default=None)
    suspect = state.suspects[0] if state.suspects else {}
    return {
        "incident_id": incident_id,
        "state": state.state,
        "severity": state.severity,
        "opened_time": _moment(state.opened_ms),
        "resolved_time": _moment(state.resolved_ms),
        "service": ", ".join(state.services),
        "alarm": first.name if first else None,
        "alarm_count": len(state.alarms),
        "episode_count": state.episodes,
        "reopened_count": state.reopened,
        "verdict": state.verdict,
        "suspect": suspect.get("service"),
        "suspect_score": suspect.get("score"),
        "answer_count": state.answers,
        "acknowledged_by": state.acknowledged_by,
        "assigned_to": state.assigned_to,
        "record_count": state.records,
    }


def _rows(data: bytes) -> dict[str, dict[str, Any]]:
    held = pq.read_table(io.BytesIO(data)).to_pylist() if data else []
    return {row["incident_id"]: row for row in held}


def _with_rows(before: bytes, replaced: list[str], rows: list[dict[str, Any]]) -> pa.Table:
    """The table with these rows in place of those of the replaced incidents; the others, of all time, stay columns."""
    new = pa.Table.from_pylist(rows, INCIDENTS.arrow_schema)
    if not before:
        return new
    held = pq.read_table(io.BytesIO(before)).select(new.column_names).cast(new.schema)
    kept = held.filter(pc.invert(pc.is_in(held["incident_id"], value_set=pa.array(replaced, pa.string()))))
    return pa.concat_tables([kept, new]).sort_by("incident_id")


def _moment(unix_ms: int | None) -> datetime | None:
    return None if unix_ms is None else datetime.fromtimestamp(unix_ms / 1000, UTC).replace(tzinfo=None)
