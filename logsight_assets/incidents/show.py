"""An incident as text for people: what, since when, likely cause, what is missing, then evidence and timeline.

Everything in it that comes from a log line or an alarm is text of strangers and made visible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from logsight_assets.incidents.proposals import told_actions
from logsight_assets.incidents.records import LOGSIGHT, IncidentRecords, Record
from logsight_assets.incidents.state import IncidentState, fold, instant
from logsight_assets.incidents.summary.shown import summary_document, told_by_model, why_no_summary
from logsight_assets.incidents.surroundings import SURROUNDINGS, told_of_budget, told_of_cause
from logsight_assets.visible import visible

_SUSPECTS, _TEMPLATES, _AROUND, _EVIDENCE = 5, 10, 5, 20  # lines of each
_LONGEST = 160  # characters of a line of theirs
_VERDICTS = {
    "explained": "the logs show a cause",
    "not_in_logs": "the logs are complete and do not show a cause",
    "incomplete": "what is there shows no cause, and something is missing that could",
}


def incident_document(records: IncidentRecords) -> dict[str, Any]:
    """All of an incident, as JSON."""
    held = records.all()
    state = fold(held)
    return {
        "incident_id": records.incident_id,
        "tenant": records.tenant,
        "state": state.state,
        "severity": state.severity,
        "opened_time": instant(state.opened_ms),
        "resolved_time": instant(state.resolved_ms),
        "services": list(state.services),
        "alarms": [
            {
                "name": alarm.name,
                "state": alarm.latest[1],
                "changed_time": instant(alarm.latest[0]),
                "is_on": alarm.is_on,
                "services": list(alarm.services),
            }
            for alarm in state.alarms.values()
        ],
        "acknowledged_by": state.acknowledged_by,
        "assigned_to": state.assigned_to,
        "first_answer": {key: value for key, value in state.answer.items() if key != "completeness"},
        "evidence": state.evidence.get("evidence", []),
        "metric": state.evidence.get("metric"),
        "trends": state.evidence.get("trends", {}),
        **{name: state.evidence.get(name, []) for name in SURROUNDINGS},
        "runbooks": state.evidence.get("runbooks", []),
        **summary_document(records),
        "completeness": state.evidence.get("completeness", {}),
        "records": [record.to_json() for record in held if record.kind != "evidence"],
    }


def incident_text(records: IncidentRecords) -> str:
    """The same for people."""
    held = records.all()
    state = fold(held)
    answered = (_cause, _metric, _summary, _runbooks, _actions)
    around = (_changes, _objectives, _anomalies, _earlier, _missing, _evidence)
    parts = (_head(records, state), *(part(state) for part in (*answered, *around)))
    lines = [*(line for part in parts for line in part), "", "Timeline"]
    lines += [f"  {record.time[:19]}Z  {_told(record)}" for record in held]
    return "\n".join(lines)


def _head(records: IncidentRecords, state: IncidentState) -> Iterator[str]:
    ended = f", resolved {instant(state.resolved_ms)}" if state.state == "resolved" else ""
    yield f"Incident {records.incident_id} of {visible(records.tenant)}: {state.state}, severity {state.severity}"
    yield f"Since {instant(state.opened_ms)} (UTC){ended}"
    for alarm in state.alarms.values():
        about = f" about {', '.join(_short(service) for service in alarm.services)}" if alarm.services else ""
        gone = f", without data since {instant(alarm.no_data_ms)}" if alarm.no_data_ms else ""
        yield f"  {alarm.state:<6} {_short(alarm.name)}{about}, {instant(alarm.since_ms)}{gone}"
    if state.acknowledged_by or state.assigned_to:
        seen = _short(state.acknowledged_by or "nobody")
        yield f"Acknowledged by {seen}; assigned to {_short(state.assigned_to or 'nobody')}"


def _cause(state: IncidentState) -> Iterator[str]:
    verdict = state.verdict
    yield ""
    if verdict is None:
        yield "No first answer yet"
        return
    until = f", as of {instant(state.outdated_ms)}" if state.outdated_ms is not None else ""
    yield f"First answer: {visible(str(verdict))} ({_VERDICTS.get(str(verdict), 'see docs/incidents.md')}){until}"
    for suspect in state.suspects[:_SUSPECTS]:
        score = suspect.get("score")
        reasons = "; ".join(_short(str(reason)) for reason in suspect.get("reasons", ())[:3])
        yield f"  {score if score is None else format(score, '.2f')}  {_short(str(suspect.get('service')))}: {reasons}"
    templates: Sequence[Mapping[str, Any]] = state.answer.get("templates", ())
    if templates:
        yield "Lines that changed"
    for template in templates[:_TEMPLATES]:
        yield f"  {_short(str(template.get('change')))}  {_short(str(template.get('service')))}: {_text_of(template)}"


def _metric(state: IncidentState) -> Iterator[str]:
    metric: Mapping[str, Any] | None = state.evidence.get("metric")
    if not metric:
        return
    unit = f" {_short(metric['unit'])}" if metric["unit"] else ""
    named = {"at the alarm": "value_at_alarm", "threshold": "threshold", "median before": "baseline_median",
             "most before": "baseline_max"}  # fmt: skip
    told = [f"{words} {metric[name]:.6g}" for words, name in named.items() if metric[name] is not None]
    yield f"Metric {_short(metric['metric'])}, {_short(metric['statistic'])}{unit}: {', '.join(told)}"


def _summary(state: IncidentState) -> Iterator[str]:
    """What a model says, as far as its evidence holds it; or why it says nothing."""
    lines = list(told_by_model(state.summary))
    if lines:
        yield f"Summary by {_short(str(state.summary['model']))}; its numbers, names, times and quotes were checked"
    for line in lines:
        # Bounded where it was checked.
        yield "  " + visible(": ".join(part for part in (line.title, line.text) if part))
        yield from (f"      > {_short(quote)}" for quote in line.quotes)
    if why := why_no_summary(state.summary):
        yield f"Summary: the first answer stands, because {why}"


def _runbooks(state: IncidentState) -> Iterator[str]:
    runbooks: Sequence[Mapping[str, Any]] = state.evidence.get("runbooks", ())
    for runbook in runbooks:
        front = runbook["front"]
        approved = f"approved by {visible(front['approved_by'])}"
        yield f"Runbook {visible(runbook['name'])}: {visible(front['title'])}, {approved}"
        yield from (f"  {number}. {visible(step)}" for number, step in enumerate(runbook["steps"], 1))


def _actions(state: IncidentState) -> Iterator[str]:
    """What can be done by `incidents approve`, with what it does to which service, and what was done."""
    actions = list(told_actions(state))
    if actions:
        yield "Actions"
    for action in actions:
        yield f"  {_short(action.text)}" + (f": {_short(action.told)}" if action.told else "")


def _text_of(template: Mapping[str, Any]) -> str:
    return _short(str(template.get("template")))


def _changes(state: IncidentState) -> Iterator[str]:
    changes: Sequence[Mapping[str, Any]] = state.evidence.get("changes", ())
    if changes:
        yield "Changed before"
    for change in changes[:_AROUND]:
        moment = instant(change["time_unix_micro"] // 1000)
        what = " ".join(_short(str(change[name])) for name in ("service", "version", "description") if change[name])
        yield f"  {moment}  {_short(change['kind'])}: {what}"


def _objectives(state: IncidentState) -> Iterator[str]:
    rows: Sequence[Mapping[str, Any]] = state.evidence.get("objectives", ())
    if rows:
        yield "Objectives, as of the hour before"
    for row in rows[:_AROUND]:
        yield f"  {_short(row['objective'])} of {_short(row['service'])}: {told_of_budget(row)}"


def _anomalies(state: IncidentState) -> Iterator[str]:
    rows: Sequence[Mapping[str, Any]] = state.evidence.get("anomalies", ())
    if rows:
        yield "Out of the ordinary before"
    for row in rows[:_AROUND]:
        since = instant(row["since_unix_nano"] // 1_000_000)
        line = f": {_short(row['template'])}" if row["template"] else ""
        yield f"  {since}  {_short(row['service'])}, {row['metric']}: {_short(row['reason'])}{line}"


def _earlier(state: IncidentState) -> Iterator[str]:
    rows: Sequence[Mapping[str, Any]] = state.evidence.get("earlier_incidents", ())
    if rows:
        yield "Incidents like it"
    for row in rows[:_AROUND]:
        yield f"  {row['incident_id']}, {_short(row['alarm'] or '')}: {told_of_cause(row, _short)}"


def _missing(state: IncidentState) -> Iterator[str]:
    """What was not there when the answer was made: it may change with it."""
    completeness: Mapping[str, Any] = state.evidence.get("completeness", {})
    told: Sequence[str] = completeness.get("missing", ())
    if not completeness or (completeness.get("is_complete") and not told):
        return
    yield "Missing"
    yield from (f"  {_short(what)}" for what in told)
    sources: Sequence[Mapping[str, Any]] = completeness.get("sources", ())
    for source in (each for each in sources if each["state"] != "complete"):
        until = source.get("watermark_unix_nano")
        read = f"read until {instant(until // 1_000_000)}" if until is not None else "nothing of it is read"
        yield f"  source {_short(source['source'])} is {source['state']}: {read}"
    if not sources and not told:
        yield "  nothing is known of these hours; `logsight build` reads what has arrived"


def _evidence(state: IncidentState) -> Iterator[str]:
    evidence: Sequence[Mapping[str, Any]] = state.evidence.get("evidence", ())
    if evidence:
        yield "Evidence"
    for item in evidence[:_EVIDENCE]:
        moment = instant(item["time_unix_nano"] // 1_000_000)
        yield f"  [{item['number']}] {item['change']}, {moment}, {_short(item['service'])}: {_short(item['body'])}"
    if len(evidence) > _EVIDENCE:
        yield f"  and {len(evidence) - _EVIDENCE} more; --json has all"


def _told(record: Record) -> str:
    """One line of the timeline."""
    by = "" if record.by == LOGSIGHT else f" by {_short(record.by)}"
    body = record.body
    what = body.get("alarm") or body.get("to") or body.get("verdict") or body.get("reason") or body.get("why") or ""
    if record.kind == "evidence":
        what = f"{len(body.get('evidence', ()))} facts, because of: {body.get('reason')}"
    if record.kind == "first_answer":
        what = f"{body.get('verdict')}, because of: {body.get('reason')}"
    if record.kind == "action":
        what = f"{body['action']} of runbook {body['runbook']}: {body['stage']}"
        what += f", {body['told']}" if body.get("told") else ""
    if record.kind == "silenced":
        what = f"until {body['until']}, {body['why']}"
    if record.kind == "runbook":
        what = f"{body['stage']}: {body['name'] or 'erased'}"
    if record.kind == "summary":
        by_model = f"by {body.get('model')}, {body['removed']} statements removed"
        what = by_model if body["kind"] == "model" else "the first answer stands"
    return f"{record.kind}{by}" + (f": {_short(str(what))}" if what else "")


def _short(text: str) -> str:
    shown = visible(text)
    return shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
