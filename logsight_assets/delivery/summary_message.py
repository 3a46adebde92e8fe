"""What is said of an incident beyond the first answer: a model's summary as far as it was checked, and runbooks.

Steps of a runbook were approved by a named person, so they are shown as they are; all else is text of strangers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from logsight_assets.delivery.message import Item, Part, Style, shown
from logsight_assets.incidents.proposals import told_actions
from logsight_assets.incidents.state import IncidentState
from logsight_assets.incidents.summary.shown import told_by_model, why_no_summary
from logsight_assets.visible import visible

_LONGEST_STEP, _LONGEST_LINE, _RUNBOOKS, _ACTIONS = 200, 700, 2, 10
_NO_MODEL = "no_model"  # nobody asked for one: nothing is missing


def next_step(state: IncidentState, where: str, style: Style) -> str:
    """The first step of the runbook that fits best, or where to look on."""
    runbooks = _runbooks(state)
    if not runbooks:
        if style.names and state.verdict == "explained" and state.suspects:
            return f"no runbook fits; look at {shown(state.suspects[0]['service'], 80)} first: {where}"
        return f"no runbook fits; see {where}"
    first = runbooks[0]
    return f"{_step(first['steps'][0])} (runbook {visible(first['name'])}, step 1 of {len(first['steps'])})"


def summary_parts(state: IncidentState, style: Style) -> Iterator[Part]:
    """The checked lines of a summary, quotes of log lines where the tenant shows them; then runbooks and actions."""
    lines = tuple(
        Item(
            shown(": ".join(part for part in (line.title, line.text) if part), _LONGEST_LINE),
            "; ".join(shown(quote) for quote in line.quotes) if style.quotes else "",
        )
        for line in told_by_model(state.summary)
    )
    if lines:
        yield Part(
            f"Summary by {shown(state.summary['model'], 80)}; its numbers, names, times and quotes were checked", lines
        )
    elif state.summary.get("reason") != _NO_MODEL and (why := why_no_summary(state.summary)):
        yield Part("Summary", (Item(f"the first answer stands, because {why}"),))
    for runbook in _runbooks(state)[:_RUNBOOKS]:
        front = runbook["front"]
        title = f"Runbook {visible(runbook['name'])}, approved by {visible(front['approved_by'])}"
        yield Part(title, tuple(Item(_step(step)) for step in runbook["steps"]), is_numbered=True)
    if actions := tuple(islice(told_actions(state), _ACTIONS)):
        yield Part("Actions", tuple(Item(shown(each.text), shown(each.told) if each.told else "") for each in actions))


def other_cause(state: IncidentState) -> str:
    """The service that a checked summary holds for the cause, where it is not the first suspect."""
    summary = state.summary.get("summary") if state.summary.get("kind") == "model" else None
    cause: Mapping[str, Any] | None = summary and summary["probable_cause"]
    suspects = state.suspects
    if not cause or (suspects and cause["service"] == suspects[0]["service"]):
        return ""
    return shown(cause["service"], 80)


def _runbooks(state: IncidentState) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = state.evidence.get("runbooks", ())
    return found


def _step(text: str) -> str:
    plain = visible(text)
    return plain if len(plain) <= _LONGEST_STEP else plain[: _LONGEST_STEP - 1] + "…"
