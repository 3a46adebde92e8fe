"""M of N and the four treatments of missing data: cases as CloudWatch documents them, and what holds for all points."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.alarm_rules.evaluate import ALARM, INSUFFICIENT_DATA, OK, Point, evaluate
from logsight_assets.alarm_rules.rule import AlarmRule

TREATMENTS = ["missing", "ignore", "breaching", "notBreaching"]
KEPT = "kept"  # whatever the state was


def rule(n: int = 3, m: int = 3, treatment: str = "missing", **more: Any) -> AlarmRule:
    fields: dict[str, Any] = {"metric": "error_count", "threshold": 1.0, "period_minutes": 5} | more
    return AlarmRule(name="r", evaluation_periods=n, datapoints_to_alarm=m, treat_missing_data=treatment, **fields)


def points(pattern: str) -> list[Point]:
    """`0` is good, `X` breaching, `-` missing; oldest first."""
    values = {"0": 0.0, "X": 5.0, "-": None}
    return [Point(number, values[sign]) for number, sign in enumerate(pattern.replace(" ", ""))]


@pytest.mark.parametrize(
    ("pattern", "m", "states"),
    [
        # Three of three.
        ("0 - X - X", 3, [OK, OK, OK, OK]),
        ("0 - - - -", 3, [OK, OK, OK, OK]),
        ("- - - - -", 3, [INSUFFICIENT_DATA, KEPT, ALARM, OK]),
        ("0 X X - X", 3, [ALARM, ALARM, ALARM, ALARM]),
        ("- - X - -", 3, [ALARM, KEPT, ALARM, OK]),
        # Two of three.
        ("0 - X - X", 2, [ALARM, ALARM, ALARM, ALARM]),
        ("0 0 X 0 X", 2, [ALARM, ALARM, ALARM, ALARM]),
        ("0 - X - -", 2, [OK, OK, ALARM, OK]),
        ("- - - - 0", 2, [OK, OK, ALARM, OK]),
        ("- - - X -", 2, [ALARM, KEPT, ALARM, OK]),
    ],
)
def test_missing_datapoints_count_as_the_rule_says(pattern: str, m: int, states: list[str]) -> None:
    for before in (OK, ALARM, INSUFFICIENT_DATA):
        found = [evaluate(rule(3, m, treatment), points(pattern), before).state for treatment in TREATMENTS]
        assert found == [before if state == KEPT else state for state in states]


@pytest.mark.parametrize(
    ("pattern", "n", "m", "state"),
    [
        pytest.param("X", 1, 1, ALARM, id="one of one"),
        pytest.param("0 X", 1, 1, ALARM, id="only the latest counts"),
        pytest.param("X 0", 1, 1, OK, id="what is over is over"),
        pytest.param("0 X 0 X 0", 5, 2, ALARM, id="they need not follow one another"),
        pytest.param("X X 0 0 0 0 0", 5, 2, OK, id="older than N"),
        pytest.param("", 3, 2, INSUFFICIENT_DATA, id="nothing at all"),
        pytest.param("X", 3, 2, OK, id="too early to say"),
        pytest.param("X X", 3, 2, ALARM, id="M are enough, whatever comes"),
    ],
)
def test_m_of_the_latest_n(pattern: str, n: int, m: int, state: str) -> None:
    assert evaluate(rule(n, m), points(pattern), OK).state == state


@pytest.mark.parametrize(
    ("comparison", "value", "is_breaching"),
    [
        ("GreaterThanOrEqualToThreshold", 1.0, True),
        ("GreaterThanThreshold", 1.0, False),
        ("GreaterThanThreshold", 1.1, True),
        ("LessThanThreshold", 1.0, False),
        ("LessThanThreshold", 0.9, True),
        ("LessThanOrEqualToThreshold", 1.0, True),
    ],
)
def test_comparisons(comparison: str, value: float, is_breaching: bool) -> None:
    found = evaluate(rule(1, 1, comparison=comparison), [Point(0, value)], OK).state
    assert found == (ALARM if is_breaching else OK)


def test_a_verdict_says_why() -> None:
    found = evaluate(rule(3, 2, "breaching"), points("0 X - - -"), OK)
    assert found.reason == (
        "error_count was at least 1 in 1 of 2 datapoints; 2 out of the last 3 datapoints make an alarm; "
        "1 missing, treated as breaching"
    )


_PATTERN = st.text("0X-", max_size=8)
_N_M = st.integers(1, 5).flatmap(lambda n: st.tuples(st.just(n), st.integers(1, n)))


@given(_PATTERN, _N_M, st.sampled_from(TREATMENTS))
def test_enough_datapoints_decide_alike_under_every_treatment(
    pattern: str, n_m: tuple[int, int], treatment: str
) -> None:
    n, m = n_m
    looked_at = points(pattern)[-(n + 2) :]
    present = [point for point in looked_at if point.value is not None]
    if len(present) >= n:
        breaching = sum(point.value == 5.0 for point in present[-n:])
        assert evaluate(rule(n, m, treatment), points(pattern), OK).state == (ALARM if breaching >= m else OK)


@given(_PATTERN, _N_M)
def test_breaching_is_never_milder_than_not_breaching(pattern: str, n_m: tuple[int, int]) -> None:
    severe, mild = (evaluate(rule(*n_m, t), points(pattern), OK).state for t in ("breaching", "notBreaching"))
    assert (severe, mild) != (OK, ALARM)


@given(_PATTERN, _N_M, st.sampled_from([OK, ALARM, INSUFFICIENT_DATA]))
def test_ignore_ends_as_missing_does_or_changes_nothing(pattern: str, n_m: tuple[int, int], before: str) -> None:
    ignoring, missing = (evaluate(rule(*n_m, t), points(pattern), before).state for t in ("ignore", "missing"))
    assert ignoring in (missing, before)
