"""An incident's evidence and first answer as records.

Evidence holds the whole investigation, the first answer what it says of the cause: the second is taken from the stored
first, so that a run that was killed between them cannot answer from other rows than it stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from logsight_assets.failures import Failures, told
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.alarm_metric import fetch_alarm_metric
from logsight_assets.incidents.answered_alarm import DueAlarm, answered_alarm, unanswered
from logsight_assets.incidents.reading import readable_tenants
from logsight_assets.incidents.reanalysis import basis_now
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.runbooks import FOLDER, matching, read_runbooks
from logsight_assets.incidents.surroundings import About, surroundings
from logsight_assets.incidents.windows import Window
from logsight_assets.incidents.wrong_files import told_of
from logsight_assets.lake import PLATFORM, Lake

INCOMPLETE = "incomplete"


class Investigation(Protocol):
    """What `investigate` finds; its JSON is stored with the incident."""

    def to_json(self) -> dict[str, Any]: ...


Investigate = Callable[[Lake, Alarm], Investigation]


def answer_incident(
    lake: Lake, records: IncidentRecords, investigate: Investigate, failures: Failures, reason: str | None = None
) -> int:
    """Make the answers that are due about alarms, or for a reason the latest one anew; how many were made."""
    made = 0
    while due := unanswered(records):
        _answer(lake, records, due, investigate, failures)
        made += 1
    if made or reason is None:
        return made
    _answer(lake, records, DueAlarm(answered_alarm(records, _count(records)), reason), investigate, failures)
    return 1


def _answer(lake: Lake, records: IncidentRecords, due: DueAlarm, investigate: Investigate, failures: Failures) -> None:
    number = _count(records) + 1
    evidence = records.find(f"evidence:{number}")
    if evidence is None:
        # Looked at before anything is read: what comes in meanwhile is news.
        basis = basis_now(lake, records.tenant, Window.of(due.alarm)).to_json()
        found: dict[str, Any] = {"reason": due.reason, "about": due.record.key, "basis": basis}
        found |= _investigated(lake, records, due.alarm, investigate, failures)
        if records.tenant == PLATFORM:
            # Whoever erases one of them empties this record.
            found["tenants"] = readable_tenants(lake)
        evidence = records.append("evidence", f"evidence:{number}", found)
    records.append("first_answer", f"first_answer:{number}", _first_answer(evidence.body))


def _count(records: IncidentRecords) -> int:
    return sum(record.kind == "first_answer" for record in records.all())


def _investigated(
    lake: Lake, records: IncidentRecords, alarm: Alarm, investigate: Investigate, failures: Failures
) -> Mapping[str, Any]:
    """What the investigation found; where it failed, an answer that says so: nobody is left without one."""
    with failures.attempt(f"investigation of incident {records.incident_id}"):
        unfetched = _fetched(lake, records, alarm)
        found = investigate(lake, alarm).to_json()
        runbooks, unread = _runbooks(lake, records, found["first_answer"], failures)
        around, unseen = surroundings(lake, _about(records, Window.of(alarm), found["first_answer"]), failures)
        missing = [*unfetched, *found["completeness"].get("missing", ()), *unread, *unseen]
        completeness = {**found["completeness"], "missing": missing}
        return found | around | {"completeness": completeness, "runbooks": runbooks}
    error = failures.held[f"investigation of incident {records.incident_id}"]
    missing = f"the evidence could not be read: {told(error)}"
    return {
        "first_answer": {"verdict": INCOMPLETE, "suspects": [], "templates": []},
        "evidence": [],
        "completeness": {"is_complete": False, "sources": [], "missing": [missing]},
        "failed": True,
    }


def _fetched(lake: Lake, records: IncidentRecords, alarm: Alarm) -> list[str]:
    """Ask the live source for the alarm's metric, where there is one; what could not be had, in words.

    A source that does not answer fails no run: CloudWatch may be what is broken.
    """
    aside = Failures(lake)
    with aside.attempt(f"metric of incident {records.incident_id}"):
        fetch_alarm_metric(lake, alarm, records.tenant, Window.of(alarm))
    return [f"the alarm's metric could not be fetched: {told(error)}" for error in aside.held.values()]


def _runbooks(
    lake: Lake, records: IncidentRecords, answer: Mapping[str, Any], failures: Failures
) -> tuple[list[dict[str, Any]], list[str]]:
    """Approved runbooks that match, best first, and what could not be read, in words."""
    with failures.attempt("runbooks"):
        declared = read_runbooks(lake.config / FOLDER)
        alarms = _changes_of_alarms(records)
        found = matching(
            declared.by_name.values(),
            [body["alarm"] for body in alarms],
            [suspect["service"] for suspect in answer["suspects"][:1]],
            [(each["template_id"], each["template"]) for each in answer["templates"]],
            [service for body in alarms for service in body["services"]],
        )
        return [runbook.to_json() for runbook in found], told_of(declared.refused, [records.tenant])
    return [], [f"runbooks could not be read: {told(failures.held['runbooks'])}"]


def _about(records: IncidentRecords, window: Window, answer: Mapping[str, Any]) -> About:
    alarms = _changes_of_alarms(records)
    services = {service for body in alarms for service in body["services"]}
    services.update(suspect["service"] for suspect in answer["suspects"])
    names = frozenset(body["alarm"] for body in alarms)
    return About(records.tenant, records.incident_id, window, names, frozenset(services))


def _changes_of_alarms(records: IncidentRecords) -> list[Mapping[str, Any]]:
    """Bodies of the records that tell of an alarm; evidence holds one of its own, of another shape."""
    return [record.body for record in records.all() if "alarm_id" in record.body]


def _first_answer(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {**evidence["first_answer"], "reason": evidence["reason"], "completeness": evidence["completeness"]}
