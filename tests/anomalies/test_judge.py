"""Judgements of an hour: what is said of each series, and what an episode is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.anomalies.baseline import HELD
from logsight_assets.anomalies.series import (
    ACCEPTED,
    ANOMALY,
    ERROR_RATIO,
    EVENT_COUNT,
    HIGH,
    INCOMPLETE,
    LOW,
    NEW,
    NO_BASELINE,
    OK,
    SILENT,
    STANDING,
    VANISHED,
    Observation,
    Series,
)
from logsight_assets.anomalies.wording import reason

from .past import HOUR, SHOP, earlier, last_hours, rows, run_on, seen, together

LINE = Series("shop", "t1", EVENT_COUNT)
STEADY = earlier(last_hours(*[100] * 24))


def test_an_hour_in_which_nothing_is_found_has_a_row_too() -> None:
    row = rows(STEADY, {SHOP: seen(104)})[SHOP]
    assert (row.state, row.direction, row.episode_id, row.baseline_size) == (OK, "", None, 24)
    assert reason(row).startswith("104 events; ")


def test_a_surge_is_an_anomaly_with_its_reason() -> None:
    row = rows(STEADY, {SHOP: seen(900)})[SHOP]
    assert (row.state, row.direction) == (ANOMALY, HIGH)
    assert row.expected is not None
    assert row.expected[1] < 900
    assert row.score > 5
    assert "from the last 24 usable hours" in reason(row)


def test_a_service_of_which_nothing_comes_is_silent() -> None:
    row = rows(STEADY, {})[SHOP]
    assert (row.state, row.direction, row.observed.value) == (ANOMALY, SILENT, 0)
    assert reason(row).startswith("nothing came; ")


def test_an_incomplete_hour_is_never_low() -> None:
    for came in ({}, {SHOP: seen(1)}):
        row = rows(STEADY, came, is_complete=False)[SHOP]
        assert (row.state, row.direction) == (INCOMPLETE, "")


def test_an_incomplete_hour_that_has_too_much_already_is_high() -> None:
    assert rows(STEADY, {SHOP: seen(900)}, is_complete=False)[SHOP].state == ANOMALY


def test_a_template_that_usually_comes_and_does_not_has_vanished() -> None:
    before = together(STEADY, earlier(last_hours(*[60] * 24), LINE))
    row = rows(before, {SHOP: seen(100)})[LINE]
    assert (row.state, row.direction) == (ANOMALY, VANISHED)


def test_a_template_that_seldom_comes_leaves_no_row_when_it_does_not() -> None:
    before = together(STEADY, earlier({20: 3.0, 9: 1.0}, LINE))
    assert LINE not in rows(before, {SHOP: seen(100)})


def test_new_failures_are_anomalies_from_the_third_on_and_calm_lines_from_the_twentieth() -> None:
    def direction(count: int, errors: int) -> str:
        observed = {SHOP: seen(100), LINE: seen(count, error_count=errors, is_first=True)}
        return rows(STEADY, observed)[LINE].direction

    assert [direction(n, n) for n in (1, 2, 3, 40)] == ["", "", NEW, NEW]
    assert [direction(n, 0) for n in (3, 19, 20, 40)] == ["", "", NEW, NEW]


def test_of_a_new_service_no_template_is_new() -> None:
    row = rows({}, {SHOP: seen(100), LINE: seen(100, error_count=100, is_first=True)})[LINE]
    assert (row.state, row.direction) == (NO_BASELINE, "")


def test_a_template_of_last_week_is_not_new() -> None:
    row = rows(STEADY, {SHOP: seen(100), LINE: seen(50, error_count=50)})[LINE]
    assert row.direction == ""


def test_without_a_past_nothing_is_said() -> None:
    row = rows({}, {SHOP: seen(100)})[SHOP]
    assert (row.state, row.expected) == (NO_BASELINE, None)


def test_a_series_is_compared_from_its_first_appearance_on() -> None:
    before = together(earlier(last_hours(*[500] * 24), Series("other", "", EVENT_COUNT)), earlier(last_hours(100, 100)))
    assert rows(before, {SHOP: seen(100)})[SHOP].state == NO_BASELINE


def test_errors_are_judged_in_an_open_hour() -> None:
    ratio = Series("shop", "", ERROR_RATIO)
    before = together(STEADY, earlier(last_hours(*[0.0] * 24), ratio, size=100))
    row = rows(before, {SHOP: seen(30), ratio: Observation(0.5, 30)}, is_complete=False)[ratio]
    assert (row.state, row.direction) == (ANOMALY, HIGH)


# Episodes -------------------------------------------------------------------------------------------------------------


def states(*values: float) -> list[str]:
    return [row.state if row else "-" for row in run_on(values)]


def test_a_lasting_shift_is_one_episode() -> None:
    judged = run_on([100] * 24 + [900] * 5 + [100] * 2)
    assert [row.state for row in judged[24:] if row] == [ANOMALY, *[STANDING] * 4, OK, OK]
    assert len({row.episode_id for row in judged[24:29] if row}) == 1


def test_a_shift_never_becomes_normal_by_itself() -> None:
    judged = run_on([100] * 24 + [900] * 400)
    assert {row.state for row in judged[25:] if row} == {STANDING}
    last = judged[-1]
    assert last is not None
    assert last.baseline == HELD
    assert "what was normal when it began" in reason(last)


def test_an_accepted_shift_becomes_normal() -> None:
    values = [100] * 24 + [900] * 40
    accepted = {HOUR + number: {SHOP} for number in range(24, 60)}
    judged = run_on(values, accepted)
    found = [row.state for row in judged[24:] if row]
    assert found[0] == ACCEPTED
    assert found[-1] == OK
    assert set(found) == {ACCEPTED, OK}


def test_two_faults_with_a_good_hour_between_are_two_episodes() -> None:
    judged = run_on([100] * 24 + [900, 100, 900])
    first, _, second = judged[24:]
    assert first is not None
    assert second is not None
    assert first.episode_id != second.episode_id
    assert second.state == ANOMALY


def test_a_service_that_fades_and_falls_silent_is_one_episode() -> None:
    judged = run_on([300] * 24 + [20, 0, 0, 300])
    assert [(row.direction, row.state) for row in judged[24:] if row] == [
        (LOW, ANOMALY),
        (SILENT, STANDING),
        (SILENT, STANDING),
        ("", OK),
    ]


@given(st.lists(st.integers(0, 2000), min_size=1, max_size=60))
def test_whatever_comes_an_hour_is_an_anomaly_exactly_if_it_lies_outside_its_range(values: list[int]) -> None:
    for row in run_on(values):
        if row is not None and row.expected is not None:
            low, high = row.expected
            assert (row.state in (ANOMALY, STANDING)) == (not low <= row.observed.value <= high)
            assert (row.episode_id is not None) == (row.state in (ANOMALY, STANDING))
            assert reason(row)
