"""Facts: the stored evidence of an incident as numbered rows, in the order of their ids.

Numbers that stand in a line of a log are no numbers of a fact: whoever writes the line would choose them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from logsight_assets.incidents.summary.fact import (
    ALARM,
    ANOMALY,
    ATTRIBUTE,
    CHANGE,
    COMPLETENESS,
    EARLIER,
    EVENT,
    METRIC,
    OBJECTIVE,
    SUSPECT,
    TEMPLATE,
    TREND,
    Fact,
    make_fact,
    utc_text,
)
from logsight_assets.incidents.summary.placing import places
from logsight_assets.incidents.summary.vocabulary import BEFORE, DURING, ERRORS, LINES, MINUTES, REQUESTS
from logsight_assets.visible import visible

_POINTS = 30  # of the alarm's metric that are shown
# What the columns of a trend count, in the words of statements.
_COUNTED = {"event_count": LINES, "error_count": ERRORS, "request_count": REQUESTS, "minute_count": MINUTES}
_SHARE = re.compile(r"\d[\d.,]* %")  # how many of the requests a duration is about: of no time
_ERROR_WORDS = ("ERROR", "FATAL", "CRITICAL", "SEVERE", "ALERT", "EMERG")


def facts_of(evidence: Mapping[str, Any]) -> tuple[Fact, ...]:
    """The facts of a stored investigation (body of a record `evidence`), in the order of their ids."""
    answer: Mapping[str, Any] = evidence["first_answer"]
    named = [*answer.get("suspects", ()), *answer.get("templates", ()), *evidence.get("evidence", ())]
    services = {str(each["service"]) for each in named if each.get("service")}
    return (
        *_alarm(evidence.get("alarm")),
        *_completeness(evidence.get("completeness", {})),
        *(_suspect(number, each, services) for number, each in enumerate(answer.get("suspects", ()), 1)),
        *(_template(number, each) for number, each in enumerate(answer.get("templates", ()), 1)),
        *(_event(each) for each in evidence.get("evidence", ())),
        *(_change(number, each) for number, each in enumerate(evidence.get("changes", ()), 1)),
        *(_attribute(number, each, answer) for number, each in enumerate(answer.get("shared_attributes", ()), 1)),
        *_metric(evidence.get("metric")),
        *(_trend(number, each) for number, each in enumerate(evidence.get("trends", {}).get("rows", ()), 1)),
        *(_anomaly(number, each) for number, each in enumerate(evidence.get("anomalies", ()), 1)),
        *(_objective(number, each) for number, each in enumerate(evidence.get("objectives", ()), 1)),
        *(_earlier(number, each) for number, each in enumerate(evidence.get("earlier_incidents", ()), 1)),
    )


def _alarm(alarm: Mapping[str, Any] | None) -> Iterator[Fact]:
    if not alarm:
        return
    points = list(alarm.get("recent_datapoints", ()))
    dimensions = [pair for metric in alarm.get("metrics", ()) for pair in metric.get("dimensions", ())]
    yield make_fact(
        ALARM,
        1,
        {
            "name": alarm["name"],
            "description": alarm.get("description"),
            "reason": alarm.get("reason"),
            "changed": utc_text(alarm["state_change_nano"]),
            "window_seconds": alarm.get("window_seconds"),
            "threshold": alarm.get("threshold"),
            "datapoints": points,
            "metrics": [f"{metric.get('namespace')} {metric.get('name')}" for metric in alarm.get("metrics", ())],
            "dimensions": [f"{name}={value}" for name, value in dimensions],
        },
        quotable=[alarm["name"], alarm.get("description", ""), alarm.get("reason", "")],
        numbers=[alarm.get("threshold"), alarm.get("window_seconds"), *points],
        times=[alarm["state_change_nano"]],
        services=[value for _, value in dimensions],
    )


def _completeness(completeness: Mapping[str, Any]) -> Iterator[Fact]:
    sources = [{"source": each.get("source"), "state": each.get("state")} for each in completeness.get("sources", ())]
    missing = list(completeness.get("missing", ()))
    yield make_fact(
        COMPLETENESS, 1, {"is_complete": bool(completeness.get("is_complete")), "sources": sources, "missing": missing}
    )


def _suspect(number: int, suspect: Mapping[str, Any], services: Collection[str]) -> Fact:
    """A reason is `kind: what was measured: the template`; its middle is ours, but for names of services in it."""
    reasons = list(suspect.get("reasons", ()))
    parts = [reason.split(": ", 2) for reason in reasons]
    measured = visible(" ".join(part[1] for part in parts if len(part) > 1))
    unnamed = _without(measured, services)
    return make_fact(
        SUSPECT,
        number,
        {"service": suspect["service"], "score": suspect.get("score"), "reasons": reasons},
        quotable=reasons,
        numbers=[suspect.get("score"), suspect.get("reliability"), *_numbers_in(unnamed)],
        counts=[(float(each.value), each.when, "") for each in places(_SHARE.sub(" ", unnamed))],
        changes={part[0] for part in parts},
        measured=unnamed,
        strange=visible(" ".join([suspect["service"], *(part[-1] for part in parts if len(part) != 2)])),
        services=[suspect["service"]],
    )


def _without(text: str, names: Collection[str]) -> str:
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(visible(name), " ")
    return text


def _numbers_in(text: str) -> list[float]:
    return [float(number.replace(",", "")) for number in re.findall(r"(?<![\w.])\d[\d,]*(?:\.\d+)?(?![\w.]*\w)", text)]


def _template(number: int, template: Mapping[str, Any]) -> Fact:
    since = template.get("since_unix_nano")
    return make_fact(
        TEMPLATE,
        number,
        {
            "template_id": template.get("template_id"),
            "service": template.get("service"),
            "change": template.get("change"),
            "count_before": template.get("count_before"),
            "count_during": template.get("count_during"),
            "since": utc_text(since) if since is not None else None,
            "template": template.get("template"),
        },
        quotable=[template.get("template", "")],
        counts=[(template.get("count_before"), BEFORE, ""), (template.get("count_during"), DURING, "")],
        times=[since],
        services=[template.get("service")],
        changes=[template.get("change", "")],
    )


def _event(event: Mapping[str, Any]) -> Fact:
    severity = event.get("severity_text", "")
    return make_fact(
        EVENT,
        event["number"],
        {
            "time": utc_text(event["time_unix_nano"]),
            "service": event.get("service"),
            "host": event.get("host"),
            "severity": severity,
            "change": event.get("change"),
            "trace_id": event.get("trace_id"),
            "body": event.get("body"),
            "attributes": event.get("attributes"),
        },
        quotable=[event.get("body", ""), event.get("attributes", "")],
        times=[event["time_unix_nano"]],
        services=[event.get("service")],
        changes=[event.get("change", "")],
        trace_id=event.get("trace_id", ""),
        is_error=severity.upper().startswith(_ERROR_WORDS),
    )


def _change(number: int, change: Mapping[str, Any]) -> Fact:
    nano = change["time_unix_micro"] * 1000
    texts = [change.get(name) or "" for name in ("version", "description")]
    return make_fact(
        CHANGE,
        number,
        {
            "time": utc_text(nano),
            "kind": change.get("kind"),
            "service": change.get("service"),
            "version": texts[0],
            "description": texts[1],
        },
        quotable=texts,
        times=[nano],
        services=[change.get("service")],
        changes=["new"],
    )


def _attribute(number: int, attribute: Mapping[str, Any], answer: Mapping[str, Any]) -> Fact:
    """An attribute that only failing events of the first suspect have."""
    suspects: Sequence[Mapping[str, Any]] = answer.get("suspects", ())
    counts = {name: value for name, value in attribute.items() if isinstance(value, int | float)}
    return make_fact(
        ATTRIBUTE,
        number,
        {"name": attribute.get("name"), "value": attribute.get("value"), **counts},
        quotable=[str(attribute.get("name", "")), str(attribute.get("value", ""))],
        numbers=list(counts.values()),
        services=[suspects[0]["service"]] if suspects else [],
    )


def _metric(metric: Mapping[str, Any] | None) -> Iterator[Fact]:
    """The alarm's own metric: its summary, and the latest of its points."""
    if not metric:
        return
    points = metric["points"][-_POINTS:]
    counted = ("threshold", "value_at_alarm", "baseline_points", "baseline_median", "baseline_max", "period_seconds")
    yield make_fact(
        METRIC,
        1,
        {
            "metric": metric["metric"],
            "statistic": metric["statistic"],
            "unit": metric["unit"],
            **{name: metric[name] for name in counted},
            "points": [f"{utc_text(each['start_unix_nano'])} {each['value']:.10g}" for each in points],
        },
        numbers=[*(metric[name] for name in counted), *(each["value"] for each in points)],
        counts=[
            (metric["value_at_alarm"], DURING, ""),
            (metric["baseline_median"], BEFORE, ""),
            (metric["baseline_max"], BEFORE, ""),
        ],
        times=[each["start_unix_nano"] for each in points],
    )


