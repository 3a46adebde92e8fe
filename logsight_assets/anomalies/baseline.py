"""Which earlier hours an hour is compared with: the same hour of the week, of the day, or simply the last ones.

What repeats by the week is best told by the week; a short history has not enough weeks, and a very short one not enough
days. Hours that were flagged and that nobody accepted are left out, so that a fault never becomes what is normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from logsight_assets.anomalies.series import USABLE, Earlier
from logsight_assets.timeline import Hour

HOUR_OF_WEEK, HOUR_OF_DAY, RECENT, HELD = "hour_of_week", "hour_of_day", "recent", "held"


@dataclass(frozen=True)
class Kind:
    """A way to choose hours: how far back each lies, and how many there must be."""

    name: str
    offsets: tuple[int, ...]  # hours
    least: int
    spread: float  # relative standard deviation beyond Poisson's that is normal whatever the sample shows


# Spreads: what healthy hours differ by between weeks, days and neighbouring hours, see docs/decisions/0012.
KINDS = (
    Kind(HOUR_OF_WEEK, tuple(168 * week for week in range(1, 6)), 4, 0.15),
    Kind(HOUR_OF_DAY, tuple(24 * day for day in range(1, 15)), 4, 0.20),
    Kind(RECENT, tuple(range(1, 25)), 6, 0.30),
)
OFFSETS = tuple(sorted({offset for kind in KINDS for offset in kind.offsets}))


@dataclass(frozen=True)
class Baseline:
    """Earlier values of a series that stand for what is normal."""

    kind: Kind
    values: tuple[Earlier, ...]


def baseline_hours(hour: Hour) -> list[Hour]:
    """All earlier hours that may be asked for, latest first."""
    return [hour - offset for offset in OFFSETS]


def dependent_hours(hour: Hour) -> list[Hour]:
    """Later hours that may be compared with this one."""
    return [hour + offset for offset in OFFSETS]


def choose(history: Mapping[int, Earlier]) -> Baseline | None:
    """The best kind of which there are enough usable hours; None if none has. `history` is by offset in hours."""
    for kind in KINDS:
        found = tuple(history[offset] for offset in kind.offsets if offset in history)
        usable = tuple(earlier for earlier in found if earlier.state in USABLE)
        if len(usable) >= kind.least:
            return Baseline(kind, usable)
    return None
