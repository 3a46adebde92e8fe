"""Numbers as people read them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from logsight_assets.reports.measured import Change, Measured
from logsight_assets.reports.wording import (
    NBSP,
    count,
    duration,
    duration_moved,
    events_moved,
    listed,
    many,
    ratio_moved,
    share,
    spans,
)
from logsight_assets.timeline import Hour
from logsight_assets.trends.histogram import bucket_of


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_500, "1.50 µs"),
        (21_800_000, "21.8 ms"),
        (310_000_000, "310 ms"),
        (2_300_000_000, "2.30 s"),
        (90 * 10**9, "1.50 min"),
        (7_200 * 10**9, "2.00 h"),
        (None, "\u2013"),
    ],
)
def test_a_duration_has_three_digits_and_its_unit(ns: int | None, text: str) -> None:
    assert plain(duration(ns)) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0, "0 %"), (1, "100 %"), (0.9999, "100 %"), (0.123, "12.3 %"), (0.0005, "0.05 %"), (0.00001, "<0.01 %")],
)
def test_a_share_is_never_rounded_to_nothing(ratio: float, text: str) -> None:
    assert plain(share(ratio)) == text


def change(now: tuple[int, int], then: tuple[int, int]) -> Change:
    return Change(Measured(*now), Measured(*then), 24)


@pytest.mark.parametrize(
    ("now", "then", "text"),
    [
        (112, 100, "▲ 12 % more"),
        (60, 100, "▼ 40 % fewer"),
        (100, 100, "= the same"),
        (1001, 1000, "= the same"),
        (350, 100, "▲ 3.5 times"),
        (5, 2, "▲ 5 after 2"),
        (0, 500, "▼ 0 after 500"),
        (500, 0, "▲ 500 after 0"),
    ],
)
def test_a_difference_is_said_in_words_and_small_ones_in_numbers(now: int, then: int, text: str) -> None:
    assert plain(events_moved(change((now, 0), (then, 0)))) == text


@pytest.mark.parametrize(
    ("now", "then", "text"),
    [
        ((100, 30), (100, 9), "▲ +21.0 points"),
        ((100, 1), (100, 9), "▼ -8.0 points"),
        ((1000, 1), (1000, 1), "= the same"),
        ((0, 0), (100, 9), "\u2013"),
    ],
)
def test_ratios_differ_by_points(now: tuple[int, int], then: tuple[int, int], text: str) -> None:
    assert plain(ratio_moved(change(now, then))) == text


@pytest.mark.parametrize(
    ("now", "then", "text"),
    [
        ((300, 100), (100, 100), "▲ 3.0 times"),
        ((120, 100), (100, 100), "▲ 21 % longer"),
        ((80, 100), (100, 100), "▼ 19 % shorter"),
        ((101, 100), (100, 100), "= the same"),
        ((300, 5), (100, 100), "few: 5 after 100"),
    ],
)
def test_durations_differ_by_what_their_buckets_can_tell(
    now: tuple[int, int], then: tuple[int, int], text: str
) -> None:
    sides = [Measured(durations={bucket_of(ms * 10**6): number}) for ms, number in (now, then)]
    assert plain(duration_moved(Change(*sides, 24), "p95")) == text


def test_of_some_hours_both_numbers_are_said() -> None:
    """A share of 4 % on the whole cannot have risen by 18 points: of other hours their own numbers are told."""
    now, then = (Measured(2000, 358, durations={bucket_of(ms * 10**6): 100}) for ms in (300, 100))
    moved = Change(now, replace(then, events=1600, errors=2), 2)
    assert plain(events_moved(moved, in_numbers=True)) == "▲ 2,000 after 1,600"
    assert plain(ratio_moved(moved, in_numbers=True)) == "▲ 17.9 % after 0.1 %"
    assert plain(duration_moved(moved, "p95", in_numbers=True)) == "▲ 298 ms after 99.6 ms"
    same = Change(now, now, 2)
    assert {plain(how(same, in_numbers=True)) for how in (events_moved, ratio_moved)} == {"= the same"}
    assert plain(duration_moved(same, "p95", in_numbers=True)) == "= the same"


def test_hours_are_told_as_spans() -> None:
    hours = [Hour.parse(f"2025-06-10T{hh}") for hh in ("03", "04", "09", "23")] + [Hour.parse("2025-06-11T00")]
    assert spans(hours[:4], with_day=False) == "03:00 to 05:00, 09:00 to 10:00, 23:00 to 24:00"
    assert spans(hours[2:], with_day=True) == "Tue 09:00 to 10:00, Tue 23:00 to Wed 01:00"
    every_other = [Hour.parse("2025-06-10T00") + 2 * step for step in range(6)]
    assert spans(every_other, with_day=False).endswith(" and 2 more")


def test_lists_and_counts() -> None:
    assert [listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c", "d", "e"])] == [
        "a",
        "a and b",
        "a, b, c and 2 more",
    ]
    assert [count(1234567), many(1, "hour"), many(2000, "hour")] == ["1,234,567", "1 hour", "2,000 hours"]
