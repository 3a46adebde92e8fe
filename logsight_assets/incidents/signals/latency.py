"""Durations that grew: of a kind of line, where lines say how long something took, else of a service's events.

Kinds of lines are compared with themselves, as a service that is asked other things than before is not slow. How much
longer than usual may be usual is learnt from blocks of the time before that are as long as the incident's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from logsight_assets.incidents.observed import Bools, Durations, Floats, Ints, Observed
from logsight_assets.incidents.signals.findings import SLOWER, Finding
from logsight_assets.trends.histogram import estimate, quantile

_LEAST = 8  # durations, before and during
_QUANTILES = {0.5: "half", 0.95: "95 %"}
_GROWN = 0.4  # mean log ratio from which on it is said: half as long again
_CLIP = 5.0
_LEAST_OF_LINE = 4  # durations of one kind of line, before and during, and of a block that says what is usual
_LINE_QUANTILES = (0.5, 0.75, 0.9)
_RARE = 0.9  # what so many of the durations before do not exceed is long
_FLOOR_NS = 1_000_000  # growth below a millisecond is nobody's trouble


def latencies(observed: Observed, start: int) -> list[Finding]:
    """Findings over the slices from `start` on (0 is the incident's first): lines, and services without such."""
    lines = [found for own in _by_template(observed.took) if (found := _line(observed, own, start))]
    said = {found.service for found in lines}
    return lines + [found for found in _services(observed) if found.service not in said]


# Kinds of lines -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Line:
    """Durations of one template."""

    template: int
    slices: Ints  # (n,)
    took: Floats  # (n,) nanoseconds that its bucket stands for, and the floor
    events: Ints  # (n,)
    event_id: npt.NDArray[np.object_]  # (n,)
    nano: Ints  # (n,) when that was

    def quantiles(self, side: Bools, shares: tuple[float, ...]) -> Floats:
        """Of the durations on one side."""
        order = np.argsort(self.took[side], kind="stable")
        reached = np.cumsum(self.events[side][order])
        places = np.searchsorted(reached, np.array(shares) * reached[-1])
        return np.asarray(self.took[side][order][np.minimum(places, len(order) - 1)])


def _by_template(took: Durations) -> Iterator[_Line]:
    buckets, place = np.unique(took.bucket, return_inverse=True)
    length = np.array([estimate(int(bucket)) + _FLOOR_NS for bucket in buckets], dtype=np.float64)[place]
    order = np.argsort(took.template, kind="stable")
    starts = np.flatnonzero(np.diff(took.template[order], prepend=-1))
    for own in np.split(order, starts[1:]) if len(order) else []:
        template = int(took.template[own[0]])
        yield _Line(template, took.slices[own], length[own], took.events[own], took.event_id[own], took.nano[own])


def _line(observed: Observed, own: _Line, start: int) -> Finding | None:
    now = own.slices >= start
    before, during = int(own.events[~now].sum()), int(own.events[now].sum())
    if before < _LEAST_OF_LINE or during < _LEAST_OF_LINE:
        return None
    was, came = (own.quantiles(side, _LINE_QUANTILES) for side in (~now, now))
    growth = float(np.log(came / was).clip(0, _CLIP).mean())
    if growth < _GROWN:
        return None
    counts = observed.counts
    is_long = own.took > own.quantiles(~now, (_RARE,))[0]
    surety = _surety(own, is_long, start, int((counts.slices >= start).sum()))
    strength = 0.85 * (1 - np.exp(-growth / 1.3)) * surety * (1 - np.exp(-during / 6)) * (1 - np.exp(-before / 6))
    if strength <= 0:
        return None
    began = own.slices == own.slices[now & is_long].min()
    shown = np.flatnonzero(began)[own.took[began].argmax()]
    return Finding(
        SLOWER,
        observed.templates[own.template].service,
        float(strength),
        # A ratio: in which unit a bare number is nobody knows.
        f"three in four of its lines say that they took up to {came[1] / was[1]:,.1f} times as long as before",
        own.template,
        int(counts.events[own.template, counts.slices < start].sum()),
        int(counts.events[own.template, counts.slices >= start].sum()),
        int(own.nano[shown]),
        str(own.event_id[shown]),
    )


def _surety(own: _Line, is_long: Bools, start: int, length: int) -> float:
    """0 … 1: by how much more of the durations are long now than in the worst blocks of the time before.

    A block is as long as the incident, `length` slices.
    """
    past = own.slices < start
    block = (own.slices - start) // length
    shares = []
    for number in np.unique(block[past]):
        events = own.events * (block == number)
        if events.sum() >= _LEAST_OF_LINE:
            shares.append((events * is_long).sum() / events.sum())
    now = own.events * ~past
    usual = max(1 - _RARE, float(np.quantile(shares, _RARE)) if shares else 0.0)
    return float(np.sqrt(max(0.0, (now * is_long).sum() / now.sum() - usual) / max(1 - usual, 0.1)))


# Services -------------------------------------------------------------------------------------------------------------


def _services(observed: Observed) -> list[Finding]:
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
