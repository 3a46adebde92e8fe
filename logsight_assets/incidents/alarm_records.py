"""What the changes of alarms' states say of an incident, as its records: each once, whoever is killed in between.

Changes arrive in any order, and what ends an episode may be told before it: then it belonged to nothing, and is written
down with the beginning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from logsight_assets.incidents.episodes import ALARM, OK, Board, Decision, Role, Transition, told_before
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.waiting import WaitingAlarm


def record_change(
    records: IncidentRecords, alarm: WaitingAlarm, change: Transition, decision: Decision, board: Board
) -> None:
    """Write what a change of an alarm's state, and all that the board knows to follow it, says of an incident."""
    body = _body(alarm, change) | {"received_time": alarm.received_time}
    if change.state == ALARM:
        body["event"] = alarm.event
    records.append(decision.role, f"alarm:{change.key}", body)
    if change.state == ALARM:
        _record_told_before(records, alarm, change, board)
    if records.incident_id in decision.resolves:
        over = {"unix_ms": _over_ms(records, change), "reason": "alarms are over"}
        records.append("resolved", f"resolved:{change.key}", over)


def _record_told_before(records: IncidentRecords, alarm: WaitingAlarm, change: Transition, board: Board) -> None:
    """An end that was told before its beginning was of no incident then: it is of this one."""
    for told in told_before(board, change):
        ended = replace(change, state=told.state, unix_ms=told.unix_ms)
        received = datetime.fromtimestamp(told.decided_ms / 1000, UTC).isoformat(timespec="milliseconds")
        role: Role = "cleared" if told.state == OK else "noted"
        records.append(role, f"alarm:{ended.key}", _body(alarm, ended) | {"received_time": received})


def _body(alarm: WaitingAlarm, change: Transition) -> dict[str, Any]:
    return {
        "alarm_id": change.alarm_id,
        "alarm": alarm.alarm.name,
        "state": change.state,
        "unix_ms": change.unix_ms,
        "services": list(change.services),
    }


def _over_ms(records: IncidentRecords, change: Transition) -> int:
    """When the last of an incident's alarms was over, by what is recorded of them; else the time of the change."""
    told: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in records.all():
        if "alarm_id" in record.body:
            told[record.body["alarm_id"]].append(record.body)
    ends = []
    for bodies in told.values():
        began = max((body["unix_ms"] for body in bodies if body["state"] == ALARM), default=0)
        ends += sorted(body["unix_ms"] for body in bodies if body["state"] == OK and body["unix_ms"] >= began)[:1]
    return max(ends, default=change.unix_ms)
