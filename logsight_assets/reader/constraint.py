"""What a reference to a table can need at most: time, hours of the day, tenants. Too wide is fine, too narrow never.

A `Constraint` is a superset of the rows that a condition lets through, so AND intersects, OR unites, and whatever is
not understood is `EVERYTHING`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import reduce
from operator import and_, or_

from logsight_assets.timeline import HOUR_NS, Hour, parse_day

DAY_NS = 24 * HOUR_NS
_FIRST, _LAST = -(2**64), 2**64  # beyond every 64-bit nanosecond


@dataclass(frozen=True)
class Spans:
    """Half-open intervals of nanoseconds since 1970, ascending, disjoint."""

    parts: tuple[tuple[int, int], ...]

    def __and__(self, other: Spans) -> Spans:
        both = ((max(a, c), min(b, d)) for a, b in self.parts for c, d in other.parts)
        return Spans(tuple(sorted((low, high) for low, high in both if low < high)))

    def __or__(self, other: Spans) -> Spans:
        merged: list[tuple[int, int]] = []
        for low, high in sorted(self.parts + other.parts):
            if merged and low <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
            else:
                merged.append((low, high))
        return Spans(tuple(merged))

    def overlaps(self, low: int, high: int) -> bool:
        return any(low < end and start < high for start, end in self.parts)


ALWAYS = Spans(((_FIRST, _LAST),))


def since(nano: int) -> Spans:
    return Spans(((nano, _LAST),))


def before(nano: int) -> Spans:
    return Spans(((_FIRST, nano),))


@dataclass(frozen=True)
class Constraint:
    """Time on the table's own axis (see `pruning`), hours of the day `HH`, tenants; None is any."""

    spans: Spans = ALWAYS
    hours: frozenset[str] | None = None
    tenants: frozenset[str] | None = None

    def __and__(self, other: Constraint) -> Constraint:
        return Constraint(self.spans & other.spans, _both(self.hours, other.hours), _both(self.tenants, other.tenants))

    def __or__(self, other: Constraint) -> Constraint:
        return Constraint(
            self.spans | other.spans, _either(self.hours, other.hours), _either(self.tenants, other.tenants)
        )

    def wants_tenant(self, tenant: str) -> bool:
        return self.tenants is None or tenant in self.tenants

    def wants_hour(self, hour: Hour) -> bool:
        fits = self.hours is None or hour.hh in self.hours
        return fits and self.spans.overlaps(hour.start_nano, hour.start_nano + HOUR_NS)

    def wants_day(self, day: str) -> bool:
        start = day_nano(day)
        return self.spans.overlaps(start, start + DAY_NS)

    def wants_month(self, month: str) -> bool:
        return self.spans.overlaps(*month_nanos(month))


EVERYTHING = Constraint()
NOTHING = Constraint(Spans(()), frozenset(), frozenset())


def all_of(constraints: list[Constraint]) -> Constraint:
    return reduce(and_, constraints, EVERYTHING)


def any_of(constraints: list[Constraint]) -> Constraint:
    return reduce(or_, constraints, NOTHING)


def day_nano(day: str) -> int:
    return Hour.of(parse_day(day)).start_nano


def month_nanos(month: str) -> tuple[int, int]:
    """Start and end of the month `YYYY-MM`."""
    first = parse_day(f"{month}-01")
    following = (first + timedelta(days=31)).replace(day=1)
    return Hour.of(first).start_nano, Hour.of(following).start_nano


def _both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _either(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    return None if one is None or other is None else one | other
