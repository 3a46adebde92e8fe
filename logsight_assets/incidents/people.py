"""What people do to an incident: each act is a record with who and why, and shows on its timeline."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from logsight_assets.decisions import Decision, Said, decide, decisions, standing
from logsight_assets.errors import UsageError
from logsight_assets.incidents.board import change_board, now_ms
from logsight_assets.incidents.episodes import resolved_by_person
from logsight_assets.incidents.handover import hand_over
from logsight_assets.incidents.overview import refresh_rows, stored_rows
from logsight_assets.incidents.records import IncidentRecords, Kind
from logsight_assets.incidents.state import IncidentState, fold
from logsight_assets.lake import Lake

SILENCE = "silence"  # kind of decisions
_LONGEST = 2000  # characters of what people write
_SPAN = re.compile(r"(\d{1,5})([mhd])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def acknowledge(lake: Lake, records: IncidentRecords, who: str, why: str = "") -> None:
    """Say that a person has seen it."""
    _act(lake, records, "ack", {"why": why}, who)


def assign(lake: Lake, records: IncidentRecords, to: str, who: str, why: str = "") -> None:
    """Say who is to deal with it."""
    if not to.strip():
        raise UsageError("assign: name whom to; --to NAME")
    _act(lake, records, "assigned", {"to": to, "why": why}, who)


def name_cause(lake: Lake, records: IncidentRecords, service: str | None, who: str, why: str = "") -> None:
    """Say what the cause was; None: the logs do not show it. Models are compared on what people said."""
    if service is not None and not service.strip():
        raise UsageError("cause: name a service, or give --none")
    _act(lake, records, "feedback", {"cause": service, "why": why}, who)


def resolve(lake: Lake, records: IncidentRecords, who: str, why: str) -> None:
    """Say that it is over; an alarm of it that goes off again within the window re-opens it."""
    if fold(records.all()).state == "resolved":
        raise UsageError(f"incident {records.incident_id} is resolved already")
    over_ms = now_ms(lake)
    change_board(lake, records.tenant, lambda board: resolved_by_person(board, records.incident_id, over_ms))
    _act(lake, records, "resolved", {"unix_ms": over_ms, "reason": why}, who)


def _act(lake: Lake, records: IncidentRecords, kind: Kind, body: Mapping[str, Any], who: str) -> None:
    texts = [who, *(text for text in body.values() if isinstance(text, str))]
    if not who.strip() or max(map(len, texts)) > _LONGEST:
        raise UsageError(
            f"incidents: an act names who does it, and no text of it is longer than {_LONGEST:,} characters"
        )
    # People may do the same twice, so the key is new each time.
    records.append(kind, f"{kind}:{secrets.token_hex(4)}", body, who)
    hand_over(lake, records)
    refresh_rows(lake, records.tenant, [records.incident_id])


# Silences -------------------------------------------------------------------------------------------------------------


def silence(lake: Lake, tenant: str, subject: Mapping[str, str], said: Said) -> Decision:
    """Notify nobody of a tenant's incidents until a time: of one alarm, one service, or all (an empty subject).

    What is silenced is recorded and answered as ever. UsageError without a reason or an end.
    """
    if not said.why.strip():
        raise UsageError("silence: say why, with --why")
    if said.until is None:
        raise UsageError("silence: say until when, with --until; nothing is silent for ever")
    made = decide(lake, tenant, SILENCE, _named(subject), dict(subject), said)
    for name, row in stored_rows(lake, tenant).items():
        records = IncidentRecords(lake, tenant, name)
        if row["state"] == "open" and (covering := silence_of(lake, tenant, fold(records.all()))):
            note_silence(lake, records, covering)
    return made


def note_silence(lake: Lake, records: IncidentRecords, silence: Decision) -> None:
    """Say on an incident's timeline that a silence covers it; nobody is told of that."""
    assert silence.until is not None, "nothing is silent for ever"
    body = {"silence": silence.subject, "until": silence.until.isoformat(timespec="seconds"), "why": silence.why}
    records.append("silenced", f"silenced:{silence.number}", body, silence.who)
    refresh_rows(lake, records.tenant, [records.incident_id])


def silence_of(lake: Lake, tenant: str, state: IncidentState) -> Decision | None:
    """The silence that covers an incident: all its alarms, or all its services; None if it is to be told."""
    held = standing(decisions(lake.store, tenant, SILENCE), lake.clock()).values()
    alarms, services = {alarm.name for alarm in state.alarms.values()}, set(state.services)
    silent_alarms = {silence.value["alarm"] for silence in held if silence.value and "alarm" in silence.value}
    silent_services = {silence.value["service"] for silence in held if silence.value and "service" in silence.value}
    covers_alarms, covers_services = alarms <= silent_alarms, bool(services) and services <= silent_services
    for found in held:
        value = found.value or {}
        if not value or ("alarm" in value and covers_alarms and value["alarm"] in alarms):
            return found
        if "service" in value and covers_services and value["service"] in services:
            return found
    return None


def _named(subject: Mapping[str, str]) -> str:
    return " ".join(f"{kind}:{name}" for kind, name in sorted(subject.items())) or "everything"


def until(text: str, now: datetime) -> datetime:
    """A time with its zone, or a span from now such as 30m, 2h, 3d; UsageError for anything else."""
    if length := span(text):
        return now + length
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise UsageError(
            f"until {text[:40]!r}: give a span such as 2h, or a time with its zone such as 2025-06-01T09:00Z"
        )
    return moment


def span(text: str) -> timedelta | None:
    """A length such as 30m, 2h, 3d; None for anything else."""
    match = _SPAN.fullmatch(text.strip())
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
