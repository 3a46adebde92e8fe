"""When a rule is in which state: M of the latest N datapoints, and what is missing among them, as CloudWatch does it.

Pure. CloudWatch looks at a few datapoints more than N. If N of them are there, the latest N decide and nothing is
missing. Only otherwise what is missing counts as the rule says, and every datapoint that is there is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from logsight_assets.alarm_rules.rule import AlarmRule

ALARM, OK, INSUFFICIENT_DATA = "ALARM", "OK", "INSUFFICIENT_DATA"
EXTRA_PERIODS = 2  # that are looked at beyond N, as in CloudWatch's own examples


@dataclass(frozen=True)
class Point:
    """A period of a series; a value of None is missing."""

    start_nano: int
    value: float | None


@dataclass(frozen=True)
class Verdict:
    """The state that a rule is in, and by which datapoints."""

    state: str
    reason: str
    evaluated: tuple[Point, ...]  # oldest first


def evaluate(rule: AlarmRule, points: Sequence[Point], current: str) -> Verdict:
    """State of a rule by the points of its evaluation range, oldest first; `current` is the state until now."""
    looked_at = tuple(points[-(rule.evaluation_periods + EXTRA_PERIODS) :])
    present = [point for point in looked_at if point.value is not None]
    if len(present) >= rule.evaluation_periods:
        latest = tuple(present[-rule.evaluation_periods :])
        breaching = _breaching(rule, latest)
        state = ALARM if breaching >= rule.datapoints_to_alarm else OK
        return Verdict(state, _reason(rule, breaching, len(latest), 0), latest)
    missing = rule.evaluation_periods - len(present)
    breaching = _breaching(rule, looked_at)
    state = _with_missing(rule, looked_at, breaching, missing, current)
    return Verdict(state, _reason(rule, breaching, len(present), missing), looked_at)


def _with_missing(rule: AlarmRule, points: Sequence[Point], breaching: int, missing: int, current: str) -> str:
    if breaching >= rule.datapoints_to_alarm:
        return ALARM
    is_any = any(point.value is not None for point in points)
    is_good = any(point.value is not None and not rule.is_breaching(point.value) for point in points)
    match rule.treat_missing_data:
        case "breaching":
            return ALARM if breaching + missing >= rule.datapoints_to_alarm else OK
        case "notBreaching":
            return OK
        case "ignore":
            return OK if is_good else current
        case "missing":
            if not is_any:
                return INSUFFICIENT_DATA
            return ALARM if not is_good and _has_gone_on(rule, points) else OK


def _has_gone_on(rule: AlarmRule, points: Sequence[Point]) -> bool:
    """Whether a datapoint breached M periods ago or earlier: what is missing since can only be more of it.

    Asked only where nothing good is in sight. A later one alone does not alarm: the next datapoint may be good.
    """
    ages = [len(points) - number for number, point in enumerate(points) if point.value is not None]
    return max(ages) >= rule.datapoints_to_alarm


def _breaching(rule: AlarmRule, points: Sequence[Point]) -> int:
    return sum(point.value is not None and rule.is_breaching(point.value) for point in points)


_SIGNS = {
    "GreaterThanOrEqualToThreshold": "at least",
    "GreaterThanThreshold": "more than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "at most",
}


def _reason(rule: AlarmRule, breaching: int, present: int, missing: int) -> str:
    threshold = f"{_SIGNS[rule.comparison]} {rule.threshold:g}"
    if not present:
        return f"no datapoint in {rule.evaluation_periods} periods of {rule.period_minutes} minutes"
    needed = f"{rule.datapoints_to_alarm} out of the last {rule.evaluation_periods} datapoints"
    told = f"{rule.metric} was {threshold} in {breaching} of {present} datapoints; {needed} make an alarm"
    return told + (f"; {missing} missing, treated as {rule.treat_missing_data}" if missing else "")
