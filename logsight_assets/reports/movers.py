"""Which services, or tenants, moved most: the order in which a report names them."""

from __future__ import annotations

from math import log2

from logsight_assets.reports.measured import Change
from logsight_assets.reports.numbers import Compared, Numbers
from logsight_assets.reports.rows import Service

_LEAST_DURATIONS = 100


def movers(numbers: Numbers) -> list[Service]:
    """All parts, what moved most first; without anything to compare with, the largest first."""

    def order(service: Service) -> tuple[float, int, Service]:
        part = numbers.parts[service]
        return -movement(part), -part.whole.events, service

    return sorted(numbers.parts, key=order)


def movement(part: Compared) -> float:
    """How far volume, errors or latency moved beyond chance, against the baseline that it moved less against."""
    return round(min((_strongest(change) for change in part.changes.values()), default=0.0), 6)


def _strongest(change: Change) -> float:
    return max(abs(change.error_strength), abs(change.volume_strength), _latency(change))


def _latency(change: Change) -> float:
    """A doubling counts like four standard deviations; few durations count for nothing."""
    factor = change.duration_factor("p95")
    if not factor or min(change.now.duration_count, change.then.duration_count) < _LEAST_DURATIONS:
        return 0.0
    return 4 * abs(log2(factor))
