"""What is said of an incident: how much of it depends on what its tenant lets a message show.

`links` shows nothing that a log line or an alarm wrote; `templates` adds names and masked lines; `quotes` adds lines,
redacted as they are stored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from logsight_assets.delivery.around_message import around_parts
from logsight_assets.delivery.message import Document, Item, News, Part, Style, moment, shown
from logsight_assets.delivery.summary_message import next_step, other_cause, summary_parts
from logsight_assets.incidents.state import IncidentState

_SUSPECTS, _REASONS, _TEMPLATES, _QUOTES, _TRACES, _NAMES, _GAPS = 5, 2, 8, 5, 5, 3, 20
_NO_CAUSE = {
    "not_in_logs": "the logs are complete and do not show it",
    "incomplete": "not in the logs that are there so far",
    None: "no answer yet",
}


def incident_document(incident_id: str, state: IncidentState, style: Style) -> Document:
    """The message of an incident as it is."""
    link = f"{style.base_url}/incidents/{incident_id}" if style.base_url else ""
    command = f"logsight incidents show {incident_id}"
    lines = (
        ("What", _what(state, style)),
        ("Since", _since(state, style)),
        ("Cause", _cause(state, style)),
        ("Next", next_step(state, link or command, style)),
        ("Missing", _missing(state, style)),
    )
    is_open = state.state == "open"
    title = f"{state.severity.upper() if is_open else 'RESOLVED'}: {_subject(state, style)} · {incident_id}"
    return Document(title, lines, tuple(_parts(state, style)), link, command, is_open, state.severity)


def incident_facts(state: IncidentState) -> dict[str, Any]:
    """What decides whether people are notified anew."""
    return {
        "state": state.state,
        "severity": state.severity,
        "verdict": state.verdict,
        "reopened": state.reopened,
        "acknowledged_by": state.acknowledged_by,
        "assigned_to": state.assigned_to,
    }


def incident_news(before: Mapping[str, Any] | None, state: IncidentState, style: Style) -> tuple[News, ...]:
    """What happened since `before`; None if nothing was told yet."""
    return tuple(_news(before, state, style))


def _news(before: Mapping[str, Any] | None, state: IncidentState, style: Style) -> Iterator[News]:
    now = incident_facts(state)
    if before is None:
        yield News("opened", f"Opened, severity {state.severity}.")
        if state.state == "resolved":
            yield News("resolved", f"Over since {moment(state.resolved_ms or 0, style.zone)}.")
        return
    reopened, over = now["reopened"] > before["reopened"], state.state == "resolved"
    if reopened:
        yield News("reopened", f"It went off again; severity {state.severity}.")
    if over and (reopened or before["state"] == "open"):
        yield News("resolved", f"Over since {moment(state.resolved_ms or 0, style.zone)}.")
    if now["severity"] != before["severity"] and not reopened and not over:
        yield News("severity", f"Severity is {state.severity} now, it was {before['severity']}.")
    if now["verdict"] != before["verdict"]:
        yield News("verdict", f"The answer changed. Cause: {_cause(state, style)}.")
    if now["acknowledged_by"] != before["acknowledged_by"] and state.acknowledged_by:
        by = f" by {shown(state.acknowledged_by, 80)}" if style.names else ""
        yield News("acknowledged", f"Acknowledged{by}.")
    if now["assigned_to"] != before["assigned_to"] and state.assigned_to:
        to = f" to {shown(state.assigned_to, 80)}" if style.names else ""
        yield News("assigned", f"Assigned{to}.")


# The five lines -------------------------------------------------------------------------------------------------------


def _subject(state: IncidentState, style: Style) -> str:
    if not style.names:
        return "incident"
    about = _listed(state.services) or _listed(alarm.name for alarm in state.alarms.values()) or "incident"
    # One channel may serve many tenants, and names of alarms need not say whose they are.
    return f"{about} of {style.tenant}" if style.tenant else about


def _what(state: IncidentState, style: Style) -> str:
    alarms, on = state.alarms.values(), state.alarms_on
    names = _listed(alarm.name for alarm in (on or alarms)) if style.names else ""
    people = ", ".join(_people(state, style))
    severity = f"{_without_data(state, style)}, severity {state.severity}"
    if len(alarms) == 1:
        what = f"alarm {names}" if names else "the alarm"
        what += f" is on{severity}" if on else " is over"
    else:
        count = f"{len(on)}" if len(on) == len(alarms) else f"{len(on)} of {len(alarms)}"
        what = f"{count} alarms on{severity}" if on else f"all {len(alarms)} alarms are over"
        what += f": {names}" if names else ""
    return what + (f"; {people}" if people else "")


def _without_data(state: IncidentState, style: Style) -> str:
    """Alarms that are on and whose metric is gone: nobody knows whether it is over."""
    gone = [alarm.no_data_ms for alarm in state.alarms_on if alarm.no_data_ms is not None]
    if gone and len(state.alarms) == 1:
        return f", without data since {moment(gone[0], style.zone)}"
    return f", {len(gone)} of them without data" if gone else ""


def _people(state: IncidentState, style: Style) -> Iterator[str]:
    """Who has seen it, and who is to deal with it."""
    for what, by, who in (("acknowledged", "by", state.acknowledged_by), ("assigned", "to", state.assigned_to)):
        if who:
            yield f"{what} {by} {shown(who, 40)}" if style.names else what


def _since(state: IncidentState, style: Style) -> str:
    since = moment(state.opened_ms, style.zone)
    if state.state == "resolved" and state.resolved_ms is not None:
        return f"{since}, over since {moment(state.resolved_ms, style.zone)}"
    if not state.reopened:
        return since
    return f"{since}, went off again " + ("once" if state.reopened == 1 else f"{state.reopened} times")


def _cause(state: IncidentState, style: Style) -> str:
    other = other_cause(state) if style.names else ""
    also = f"; the summary says {other}" if other else ""
    if state.outdated_ms is not None:
        also += f" (as of {moment(state.outdated_ms, style.zone)})"
    if state.verdict != "explained" or not state.suspects:
        return _NO_CAUSE.get(state.verdict, "unknown") + also
    first = state.suspects[0]
    name = shown(first["service"], 80) if style.names else "a service"
    reasons: Sequence[str] = first.get("reasons", ()) if style.names else ()
    # `slower: half of its requests …` is a list's way to say it; in a sentence one colon is enough.
    because = f": {shown(reasons[0].replace(': ', ', ', 1), 160)}" if reasons else ""
    return f"{name} (score {_score(first)}){because}{also}"


def _missing(state: IncidentState, style: Style) -> str:
    found = list(_gaps(state, style))
    return "; ".join(found[:2]) + (f"; and {len(found) - 2} more" if len(found) > 2 else "") if found else "nothing"


def _gaps(state: IncidentState, style: Style) -> Iterator[str]:
    """What was not there when the answer was made."""
    completeness: Mapping[str, Any] = state.evidence.get("completeness", {})
    is_complete, told = completeness.get("is_complete"), list(completeness.get("missing", ()))
    if not state.answers:
        yield "the first answer"
    elif is_complete and not told:
        return
    elif not style.names:
        yield "not all that the answer needs was there"
    else:
        yield from (shown(what, 120) for what in told)
        unread = [each for each in completeness.get("sources", ()) if each["state"] != "complete"]
        yield from _unread(unread, style)
        if not told and not unread:
            yield "how complete the logs of these hours are is not known"


def _unread(sources: Sequence[Mapping[str, Any]], style: Style) -> Iterator[str]:
    """One sentence for all sources that were read up to some time, and one for those of which nothing was."""
    marks = [each["watermark_unix_nano"] for each in sources if each.get("watermark_unix_nano") is not None]
    if marks:
        names = _listed([each["source"] for each in sources if each.get("watermark_unix_nano") is not None])
        yield f"logs after {moment(min(marks) // 1_000_000, style.zone)} of {names}"
    if names := _listed([each["source"] for each in sources if each.get("watermark_unix_nano") is None]):
        yield f"all logs of {names}"


# The rest -------------------------------------------------------------------------------------------------------------


def _parts(state: IncidentState, style: Style) -> Iterator[Part]:
    if not style.names:
        return
    yield from summary_parts(state, style)
    found = (
        Part("Suspects", tuple(_suspects(state))),
        Part("Lines that changed", tuple(_templates(state))),
        Part("Only failing events have", tuple(_attributes(state)) if style.quotes else ()),
        Part("Lines", tuple(_quotes(state, style)) if style.quotes else ()),
        *around_parts(state, style),
        Part("Traces", tuple(_traces(state))),
        Part("Alarms", tuple(_alarms(state, style))),
        Part("Missing", tuple(Item(gap) for gap in islice(_gaps(state, style), _GAPS))),
    )
    yield from (part for part in found if part.items)


def _suspects(state: IncidentState) -> Iterator[Item]:
    for suspect in state.suspects[:_SUSPECTS]:
        reasons: Sequence[str] = suspect.get("reasons", ())
        yield Item(
            f"{shown(suspect['service'], 80)}, score {_score(suspect)}",
            "; ".join(shown(reason, 200) for reason in reasons[:_REASONS]),
        )


def _templates(state: IncidentState) -> Iterator[Item]:
    templates: Sequence[Mapping[str, Any]] = state.answer.get("templates", ())
    for each in templates[:_TEMPLATES]:
        text = f"{shown(each.get('change'), 20)} in {shown(each.get('service'), 80)}{_counts(each)}"
        yield Item(text, shown(each.get("template")))


def _counts(template: Mapping[str, Any]) -> str:
    """Both counts with what they are of: the time before is longer, so seven before and five now may be a surge."""
    if "count_during" not in template:
        return ""
    during = template["count_during"]
    times = "once" if during == 1 else f"{during:,} times"
    return f": {times} in the window, {template['count_before']:,} in the hours before"


def _attributes(state: IncidentState) -> Iterator[Item]:
    told: Sequence[Mapping[str, Any]] = state.answer.get("shared_attributes", ())
    for each in told[:_QUOTES]:
        yield Item(shown(each["name"], 80), shown(each["value"], 120))


def _quotes(state: IncidentState, style: Style) -> Iterator[Item]:
    evidence: Sequence[Mapping[str, Any]] = state.evidence.get("evidence", ())
    # The same line five times, or five orders that failed the same way, say no more than one.
    first = {(fact["service"], fact.get("template_id") or fact["body"]): fact for fact in reversed(evidence)}
    for fact in list(reversed(first.values()))[:_QUOTES]:
        at = moment(fact["time_unix_nano"] // 1_000_000, style.zone)
        yield Item(f"[{fact['number']}] {shown(fact['service'], 80)}, {at}", shown(fact["body"]))


def _traces(state: IncidentState) -> Iterator[Item]:
    evidence: Sequence[Mapping[str, Any]] = state.evidence.get("evidence", ())
    ids = dict.fromkeys(str(fact.get("trace_id", "")) for fact in evidence)
    yield from (Item(shown(trace, 64)) for trace in [each for each in ids if each][:_TRACES])


def _alarms(state: IncidentState, style: Style) -> Iterator[Item]:
    if len(state.alarms) > 1:
        for alarm in list(state.alarms.values())[:_TEMPLATES]:
            gone = f", without data since {moment(alarm.no_data_ms, style.zone)}" if alarm.no_data_ms else ""
            yield Item(f"{alarm.state} since {moment(alarm.since_ms, style.zone)}{gone}", shown(alarm.name, 120))


def _score(suspect: Mapping[str, Any]) -> str:
    score = suspect.get("score")
    return "unknown" if score is None else f"{score:.2f}"


def _listed(names: Iterator[str] | Sequence[str]) -> str:
    held = [shown(name, 60) for name in names]
    return ", ".join(held[:_NAMES]) + (f" and {len(held) - _NAMES} more" if len(held) > _NAMES else "")
