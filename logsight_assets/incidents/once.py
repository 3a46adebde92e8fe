"""The alarm path for one alarm, here and now: what `logsight investigate` does, and whoever has an alarm in hand."""

from __future__ import annotations

from typing import Any

from logsight_assets.errors import UsageError
from logsight_assets.failures import Failures
from logsight_assets.incidents.answer import Investigate
from logsight_assets.incidents.board import read_board
from logsight_assets.incidents.handle import handle_waiting, with_services
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.summary.shown import summary_document
from logsight_assets.incidents.summary.summaries import summarize_due
from logsight_assets.incidents.waiting import known_tenants, put_waiting
from logsight_assets.lake import Lake
from resources.model import Model


def answer_alarm(lake: Lake, event: bytes, investigate: Investigate, model: Model | None = None) -> IncidentRecords:
    """The incident of an alarm's episode, with its first answer and, by a model, its summary; made if there are none.

    MalformedAlarm for what is no alarm, UsageError for a change of state that belongs to no episode, WindowsFailed if
    something failed (an answer that says so is stored all the same).
    """
    waiting = put_waiting(lake, event, known_tenants(lake))
    change = with_services(lake, waiting.tenant, [waiting])[waiting.key]
    failures = Failures(lake)
    handle_waiting(lake, investigate, failures)
    failures.check()
    decision = read_board(lake, waiting.tenant).decision(change)
    if decision is None or decision.incident_id is None:
        raise UsageError(f"alarm: its state is {waiting.alarm.state}, and no episode of it is known; give one in ALARM")
    if model:
        summarize_due(lake, model, failures, only=decision.incident_id)
        failures.check()
    return IncidentRecords(lake, waiting.tenant, decision.incident_id)


def answer_document(records: IncidentRecords) -> dict[str, Any]:
    """The latest answer of an incident; `logsight investigate --json` adds where it was told."""
    answers = [record for record in records.all() if record.kind == "first_answer"]
    evidence = records.find(f"evidence:{len(answers)}")
    assert evidence is not None, "an answer is taken from evidence of its number"
    return {
        "incident_id": records.incident_id,
        **{key: value for key, value in evidence.body.items() if key not in ("basis", "failed", "about")},
        **summary_document(records),
    }
