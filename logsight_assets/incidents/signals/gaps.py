"""Gaps between consecutive lines of one trace that grew: who is slow when every line is as it was.

A gap lies between two services, or within one. A slow service is one whose gaps have grown on all its sides; a service
that only waits for it has other sides that have not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logsight_assets.incidents.observed import Floats, Observed
from logsight_assets.incidents.signals.findings import SLOWER, Finding

_LEAST = 4  # gaps of an edge, before and during
_FLOOR_NS = 1_000_000  # growth below a millisecond is the clock's
_QUANTILES = (0.5, 0.75, 0.9)
_CLIP = 5.0  # e⁵ = 150 times: more is not worse
_TELLING = 0.9  # mean log ratio from which on an edge has grown
_MANY = 4  # services from which on the median growth within them says how slow everything is
_SHARED = 0.35  # of an edge's growth is left to the other service, when one explains most of all growth
_NEARLY = 0.8
_ELSEWHERE = 2.0


@dataclass(frozen=True)
class Edge:
    """Gaps from a line of one service to the next line, of the same or another."""

    source: int
    target: int
    before: int  # gaps
    during: int
    growth: float  # mean log ratio of three quantiles, at least 0
    median_before_ms: float
    upper_before_ms: float  # third quartile
    upper_during_ms: float
    slowest: int  # position in the trace lines of the line that ends the longest gap


def edges(observed: Observed, start_nano: int) -> list[Edge]:
    """Edges that were passed often enough before and from `start_nano` on."""
    lines = observed.traces
    if len(lines) < 2:
        return []
    service = observed.service_of[lines.template]
    same = lines.trace[1:] == lines.trace[:-1]
    position = np.flatnonzero(same) + 1
    gap = (lines.nano[position] - lines.nano[position - 1]).astype(np.float64)
    begun = lines.nano[lines.starts][lines.order]
    is_during = begun[position] >= start_nano
    code = service[position - 1] * len(observed.services) + service[position]
    order = np.argsort(code, kind="stable")
    bounds = np.flatnonzero(np.diff(code[order], prepend=-1))
    found = []
    for low, high in zip(bounds, [*bounds[1:], len(order)], strict=True):
        own = order[low:high]
        old, new = gap[own[~is_during[own]]], gap[own[is_during[own]]]
        if len(old) < _LEAST or len(new) < _LEAST:
            continue
        slow = own[is_during[own]]
        pair = divmod(int(code[own[0]]), len(observed.services))
        found.append(_edge(pair, old, new, int(position[slow[gap[slow].argmax()]])))
    return found


def _edge(pair: tuple[int, int], old: Floats, new: Floats, slowest: int) -> Edge:
    was, now = np.quantile(old, _QUANTILES), np.quantile(new, _QUANTILES)
    growth = np.log((now + _FLOOR_NS) / (was + _FLOOR_NS)).clip(0, _CLIP).mean() * _surety(old, new)
    return Edge(
        *pair,
        len(old),
        len(new),
        float(growth),
        float(was[0] / 1e6),
        float(was[1] / 1e6),
        float(now[1] / 1e6),
        slowest,
    )


def _surety(old: Floats, new: Floats) -> float:
    """0 … 1: by how much more of the new gaps than by chance exceed what nine in ten of the old ones do not.

    Quantiles of few gaps jump; this counts how many of them agree.
    """
    place = int(np.ceil(0.9 * len(old)))
    chance = (len(old) + 1 - place) / (len(old) + 1)
    beyond = float((new > np.sort(old)[place - 1]).mean())
    few = 1 - np.exp(-len(old) * len(new) / (len(old) + len(new)) / 1.5)
    return float(np.sqrt(max(0.0, beyond - chance) / (1 - chance)) * few)


def slower(observed: Observed, start_nano: int) -> list[Finding]:
    """One finding for each service whose gaps have grown on most of its sides."""
    known = edges(observed, start_nano)
    if not known:
        return []
    # When everything is slower nobody is the slow one. What one slow service does shows within no other.
    within = [edge.growth for edge in known if edge.source == edge.target]
    common = float(np.median(within)) if len(within) >= _MANY else 0.0
    sides: dict[int, list[tuple[Edge, float]]] = {}
    for edge in known:
        for service in {edge.source, edge.target}:
            sides.setdefault(service, []).append((edge, max(0.0, edge.growth - common)))
    strength = {service: _strength(own) for service, own in sides.items()}
    culprits = _culprits(sides, strength)
    elsewhere = [edge.growth >= _TELLING for edge in known if not culprits & {edge.source, edge.target}]
    # Much that grew elsewhere too is a slow time of the whole, not of a service.
    doubt = max(0.0, 1 - _ELSEWHERE * sum(elsewhere) / len(elsewhere)) if elsewhere else 1.0
    found = []
    for service, own in sorted(sides.items()):
        grown = [edge for edge, growth in own if growth >= _TELLING]
        if not grown:
            continue
        shared = set() if service in culprits else culprits
        left = [(edge, growth * (_SHARED if shared & {edge.source, edge.target} else 1)) for edge, growth in own]
        found.append(_finding(observed, service, grown, len(own), _strength(left) * doubt))
    return found


def _strength(sides: list[tuple[Edge, float]]) -> float:
    """0 … 1 from the growth of all of a service's sides."""
    growths = [growth for _, growth in sides]
    grown = sum(growth >= _TELLING for growth in growths)
    mean = sum(growths) / len(growths)
    # A side alone may be chance, or the other's.
    return float((1 - np.exp(-mean / 1.2)) * (0.4 + 0.6 * grown / len(growths)) * (1 - 0.5**grown))


def _culprits(sides: dict[int, list[tuple[Edge, float]]], strength: dict[int, float]) -> set[int]:
    """Services that explain most growth: a side that one of them has is hardly the other service's."""
    explained = {
        service: sum(growth for _, growth in own if growth >= _TELLING) * strength[service]
        for service, own in sides.items()
    }
    most = max(explained.values(), default=0.0)
    return {service for service, value in explained.items() if value > 0 and value >= _NEARLY * most}


def _finding(observed: Observed, service: int, grown: list[Edge], sides: int, strength: float) -> Finding:
    worst = max(grown, key=lambda edge: (edge.growth, edge.during))
    lines, end = observed.traces, worst.slowest
    return Finding(
        SLOWER,
        service,
        strength,
        _reason(observed, worst, len(grown), sides),
        int(lines.template[end]),
        worst.before,
        worst.during,
        int(lines.nano[end]),
        str(lines.event_id[end]),
        worst.target if worst.source == service else worst.source,
    )


def _reason(observed: Observed, edge: Edge, grown: int, sides: int) -> str:
    names = observed.services
    place = (
        f"within {names[edge.source]}"
        if edge.source == edge.target
        else f"from {names[edge.source]} to {names[edge.target]}"
    )
    return (
        f"gaps between lines of one trace grew on {grown} of {sides} sides; {place} three in four took up to "
        f"{edge.upper_before_ms:,.1f} ms before and {edge.upper_during_ms:,.1f} ms now"
    )
