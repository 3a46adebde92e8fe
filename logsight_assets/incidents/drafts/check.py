"""What a model may draft, and which of its steps stand: like statements of a summary, but that they tell what to do.

Pure. A step names facts, holds no name and no number that they do not hold, and repeats no run of their words; links,
commands and markup have no place in it, and it neither plays down nor silences anything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from logsight_assets.incidents.summary.check import KEPT, REMOVED, Verdict
from logsight_assets.incidents.summary.fact import Fact
from logsight_assets.incidents.summary.plain import fault
from logsight_assets.incidents.summary.schema import MalformedAnswer, Statement
from logsight_assets.incidents.summary.support import unsupported
from logsight_assets.visible import visible

_DIRECTIVE = "directive"  # the one rule of statements that steps are free of
_PLAYS_DOWN = re.compile(
    r"\b(?:ignor\w*|disregard\w*|forget|silenc\w*|mut(?:e|es|ed|ing)|suppress\w*|dismiss\w*|disabl\w*|nothing to do|"
    r"no(?: further)? action|safe to|false (?:alarm|positive)s?|stand down|harmless|no (?:hurry|rush)|can wait|"
    r"postpon\w*|tomorrow|until (?:the )?(?:next )?(?:day|morning|monday|week)|leave\w* \S+ alone|"
    r"click|visit|download|install|"
    r"prompt|instructions?|password|passwd|secrets?|credentials?|api keys?|private keys?)\b",
    re.IGNORECASE,
)


class DraftedStep(BaseModel):
    """One step."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    text: str = Field(min_length=1, description="one plain sentence: what to look at, compare or do")
    evidence: list[str] = Field(max_length=12, description="ids of the facts that suggest it, such as T1")


class Drafted(BaseModel):
    """All that a model may say of a runbook."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    steps: list[DraftedStep] = Field(max_length=12, description="in the order in which they are done")


@dataclass(frozen=True)
class Kept:
    """What is left of a draft."""

    steps: tuple[str, ...]
    verdicts: tuple[Verdict, ...]


def read_draft(text: str) -> Drafted:
    """The draft in a JSON document; MalformedAnswer if it is none."""
    try:
        return Drafted.model_validate_json(text)
    except (ValidationError, RecursionError):
        raise MalformedAnswer("not in the schema") from None


def check_draft(drafted: Drafted, facts: Mapping[str, Fact]) -> Kept:
    """Keep the steps that their facts support."""
    services = frozenset(service for fact in facts.values() for service in fact.services)
    verdicts, steps = [], list[str]()
    for number, step in enumerate(drafted.steps):
        reason = _fault(step, facts, services, " ".join(steps))
        verdicts.append(Verdict(f"steps.{number}", REMOVED if reason else KEPT, reason or "", visible(step.text)[:500]))
        if not reason:
            steps.append(step.text)
    return Kept(tuple(steps), tuple(verdicts))


def _fault(step: DraftedStep, facts: Mapping[str, Fact], services: frozenset[str], before: str) -> str | None:
    found = fault(step.text)
    if found not in (None, _DIRECTIVE):
        return found
    if _PLAYS_DOWN.search(step.text):
        return "plays_down"
    statement = Statement(text=step.text, evidence=step.evidence, quotes=[])
    return unsupported(statement, facts, services, has_subject=True, before=before)
