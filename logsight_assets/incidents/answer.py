"""An incident's evidence and first answer as records.

Evidence holds the whole investigation, the first answer what it says of the cause: the second is taken from the stored
first, so that a run that was killed between them cannot answer from other rows than it stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from logsight_assets.failures import Failures, told
from logsight_assets.incidents.alarm import Alarm, parse_alarm
from logsight_assets.incidents.alarm_metric import fetch_alarm_metric
from logsight_assets.incidents.episodes import ALARM
from logsight_assets.incidents.reading import readable_tenants
from logsight_assets.incidents.reanalysis import basis_now
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.runbooks import FOLDER, load_runbooks, matching
from logsight_assets.incidents.surroundings import About, surroundings
from logsight_assets.incidents.windows import Window
from logsight_assets.lake import PLATFORM, Lake

INCOMPLETE = "incomplete"
ALARM_CAME = "alarm"  # why an answer was made


class Investigation(Protocol):
    """What `investigate` finds; its JSON is stored with the incident."""

    def to_json(self) -> dict[str, Any]: ...


Investigate = Callable[[Lake, Alarm], Investigation]


def answer_incident(
    lake: Lake, records: IncidentRecords, investigate: Investigate, failures: Failures, reason: str = ALARM_CAME
) -> bool:
    """Make the first answer if there is none, or with another reason make it anew; whether one was made."""
    made = [record for record in records.all() if record.kind == "first_answer"]
    if made and reason == ALARM_CAME:
        return False
    number = len(made) + 1
    evidence = records.find(f"evidence:{number}")
    if evidence is None:
        # Looked at before anything is read: what comes in meanwhile is news.
        basis = basis_now(lake, records.tenant, Window.of(first_alarm(records))).to_json()
        found = {"reason": reason, "basis": basis, **_investigated(lake, records, investigate, failures)}
        if records.tenant == PLATFORM:
            # Whoever erases one of them empties this record.
            found["tenants"] = readable_tenants(lake)
        evidence = records.append("evidence", f"evidence:{number}", found)
    records.append("first_answer", f"first_answer:{number}", _answer(evidence.body))
    return True


def _investigated(
    lake: Lake, records: IncidentRecords, investigate: Investigate, failures: Failures
) -> Mapping[str, Any]:
    """What the investigation found; where it failed, an answer that says so: nobody is left without one."""
    with failures.attempt(f"investigation of incident {records.incident_id}"):
        alarm = first_alarm(records)
        unfetched = _fetched(lake, records, alarm)
        found = investigate(lake, alarm).to_json()
        runbooks = _runbooks(lake, records, found["first_answer"], failures)
        around, missing = surroundings(lake, _about(records, Window.of(alarm), found["first_answer"]), failures)
        missing = [*unfetched, *missing]
        completeness = {**found["completeness"], **({"missing": missing} if missing else {})}
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
) -> list[dict[str, Any]]:
    """Approved runbooks that match, best first; a file that cannot be read fails the run and no answer."""
    with failures.attempt("runbooks"):
        found = matching(
            load_runbooks(lake.config / FOLDER),
            [body["alarm"] for body in _changes_of_alarms(records)],
            [suspect["service"] for suspect in answer["suspects"][:1]],
            [(each["template_id"], each["template"]) for each in answer["templates"]],
        )
        return [runbook.to_json() for runbook in found]
    return []


def _about(records: IncidentRecords, window: Window, answer: Mapping[str, Any]) -> About:
    alarms = _changes_of_alarms(records)
    services = {service for body in alarms for service in body["services"]}
    services.update(suspect["service"] for suspect in answer["suspects"])
    names = frozenset(body["alarm"] for body in alarms)
    return About(records.tenant, records.incident_id, window, names, frozenset(services))


def _changes_of_alarms(records: IncidentRecords) -> list[Mapping[str, Any]]:
    """Bodies of the records that tell of an alarm; evidence holds one of its own, of another shape."""
    return [record.body for record in records.all() if "alarm_id" in record.body]


def first_alarm(records: IncidentRecords) -> Alarm:
    """The alarm that went off first, by its own clock."""
    alarms = [record for record in records.all() if record.body.get("state") == ALARM]
    first = min(alarms, key=lambda record: (record.body["unix_ms"], record.number))
    return parse_alarm(first.body["event"])


def _answer(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {**evidence["first_answer"], "reason": evidence["reason"], "completeness": evidence["completeness"]}