def _trend(number: int, row: Mapping[str, Any]) -> Fact:
    counts = {name: value for name, value in row.items() if name not in ("service", "is_incident")}
    when, place = ("in the incident", DURING) if row["is_incident"] else ("before the incident", BEFORE)
    return make_fact(
        TREND,
        number,
        {"service": row["service"], "when": when, **counts},
        counts=[(value, place, _COUNTED.get(name, name)) for name, value in counts.items()],
        services=[row["service"]],
    )


def _anomaly(number: int, anomaly: Mapping[str, Any]) -> Fact:
    counted = ("score", "observed", "expected_low", "expected_high", "baseline_size")
    since, last = anomaly["since_unix_nano"], anomaly["last_hour_unix_nano"]
    return make_fact(
        ANOMALY,
        number,
        {
            "service": anomaly["service"],
            "template_id": anomaly["template_id"],
            "template": anomaly["template"],
            "metric": anomaly["metric"],
            "direction": anomaly["direction"],
            "state": anomaly["state"],
            "since": utc_text(since),
            "last_hour": utc_text(last),
            **{name: anomaly[name] for name in counted},
            "reason": anomaly["reason"],
        },
        numbers=[anomaly[name] for name in counted],
        counts=[
            (anomaly["observed"], DURING, ""),
            (anomaly["expected_low"], BEFORE, ""),
            (anomaly["expected_high"], BEFORE, ""),
        ],
        times=[since, last],
        services=[anomaly["service"]],
        changes={"vanished": ["stopped"]}.get(anomaly["direction"], [anomaly["direction"]]),
        quotable=[anomaly["template"]],
        strange=visible(f"{anomaly['service']} {anomaly['template']}"),  # the reason is ours
    )


