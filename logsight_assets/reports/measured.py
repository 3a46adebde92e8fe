"""What was measured of something over some hours, and how it moved between two of such measurements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import sqrt

from logsight_assets.trends.histogram import quantile

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True)
class Measured:
    """Exact counts, and durations as bucket → count; adding two is measuring both."""

    events: int = 0
    errors: int = 0
    requests: int = 0
    bytes: int = 0
    weighted_events: int = 0
    durations: Mapping[int, int] = field(default_factory=dict)

    def __add__(self, other: Measured) -> Measured:
        return Measured(
            self.events + other.events,
            self.errors + other.errors,
            self.requests + other.requests,
            self.bytes + other.bytes,
            self.weighted_events + other.weighted_events,
            Counter(self.durations) + Counter(other.durations),
        )

    @property
    def duration_count(self) -> int:
        return sum(self.durations.values())

    @property
    def error_ratio(self) -> float | None:
        """Errors among all events; None of no events."""
        return self.errors / self.events if self.events else None

    def duration_ns(self, name: str) -> int | None:
        """A quantile of the durations by its name, `p95`; None of no durations."""
        return quantile(self.durations, QUANTILES[name]) if self.durations else None


def total(parts: Iterable[Measured]) -> Measured:
    return sum(parts, Measured())


@dataclass(frozen=True)
class Change:
    """The same hours of two periods."""

    now: Measured
    then: Measured
    hours: int  # on each side

    @property
    def volume_strength(self) -> float:
        """How far the difference of two counts is beyond chance, in standard deviations, signed.

        Log lines come in bursts, so a count varies more than one of independent events would: a tenth of it is taken
        as ordinary. Without that every difference of a large count would be beyond chance.
        """
        now, then = self.now.events, self.then.events
        return (now - then) / sqrt(now + then + (0.1 * (now + then)) ** 2) if now + then else 0.0

    @property
    def more_errors(self) -> float:
        """Errors beyond those that the error ratio of then would have given."""
        ratio = self.then.error_ratio
        return self.now.errors - self.now.events * ratio if ratio is not None else float(self.now.errors)

    @property
    def error_strength(self) -> float:
        """How far two error ratios are apart beyond chance, in standard deviations, signed."""
        now, then = self.now, self.then
        if not now.events or not then.events:
            return 0.0
        both = (now.errors + then.errors) / (now.events + then.events)
        spread = sqrt(both * (1 - both) * (1 / now.events + 1 / then.events))
        return (now.errors / now.events - then.errors / then.events) / spread if spread else 0.0

    def duration_factor(self, name: str) -> float | None:
        """How many times as long a quantile is; None if either side has no durations."""
        now, then = self.now.duration_ns(name), self.then.duration_ns(name)
        return now / max(then, 1) if now is not None and then is not None else None
