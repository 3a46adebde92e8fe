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
from logsight_assets.incidents.signals.echoes import echoes
from logsight_assets.incidents.signals.findings import NAMED, NEW, SLOWER, SURGING, Finding
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
_ECHO = 0.8  # of its score is left to who fails right after another one, or when another one falls silent
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
    passed_on = echoes(observed, findings)
    suspects = []
    for service in sorted({finding.service for finding in findings}):
        own = [finding for finding in findings if finding.service == service]
        signs: dict[object, float] = {}
        for place, finding in enumerate(own):
            sign = _sign(observed, finding) or place
            strength = finding.strength * _own_share(finding, namers, links, findings)
            signs[sign] = max(strength, signs.get(sign, 0.0))
        score = _sum(sorted(signs.values(), reverse=True)) * _place(links, service, symptoms)
        suspects.append(Ranked(service, score * (_ECHO if service in passed_on else 1.0), tuple(own)))
    suspects.sort(key=lambda suspect: (-suspect.score, suspect.service))
    score_of = {suspect.service: suspect.score for suspect in suspects}
    top = max(score_of.values(), default=0.0) or 1.0
    order = sorted(
        findings, key=lambda f: (-f.strength * (0.4 + 0.6 * score_of[f.service] / top), f.service, f.template or -1)
    )
    return Ranking(tuple(suspects), tuple(order))


def _sign(observed: Observed, finding: Finding) -> str | None:
    """What several findings of a service are together, if they are one sign; None for one that stands for itself."""
    if finding.template is None:
        return None
    # Calm lines come together, as one path of the code; and who is slow says so in many lines.
    if finding.kind in (NEW, SURGING) and observed.gravity[finding.template] < 0.3:
        return "calm"
    return SLOWER if finding.kind == SLOWER else None


def find(observed: Observed) -> list[Finding]:
    """All findings, strongest first; each thing once, from the start of the incident that shows it best."""
    found: dict[tuple[str, int, int | None], Finding] = {}
    for start in STARTS:
        nano = observed.window.start + start * observed.window.slice_ns
        _keep_strongest(found, surges(observed, start))
        _keep_strongest(found, stopped(observed, start))
        _keep_strongest(found, slower(observed, nano))
        _keep_strongest(found, latencies(observed, start))
    _keep_strongest(found, silences(observed))
    _keep_strongest(found, named(observed, list(found.values())))
    return sorted(found.values(), key=lambda f: (-f.strength, f.service, f.kind, f.template or -1))


def _keep_strongest(found: dict[tuple[str, int, int | None], Finding], more: Sequence[Finding]) -> None:
    for finding in more:
        # Gaps have one finding a service, whatever line ends the longest.
        is_gap = finding.kind == SLOWER and finding.other is not None
        key = finding.kind, finding.service, None if is_gap else finding.template
        if key not in found or found[key].strength < finding.strength:
            found[key] = finding


def _own_share(finding: Finding, namers: set[int | None], links: Chains, findings: Sequence[Finding]) -> float:
    if finding.kind == SLOWER and finding.other is None:
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
