"""The summary of an incident's latest answer: select, ask, check, store. One record, whatever happens.

The record holds all that a replay needs: what was given to the model, what it wrote, and the verdicts of the check.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from logsight_assets.failures import Failures
from logsight_assets.incidents.records import IncidentRecords, Record
from logsight_assets.incidents.runbooks import Runbook
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.summary.check import Known, check
from logsight_assets.incidents.summary.due import latest_answer, summary_key
from logsight_assets.incidents.summary.fact import EVENT, SUSPECT, TEMPLATE
from logsight_assets.incidents.summary.facts import facts_of
from logsight_assets.incidents.summary.ladder import Outcome, descend
from logsight_assets.incidents.summary.prompt import Prompt, make_prompt
from logsight_assets.incidents.summary.schema import Answer, read_answer, schema_of
from logsight_assets.incidents.summary.select import Selected, select
from logsight_assets.lake import Lake
from logsight_assets.versions import CHECK_VERSION
from resources.model import Model, Question, capability_of

MODEL, FIRST_ANSWER = "model", "first_answer"  # whose words are delivered


def summarize(lake: Lake, records: IncidentRecords, model: Model, failures: Failures) -> Record:
    """The summary of the latest answer; made if there is none. Where it fails, the record says so."""
    number = latest_answer(records)
    if made := records.find(summary_key(number)):
        return made
    body: Mapping[str, Any] = _first_answer_stands("failed")
    with failures.attempt(f"summary of incident {records.incident_id}"):
        body = _summary(lake, records, number, model)
    return records.append("summary", summary_key(number), body)


def _summary(lake: Lake, records: IncidentRecords, number: int, model: Model) -> dict[str, Any]:
    evidence = records.find(f"evidence:{number}")
    assert evidence is not None, "an answer is taken from evidence of its number"
    if not lake.settings.is_summarised(records.tenant):
        return _first_answer_stands("not_wanted")
    settings, state = lake.settings.model, fold(records.all())
    selected = select(facts_of(evidence.body), settings.evidence_characters)
    if not {fact.kind for fact in selected.facts} & {EVENT, SUSPECT, TEMPLATE}:
        return _first_answer_stands("no_evidence")
    runbooks = [Runbook.from_json(each) for each in evidence.body.get("runbooks", ())]
    prompt = make_prompt(selected, runbooks, state.severity, settings.prompt, secrets.token_hex(16))

    asked_by = {"tenant": records.tenant, "incident_id": records.incident_id}
    outcome = descend(
        lake,
        records.tenant,
        model,
        lambda name: question_of(prompt, name, settings.max_output_tokens, asked_by),
        read_answer,
    )
    given = _given(prompt, selected, runbooks, state.severity) | {"parameters": _parameters(lake, outcome.model)}
    if outcome.answer is None:
        return _first_answer_stands(outcome.reason) | _asked(outcome) | given
    known = Known.of(selected.facts, runbooks, state.severity)
    return _told(outcome.answer, known) | _asked(outcome) | given


def question_of(
    prompt: Prompt,
    model: str,
    max_output_tokens: int,
    metadata: Mapping[str, str],
    answer: type[BaseModel] = Answer,
) -> Question:
    """A prompt as the question to a model, whose answer is to be in a schema."""
    return Question(
        model,
        prompt.system,
        prompt.before,
        prompt.data,
        prompt.after,
        schema_of(answer),
        prompt.name,
        max_output_tokens,
        metadata,
    )


def _parameters(lake: Lake, model: str) -> dict[str, Any]:
    settings = lake.settings.model
    return {
        "output": settings.output or capability_of(model).output,
        "max_output_tokens": settings.max_output_tokens,
        "evidence_characters": settings.evidence_characters,
        "guardrail": f"{settings.guardrail_id}:{settings.guardrail_version}" if settings.guardrail_id else "",
    }


def _told(answer: Answer, known: Known) -> dict[str, Any]:
    """What is delivered of an answer: what the check left, if a cause is among it."""
    checked = check(answer, known)
    reason = "" if checked.has_cause else "unsupported" if answer.probable_cause else "no_cause"
    return {
        "kind": FIRST_ANSWER if reason else MODEL,
        "reason": reason,
        "summary": dict(checked.summary),
        "verdicts": checked.verdicts_json(),
        "removed": checked.removed,
        "check_version": CHECK_VERSION,
    }


def _first_answer_stands(reason: str) -> dict[str, Any]:
    return {"kind": FIRST_ANSWER, "reason": reason, "summary": None, "verdicts": [], "removed": 0}


def _asked(outcome: Outcome[Answer]) -> dict[str, Any]:
    return {"model": outcome.model, "raw": outcome.raw, "tried": [step.to_json() for step in outcome.tried]}


def _given(prompt: Prompt, selected: Selected, runbooks: Sequence[Runbook], severity: str) -> dict[str, Any]:
    """What the model was given, so that a replay can give and check the same."""
    return {
        "prompt": {"version": prompt.version, "nonce": prompt.nonce, "hash": prompt.digest},
        "severity": severity,
        "facts": [fact.id for fact in selected.facts],
        "left_out": [list(each) for each in selected.left_out],
        "runbooks": [each.to_json() for each in runbooks],
    }
