"""Drafting a runbook from an incident, and approving it: both are records of the incident.

A draft lies in its record and nowhere else, so nothing can match, cite or propose it. Once a named person approves it,
it becomes a file beside the runbooks that people wrote, and is one of them.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from logsight_assets.errors import ConfigurationError, UsageError
from logsight_assets.incidents.drafts.check import Drafted, check_draft, read_draft
from logsight_assets.incidents.drafts.draft import Draft, steps_without_a_model
from logsight_assets.incidents.overview import refresh_rows
from logsight_assets.incidents.records import IncidentRecords, Record
from logsight_assets.incidents.runbooks import FOLDER, parse_runbook
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.summary.check import REMOVED
from logsight_assets.incidents.summary.due import latest_answer
from logsight_assets.incidents.summary.fact import Fact
from logsight_assets.incidents.summary.facts import facts_of
from logsight_assets.incidents.summary.ladder import Outcome, descend
from logsight_assets.incidents.summary.prompt import Prompt, make_prompt
from logsight_assets.incidents.summary.select import select
from logsight_assets.incidents.summary.summarize import question_of
from logsight_assets.lake import Lake
from resources.model import Model

PROMPT, PROMPT_VERSION = "runbook_draft", "1"
DRAFTED, APPROVED = "drafted", "approved"  # stages


def make_draft(lake: Lake, records: IncidentRecords, model: Model | None, who: str) -> Record:
    """The draft of an incident's latest answer; made if there is none, without a model where none can be asked.

    UsageError for an incident without an answer, or a draft that nobody asks for.
    """
    _named(who)
    number = latest_answer(records)
    if not number:
        raise UsageError(f"incident {records.incident_id} has no answer yet: there is nothing to draft from")
    key = f"draft:{number}"
    if made := records.find(key):
        return made
    state = fold(records.all())
    steps, told = _by_model(lake, records, number, model)
    draft = Draft.of(records.incident_id, state, steps or steps_without_a_model(state))
    record = records.append(
        "runbook", key, {"stage": DRAFTED, "name": draft.name, "draft": draft.to_json(), **told}, who
    )
    refresh_rows(lake, records.tenant, [records.incident_id])
    return record


def _by_model(
    lake: Lake, records: IncidentRecords, number: int, model: Model | None
) -> tuple[Sequence[str], dict[str, Any]]:
    """Steps that stand, and what is kept of asking; no steps where no model is asked or none of its steps stands."""
    if model is None:
        return (), _without("no_model")
    if not lake.settings.is_summarised(records.tenant):
        return (), _without("not_wanted")
    evidence = records.find(f"evidence:{number}")
    assert evidence is not None, "an answer is taken from evidence of its number"
    settings = lake.settings.model
    selected = select(facts_of(evidence.body), settings.evidence_characters)
    severity = fold(records.all()).severity
    prompt = make_prompt(selected, [], severity, PROMPT_VERSION, secrets.token_hex(16), PROMPT)
    asked_by = {"tenant": records.tenant, "incident_id": records.incident_id}
    outcome = descend(
        lake,
        records.tenant,
        model,
        lambda name: question_of(prompt, name, settings.max_output_tokens, asked_by, Drafted),
        read_draft,
    )
    return _checked(outcome, prompt, selected.facts)


def _checked(outcome: Outcome[Drafted], prompt: Prompt, facts: Sequence[Fact]) -> tuple[Sequence[str], dict[str, Any]]:
    asked = {
        "prompt": {"version": prompt.version, "nonce": prompt.nonce, "hash": prompt.digest},
        "raw": outcome.raw,
        "tried": [step.to_json() for step in outcome.tried],
        "facts": [fact.id for fact in facts],
    }
    if outcome.answer is None:
        return (), _without(outcome.reason) | asked
    kept = check_draft(outcome.answer, {fact.id: fact for fact in facts})
    removed = sum(verdict.verdict == REMOVED for verdict in kept.verdicts)
    told = {
        "model": outcome.model if kept.steps else "",
        "reason": "" if kept.steps else "unsupported",
        "verdicts": [asdict(verdict) for verdict in kept.verdicts],
        "removed": removed,
    }
    return kept.steps, told | asked


def _without(reason: str) -> dict[str, Any]:
    """`reason` is a key of words.REASONS."""
    return {"model": "", "reason": reason, "verdicts": [], "removed": 0}


def latest_draft(records: IncidentRecords) -> Record | None:
    """The last draft of an incident that was not erased."""
    drafts = [each for each in records.all() if each.kind == "runbook" and each.body.get("draft")]
    return drafts[-1] if drafts else None


def approve_draft(lake: Lake, records: IncidentRecords, who: str, why: str = "") -> Path:
    """Make the latest draft of an incident a runbook; its file. The same call ends one that was killed.

    UsageError where there is no draft, or another runbook has its name; ConfigurationError where nobody may write.
    """
    _named(who)
    held = latest_draft(records)
    if held is None:
        raise UsageError(f"incident {records.incident_id} has no draft; make one with `logsight runbooks draft`")
    draft = Draft.from_json(held.body["draft"])
    file = lake.config / FOLDER / f"{draft.name}.md"
    approval = records.find(f"approved:{draft.name}")
    if approval is None and file.exists():
        raise UsageError(f"{file}: is there already; remove or rename it, then approve the draft again")
    approval = approval or records.append("runbook", f"approved:{draft.name}", _approval(draft, why), who)
    text = draft.markdown(approval.by, datetime.fromisoformat(approval.time).date())
    parse_runbook(draft.name, text.encode(), str(file))
    _written(file, text)
    refresh_rows(lake, records.tenant, [records.incident_id])
    return file


def _approval(draft: Draft, why: str) -> Mapping[str, Any]:
    return {"stage": APPROVED, "name": draft.name, "why": why}


def _named(who: str) -> None:
    if not who.strip() or len(who) > 200:
        raise UsageError("runbooks: name who does it, with --by and at most 200 characters")


def _written(file: Path, text: str) -> None:
    """Put the file whole, and never over another one."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, staged = tempfile.mkstemp(dir=file.parent, prefix=".", suffix=".draft")
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(text)
        Path(staged).chmod(0o644)
        try:
            os.link(staged, file)
        except FileExistsError:
            if file.read_text(encoding="utf-8") != text:
                raise UsageError(f"{file}: is there already, and is another one; rename it") from None
        finally:
            Path(staged).unlink()
    except OSError as error:
        raise ConfigurationError(
            f"{file}: cannot be written ({error.strerror}); put the text of `logsight runbooks draft` there by hand"
        ) from error
