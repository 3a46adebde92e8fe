"""From measurements to statistics: running totals, resets, copies, many senders."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.intake.formats.json_stream import Parsed
from logsight_assets.metrics.otlp import Measurement, measurements
from logsight_assets.metrics.periods import samples, statistic_points
from tests.metrics.otlp_files import HOUR, gauge, histogram, increase, request, value

SINCE = (HOUR - 1).start_nano


def measured(*documents: dict[str, Any]) -> list[Measurement]:
    parsed = (Parsed(1, 1, 0, b"", json.loads(json.dumps(document))) for document in documents)
    return [each for item in parsed for each in measurements(item) if isinstance(each, Measurement)]


def by_minute(found: list[Measurement], statistic: str = "Sum") -> dict[int, float]:
    """Minute of the hour → value."""
    points = statistic_points(samples(found, SINCE), statistic, 60, HOUR.start_nano, (HOUR + 1).start_nano)
    return {(point.start_nano - HOUR.start_nano) // (60 * 10**9): point.value for point in points}


START = -7200.0  # a sender that has counted for two hours


@pytest.mark.parametrize(
    ("totals", "expected"),
    [
        pytest.param([(0, 100.0, START), (60, 130.0, START), (120, 130.0, START)], {0: 30.0, 1: 0.0}, id="differences"),
        pytest.param([(60, 130.0, START)], {}, id="the first of an old count only says where it stands"),
        pytest.param([(60, 5.0, 0.0)], {0: 5.0}, id="the first of a count that began since is its increase"),
        pytest.param([(60, 90.0, START), (120, 7.0, 61.0)], {1: 7.0}, id="a reset that the sender tells"),
        pytest.param([(60, 90.0, None), (120, 7.0, None)], {1: 7.0}, id="a reset that only the total tells"),
        pytest.param([(60, 4.0, START), (120, 90.0, 70.0)], {1: 90.0}, id="a reset behind which more is there"),
        pytest.param([(60, 9.0, START), (240, 12.0, START)], {3: 3.0}, id="a gap: the increase is where it was told"),
    ],
)
def test_a_running_total_gives_its_increases(
    totals: list[tuple[int, float, float | None]], expected: dict[int, float]
) -> None:
    points = [value(seconds, number, start) for seconds, number, start in totals]
    assert by_minute(measured(request(increase("m", *points)))) == expected


def test_a_running_histogram_gives_count_and_sum_of_the_time_between() -> None:
    def point(seconds: float, count: int, total: float) -> dict[str, Any]:
        return value(seconds, 0, START) | {"count": count, "sum": total, "min": 0.5, "max": 9.0}

    found = measured(
        request(histogram("m", point(0, 10, 50.0), point(60, 14, 58.0), point(120, 3, 6.0), temporality=2))
    )
    assert by_minute(found, "SampleCount") == {0: 4.0, 1: 3.0}
    assert by_minute(found, "Average") == {0: 2.0, 1: 2.0}
    assert by_minute(found, "Maximum") == {1: 9.0}, "of the first only the time since it began is known"


def test_senders_are_told_apart_and_then_added() -> None:
    def of(pod: str, *points: dict[str, Any]) -> dict[str, Any]:
        return request(increase("m", *points), resource={"service.name": "checkout", "pod": pod})

    found = measured(
        of("a", value(0, 1000.0, START), value(60, 1001.0, START)), of("b", value(0, 5.0, START), value(60, 7.0, START))
    )
    assert by_minute(found) == {0: 3.0}


@pytest.mark.parametrize("metric", [gauge("m", value(5, 2.0)), increase("m", value(5, 2.0, 0.0), temporality=1)])
def test_a_point_that_is_delivered_twice_counts_once(metric: dict[str, Any]) -> None:
    found = measured(request(metric), request(metric))
    assert by_minute(found) == {0: 2.0}


def test_an_average_of_nothing_is_no_point() -> None:
    found = measured(request(histogram("m", value(5, 0, 0.0) | {"count": 0})))
    assert (by_minute(found, "Average"), by_minute(found, "Sum"), by_minute(found, "Maximum")) == ({}, {0: 0.0}, {})


def test_without_its_sum_a_histogram_has_no_average() -> None:
    found = measured(
        request(histogram("m", value(5, 0, 0.0) | {"count": 2}, value(9, 0, 5.0) | {"count": 1, "sum": 3.0}))
    )
    assert (by_minute(found, "Sum"), by_minute(found, "SampleCount")) == ({}, {0: 3.0})


def test_a_percentile_is_not_guessed() -> None:
    assert by_minute(measured(request(gauge("m", value(5, 2.0)))), "p99") == {}


POINTS = st.lists(
    st.tuples(st.integers(0, 3599), st.floats(0, 1e6), st.sampled_from("ab")),
    min_size=1,
    max_size=30,
    unique_by=lambda p: p[::2],
)


@given(POINTS, st.randoms(use_true_random=False))
def test_the_order_and_the_copies_of_deliveries_change_no_bit(
    points: list[tuple[int, float, str]], random: Any
) -> None:
    documents = [request(increase("m", value(s, n, START)), resource={"pod": pod}) for s, n, pod in points]
    shuffled = documents + documents[:3]
    random.shuffle(shuffled)
    assert by_minute(measured(*documents)) == by_minute(measured(*shuffled))


@given(POINTS)
def test_increases_add_up_to_the_counts_of_every_run_of_the_sender(points: list[tuple[int, float, str]]) -> None:
    """A sender that counts from 0, restarts whenever its total falls, and is seen at each of these moments."""
    own = sorted((second, float(round(number))) for second, number, _ in {p[0]: p for p in points}.values())
    found = measured(request(increase("m", *(value(s + 1, n, 0.0) for s, n in own))))
    counted = 0.0
    before = 0.0
    for _, number in own:
        counted += number - before if number >= before else number
        before = number
    assert sum(by_minute(found).values()) == counted
