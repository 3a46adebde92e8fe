"""A summary as people and programs get it: what is left after the check, in the order of its use.

Words of a model are shown with what they stand on, and what of it was removed is counted beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.summary.check import REMOVED
from logsight_assets.incidents.summary.words import LOOKS, MISSING, REASONS

_NO_MODEL: Mapping[str, Any] = {"kind": "first_answer", "reason": "no_model", "summary": None, "removed": 0}


@dataclass(frozen=True)
class Line:
    """One statement: words (a model's, of our alphabet; names in them are strangers'), and quotes of log lines."""

    title: str
    text: str
    quotes: tuple[str, ...] = ()


def summary_document(records: IncidentRecords) -> dict[str, Any]:
    """`summary` and `checks` of the latest answer; without a model, that the first answer stands."""
    held = fold(records.all()).summary or _NO_MODEL
    left_out = ("verdicts", "raw", "facts", "left_out", "runbooks")
    summary = {name: value for name, value in held.items() if name not in left_out}
    return {"summary": summary | {"why": REASONS.get(held["reason"], "")}, "checks": list(held.get("verdicts", ()))}


def why_no_summary(held: Mapping[str, Any]) -> str:
    """Why the first answer stands alone, in words; '' where a model's summary does, or none was asked for yet."""
    return REASONS.get(held.get("reason", ""), "") if held else ""


def told_by_model(held: Mapping[str, Any]) -> Iterator[Line]:
    """The lines of a summary that a model made; none where the first answer stands."""
    summary = held.get("summary") if held.get("kind") == "model" else None
    if not summary:
        return
    for statement in summary["summary"]:
        yield _line("", statement)
    cause, severity = summary["probable_cause"], summary["severity"]
    yield _line(f"Cause: {cause['service']} (confidence {summary['confidence']})", cause["statement"])
    if severity:
        yield _line(f"Severity: the model says {severity['level']}", severity["statement"])
    for each in summary["excluded_causes"]:
        yield _line(f"Not the cause: {each['service']}", each["statement"])
    for statement in summary["claims"]:
        yield _line("", statement)
    yield from _next(held, summary)
    for each in summary["missing_data"]:
        yield Line("Would help", MISSING[each["what"]].format(service=each["service"]))
    if held["removed"]:
        yield Line("Check", _removed(held))


def _removed(held: Mapping[str, Any]) -> str:
    """How many statements the evidence does not support, and why; never what they said."""
    reasons = Counter(each["reason"] for each in held.get("verdicts", ()) if each["verdict"] == REMOVED)
    why = ", ".join(f"{reason} ({count})" for reason, count in sorted(reasons.items()))
    told = f"{held['removed']} statements were removed, which the evidence does not support"
    return told + (f": {why}" if why else "")


def _next(held: Mapping[str, Any], summary: Mapping[str, Any]) -> Iterator[Line]:
    """What to do: steps of approved runbooks in their own words, and what to look at in ours."""
    steps = {each["name"]: each["steps"] for each in held["runbooks"]}
    for each in summary["runbook_steps"]:
        number = each["step"]
        yield Line(f"Runbook {each['runbook']}, step {number}", steps[each["runbook"]][number - 1])
    for each in summary["look_at"]:
        cited = ", ".join(each["evidence"])
        yield Line("Look at", f"{LOOKS[each['what']].format(service=each['service'])} ({cited})")


def _line(title: str, statement: Mapping[str, Any]) -> Line:
    text = f"{statement['text']} [{', '.join(statement['evidence'])}]"
    return Line(title, text, tuple(f"{each['fact']}: {each['text']}" for each in statement["quotes"]))
