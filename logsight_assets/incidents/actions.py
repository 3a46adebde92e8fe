"""Actions of runbooks: proposed by a matching runbook, approved by a named person, carried out once.

Each stage is a record. `begun` is written before anything is done and by one run alone, so an act is never done twice;
whoever is killed between `begun` and the end leaves it unknown, which the timeline shows, and nobody repeats it.
"""

from __future__ import annotations

import secrets

from logsight_assets.errors import UsageError
from logsight_assets.failures import told
from logsight_assets.incidents.handover import hand_over
from logsight_assets.incidents.overview import refresh_rows
from logsight_assets.incidents.proposals import APPROVED, BEGUN, DONE, FAILED, Proposal, proposals
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.runbooks import FOLDER, Runbook, read_runbooks
from logsight_assets.incidents.state import fold
from logsight_assets.lake import Lake
from resources.actions import Act, Actor


def approve(lake: Lake, records: IncidentRecords, name: str, actor: Actor, who: str, why: str = "") -> str:
    """Approve an action, `runbook/action`, and have it carried out; what was done.

    UsageError where actions are off, nobody is named, nothing of that name is proposed, it was approved before, or its
    runbook is another one than the incident was given.
    """
    if not lake.settings.incidents.actions:
        raise UsageError("actions are off: set incidents.actions, and see docs/runbooks.md for what that allows")
    if not who.strip():
        raise UsageError("approve: name who approves it, with --by")
    proposal = next((each for each in proposals(fold(records.all())) if each.name == name), None)
    if proposal is None:
        raise UsageError(
            f"action {name[:80]!r}: no runbook of this incident proposes it; see `logsight incidents show`"
        )
    current = _as_it_is(lake, proposal.runbook.name)
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


def _as_it_is(lake: Lake, name: str) -> Runbook | None:
    """The runbook of today's file; UsageError if that is wrong: another's that is wrong stops nobody."""
    declared = read_runbooks(lake.config / FOLDER)
    if wrong := declared.wrong.get(name):
        raise UsageError(f"{wrong.error}; correct it, then approve")
    return declared.by_name.get(name)


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
