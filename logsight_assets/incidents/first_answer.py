"""The first answer: who is suspected, which lines show it, and whether the logs show anything at all.

Deterministic: the same rows give the same answer, and nothing here reads a clock. Its words are ours; what comes from
log lines (templates, names of services) is data and shown as such.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from logsight_assets.incidents.examples import Example
from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.ranking import Ranked, Ranking
from logsight_assets.incidents.reliability import reliability_of
from logsight_assets.incidents.signals.attributes import Telling
from logsight_assets.incidents.signals.findings import NAMED, Finding

EXPLAINED, NOT_IN_LOGS, INCOMPLETE = "explained", "not_in_logs", "incomplete"
# From this score on the first suspect is an explanation; see docs/decisions/0011-first-answer.md for what it costs.
SUFFICIENT = 0.37
_FAINT = 0.05  # findings and suspects below it are not shown
_MOST_SUSPECTS, _MOST_TEMPLATES, _MOST_REASONS = 10, 15, 5


@dataclass(frozen=True)
class Suspect:
    """A service as cause."""

    service: str
    score: float  # 0 … 1, ordered like the likelihood; `reliability` says how often such a first suspect was the cause
    reliability: float
    reasons: tuple[str, ...]  # strongest first


@dataclass(frozen=True)
class ChangedTemplate:
    """A template whose lines came otherwise than before."""

    template_id: str
    template: str
    service: str
    change: str  # new, surging, stopped or slower
    strength: float
    count_before: int
    count_during: int
    since_unix_nano: int | None  # when the change began, as far as slices of time tell
    example_event_ids: tuple[str, ...]


@dataclass(frozen=True)
class FirstAnswer:
    """All of it; `to_json` is the public shape."""

    verdict: str
    suspects: tuple[Suspect, ...]
    templates: tuple[ChangedTemplate, ...]
    first_change_unix_nano: int | None  # of the lines above, the one that changed first
    first_change_service: str | None
    shared_attributes: tuple[Telling, ...]  # of the first suspect's failing events, which its healthy ones lack

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries."""
        return asdict(self)


def answer(
    observed: Observed,
    ranking: Ranking,
    examples: Mapping[int, Sequence[Example]],
    attributes: Sequence[Telling],
    *,
    is_complete: bool,
) -> FirstAnswer:
    """Put it into words. Without sufficient evidence, `is_complete` decides between the other two verdicts: whether all
    that could show a cause was there, and nothing is known that the logs would have to show.
    """
    shown = [ranked for ranked in ranking.suspects if ranked.score >= _FAINT][:_MOST_SUSPECTS]
    templates = _once(_changed(observed, finding, examples.get(_template(finding), ())) for finding in changes(ranking))
    began = [each for each in templates if each.since_unix_nano is not None and each.strength >= SUFFICIENT]
    first = min(began, key=lambda each: (each.since_unix_nano, -each.strength), default=None)
    sufficient = bool(shown) and shown[0].score >= SUFFICIENT
    return FirstAnswer(
        EXPLAINED if sufficient else NOT_IN_LOGS if is_complete else INCOMPLETE,
        tuple(_suspect(observed, ranked) for ranked in shown),
        templates,
        first.since_unix_nano if first else None,
        first.service if first else None,
        tuple(attributes),
    )


def changes(ranking: Ranking) -> list[Finding]:
    """Findings about a template, best evidence first; each template once."""
    best: dict[int, Finding] = {}
    for finding in ranking.findings:
        if finding.template is not None and finding.kind != NAMED and finding.strength >= _FAINT:
            best.setdefault(finding.template, finding)
    return list(best.values())[:_MOST_TEMPLATES]


def _once(changed: Iterable[ChangedTemplate]) -> tuple[ChangedTemplate, ...]:
    """Each template by its best finding: lines of two places in the code may have one, and change otherwise."""
    best: dict[tuple[str, str], ChangedTemplate] = {}
    for each in changed:
        best.setdefault((each.service, each.template_id), each)
    return tuple(best.values())


def _template(finding: Finding) -> int:
    return -1 if finding.template is None else finding.template


def _changed(observed: Observed, finding: Finding, examples: Sequence[Example]) -> ChangedTemplate:
    template = observed.templates[_template(finding)]
    ids = [example.event_id for example in examples]
    if finding.example:
        ids = [finding.example, *(each for each in ids if each != finding.example)]
    return ChangedTemplate(
        template.template_id,
        template.text,
        observed.services[template.service],
        finding.kind,
        round(finding.strength, 3),
        finding.count_before,
        finding.count_during,
        finding.since_nano,
        tuple(ids),
    )


def _suspect(observed: Observed, ranked: Ranked) -> Suspect:
    reasons = [_reason(observed, finding) for finding in ranked.findings if finding.strength >= _FAINT]
    return Suspect(
        observed.services[ranked.service],
        round(ranked.score, 3),
        reliability_of(ranked.score),
        tuple(dict.fromkeys(reasons))[:_MOST_REASONS],
    )


def _reason(observed: Observed, finding: Finding) -> str:
    if finding.template is None or finding.example:
        return f"{finding.kind}: {finding.reason}"
    return f"{finding.kind}: {finding.reason}: {observed.templates[finding.template].text[:160]}"
