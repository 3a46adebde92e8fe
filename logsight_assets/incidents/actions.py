"""Actions of runbooks: proposed by a matching runbook, approved by a named person, carried out once.

Each stage is a record. `begun` is written before anything is done and by one run alone, so an act is never done twice;
whoever is killed between `begun` and the end leaves it unknown, which the timeline shows, and nobody repeats it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

from logsight_assets.errors import UsageError
from logsight_assets.failures import told
from logsight_assets.incidents.handover import hand_over
from logsight_assets.incidents.overview import refresh_rows
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.runbooks import FOLDER, Runbook, RunbookAction, load_runbooks
from logsight_assets.incidents.state import fold
from logsight_assets.lake import Lake
from resources.actions import Act, Actor

PROPOSED, APPROVED, BEGUN, DONE, FAILED = "proposed", "approved", "begun", "done", "failed"


@dataclass(frozen=True)
class Proposal:
    """An action of a runbook that an incident was given, and how far it is."""

    runbook: Runbook
    action: RunbookAction
    stage: str

    @property
    def key(self) -> str:
        return f"action:{self.runbook.name}:{self.action.name}"


def proposals(records: IncidentRecords) -> Iterator[Proposal]:
    """What the runbooks of an incident propose."""
    stages = {
        record.key.rpartition(":")[0]: record.body["stage"] for record in records.all() if record.kind == "action"
    }
    for held in fold(records.all()).evidence.get("runbooks", ()):
        runbook = Runbook.from_json(held)
        for action in runbook.front.actions:
            proposal = Proposal(runbook, action, PROPOSED)
            yield Proposal(runbook, action, stages.get(proposal.key, PROPOSED))


def approve(lake: Lake, records: IncidentRecords, name: str, actor: Actor, who: str, why: str = "") -> str:
    """Approve an action, `runbook/action`, and have it carried out; what was done.

    UsageError where actions are off, nobody is named, nothing of that name is proposed, it was approved before, or its
    runbook is another one than the incident was given.
    """
    if not lake.settings.incidents.actions:
        raise UsageError("actions are off: set incidents.actions, and see docs/runbooks.md for what that allows")
    if not who.strip():
        raise UsageError("approve: name who approves it, with --by")
    proposal = next((each for each in proposals(records) if f"{each.runbook.name}/{each.action.name}" == name), None)
    if proposal is None:
        raise UsageError(
            f"action {name[:80]!r}: no runbook of this incident proposes it; see `logsight incidents show`"
        )
    current = {each.name: each for each in load_runbooks(lake.config / FOLDER)}.get(proposal.runbook.name)
    if current is None or not current.is_approved or current.content_hash != proposal.runbook.content_hash:
        raise UsageError(f"runbook {proposal.runbook.name}: has changed since the incident was given it; look again")
    token = secrets.token_hex(8)
    body = {"runbook": proposal.runbook.name, "action": proposal.action.name, "hash": proposal.runbook.content_hash}
    records.append("action", f"{proposal.key}:{APPROVED}", {**body, "stage": APPROVED, "why": why}, who)
    begun = records.append("action", f"{proposal.key}:{BEGUN}", {**body, "stage": BEGUN, "token": token}, who)
    if begun.body["token"] != token:
        raise UsageError(f"action {name}: was approved by {begun.by} before; an action is carried out once")
    told_of = _carried_out(records, proposal, actor, body)
    hand_over(lake, records)
    refresh_rows(lake, records.tenant, [records.incident_id])
    return told_of


def _carried_out(records: IncidentRecords, proposal: Proposal, actor: Actor, body: dict[str, str]) -> str:
    action = proposal.action
    act = Act(f"{records.incident_id}:{proposal.key}", action.type, action.service, action.count)
    stage, outcome = FAILED, ""
    try:
        outcome, stage = actor.do(act), DONE
    except Exception as error:  # noqa: BLE001 - whatever it stumbled over is the outcome
        outcome = told(error)
    records.append("action", f"{proposal.key}:ended", {**body, "stage": stage, "told": outcome})
    return f"{stage}: {outcome}"
