"""The range that a baseline lets expect: cases a person would decide alike, and what holds for any baseline."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.anomalies.baseline import HOUR_OF_DAY, HOUR_OF_WEEK, KINDS, RECENT, Baseline, choose
from logsight_assets.anomalies.expected import MOST, expect
from logsight_assets.anomalies.series import (
    ACCEPTED,
    ANOMALY,
    DURATION_P95,
    ERROR_RATIO,
    EVENT_COUNT,
    INCOMPLETE,
    NO_BASELINE,
    OK,
    STANDING,
    Earlier,
)

KIND = {kind.name: kind for kind in KINDS}


def baseline(*values: float, kind: str = HOUR_OF_DAY, size: int = 1000) -> Baseline:
    return Baseline(KIND[kind], tuple(Earlier(value, size, OK) for value in values))


def is_outside(metric: str, past: Baseline, value: float, size: int = 1000) -> bool:
    expected = expect(metric, past, value, size)
    return not expected.low <= value <= expected.high


@pytest.mark.parametrize(
    ("values", "value", "is_anomaly"),
    [
        pytest.param((200, 210, 190, 205), 215, False, id="the usual"),
        pytest.param((200, 210, 190, 205), 290, False, id="a busy hour"),
        pytest.param((200, 210, 190, 205), 600, True, id="three times as much"),
        pytest.param((200, 210, 190, 205), 20, True, id="a tenth"),
        pytest.param((200, 210, 190, 205), 0, True, id="nothing"),
        pytest.param((2, 1, 3, 2), 0, False, id="nothing where little comes"),
        pytest.param((2, 1, 3, 2), 9, False, id="a handful more"),
        pytest.param((2, 1, 3, 2), 80, True, id="forty times a handful"),
        pytest.param((0, 0, 900, 0, 0), 800, False, id="a burst that came before"),
        pytest.param((100, 400, 50, 700), 900, False, id="what never was steady"),
        pytest.param((0, 0, 0, 0), 200, True, id="what never came"),
    ],
)
def test_a_count_is_outside_of_its_range(values: tuple[float, ...], value: float, is_anomaly: bool) -> None:
    assert is_outside(EVENT_COUNT, baseline(*values), value) == is_anomaly


@pytest.mark.parametrize(
    ("values", "value", "size", "is_anomaly"),
    [
        pytest.param((0.0, 0.0, 0.001, 0.0), 0.10, 200, True, id="twenty failures where none were"),
        pytest.param((0.0, 0.0, 0.001, 0.0), 0.02, 200, False, id="four failures wake nobody"),
        pytest.param((0.0, 0.0, 0.0, 0.0), 1.0, 3, False, id="three of three are too few"),
        pytest.param((0.05, 0.06, 0.04, 0.05), 0.07, 1000, False, id="a little more of many"),
        pytest.param((0.05, 0.06, 0.04, 0.05), 0.60, 1000, True, id="most of them"),
        pytest.param((0.05, 0.06, 0.04, 0.05), 0.0, 1000, False, id="none any more is good"),
    ],
)
def test_errors_are_outside_of_their_range(
    values: tuple[float, ...], value: float, size: int, is_anomaly: bool
) -> None:
    assert is_outside(ERROR_RATIO, baseline(*values), value, size) == is_anomaly


@pytest.mark.parametrize(
    ("milliseconds", "size", "is_anomaly"),
    [(110, 1000, False), (160, 1000, False), (900, 1000, True), (900, 4, False), (9, 1000, True)],
    ids=["the usual", "slower", "nine times slower", "of four durations", "eleven times faster"],
)
def test_a_duration_is_outside_of_its_range(milliseconds: float, size: int, is_anomaly: bool) -> None:
    past = baseline(*(value * 1e6 for value in (100, 105, 95, 102)))
    assert is_outside(DURATION_P95, past, milliseconds * 1e6, size) == is_anomaly


def test_few_hours_that_do_not_repeat_allow_for_more_than_many_that_do() -> None:
    wide, _, narrow = (
        expect(EVENT_COUNT, baseline(*[500] * 6, kind=k), 500, 0) for k in (RECENT, HOUR_OF_DAY, HOUR_OF_WEEK)
    )
    assert wide.low < narrow.low < 500 < narrow.high < wide.high


_COUNTS = st.lists(st.integers(0, 10**6), min_size=3, max_size=24)


@given(values=_COUNTS, value=st.integers(0, 10**7), kind=st.sampled_from(sorted(KIND)))
def test_what_the_baseline_has_seen_is_never_an_anomaly(values: list[int], value: int, kind: str) -> None:
    past = baseline(*values, kind=kind)
    expected = expect(EVENT_COUNT, past, value, value)
    assert 0 <= expected.low <= min(values)
    assert max(values) <= expected.high < math.inf
    assert 0 <= expected.score <= MOST


@given(values=_COUNTS, value=st.integers(0, 10**6))
def test_further_away_never_scores_less(values: list[int], value: int) -> None:
    past = baseline(*values)
    found = expect(EVENT_COUNT, past, value, value)
    if value > found.high:
        assert expect(EVENT_COUNT, past, 2 * value, 2 * value).score >= found.score


@given(
    ratios=st.lists(st.floats(0, 1), min_size=3, max_size=14),
    errors=st.integers(0, 500),
    others=st.integers(0, 500),
)
def test_an_error_ratio_has_a_range_of_ratios(ratios: list[float], errors: int, others: int) -> None:
    size = errors + others
    expected = expect(ERROR_RATIO, baseline(*ratios), errors / size if size else 0.0, size)
    assert 0 == expected.low <= max(ratios) <= expected.high <= 1


# Which hours ----------------------------------------------------------------------------------------------------------


def hours(*offsets: int, state: str = OK) -> dict[int, Earlier]:
    return {offset: Earlier(5.0, 5, state) for offset in offsets}


@pytest.mark.parametrize(
    ("history", "kind", "size"),
    [
        pytest.param(hours(168, 336, 504, 672, *range(1, 25)), HOUR_OF_WEEK, 4, id="four weeks"),
        pytest.param(hours(168, 336, 504, *range(1, 25)), RECENT, 24, id="three weeks have not enough of either"),
        pytest.param(hours(24, 48, 72, 96, *range(1, 24)), HOUR_OF_DAY, 4, id="four days"),
        pytest.param(hours(*range(1, 7)), RECENT, 6, id="six hours"),
        pytest.param(hours(*range(1, 6)), None, 0, id="five hours"),
        pytest.param(
            {**hours(*range(1, 13)), **hours(3, 4, state=ANOMALY)}, RECENT, 10, id="flagged hours are left out"
        ),
        pytest.param({**hours(*range(1, 13)), **hours(3, state=STANDING)}, RECENT, 11, id="standing ones too"),
        pytest.param({**hours(*range(1, 13)), **hours(3, state=INCOMPLETE)}, RECENT, 11, id="incomplete ones too"),
        pytest.param({**hours(*range(1, 13)), **hours(3, state=ACCEPTED)}, RECENT, 12, id="accepted ones count"),
        pytest.param(hours(*range(1, 13), state=NO_BASELINE), RECENT, 12, id="so do those before there was a baseline"),
    ],
)
def test_the_best_baseline_that_there_is_enough_of(history: dict[int, Earlier], kind: str | None, size: int) -> None:
    found = choose(history)
    assert (found.kind.name if found else None, len(found.values) if found else 0) == (kind, size)
