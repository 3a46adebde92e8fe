"""Models and prompts compared on a labelled set, by what is left of their answers after the check.

No score comes from a model: the cause that stands is compared with the truth, by name. Each call is in the ledger, of
the platform, and within its budget.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from logsight_assets.incidents.runbooks import Runbook
from logsight_assets.incidents.summary.check import KEPT, Known, check
from logsight_assets.incidents.summary.facts import facts_of
from logsight_assets.incidents.summary.labelled import Case
from logsight_assets.incidents.summary.ladder import ask_within_budget
from logsight_assets.incidents.summary.prompt import make_prompt
from logsight_assets.incidents.summary.schema import read_answer
from logsight_assets.incidents.summary.select import select
from logsight_assets.incidents.summary.summarize import question_of
from logsight_assets.lake import PLATFORM, Lake
from resources.model import Model

FIRST_ANSWER = "first answer"


@dataclass(frozen=True)
class Outcome:
    """What came of one case."""

    case: str
    is_answered: bool  # in the schema
    reason: str  # why there is no answer, or ''
    cause: str | None  # that stands
    is_right: bool  # the cause, or that there is none to be seen
    statements: int = 0
    kept: int = 0
    cost_micro_usd: int = 0


@dataclass(frozen=True)
class Scored:
    """A model with a prompt over all cases, or the first answer, which they have to beat."""

    model: str
    prompt: str
    outcomes: tuple[Outcome, ...]

    def to_json(self) -> dict[str, Any]:
        """Shares are of all cases; those of statements of all that were made; None where there is nothing to share."""
        count = len(self.outcomes)
        made, kept = sum(each.statements for each in self.outcomes), sum(each.kept for each in self.outcomes)
        wrong = sum(each.cause is not None and not each.is_right for each in self.outcomes)
        return {
            "model": self.model,
            "prompt": self.prompt,
            "cases": count,
            "answered_ratio": round(sum(each.is_answered for each in self.outcomes) / count, 3),
            "right_ratio": round(sum(each.is_right for each in self.outcomes) / count, 3),
            "wrong_cause_ratio": round(wrong / count, 3),
            "kept_ratio": round(kept / made, 3) if made else None,
            "cost_micro_usd": sum(each.cost_micro_usd for each in self.outcomes),
            "outcomes": [asdict(each) for each in self.outcomes],
        }


def score_first_answers(cases: Sequence[Case]) -> Scored:
    """What the first answers say: the line to beat."""
    found = [(case, case.first_suspect) for case in cases]
    return Scored(
        FIRST_ANSWER, "", tuple(Outcome(case.name, True, "", cause, cause == case.cause) for case, cause in found)
    )


def score(lake: Lake, cases: Sequence[Case], model: Model, name: str, prompt: str) -> Scored:
    """Ask one model with one prompt about each case."""
    return Scored(name, prompt, tuple(_outcome(lake, case, model, name, prompt) for case in cases))


def _outcome(lake: Lake, case: Case, model: Model, name: str, version: str) -> Outcome:
    settings = lake.settings.model
    selected = select(facts_of(case.evidence), settings.evidence_characters)
    runbooks = [Runbook.from_json(each) for each in case.evidence.get("runbooks", ())]
    prompt = make_prompt(selected, runbooks, case.severity, version, secrets.token_hex(16))
    question = question_of(prompt, name, settings.max_output_tokens, {"evaluation": "yes"})
    step, answer, _ = ask_within_budget(lake, PLATFORM, model, question, read_answer)
    if answer is None:
        return Outcome(case.name, False, step.reason, None, False, cost_micro_usd=step.cost_micro_usd)
    checked = check(answer, Known.of(selected.facts, runbooks, case.severity))
    stands = checked.summary["probable_cause"]
    cause = stands["service"] if stands else None
    kept = sum(verdict.verdict == KEPT for verdict in checked.verdicts)
    return Outcome(case.name, True, "", cause, cause == case.cause, len(checked.verdicts), kept, step.cost_micro_usd)
