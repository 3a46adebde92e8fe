"""From findings to suspects: services ranked as causes, and findings ranked as evidence.

A service's findings add up; its place among the others then decides how much of that is cause and how much is effect:
who deviates only after another one did merely passes the failure on, and who never meets the alarm's service in a
trace cannot have caused what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.signals.chains import Chains, chains
from logsight_assets.incidents.signals.findings import NAMED, NEW, SILENT, SLOWER, SURGING, Finding
from logsight_assets.incidents.signals.gaps import slower
from logsight_assets.incidents.signals.latency import latencies
from logsight_assets.incidents.signals.naming import named
from logsight_assets.incidents.signals.silence import silences
from logsight_assets.incidents.signals.stopped import stopped
from logsight_assets.incidents.signals.surges import surges
from logsight_assets.incidents.windows import SLICES

# An alarm goes off some datapoints after the beginning: what is normal ends at the window's start, or in its middle.
STARTS = (0, SLICES // 2)
_MOST_ADDED = 4  # findings of a service that count, each half as much as the one before
_FOLLOWER = 0.6  # of a score is lost by who always deviates after another
_STRANGER = 0.4  # of it is left to who never meets the alarm's service
_SYMPTOM = 0.9  # of it is left to the alarm's own service: it shows the symptom whatever the cause is
_SPEAKER = 0.6  # of a failure's strength is left to who logs it, if it names another service
_WAITER = 0.5  # of its latency is left to who calls a service that is slow itself


@dataclass(frozen=True)
class Ranked:
    """A service with what was found about it; scores are 0 … 1."""

    service: int
    score: float
    findings: tuple[Finding, ...]  # strongest first


@dataclass(frozen=True)
class Ranking:
    """Both in order: the likeliest cause and the best evidence first."""

    suspects: tuple[Ranked, ...]
    findings: tuple[Finding, ...]


def rank(observed: Observed, symptoms: Sequence[int]) -> Ranking:
    """Everything found, ranked; `symptoms` are the services that the alarm names."""
    findings = find(observed)
    links = chains(observed, findings, symptoms, observed.window.start)
    namers = {finding.template for finding in findings if finding.kind == NAMED}
    suspects = []
    for service in sorted({finding.service for finding in findings}):
        own = [finding for finding in findings if finding.service == service]
        weights = [_own_share(finding, namers, links, findings) for finding in own]
        calm = [f.template is not None and f.kind in (NEW, SURGING) and observed.gravity[f.template] < 0.3 for f in own]
        strengths = [f.strength * w for f, w in zip(own, weights, strict=True)]
        grave = [strength for strength, is_calm in zip(strengths, calm, strict=True) if not is_calm]
        # Calm lines come together, as one path of the code: they are one sign, not many.
        best_calm = max((strength for strength, is_calm in zip(strengths, calm, strict=True) if is_calm), default=0.0)
        score = _sum(sorted([*grave, best_calm], reverse=True))
        suspects.append(Ranked(service, score * _place(links, service, symptoms), tuple(own)))
    suspects.sort(key=lambda suspect: (-suspect.score, suspect.service))
    score_of = {suspect.service: suspect.score for suspect in suspects}
    top = max(score_of.values(), default=0.0) or 1.0
    order = sorted(
        findings, key=lambda f: (-f.strength * (0.4 + 0.6 * score_of[f.service] / top), f.service, f.template or -1)
    )
    return Ranking(tuple(suspects), tuple(order))


def find(observed: Observed) -> list[Finding]:
    """All findings, strongest first; each thing once, from the start of the incident that shows it best."""
    found: dict[tuple[str, int, int | None], Finding] = {}
    for start in STARTS:
        nano = observed.window.start + start * observed.window.slice_ns
        _keep_strongest(found, surges(observed, start))
        _keep_strongest(found, stopped(observed, start))
        _keep_strongest(found, slower(observed, nano))
    _keep_strongest(found, latencies(observed))
    _keep_strongest(found, silences(observed))
    _keep_strongest(found, named(observed, list(found.values())))
    return sorted(found.values(), key=lambda f: (-f.strength, f.service, f.kind, f.template or -1))


def _keep_strongest(found: dict[tuple[str, int, int | None], Finding], more: Sequence[Finding]) -> None:
    for finding in more:
        one_of_service = finding.kind in (SLOWER, SILENT)
        key = finding.kind, finding.service, None if one_of_service else finding.template
        if key not in found or found[key].strength < finding.strength:
            found[key] = finding


def _own_share(finding: Finding, namers: set[int | None], links: Chains, findings: Sequence[Finding]) -> float:
    if finding.kind == SLOWER and finding.template is None:
        slow = {
            other.service for other in findings if other.kind == SLOWER and other.strength >= 0.5 * finding.strength
        }
        return _WAITER if any(links.calls[finding.service, other] for other in slow - {finding.service}) else 1.0
    return _SPEAKER if finding.kind != NAMED and finding.template is not None and finding.template in namers else 1.0


def _sum(strengths: Sequence[float]) -> float:
    left = 1.0
    for place, strength in enumerate(strengths[:_MOST_ADDED]):
        left *= 1 - strength * 0.5**place
    return 1 - left


def _place(links: Chains, service: int, symptoms: Sequence[int]) -> float:
    factor = 1 - _FOLLOWER * float(links.follows[service])
    if links.has_symptom and not links.meets[service]:
        factor *= _STRANGER
    return factor * (_SYMPTOM if service in symptoms else 1.0)
