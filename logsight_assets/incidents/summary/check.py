"""The check: each statement of a model's answer is kept or removed, with the reason, by code alone.

Pure: an answer and the facts that were shown give the same verdicts at any time, so a replay proves them. What was
removed is counted and stored with its reason; it is delivered to nobody as a claim.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from logsight_assets.incidents.runbooks import Runbook
from logsight_assets.incidents.summary.fact import ALARM, SUSPECT, Fact
from logsight_assets.incidents.summary.plain import fault, is_name
from logsight_assets.incidents.summary.schema import Answer, Cause, LookAt, Statement, Step
from logsight_assets.incidents.summary.spoken import Spoken
from logsight_assets.incidents.summary.stance import misstated
from logsight_assets.incidents.summary.support import claim, unsupported
from logsight_assets.incidents.summary.trend_pairs import errors_ended
from logsight_assets.visible import visible

KEPT, REMOVED = "kept", "removed"
LEVELS = ("low", "medium", "high", "critical")


@dataclass(frozen=True)
class Verdict:
    """What became of one statement or choice."""

    place: str  # in the answer, such as claims.2
    verdict: str  # KEPT or REMOVED
    reason: str  # why it was removed, or ''
    text: str  # what it said, made visible


@dataclass(frozen=True)
class Known:
    """What an answer may speak of."""

    facts: Mapping[str, Fact]  # those that were shown, by id
    runbooks: Mapping[str, Runbook]  # approved and matching, by name
    severity: str  # of the incident, by its alarms

    @classmethod
    def of(cls, facts: Sequence[Fact], runbooks: Sequence[Runbook], severity: str) -> Known:
        return cls({fact.id: fact for fact in facts}, {each.name: each for each in runbooks}, severity)

    @property
    def services(self) -> frozenset[str]:
        return frozenset(service for fact in self.facts.values() for service in fact.services)

    @property
    def alarmed(self) -> frozenset[str]:
        """The services whose errors make the incident what it is: the alarm's, and that of the first suspect."""
        shown = self.facts.values()
        alarm = frozenset(service for fact in shown if fact.kind == ALARM for service in fact.services)
        first = next((fact.services for fact in shown if fact.kind == SUSPECT), frozenset[str]())
        return alarm | first


@dataclass(frozen=True)
class Checked:
    """What is left of an answer; its shape is the answer's."""

    summary: Mapping[str, Any]
    verdicts: tuple[Verdict, ...]

    @property
    def has_cause(self) -> bool:
        return self.summary["probable_cause"] is not None

    @property
    def removed(self) -> int:
        return sum(verdict.verdict == REMOVED for verdict in self.verdicts)

    def verdicts_json(self) -> list[dict[str, Any]]:
        return [asdict(verdict) for verdict in self.verdicts]


def check(answer: Answer, known: Known) -> Checked:
    """Keep what its evidence supports. The incident's severity is its alarms'; the model's stands beside it."""
    judge = _Judge(known)
    cause = judge.cause("probable_cause", answer.probable_cause) if answer.probable_cause else None
    summary = {
        "summary": judge.statements("summary", answer.summary),
        "probable_cause": cause,
        # Without a cause there is nothing that one can be confident of.
        "confidence": answer.confidence if cause else "low",
        "severity": judge.severity(answer),
        "excluded_causes": [
            kept
            for number, each in enumerate(answer.excluded_causes)
            if (kept := judge.cause(f"excluded_causes.{number}", each, cause)) is not None
        ],
        "claims": judge.statements("claims", answer.claims),
        "runbook_steps": judge.choices("runbook_steps", answer.runbook_steps, judge.step_fault),
        "look_at": judge.choices("look_at", answer.look_at, judge.look_fault),
        "missing_data": judge.choices("missing_data", answer.missing_data, judge.service_fault),
    }
    return Checked(summary, tuple(judge.verdicts))


class _Judge:
    """Gives verdicts and remembers them."""

    def __init__(self, known: Known) -> None:
        self._known = known
        self.verdicts: list[Verdict] = []
        self._cause = ""  # that was kept, which nothing after it may deny
        self._before = ""  # the statements of a list that were kept so far

    def statements(self, place: str, statements: Sequence[Statement]) -> list[dict[str, Any]]:
        kept = []
        for number, each in enumerate(statements):
            if (found := self._statement(f"{place}.{number}", each)) is not None:
                kept.append(found)
                self._before += f" {each.text}"
        return kept

    def cause(self, place: str, cause: Cause, main: Mapping[str, Any] | None = None) -> dict[str, Any] | None:
        """A cause, excluded ones beside the `main` one: of a service that a cited fact is about."""
        cited = [self._known.facts[name] for name in cause.statement.evidence if name in self._known.facts]
        reason = self._fault(cause.statement, cause.service)
        if not any(cause.service in fact.services for fact in cited):
            reason = reason or "service_not_in_evidence"
        if not is_name(cause.service):
            reason = reason or "service_is_no_name"
        if main is not None and main["service"] == cause.service:
            reason = reason or "contradicts_the_cause"
        if not self._told(place, reason, f"{cause.service}: {cause.statement.text}"):
            return None
        self._cause = self._cause or cause.service
        return {"service": cause.service, "statement": cause.statement.model_dump()}

    def severity(self, answer: Answer) -> dict[str, Any] | None:
        """The model's opinion, if its statement stands; one below the incident's needs rows in which errors end."""
        said = answer.severity
        reason = self._fault(said.statement)
        if LEVELS.index(said.level) < LEVELS.index(self._known.severity) and not reason:
            facts = [self._known.facts[name] for name in said.statement.evidence]
            reason = None if errors_ended(facts, self._known.alarmed) else "lowers_severity"
        if not self._told("severity", reason, f"{said.level}: {said.statement.text}"):
            return None
        return {"level": said.level, "statement": said.statement.model_dump()}

    def choices(self, place: str, choices: Sequence[Any], fault_of: Any) -> list[dict[str, Any]]:
        kept = []
        for number, choice in enumerate(choices):
            shown = " ".join(str(value) for value in choice.model_dump().values())
            if self._told(f"{place}.{number}", fault_of(choice), shown):
                kept.append(choice.model_dump())
        return kept

    def step_fault(self, step: Step) -> str | None:
        runbook = self._known.runbooks.get(step.runbook)
        return None if runbook and step.step <= len(runbook.steps) else "unknown_runbook_step"

    def look_fault(self, look: LookAt) -> str | None:
        if not look.evidence or any(name not in self._known.facts for name in look.evidence):
            return "unknown_evidence"
        return self.service_fault(look)

    def service_fault(self, choice: Any) -> str | None:
        if not is_name(choice.service):
            return "service_is_no_name"
        return None if choice.service in self._known.services else "unknown_service"

    def _statement(self, place: str, statement: Statement) -> dict[str, Any] | None:
        reason = self._fault(statement)
        return statement.model_dump() if self._told(place, reason, statement.text) else None

    def _fault(self, statement: Statement, subject: str = "") -> str | None:
        """Why a statement does not stand; one about a `subject`, a cause or none, need not name it."""
        facts, services = self._known.facts, self._known.services
        reason = fault(statement.text, services)
        reason = reason or unsupported(statement, facts, services, has_subject=bool(subject), before=self._before)
        if reason:
            return reason
        return misstated(Spoken(claim(statement, facts, services), self._cause or subject, subject))

    def _told(self, place: str, reason: str | None, text: str) -> bool:
        self.verdicts.append(Verdict(place, REMOVED if reason else KEPT, reason or "", visible(text)[:500]))
        return reason is None
