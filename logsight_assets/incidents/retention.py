"""Retention of incidents: what has been over for long enough goes, with its answers, summaries and what people said.

An open incident never goes. Nor does one that the board still names: a late change of its alarms would be written into
a folder that is half gone. With incidents go changes and silences of their age; the ledger of model calls has a time of
its own. Other decisions stay: a replay of the hours that they are about needs them. Every step can be repeated after a
kill.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from logsight_assets.decisions import forget_over
from logsight_assets.incidents.board import forget_old
from logsight_assets.incidents.changes import forget_changes
from logsight_assets.incidents.overview import refresh_rows, stored_rows
from logsight_assets.incidents.people import SILENCE
from logsight_assets.incidents.records import IncidentRecords, UnreadableRecord, incidents_of
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.summary.ledger import forget_days
from logsight_assets.lake import Lake, due_summary_prefix, incident_prefix, values, watch_key
from logsight_assets.trends.retention import RetentionOutcome

_AREAS = ("incidents/", "changes/", "decisions/", "model_calls/")


def expire_incidents(lake: Lake, outcome: RetentionOutcome) -> None:
    """Remove what every tenant's settings no longer keep."""
    for tenant in sorted({tenant for area in _AREAS for tenant in values(lake.store, area, "tenant")}):
        rule = lake.settings.retention_of(tenant)
        if rule.incidents_days:
            before = lake.clock() - timedelta(days=rule.incidents_days)
            _expire(lake, tenant, before, outcome)
            outcome.removed += Counter(
                changes=forget_changes(lake, tenant, before),
                silences=forget_over(lake.store, tenant, SILENCE, before),
            )
        if rule.model_use_days:
            before = lake.clock() - timedelta(days=rule.model_use_days)
            outcome.removed += Counter(model_use=forget_days(lake, tenant, before))


def _expire(lake: Lake, tenant: str, before: datetime, outcome: RetentionOutcome) -> None:
    board = forget_old(lake, tenant)
    # The rows first: a row without a folder is then one of an incident that is gone, not of one that comes.
    rows, present = stored_rows(lake, tenant), incidents_of(lake.store, tenant)
    gone = []
    for name in present:
        try:
            if not _is_over(rows.get(name), IncidentRecords(lake, tenant, name), before):
                continue
        except UnreadableRecord:
            outcome.postponed["incidents"] += 1
            continue
        if name in board.incidents:
            outcome.postponed["incidents"] += 1
            continue
        outcome.removed["incidents"] += _remove(lake, tenant, name)
        gone.append(name)
    if stale := {*gone, *(rows.keys() - set(present))}:
        refresh_rows(lake, tenant, stale)


def _is_over(row: Mapping[str, Any] | None, records: IncidentRecords, before: datetime) -> bool:
    """Whether an incident is resolved and nothing was said of it since; its row spares reading those that are not."""
    if row is not None and (row["state"] != "resolved" or row["resolved_time"].replace(tzinfo=UTC) > before):
        return False
    held = records.all()
    # A folder without its beginning is what a killed removal left.
    is_left = not any(record.kind == "opened" for record in held)
    return bool(held) and (is_left or fold(held).state == "resolved") and _moment(held[-1].time) <= before


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _remove(lake: Lake, tenant: str, name: str) -> int:
    """Notes first, or a run would follow one into an empty folder; then the records, the earliest first."""
    notes = [entry.key for entry in lake.store.list(due_summary_prefix(tenant)) if f"/{name}~" in entry.key]
    records = [entry.key for entry in lake.store.list(incident_prefix(tenant, name))]
    for key in [watch_key(tenant, name), *notes, *sorted(records)]:
        lake.store.delete(key)
    return len(records)
