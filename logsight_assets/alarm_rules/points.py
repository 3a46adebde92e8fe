"""Datapoints of a series, made of its minutes: one a period, as far as the period is known.

Up to the watermark nothing more is expected: what is not there did not happen. A period behind it is open: it counts
only if what is there of it breaches upwards already, or once it is overdue; an overdue one without anything is missing,
because nobody knows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from logsight_assets.alarm_rules.evaluate import EXTRA_PERIODS, Point
from logsight_assets.alarm_rules.rule import COUNTS, DURATIONS, AlarmRule
from logsight_assets.slo.budget import Count, burn_rate
from logsight_assets.slo.objective import LATENCY, Objective
from logsight_assets.trends.histogram import quantile

MINUTE_NS = 60 * 10**9
# Minutes within which it is found when a state came about, though nobody looked then.
CATCH_UP = 180


@dataclass
class Minute:
    """What a minute of a service has."""

    event_count: int = 0
    error_count: int = 0
    request_count: int = 0
    failed_request_count: int = 0
    last_seen_nano: int = 0
    durations: Counter[int] = field(default_factory=Counter)  # bucket → events

    def add(self, other: Minute) -> None:
        self.event_count += other.event_count
        self.error_count += other.error_count
        self.request_count += other.request_count
        self.failed_request_count += other.failed_request_count
        self.last_seen_nano = max(self.last_seen_nano, other.last_seen_nano)
        self.durations.update(other.durations)


Minutes = Mapping[int, Minute]  # minutes since 1970 → what they have; empty minutes are not there


@dataclass(frozen=True)
class Known:
    """How far what is there is known; nanoseconds since 1970."""

    watermark: int | None  # nothing earlier is expected any more
    now: int


Measure = Callable[[Minutes, int], float | None]  # minutes, start of a period → what a rule measures in it


def service_points(rule: AlarmRule, minutes: Minutes, known: Known, objective: Objective | None = None) -> list[Point]:
    """Points of all periods that are looked back at, oldest first; those that are not known yet are left out."""
    measure = measure_of(rule, objective)
    found = [_point(rule, minutes, known, start, measure) for start in periods(rule, known.now)]
    return [point for point in found if point is not None]


def measure_of(rule: AlarmRule, objective: Objective | None = None) -> Measure:
    """What a rule measures in a period; a burn rate is that of an objective."""
    if objective is None:
        return lambda minutes, start: value_of(rule, minutes, start)
    return lambda minutes, start: _burn(rule, objective, minutes, start + rule.period_minutes * MINUTE_NS)


def periods(rule: AlarmRule, now: int) -> list[int]:
    """Starts of the periods that may have to be looked at, the latest last; the open one is among them."""
    length = rule.period_minutes * MINUTE_NS
    back = rule.evaluation_periods + EXTRA_PERIODS + -(-(rule.overdue_minutes + CATCH_UP) // rule.period_minutes)
    last = now // length * length
    return [last - offset * length for offset in range(back, -1, -1)]


def _point(rule: AlarmRule, minutes: Minutes, known: Known, start: int, measure: Measure) -> Point | None:
    end = start + rule.period_minutes * MINUTE_NS
    value = measure(minutes, start)
    if known.watermark is not None and end <= known.watermark:
        return Point(start, value)
    if value is not None and rule.is_upward and rule.metric != "silence_minutes" and rule.is_breaching(value):
        return Point(start, value)
    if end + rule.overdue_minutes * MINUTE_NS <= known.now:
        is_there = any(minute in minutes for minute in _minutes(rule, start))
        return Point(start, value if is_there else None)
    return None


def value_of(rule: AlarmRule, minutes: Minutes, start: int) -> float | None:
    """What a rule measures in a period; None where there is too little to measure."""
    if rule.metric == "silence_minutes":
        return _silence(minutes, start + rule.period_minutes * MINUTE_NS)
    total = Minute()
    for minute in _minutes(rule, start):
        if minute in minutes:
            total.add(minutes[minute])
    if rule.metric in COUNTS:
        return float(getattr(total, rule.metric))
    if rule.metric == "error_ratio":
        is_enough = total.event_count >= max(rule.least_count, 1)
        return total.error_count / total.event_count if is_enough else None
    if total.durations.total() < max(rule.least_count, 1):
        return None
    return quantile(total.durations, DURATIONS[rule.metric]) / 1e6


def _minutes(rule: AlarmRule, start: int) -> range:
    first = start // MINUTE_NS
    return range(first, first + rule.period_minutes)


def _silence(minutes: Minutes, end: int) -> float | None:
    """Minutes from the last event before `end` until then; None for what was never heard of."""
    heard = [minute for minute in minutes if minute * MINUTE_NS < end]
    return (end - minutes[max(heard)].last_seen_nano) / MINUTE_NS if heard else None


def _burn(rule: AlarmRule, objective: Objective, minutes: Minutes, end: int) -> float | None:
    """The slower of two burn rates up to `end`: the longer window says that it matters, the shorter that it goes on."""
    rates = []
    for length in (rule.long_window_minutes, rule.short_window_minutes):
        last = end // MINUTE_NS
        own = (minutes[minute] for minute in range(last - length, last) if minute in minutes)
        rates.append(burn_rate(sum((_count(objective, each) for each in own), Count()), objective))
    long, short = rates
    return None if long is None or short is None else min(long, short)


def _count(objective: Objective, minute: Minute) -> Count:
    if objective.kind == LATENCY:
        slow = sum(n for bucket, n in minute.durations.items() if bucket > objective.slowest_good_bucket)
        return Count(minute.durations.total(), slow)
    if objective.of == "requests":
        return Count(minute.request_count, minute.failed_request_count)
    return Count(minute.event_count, minute.error_count)


def score_points(rule: AlarmRule, scores: Sequence[tuple[int, float]], known: Known) -> list[Point]:
    """Points of anomaly scores by hour (start, score): an hour that is not judged yet is left out."""
    found = dict(scores)
    return [Point(start, found[start]) for start in periods(rule, known.now) if start in found]
