"""How far back an investigation reads, by what each hour holds and was like."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.incidents.hours_before import ENOUGH_EVENTS, MANY_EVENTS, TimeRead, time_read
from logsight_assets.incidents.normal_hours import Kind
from logsight_assets.incidents.windows import LOOKBACK_HOURS, NS, Window
from logsight_assets.timeline import HOUR_NS, Hour
from tests.intake.lakes import HOUR

MINUTE = 60 * NS
USUAL, OTHERS, OWN = Kind.USUAL, Kind.OTHERS_UNLIKE, Kind.OWN_UNLIKE


def window(start_minute: int = 20, minutes: int = 10) -> Window:
    """A window that begins so many minutes after HOUR."""
    start = HOUR.start_nano + start_minute * MINUTE
    change = start + minutes * MINUTE
    return Window(start, change, change + minutes * MINUTE // 2, minutes * MINUTE // 12)


def read(
    kinds: Mapping[int, Kind] | None = None,
    events: Callable[[int], int] = lambda _: 100,
    of: Window | None = None,
) -> TimeRead:
    """What is read where hours, by how far they lie before HOUR, are of these kinds and hold so many events."""
    taken: list[Hour] = []

    def take(hour: Hour) -> int:
        assert hour not in taken, "an hour is read once"
        taken.append(hour)
        return events(HOUR.index - hour.index)

    found = time_read(of or window(), take, lambda hour: (kinds or {}).get(HOUR.index - hour.index, USUAL))
    assert sorted(taken) == list(found.hours)
    return found


def backs(found: TimeRead) -> list[int]:
    return [HOUR.index - hour.index for hour in reversed(found.hours)]


def outside(found: TimeRead) -> list[tuple[int, int]]:
    """Minutes from HOUR on."""
    return [((start - HOUR.start_nano) // MINUTE, (end - HOUR.start_nano) // MINUTE) for start, end in found.left_out]


def test_where_nothing_is_unlike_itself_hours_are_read_until_there_is_enough() -> None:
    assert backs(read()) == list(range(LOOKBACK_HOURS + 1))
    busy = read(events=lambda _: ENOUGH_EVENTS)
    assert (backs(busy), busy.left_out, busy.is_normal) == ([0, 1, 2], (), True)
    assert backs(read(events=lambda _: ENOUGH_EVENTS, of=window(minutes=20))) == [0, 1, 2, 3, 4]


def test_a_very_busy_time_is_cut_to_the_windows_that_are_enough() -> None:
    found = read(events=lambda _: MANY_EVENTS)
    assert found.since == window().start - 12 * window().span
    shifted = read({0: OWN, 1: OWN}, events=lambda _: MANY_EVENTS)
    assert shifted.since == (HOUR - 1).start_nano - 12 * window().span


def test_hours_that_are_unlike_themselves_are_passed_over_for_earlier_ones() -> None:
    found = read({0: OWN, 1: OWN, 3: OTHERS}, events=lambda _: ENOUGH_EVENTS)
    assert backs(found) == [0, 2, 4], "the window's own hour is read, and says nothing of what is normal"
    assert outside(found) == [(-180, -120), (-60, 20)]
    assert found.is_normal


def test_few_usual_hours_are_joined_by_those_in_which_others_were_unlike_themselves() -> None:
    kinds = {0: OWN, 1: OWN, **dict.fromkeys(range(2, 10), OTHERS)}
    few = read(kinds, events=lambda back: 100 if back < 14 else 0)
    assert [back for back in backs(few) if back < 14] == [0, 2, 3, 10, 11, 12, 13]
    many = read(kinds)
    assert backs(many) == [0, *range(10, LOOKBACK_HOURS + 1)]


def test_where_no_hour_is_usual_all_are_read_and_none_is_normal() -> None:
    found = read(dict.fromkeys(range(25), OWN))
    assert (backs(found), found.left_out, found.is_normal) == (list(range(25)), (), False)
    silent = read({0: OWN, 1: OWN}, events=lambda back: 100 if back < 2 else 0)
    assert not silent.is_normal, "usual hours in which nobody said anything say nothing"


def test_hours_of_others_are_enough_to_be_normal() -> None:
    found = read(dict.fromkeys(range(25), OTHERS))
    assert found.is_normal
    assert outside(found) == []


def test_time_beyond_a_moment_goes_if_enough_is_left() -> None:
    found = read()
    assert outside(found.without(HOUR.start_nano - 30 * MINUTE)) == [(-30, 20)]
    assert found.without(window().start) is found
    assert found.without(found.since + 60 * MINUTE) is found, "an hour is fewer than twelve windows"
    both = read({2: OWN}, events=lambda _: ENOUGH_EVENTS // 4)
    assert outside(both.without(HOUR.start_nano - 90 * MINUTE)) == [(-120, 20)]


@given(st.lists(st.sampled_from(list(Kind)), min_size=25, max_size=25), st.integers(0, 59), st.integers(0, 3_000))
def test_what_is_read_and_what_is_left_out_are_the_time_before(kinds: list[Kind], minute: int, events: int) -> None:
    found = read(dict(enumerate(kinds)), lambda _: events, window(minute))
    kept = {hour for hour in found.hours if all(not start <= hour.start_nano < end for start, end in found.left_out)}
    whole = found.window.start - found.since
    first = Hour.of_nano(found.window.start)
    assert whole == sum(end - start for start, end in found.left_out) + sum(
        min(HOUR_NS, found.window.start - hour.start_nano) for hour in kept if hour <= first
    )
    if not found.is_normal:
        assert OWN in kinds


@pytest.mark.parametrize(("spans", "said"), [
    ((), "true"),
    (((1, 2),), "not (t >= 1 and t < 2)"),
    (((1, 2), (4, 6)), "not (t >= 1 and t < 2) and not (t >= 4 and t < 6)"),
])  # fmt: skip
def test_what_is_left_out_is_a_condition(spans: tuple[tuple[int, int], ...], said: str) -> None:
    assert TimeRead(window(), (HOUR,), 0, spans).condition("t", str) == said