def _objective(number: int, row: Mapping[str, Any]) -> Fact:
    figures = {name: value for name, value in row.items() if isinstance(value, int | float) and name[-5:] != "_nano"}
    return make_fact(
        OBJECTIVE,
        number,
        {
            "objective": row["objective"],
            "service": row["service"],
            "kind": row["kind"],
            "hour": utc_text(row["hour_unix_nano"]),
            "state": row["state"],
            **figures,
        },
        numbers=list(figures.values()),
        times=[row["hour_unix_nano"]],
        services=[row["service"]],
    )


def _earlier(number: int, row: Mapping[str, Any]) -> Fact:
    """An incident before this one. It is about no service: what was the cause then is no evidence of a cause now."""
    opened, resolved = row["opened_unix_nano"], row["resolved_unix_nano"]
    cause = row["cause"] or "not in the logs"
    return make_fact(
        EARLIER,
        number,
        {
            "incident_id": row["incident_id"],
            "state": row["state"],
            "opened": utc_text(opened),
            "resolved": None if resolved is None else utc_text(resolved),
            "alarm": row["alarm"],
            "alarm_services": row["service"],
            "verdict": row["verdict"],
            "suspect": row["suspect"],
            "suspect_score": row["suspect_score"],
            "cause_named_by_a_person": cause if row["cause_named"] else None,
        },
        numbers=[row["suspect_score"]],
        times=[opened, resolved],
    )
