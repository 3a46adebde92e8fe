"""Templates that are new or come more often than their own past lets expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logsight_assets.incidents.observed import Floats, Ints, Observed
from logsight_assets.incidents.signals.expectation import excess
from logsight_assets.incidents.signals.families import Families, families
from logsight_assets.incidents.signals.findings import NEW, SURGING, Finding
from logsight_assets.incidents.signals.paths import known_turns, stems
from logsight_assets.incidents.windows import SLICES

# What a change is worth by the gravity of its template: calm lines come and go with the traffic.
_GRAVITY = (0.0, 0.3, 0.5, 0.7, 1.0)
_NEW_WORTH = (0.22, 0.45, 0.6, 0.85, 0.93)
_SURGE_WORTH = (0.25, 0.4, 0.6, 0.8, 0.9)
_GRAVE = 0.5
_LEAST_DEVIATIONS, _LEAST_RATIO = 3.0, 1.5  # of a surge
_DEVIATIONS = 4.0  # beyond the least, that take a surge two thirds of its way up
_NO_HISTORY, _ALONE = 0.25, 0.75  # without a time before, a failure says by itself that something is wrong
_NEW_PATH = 0.45  # of a new failure's strength is left if the lines before it are new as well
_OLD_PATH = 1.5  # of a new calm line's worth if those before it are known: a turn that was never taken
_NEVER_NEW, _KNOWN = 1.3, 2.0  # of its worth a new calm line gains if there never is one; incidents that tell so
_MOST_CALM = 0.5
_FAMILIAR = 0.3  # of a failure's strength is left if it was said of other services before and does not surge
_LASTING, _OVER = 0.4, 0.5  # what ended well before the state changed is seldom its cause


def surges(observed: Observed, start: int) -> list[Finding]:
    """Findings over the slices from `start` on (0 is the incident's first)."""
    slices = observed.counts.slices
    if not (slices >= start).any():
        return []
    past = _Past.of(observed, start)
    now = observed.counts.events[:, slices >= start]
    came = now.sum(axis=1)
    found = []
    for number in np.flatnonzero(came > 0):
        appears = slices[slices >= start][now[number] > 0]
        kind, strength, reason = past.judge(observed, int(number), came[number], appears)
        if appears[-1] < _LASTING * SLICES:
            strength *= _OVER
        if strength > 0:
            found.append(
                Finding(
                    kind,
                    observed.templates[number].service,
                    float(strength),
                    reason,
                    int(number),
                    int(past.seen[number]),
                    int(came[number]),
                    observed.window.start + int(appears[0]) * observed.window.slice_ns,
                )
            )
    return found


@dataclass(frozen=True, eq=False)
class _Past:
    """What the time before lets expect."""

    seen: Floats  # (templates,) lines before
    seen_stem: Floats  # (templates,) lines before of any variant
    deviations: Floats  # (templates,)
    ratio: Floats  # (templates,)
    turns: Floats  # (templates,) share of its lines behind a known one; NaN where no traces tell
    kin: Families
    history: float  # length of the time before, in incidents
    grave: float  # failures and warnings that an incident's time brings up for the first time by chance
    calm: int  # calm lines that are new now: the traffic brings them, and the more, the less each says
    usual: float  # calm lines that an incident's time brings up for the first time by chance

    @classmethod
    def of(cls, observed: Observed, start: int) -> _Past:
        events, before = observed.counts.events, observed.counts.slices < start
        past, stem = events[:, before], stems(observed)
        seen, length = past.sum(axis=1), int((~before).sum())
        is_grave = observed.gravity >= _GRAVE
        # Lines that were seen in one slice alone tell how many more there are that were in none (Good and Turing).
        once = (past > 0).sum(axis=1) == 1
        return cls(
            seen,
            np.asarray(np.bincount(stem, seen, minlength=len(stem))[stem], dtype=np.float64),
            *excess(events, before, ~before, events),
            _turns(observed, start),
            families(observed, before, ~before),
            past.shape[1] / length,
            float((once & is_grave).sum()) * length / max(past.shape[1], 1),
            int(((seen == 0) & ~is_grave).sum()),
            float((once & ~is_grave).sum()) * length / max(past.shape[1], 1),
        )

    def judge(self, observed: Observed, number: int, came: float, appears: Ints) -> tuple[str, float, str]:
        """Kind, strength and reason of a template's change; strength 0 if it is none."""
        gravity = observed.templates[number].gravity
        if self.seen[number] > 0:
            strength = float(np.interp(gravity, _GRAVITY, _SURGE_WORTH)) * self._surge(number)
            expected = came / self.ratio[number]
            return SURGING, strength, f"a line came {_times(came)}, where {_about(expected)} were to be expected"
        reason = f"a line that never came before came {_times(came)}"
        if gravity >= _GRAVE:
            return NEW, self._new_failure(number, gravity, came, len(appears)), reason
        if self.seen_stem[number] > 0:
            return NEW, 0.0, reason
        return NEW, self._new_calm(number, gravity, came, len(appears)), reason

    def _surge(self, number: int) -> float:
        return _surge_size(self.deviations[number], self.ratio[number])

    def _missed(self, slices: int) -> float:
        """Chance that a line which was always there was not seen before."""
        return float((1 / (1 + self.history)) ** slices)

    def _new_failure(self, number: int, gravity: float, came: float, slices: int) -> float:
        worth = float(np.interp(gravity, _GRAVITY, _NEW_WORTH)) * _size(came)
        turn = self.turns[number]
        if not np.isnan(turn) and self.history >= _NO_HISTORY:
            # A failure on a path that is new itself is that path's own habit.
            worth *= _NEW_PATH + (1 - _NEW_PATH) * turn
        family = self.kin.of[number]
        if family >= 0:
            worth *= max(_FAMILIAR, _surge_size(self.kin.deviations[family], self.kin.ratio[family]))
        alone = _ALONE if self.history < _NO_HISTORY else 0.0
        return float(worth * max(1 - self._missed(slices), alone) / (1 + self.grave / slices**2))

    def _new_calm(self, number: int, gravity: float, came: float, slices: int) -> float:
        worth = float(np.interp(gravity, _GRAVITY, _NEW_WORTH)) * _size(came) * (1 - self._missed(slices))
        turn = 0.0 if np.isnan(self.turns[number]) else self.turns[number] ** 2
        worth *= _OLD_PATH * turn + (1 - turn) / (1 + self.calm / 4)
        # Where nothing is ever new, even a calm line that is new says something.
        rare = 1 + _NEVER_NEW * np.exp(-2 * self.usual) * self.history / (self.history + _KNOWN)
        return float(min(worth * rare, max(worth, _MOST_CALM)))


def _times(count: float) -> str:
    return "once" if count == 1 else f"{int(count):,} times"


def _about(count: float) -> str:
    return f"{count:,.0f}" if count >= 10 else f"{count:.2g}"


def _size(came: float) -> float:
    return float(1 - 0.35 * np.exp(-(came - 1) / 3))


def _surge_size(deviations: float, ratio: float) -> float:
    """0 … 1: how clear a surge is, by its deviations and by its ratio; four times as often is all of it."""
    if deviations < _LEAST_DEVIATIONS or ratio < _LEAST_RATIO:
        return 0.0
    clear = 1 - np.exp(-(deviations - _LEAST_DEVIATIONS + 1) / _DEVIATIONS)
    return float(clear * min(1.0, np.log2(ratio) / 2))


def _turns(observed: Observed, start: int) -> Floats:
    lines = observed.traces
    if not len(lines):
        return np.full(len(observed.templates), np.nan)
    since = observed.window.start + start * observed.window.slice_ns
    return known_turns(observed, lines.nano[lines.starts][lines.order] < since)
