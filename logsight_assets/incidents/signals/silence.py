"""Services that fell silent while the others go on: the only thing that a dead process says."""

from __future__ import annotations

import numpy as np

from logsight_assets.incidents.observed import Bools, Observed
from logsight_assets.incidents.signals.expectation import burst_sizes
from logsight_assets.incidents.signals.findings import SILENT, Finding

_USUAL = 0.6  # share of slices in which a service logged before: one that logs now and then is not silent
_LEAST_EXPECTED = 6.0  # lines that should have come in the silence
_OTHERS = 0.4  # of what the others usually log goes on, else it is the capture that ends


def silences(observed: Observed) -> list[Finding]:
    """One finding for each service whose longest silence in the incident is longer than any before."""
    counts = observed.counts
    own = np.zeros((len(observed.services), len(counts.slices)))
    np.add.at(own, observed.service_of, counts.events)
    before = counts.slices < 0
    if len(observed.services) < 2 or before.sum() < 4 or (~before).sum() < 3:
        return []
    # Lines that come at once are missed at once.
    rate = own[:, before].mean(axis=1)
    at_once = burst_sizes(own[:, before])
    traced = np.zeros(len(observed.services), dtype=bool)
    traced[observed.service_of[observed.traces.template]] = True
    found = []
    for service in range(len(observed.services)):
        now = own[service, ~before]
        start, length = _longest_silence(now == 0)
        usual = _longest_silence(own[service, before] == 0)[1]
        expected = rate[service] * length
        others = own[np.arange(len(own)) != service]
        goes_on = (
            others[:, ~before][:, start : start + length].sum()
            >= _OTHERS * length * others[:, before].mean(axis=1).sum()
        )
        alone = expected / at_once[service]
        if (own[service, before] > 0).mean() < _USUAL or alone < _LEAST_EXPECTED or length <= usual or not goes_on:
            continue
        strength = 0.85 * (1 - np.exp(-(alone - _LEAST_EXPECTED + 2) / 6)) * (1 - (usual + 1) / (length + usual + 1))
        # In traces a service is silent when nobody calls it, which is the caller's doing.
        strength *= 0.4 if traced[service] else 1
        slice_start = int(counts.slices[~before][start])
        found.append(
            Finding(
                SILENT,
                service,
                float(strength),
                f"it logged nothing for {length * observed.window.slice_ns / 1e9:,.0f} s, in which about "
                f"{expected:,.0f} lines were to be expected, while the others went on",
                None,
                int(own[service, before].sum()),
                int(now.sum()),
                observed.window.start + slice_start * observed.window.slice_ns,
            )
        )
    return found


def _longest_silence(silent: Bools) -> tuple[int, int]:
    """Start and length of the longest run."""
    best = (0, 0)
    start = 0
    for place, is_silent in enumerate([*silent.tolist(), False]):
        if is_silent:
            continue
        if place - start > best[1]:
            best = (start, place - start)
        start = place + 1
    return best
