"""What an incident is now: a fold over its records, the only place where they are made sense of together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from logsight_assets.incidents.episodes import ALARM, INSUFFICIENT_DATA
from logsight_assets.incidents.records import Record


@dataclass(frozen=True)
class AlarmState:
    """An alarm of an incident, by those of its changes that are known.

    A metric that goes missing says nothing about the fault, so an alarm that went off is on until it is OK.
    """

    name: str
    state: str  # ALARM or OK, whichever was later; INSUFFICIENT_DATA as long as neither is known
    unix_ms: int  # when that began
    services: tuple[str, ...]
    missing_ms: int = 0  # when its metric went missing last; 0 for never

    @property
    def is_on(self) -> bool:
        return self.state == ALARM

    @property
    def latest(self) -> tuple[int, str]:
        """Time and state of its latest change, whatever that says."""
        return max((self.unix_ms, self.state), (self.missing_ms, INSUFFICIENT_DATA))

    @property
    def since_ms(self) -> int:
        """When its state began, as far as that is known."""
        return self.unix_ms or self.missing_ms

    @property
    def no_data_ms(self) -> int | None:
        """Since when its metric is missing; None if it is there."""
        moment, state = self.latest
        return moment if state == INSUFFICIENT_DATA else None


@dataclass(frozen=True)
class ActionState:
    """How far an action of a runbook is."""

    stage: str  # approved, begun, done or failed
    by: str  # who approved it
    told: str = ""  # what came of it


@dataclass(frozen=True)
class IncidentState:
    """The incident as its records tell it; times are milliseconds since 1970."""

    state: Literal["open", "resolved"] = "open"
    opened_ms: int = 0  # when its earliest alarm went off
    latest_ms: int = 0  # when one of its alarms went off last
    resolved_ms: int | None = None
    alarms: Mapping[str, AlarmState] = field(default_factory=dict)  # by alarm id
    episodes: int = 0  # times that an alarm of it went off
    reopened: int = 0
    evidence: Mapping[str, Any] = field(default_factory=dict)  # of the latest investigation
    answer: Mapping[str, Any] = field(default_factory=dict)
    answers: int = 0  # first answers that were made
    summary: Mapping[str, Any] = field(default_factory=dict)  # of the latest answer; empty before it is made
    acknowledged_by: str | None = None
    assigned_to: str | None = None
    actions: Mapping[str, ActionState] = field(default_factory=dict)  # approved ones, `action:RUNBOOK:NAME`
    records: int = 0

    @property
    def services(self) -> tuple[str, ...]:
        """Services that its alarms are about."""
        return tuple(sorted({service for alarm in self.alarms.values() for service in alarm.services}))

    @property
    def verdict(self) -> str | None:
        """explained, not_in_logs or incomplete; None before the first answer."""
        return self.answer.get("verdict")

    @property
    def outdated_ms(self) -> int | None:
        """Up to when the answer read the logs, if an alarm went off after that; None if the answer knows them all."""
        as_of = self.evidence.get("basis", {}).get("window", {}).get("as_of")
        return as_of // 1_000_000 if as_of is not None and self.latest_ms * 1_000_000 > as_of else None

    @property
    def suspects(self) -> list[Mapping[str, Any]]:
        """Services that may be the cause, likeliest first."""
        return list(self.answer.get("suspects", ()))

    @property
    def alarms_on(self) -> list[AlarmState]:
        """Alarms that went off and are not over."""
        return [alarm for alarm in self.alarms.values() if alarm.is_on]

    @property
    def severity(self) -> str:
        """critical, high, medium or low: how far it reaches and whether it goes on; never a guess about its cause."""
        on = self.alarms_on
        reach = {service for alarm in on for service in alarm.services}
        if self.state == "resolved" or not on:
            return "low"
        if len(on) >= _WIDE or len(reach) >= _WIDE:
            return "critical"
        return "high" if len(on) > 1 or self.verdict == "explained" else "medium"


# Alarms, or services, that go off together and no longer look like the fault of one service alone.
_WIDE = 5


def fold(records: Iterable[Record]) -> IncidentState:
    """The state that records lead to, in their order."""
    state = IncidentState()
    for record in records:
        state = replace(_FOLDS.get(record.kind, _unchanged)(state, record), records=record.number)
    return state


def _unchanged(state: IncidentState, _: Record) -> IncidentState:
    return state


def _alarmed(state: IncidentState, record: Record) -> IncidentState:
    body = record.body
    unix_ms = body["unix_ms"]
    state = replace(state, alarms=_with_alarm(state.alarms, body))
    if body["state"] != ALARM:
        return state
    opened = unix_ms if not state.opened_ms else min(state.opened_ms, unix_ms)
    latest = max(state.latest_ms, unix_ms)
    state = replace(state, opened_ms=opened, latest_ms=latest, episodes=state.episodes + 1)
    if record.kind != "reopened":
        return state
    return replace(state, state="open", resolved_ms=None, reopened=state.reopened + 1)


def _with_alarm(alarms: Mapping[str, AlarmState], body: Mapping[str, Any]) -> dict[str, AlarmState]:
    """Changes arrive in any order: the latest of a kind, by the alarm's own clock, is what holds."""
    held = alarms.get(body["alarm_id"], AlarmState(body["alarm"], INSUFFICIENT_DATA, 0, ()))
    if body["state"] == INSUFFICIENT_DATA:
        told = replace(held, missing_ms=max(held.missing_ms, body["unix_ms"]))
    else:
        unix_ms, state = max((held.unix_ms, held.state), (body["unix_ms"], body["state"]))
        told = replace(held, state=state, unix_ms=unix_ms)
    services = tuple(sorted({*body["services"], *held.services}))
    return {**alarms, body["alarm_id"]: replace(told, services=services)}


def _resolved(state: IncidentState, record: Record) -> IncidentState:
    return replace(state, state="resolved", resolved_ms=record.body["unix_ms"])


def _evidence(state: IncidentState, record: Record) -> IncidentState:
    return replace(state, evidence=record.body)


def _answered(state: IncidentState, record: Record) -> IncidentState:
    return replace(state, answer=record.body, answers=state.answers + 1, summary={})


def _summarised(state: IncidentState, record: Record) -> IncidentState:
    # One that was asked for before a later answer came in is of that earlier answer.
    return replace(state, summary=record.body) if record.key == f"summary:{state.answers}" else state


def _acknowledged(state: IncidentState, record: Record) -> IncidentState:
    return replace(state, acknowledged_by=record.by)


def _assigned(state: IncidentState, record: Record) -> IncidentState:
    return replace(state, assigned_to=record.body["to"])


def _acted(state: IncidentState, record: Record) -> IncidentState:
    """Its end is LogSight's own record; who approved it stands in those before."""
    name, body = record.key.rpartition(":")[0], record.body
    held = state.actions.get(name)
    now = ActionState(body["stage"], held.by if held else record.by, body.get("told", ""))
    return replace(state, actions={**state.actions, name: now})


_FOLDS = {
    "opened": _alarmed,
    "joined": _alarmed,
    "repeated": _alarmed,
    "reopened": _alarmed,
    "cleared": _alarmed,
    "noted": _alarmed,
    "resolved": _resolved,
    "evidence": _evidence,
    "first_answer": _answered,
    "summary": _summarised,
    "ack": _acknowledged,
    "assigned": _assigned,
    "action": _acted,
}


def instant(unix_ms: int | None) -> str | None:
    """ISO 8601 in UTC, to the second."""
    if unix_ms is None:
        return None
    return datetime.fromtimestamp(unix_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
