"""Datapoints of a series: what a period has, and whether it is known already."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from logsight_assets.alarm_rules.points import MINUTE_NS, Known, Minute, service_points, value_of
from logsight_assets.alarm_rules.rule import AlarmRule
from logsight_assets.trends.histogram import bucket_of

START = 1_000_000 * 5  # minutes since 1970, at the start of a period
NOW = (START + 100) * MINUTE_NS


def rule(metric: str = "event_count", **more: Any) -> AlarmRule:
    fields: dict[str, Any] = {"threshold": 100.0, "period_minutes": 5, "evaluation_periods": 2} | more
    return AlarmRule(name="r", metric=metric, **{"datapoints_to_alarm": 1, **fields})


def minute(events: int = 10, **more: Any) -> Minute:
    return Minute(event_count=events, **more)


@pytest.mark.parametrize(
    ("metric", "more", "value"),
    [
        ("event_count", {}, 30.0),
        ("error_count", {}, 6.0),
        ("error_ratio", {}, 0.2),
        ("error_ratio", {"least_count": 31}, None),
        ("request_count", {}, 12.0),
        ("duration_p95_ms", {}, pytest.approx(100, rel=0.02)),
        ("duration_p95_ms", {"least_count": 100}, None),
    ],
)
def test_what_a_period_has(metric: str, more: dict[str, Any], value: Any) -> None:
    durations = Counter({bucket_of(100 * 10**6): 5})
    minutes = {
        START + n: minute(10, error_count=2, request_count=4, durations=Counter(durations)) for n in (0, 2, 4)
    } | {START + 5: minute(900), START - 1: minute(900)}
    assert value_of(rule(metric, **more), minutes, START * MINUTE_NS) == value


def test_a_period_in_which_nothing_came_counts_nothing_and_has_no_ratio() -> None:
    assert value_of(rule("event_count"), {}, START * MINUTE_NS) == 0.0
    assert value_of(rule("error_ratio"), {}, START * MINUTE_NS) is None


def test_silence_is_the_time_since_the_last_event() -> None:
    minutes = {START - 10: minute(last_seen_nano=(START - 10) * MINUTE_NS), START + 5: minute()}
    assert value_of(rule("silence_minutes"), minutes, START * MINUTE_NS) == 15.0
    assert value_of(rule("silence_minutes"), {}, START * MINUTE_NS) is None


def last(rule: AlarmRule, minutes: dict[int, Minute], watermark: int | None) -> list[tuple[int, float | None]]:
    """(minutes before now at which it starts, value) of each point."""
    mark = None if watermark is None else NOW - watermark * MINUTE_NS
    found = service_points(rule, minutes, Known(mark, NOW))
    return [((NOW - point.start_nano) // MINUTE_NS, point.value) for point in found]


EVERY_MINUTE = {START + n: minute(10) for n in range(100)}


def test_up_to_the_watermark_what_is_not_there_did_not_happen() -> None:
    assert last(rule(), {}, 0)[-3:] == [(15, 0.0), (10, 0.0), (5, 0.0)]


def test_behind_the_watermark_nothing_is_known_until_it_is_overdue() -> None:
    assert last(rule(overdue_minutes=45), EVERY_MINUTE, 30)[-1] == (35, 50.0)
    assert last(rule(overdue_minutes=45), {}, 30)[-1] == (35, 0.0)


def test_what_breaches_already_is_not_waited_for() -> None:
    assert last(rule(threshold=40.0), EVERY_MINUTE, 30)[-1] == (5, 50.0)


def test_too_little_is_waited_for() -> None:
    less = rule(threshold=60.0, comparison="LessThanThreshold")
    assert last(less, EVERY_MINUTE, 30)[-1] == (35, 50.0)


def test_what_is_overdue_and_not_there_is_missing() -> None:
    dead = {START + n: minute(10) for n in range(30)}
    assert last(rule(overdue_minutes=20), dead, None)[-4:] == [(40, None), (35, None), (30, None), (25, None)]
