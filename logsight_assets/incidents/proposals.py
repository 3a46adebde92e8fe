"""What runbooks propose to do about an incident, and how far each of it is: pure, over the incident's state."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from logsight_assets.incidents.runbooks import Runbook, RunbookAction
from logsight_assets.incidents.state import IncidentState
from resources.actions import in_words

PROPOSED, APPROVED, BEGUN, DONE, FAILED = "proposed", "approved", "begun", "done", "failed"


@dataclass(frozen=True)
class Proposal:
    """An action of a runbook that an incident was given, and how far it is."""

    runbook: Runbook
    action: RunbookAction
    stage: str

    @property
    def key(self) -> str:
        return _key(self.name)

    @property
    def name(self) -> str:
        """What a person approves it by."""
        return f"{self.runbook.name}/{self.action.name}"

    @property
    def words(self) -> str:
        """`scale payment to 3`."""
        return in_words(self.action.type, self.action.service, self.action.count)


@dataclass(frozen=True)
class ToldAction:
    """An action in words. Names of runbooks and services are not yet made safe to show."""

    text: str  # which, what it does, how far it is
    told: str  # what came of it, as whatever carried it out said


def proposals(state: IncidentState) -> Iterator[Proposal]:
    """What the runbooks of an incident propose."""
    for held in state.evidence.get("runbooks", ()):
        runbook = Runbook.from_json(held)
        for action in runbook.front.actions:
            known = state.actions.get(_key(f"{runbook.name}/{action.name}"))
            yield Proposal(runbook, action, known.stage if known else PROPOSED)


def told_actions(state: IncidentState) -> Iterator[ToldAction]:
    """What was approved, also of a runbook that the latest answer no longer has; then what is proposed."""
    offered = {proposal.key: f"{proposal.name}, {proposal.words}" for proposal in proposals(state)}
    for key, known in state.actions.items():
        what = offered.get(key, key.removeprefix(_key("")).replace(":", "/"))
        # Nobody repeats what was begun; a run that was killed then leaves it open.
        stage = f"{BEGUN}, whether it was done is not known" if known.stage == BEGUN else known.stage
        yield ToldAction(f"{what}: {stage}, approved by {known.by}", known.told)
    yield from (ToldAction(f"{what}: {PROPOSED}", "") for key, what in offered.items() if key not in state.actions)


def _key(name: str) -> str:
    """The key of an action's records, without the stage."""
    return "action:" + name.replace("/", ":")
