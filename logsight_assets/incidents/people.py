"""What people do to an incident: each act is a record with who and why, and shows on its timeline."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from logsight_assets.decisions import Decision, Said, decide, decisions, standing
from logsight_assets.errors import UsageError
from logsight_assets.incidents.board import change_board, now_ms
from logsight_assets.incidents.episodes import resolved_by_person
from logsight_assets.incidents.handover import hand_over
from logsight_assets.incidents.overview import refresh_rows, stored_rows
from logsight_assets.incidents.records import IncidentRecords, Kind, Record, tenants_with_incidents
from logsight_assets.incidents.state import IncidentState, fold
from logsight_assets.lake import PLATFORM, Lake, is_erased, values
from logsight_assets.settings import TENANT_NAME

SILENCE = "silence"  # kind of decisions
_LATE = timedelta(days=1)  # by which an end is told after it, at most
_LONGEST = 2000  # characters of what people write


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

    What is silenced is recorded and answered as ever. UsageError without a reason or an end, or for no tenant.
    """
    _check_tenant(lake, tenant)
    if not said.why.strip():
        raise UsageError("silence: say why, with --why")
    if said.until is None:
        raise UsageError("silence: say until when, with --until; nothing is silent for ever")
    is_changed = _named(subject) in _standing(lake, tenant)
    made = decide(lake, tenant, SILENCE, _named(subject), dict(subject), said)
    for name, row in stored_rows(lake, tenant).items():
        records = IncidentRecords(lake, tenant, name)
        if row["state"] == "open" and (cover := cover_of(lake, tenant, fold(records.all()))):
            note_cover(lake, records, cover)
            if is_changed:
                # What waits for its end waits for another one now.
                hand_over(lake, records)
    return made


def _check_tenant(lake: Lake, tenant: str) -> None:
    """UsageError for what is no tenant of this lake: its silence would be of nothing, and say otherwise."""
    if tenant == PLATFORM:
        return
    if not TENANT_NAME.fullmatch(tenant):
        raise UsageError(f"silence: tenant {tenant[:80]!r} must match {TENANT_NAME.pattern}, or be {PLATFORM}")
    known = [*values(lake.store, "events/", "tenant"), *tenants_with_incidents(lake.store)]
    if tenant not in known or is_erased(lake.store, tenant):
        raise UsageError(
            f"silence: tenant {tenant!r} has neither events nor incidents in this lake; `logsight incidents list` "
            "names those that have"
        )


def covered_by(lake: Lake, tenant: str, subject: Mapping[str, str]) -> list[str]:
    """Open incidents about what a silence names that are silent, be it with other silences."""
    found = []
    for name, row in stored_rows(lake, tenant).items():
        if row["state"] != "open":
            continue
        state = fold(IncidentRecords(lake, tenant, name).all())
        about = {("alarm", alarm.name) for alarm in state.alarms.values()}
        about |= {("service", service) for service in state.services}
        if subject.items() <= about and cover_of(lake, tenant, state):
            found.append(name)
    return found


def end_silence(lake: Lake, tenant: str, subject: Mapping[str, str], said: Said) -> tuple[Decision, list[str]]:
    """End a silence before its time; the decision, and the incidents that it covered: they are told of again.

    Where whoever ended it was killed over that, what is left of it is done, and the decision is that one's. UsageError
    if no silence of this subject stands.
    """
    said_before, name = decisions(lake.store, tenant, SILENCE), _named(subject)
    held = standing(said_before, lake.clock())
    if name in held:
        made = decide(lake, tenant, SILENCE, name, None, said)
        covered = _covered(lake, tenant, held[name])
    elif unfinished := _unfinished_end(lake, tenant, [each for each in said_before if each.subject == name]):
        made, covered = unfinished
    else:
        others = f"there are: {', '.join(sorted(held))}" if held else "none stands"
        raise UsageError(f"unsilence: {tenant} has no silence of {name[:80]}; {others}")
    for records in covered:
        # Also before the record, which says that it is done: a kill behind that is not made good.
        hand_over(lake, records)
        records.append("unsilenced", _end_key(made), {"silence": name, "why": made.why}, made.who)
        hand_over(lake, records)
    told = [records.incident_id for records in covered]
    refresh_rows(lake, tenant, told)
    return made, told


def _unfinished_end(lake: Lake, tenant: str, said: Sequence[Decision]) -> tuple[Decision, list[IncidentRecords]] | None:
    """The last decision about a subject and the incidents that still wait for it, if it ended a silence and some do."""
    silences = [each for each in said if each.value is not None]
    if not silences or said[-1].value is not None:
        return None
    left = [each for each in _covered(lake, tenant, silences[-1]) if each.find(_end_key(said[-1])) is None]
    return (said[-1], left) if left else None


def _end_key(end: Decision) -> str:
    return f"unsilenced:{end.number}"


def _covered(lake: Lake, tenant: str, silence: Decision) -> list[IncidentRecords]:
    """Incidents on whose timelines a silence stands, among those that were not over before it began."""
    # By its alarm's own clock an incident may be over long before anybody is told.
    began = silence.made_time.replace(tzinfo=None) - _LATE
    rows = stored_rows(lake, tenant).items()
    found = [IncidentRecords(lake, tenant, name) for name, row in rows if (row["resolved_time"] or began) >= began]
    return [each for each in found if any(_tells_of(record, silence) for record in each.all())]


def _tells_of(record: Record, silence: Decision) -> bool:
    return record.kind == "silenced" and record.body["silence"] == silence.subject


@dataclass(frozen=True)
class Cover:
    """Silences that cover an incident together: all its alarms, or all its services."""

    silences: tuple[Decision, ...]

    @property
    def until(self) -> datetime:
        """When the first of them ends, and with it the cover."""
        return min(_end_of(each) for each in self.silences)


def note_cover(lake: Lake, records: IncidentRecords, cover: Cover) -> None:
    """Say on an incident's timeline which silences cover it; nobody is told of that."""
    for silence in cover.silences:
        until = _end_of(silence).isoformat(timespec="seconds")
        body = {"silence": silence.subject, "until": until, "why": silence.why}
        records.append("silenced", f"silenced:{silence.number}", body, silence.who)
    refresh_rows(lake, records.tenant, [records.incident_id])


def cover_of(lake: Lake, tenant: str, state: IncidentState) -> Cover | None:
    """The silences that cover an incident, of several covers the one that lasts longest; None if it is to be told."""
    held = _standing(lake, tenant).values()
    covers = [Cover((silence,)) for silence in held if not silence.value]
    for kind, names in (("alarm", {alarm.name for alarm in state.alarms.values()}), ("service", set(state.services))):
        silent = {silence.value[kind]: silence for silence in held if silence.value and kind in silence.value}
        if names and names <= silent.keys():
            covers.append(Cover(tuple(silent[name] for name in sorted(names))))
    return max(covers, key=lambda cover: cover.until, default=None)


def _end_of(silence: Decision) -> datetime:
    assert silence.until is not None, "nothing is silent for ever"
    return silence.until


def _standing(lake: Lake, tenant: str) -> Mapping[str, Decision]:
    """Silences that hold now, by subject."""
    return standing(decisions(lake.store, tenant, SILENCE), lake.clock())


def _named(subject: Mapping[str, str]) -> str:
    return " ".join(f"{kind}:{name}" for kind, name in sorted(subject.items())) or "everything"
