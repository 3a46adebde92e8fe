"""Error budgets: cases by hand, and what holds whatever was counted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.slo.budget import (
    BURNING,
    EXHAUSTED,
    MET,
    UNMEASURED,
    Count,
    HourOfObjective,
    burn_rate,
    hours_of_objective,
)
from logsight_assets.slo.objective import Objective
from logsight_assets.timeline import Hour, hours_between

LAST = Hour.parse("2025-06-29T00")
WINDOW = list(hours_between(LAST - 28 * 24 + 1, LAST + 1))


def objective(**fields: Any) -> Objective:
    return Objective(**{"name": "o", "service": "shop", "kind": "availability", "target": 0.99, **fields})


def at_last(counts: dict[Hour, Count], complete: list[Hour] | None = None, **fields: Any) -> HourOfObjective:
    (found,) = hours_of_objective(objective(**fields), counts, set(WINDOW if complete is None else complete), [LAST])
    return found


def steady(total: int, bad: int) -> dict[Hour, Count]:
    return {hour: Count(total, bad) for hour in WINDOW}


@pytest.mark.parametrize(
    ("bad", "left", "burn", "state"),
    [(0, 1.0, 0.0, MET), (5, 0.5, 0.5, MET), (10, 0.0, 1.0, EXHAUSTED), (20, -1.0, 2.0, EXHAUSTED)],
)
def test_a_budget_is_what_may_be_bad(bad: int, left: float, burn: float, state: str) -> None:
    found = at_last(steady(1000, bad))
    assert found.budget_left == pytest.approx(left)
    assert (found.burn_1h, found.burn_6h, found.burn_3d) == (pytest.approx(burn),) * 3
    assert found.state == state


def test_one_very_bad_hour_burns() -> None:
    found = at_last({**steady(1000, 0), LAST: Count(1000, 200)})
    assert (found.burn_1h, found.state) == (pytest.approx(20), BURNING)
    assert found.burn_3d == pytest.approx(20 / 72)


def test_a_rate_that_will_not_do_for_the_window_burns_after_three_days() -> None:
    counts = {hour: Count(1000, 15 if hour > LAST - 72 else 0) for hour in WINDOW}
    assert at_last(counts).state == BURNING


def test_what_is_older_than_the_window_is_forgotten() -> None:
    counts = {**steady(1000, 0), WINDOW[0] - 1: Count(10**9, 10**9)}
    assert at_last(counts).budget_left == 1.0


def test_time_that_nobody_measured_is_no_good_time() -> None:
    half = WINDOW[: len(WINDOW) // 2 - 1]
    found = at_last({hour: Count(1000, 0) for hour in half}, half)
    assert (found.budget_left, found.state) == (1.0, UNMEASURED)
    assert found.coverage == pytest.approx(0.5, abs=0.01)
    assert (found.burn_1h, found.own) == (None, Count())


def test_what_is_known_to_be_bad_is_said_whatever_else_is_not_known() -> None:
    assert at_last({LAST: Count(100, 50)}, [LAST]).state == EXHAUSTED


def test_without_anything_counted_nothing_is_said() -> None:
    found = at_last({})
    assert (found.budget_left, found.burn_1h, found.state) == (None, None, UNMEASURED)


_COUNTS = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), max_size=30)


@given(_COUNTS, st.sampled_from([0.5, 0.9, 0.999]))
def test_a_window_is_the_sum_of_its_hours(pairs: list[tuple[int, int]], target: float) -> None:
    counts = {LAST - number: Count(max(pair), min(pair)) for number, pair in enumerate(pairs)}
    found = at_last(counts, target=target)
    assert found.window == sum(counts.values(), Count())
    if found.window.total:
        assert found.budget_left == pytest.approx(1 - found.window.bad / found.window.total / (1 - target))


@given(_COUNTS)
def test_a_longer_window_burns_between_its_hours(pairs: list[tuple[int, int]]) -> None:
    counts = [Count(max(pair) + 1, min(pair)) for pair in pairs[:6]]
    if counts:
        rates = [burn_rate(each, objective()) or 0.0 for each in counts]
        together = burn_rate(sum(counts, Count()), objective()) or 0.0
        assert min(rates) - 1e-9 <= together <= max(rates) + 1e-9
