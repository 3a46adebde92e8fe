"""Durations that grew: those that events carry, and those that stand in their bodies."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.signals.findings import SLOWER, Finding
from logsight_assets.trends.histogram import quantile

_LEAST = 8  # durations, before and during
_QUANTILES = {0.5: "half", 0.95: "95 %"}
_GROWN = 0.4  # mean log ratio from which on it is said: half as long again
_CLIP = 4.0


def latencies(observed: Observed) -> list[Finding]:
    """One finding for each service whose events take longer than before."""
    found = []
    for service, (before, during) in sorted(observed.durations.items()):
        if sum(before.values()) < _LEAST or sum(during.values()) < _LEAST:
            continue
        was, now = _quantiles(before), _quantiles(during)
        growth = float(np.mean([min(max(np.log(n / w), 0), _CLIP) for w, n in zip(was, now, strict=True)]))
        if growth < _GROWN:
            continue
        strength = 0.75 * (1 - np.exp(-growth)) * (1 - np.exp(-sum(during.values()) / 15))
        most, before_ns, now_ns = max(zip(_QUANTILES.values(), was, now, strict=True), key=lambda q: q[2] / q[1])
        reason = f"{most} of its requests took up to {before_ns / 1e6:,.1f} ms before and {now_ns / 1e6:,.1f} ms now"
        found.append(
            Finding(SLOWER, service, float(strength), reason, None, sum(before.values()), sum(during.values()))
        )
    return found


def _quantiles(histogram: Mapping[int, int]) -> list[int]:
    """Nanoseconds, at least 1."""
    return [max(quantile(histogram, share), 1) for share in _QUANTILES]
