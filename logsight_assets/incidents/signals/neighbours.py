"""Lines that come together: how often `b` follows where `a` is logged, learnt from the time before.

Everything is by unit: a trace, or a slice of time. Matrices are [a, b]: what is known of b where a is logged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from logsight_assets.incidents.observed import Bools, Floats, Ints

LEAST_UNITS = 4  # with the neighbours before
LEAST_EXPECTED = 3.0  # lines that should have come
_FOLLOWS = 0.3  # a neighbour is one that is followed by at least so many lines on average …
_LOOSE = 0.5  # … with a spread of at most so much of that …
_RIGHT_BEFORE = 0.1  # … and, in traces, stands right before at least this share of them


@dataclass(frozen=True)
class Missing:
    """Lines that should have come and did not."""

    expected: float
    came: float
    before: int  # how many came before the incident
    strength: float  # 0 … 0.9: how sure that is, and how many of those expected

    @property
    def share(self) -> float:
        return 1 - self.came / max(self.expected, 1e-9)


@dataclass(frozen=True, eq=False)
class Habits:
    """What lines did before."""

    ratio: Floats  # lines of b for one of a
    spread: Floats  # variance of b around it, a unit
    near: Floats  # of the lines of b, the share that a stood right before; 1 without traces
    both: Floats  # units with both
    units: Floats  # (t,) units with a
    lines: Floats  # (t,) lines of a
    is_traced: bool

    @classmethod
    def of(cls, past: Floats, right_before: Floats | None) -> Habits:
        """From counts (lines, units), and [a, b] how often a stood right before b; None without traces."""
        has = (past > 0).astype(np.float64)
        total = past.sum(axis=1)
        with_a = has @ past.T
        ratio = np.divide(with_a, total[:, None], out=np.zeros_like(with_a), where=total[:, None] > 0)
        squares = has @ (past**2).T - 2 * ratio * (past @ past.T) + ratio**2 * (past**2).sum(axis=1)[:, None]
        units = has.sum(axis=1)
        near = np.ones_like(ratio) if right_before is None else right_before / np.maximum(total, 1)[None, :]
        spread = np.maximum(squares, 0) / np.maximum(units, 1)[:, None]
        return cls(ratio, spread, near, has @ has.T, units, total, right_before is not None)

    def neighbours(self, row: int, calm: Bools, now_units: Floats) -> Ints:
        """The neighbours that told a line well, best first: all those right before it, or without traces the best.

        Best is who has the least spread for its mean, and then is most often together with it. Only calm lines that
        still come are neighbours: a failure that surges would expect everything to surge.
        """
        mean = self.ratio[:, row]
        relative = np.sqrt(self.spread[:, row]) / np.maximum(mean, 1e-9)
        fits = (mean >= _FOLLOWS) & (relative <= _LOOSE) & (self.near[:, row] >= _RIGHT_BEFORE) & calm & (now_units > 0)
        if not self.is_traced:
            fits &= (self.units >= LEAST_UNITS) & (now_units >= LEAST_UNITS)
        fits[row] = False
        rows = np.flatnonzero(fits)
        # Spreads in steps, so that one odd unit does not decide.
        best = rows[np.lexsort((rows, -self.both[rows, row], np.round(relative[rows], 1)))]
        if not self.is_traced:
            return best[:1]
        enough = self.units[best].sum() >= LEAST_UNITS and now_units[best].sum() >= LEAST_EXPECTED
        return best if enough else best[:0]


@dataclass(frozen=True, eq=False)
class Followed:
    """What lines do now, as far as habits let expect."""

    expected: Floats  # [a, b] lines of b, as many as a has
    came: Floats  # [a, b] lines of b that came in units with a
    units: Floats  # (t,) units with a

    @classmethod
    def of(cls, habits: Habits, now: Floats) -> Followed:
        has = (now > 0).astype(np.float64)
        return cls(habits.ratio * now.sum(axis=1)[:, None], has @ now.T, has.sum(axis=1))

    def missing(self, habits: Habits, neighbours: Ints, row: int) -> Missing:
        """What is missing behind these neighbours together."""
        expected, came = float(self.expected[neighbours, row].sum()), float(self.came[neighbours, row].sum())
        before, past = int(habits.lines[row]), float(habits.units[neighbours].sum())
        share = 1 - came / max(expected, 1e-9)
        if expected < LEAST_EXPECTED or share < 0.3:
            return Missing(expected, came, before, 0.0)
        # The relation was never seen broken in so many units: once in as many more it may be.
        chance = expected / (past + 2)
        z = share * expected / np.sqrt((habits.spread[neighbours, row] * self.units[neighbours]).sum() + chance + 1)
        known = 1 - np.exp(-past / 6)
        strength = 0.9 * share**1.5 * known * (1 - np.exp(-(z - 1) / 2)) if z > 2 else 0.0
        return Missing(expected, came, before, float(strength))
