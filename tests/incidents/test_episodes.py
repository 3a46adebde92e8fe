"""Which incident a change of an alarm's state belongs to, whatever the order in which changes arrive."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.incidents.episodes import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    Board,
    Transition,
    Windows,
    alarm_id,
    decide,
    incident_id,
    pruned,
    resolved_by_person,
)

MINUTE = 60_000
WINDOWS = Windows(join_minutes=15, reopen_minutes=60)
WHILE_ON = Windows(join_minutes=15, reopen_minutes=60, join_open_minutes=120)
START = 1_748_773_800_000  # 2025-06-01T10:30


def change(state: str, minute: float, alarm: str = "a", *services: str) -> Transition:
    return Transition(alarm, state, START + int(minute * MINUTE), services)


def decided(*changes: Transition, linked: frozenset[frozenset[str]] = frozenset(), windows: Windows = WINDOWS) -> Board:
    """The board after changes that arrive one by one."""
    board = Board()
    for each in changes:
        board = decide(board, [each], windows, START, linked)
    return board


def roles(board: Board, *changes: Transition) -> list[str]:
    return [found.role for each in changes if (found := board.decision(each))]


def incidents(board: Board, *changes: Transition) -> list[str | None]:
    return [found.incident_id for each in changes if (found := board.decision(each))]


def is_open(board: Board) -> dict[str, bool]:
    return {name: standing.resolved_ms is None for name, standing in board.incidents.items()}


def test_ok_resolves_what_the_alarm_opened() -> None:
    on, off = change(ALARM, 0), change(OK, 5)
    board = decided(on, off)
    assert roles(board, on, off) == ["opened", "cleared"]
    assert board.decision(off).resolves == (incident_id(on),)  # type: ignore[union-attr]
    assert board.incidents[incident_id(on)].resolved_ms == off.unix_ms


def test_the_same_change_twice_is_decided_once() -> None:
    on = change(ALARM, 0)
    board = decided(on, change(OK, 5))
    assert decide(board, [on, on], WINDOWS, START + 99) == board


def test_an_alarm_that_flaps_within_the_window_reopens_and_later_is_a_new_incident() -> None:
    first, off, soon, off2, late = (
        change(ALARM, 0), change(OK, 5), change(ALARM, 64), change(OK, 70), change(ALARM, 131),
    )  # fmt: skip
    board = decided(first, off, soon, off2, late)
    assert roles(board, first, off, soon, off2, late) == ["opened", "cleared", "reopened", "cleared", "opened"]
    assert is_open(board) == {incident_id(first): False, incident_id(late): True}


def test_no_data_resolves_nothing() -> None:
    on, gone = change(ALARM, 0), change(INSUFFICIENT_DATA, 5)
    board = decided(on, gone)
    assert roles(board, gone) == ["noted"]
    assert is_open(board) == {incident_id(on): True}


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_an_alarm_that_flaps_is_one_incident_in_any_order_of_arrival(order: Sequence[int]) -> None:
    told = [change(ALARM, 0), change(OK, 5), change(ALARM, 9), change(OK, 20)]
    board = decided(*(told[place] for place in order))
    assert len(board.incidents) == 1
    (standing,) = board.incidents.values()
    assert standing.resolved_ms == told[3].unix_ms
    assert sum(found.role == "opened" for found in board.alarms["a"]) == 1


def test_an_ok_before_its_alarm_leaves_the_incident_resolved() -> None:
    off, on = change(OK, 5), change(ALARM, 0)
    board = decided(off, on)
    assert roles(board, off, on) == ["noted", "opened"]
    assert board.decision(on).resolves == (incident_id(on),)  # type: ignore[union-attr]
    assert is_open(board) == {incident_id(on): False}


def test_an_older_alarm_after_a_newer_ok_reopens_nothing() -> None:
    first, off, older = change(ALARM, 0), change(OK, 30), change(ALARM, 10)
    board = decided(first, off, older)
    assert roles(board, older) == ["repeated"]
    assert is_open(board) == {incident_id(first): False}


def test_an_older_ok_after_a_newer_alarm_resolves_nothing() -> None:
    first, again, older = change(ALARM, 0), change(ALARM, 20), change(OK, 10)
    board = decided(first, again, older)
    assert is_open(board) == {incident_id(first): True}


@pytest.mark.parametrize(
    ("told", "joins"),
    [
        pytest.param([change(ALARM, 100, "b", "checkout")], True, id="while the first is on"),
        pytest.param([change(ALARM, 121, "b", "checkout")], False, id="on for too long"),
        pytest.param([change(ALARM, 100, "b", "search")], False, id="another service"),
        pytest.param([change(OK, 10), change(ALARM, 14, "b", "checkout")], False, id="over by then"),
        pytest.param([change(INSUFFICIENT_DATA, 10), change(ALARM, 100, "b", "checkout")], True, id="without data"),
        pytest.param([change(ALARM, 100, "b", "checkout"), change(ALARM, 200, "c", "checkout")], True, id="one more"),
    ],
)
def test_an_alarm_of_the_same_service_joins_while_the_incident_is_on(told: list[Transition], joins: bool) -> None:
    first = change(ALARM, 0, "a", "checkout")
    board = decided(first, *told, windows=WHILE_ON)
    assert (board.decision(told[-1]).incident_id == incident_id(first)) == joins  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("minute", "service", "linked", "joins"),
    [
        pytest.param(14, "checkout", (), True, id="same service in the window"),
        pytest.param(-14, "checkout", (), True, id="same service, earlier, told later"),
        pytest.param(16, "checkout", (), False, id="same service after the window"),
        pytest.param(5, "search", (), False, id="another service"),
        pytest.param(5, "payment", ("checkout", "payment"), True, id="another service of the same failing traces"),
        pytest.param(16, "payment", ("checkout", "payment"), False, id="shared traces after the window"),
    ],
)
def test_alarms_of_one_cause_join(minute: int, service: str, linked: tuple[str, ...], joins: bool) -> None:
    first, second = change(ALARM, 0, "a", "checkout"), change(ALARM, minute, "b", service)
    links = frozenset({frozenset(linked)}) if linked else frozenset()
    board = decided(first, second, linked=links)
    assert roles(board, second) == ["joined" if joins else "opened"]
    assert len(set(incidents(board, first, second))) == (1 if joins else 2)


def test_an_incident_is_over_when_all_its_alarms_are() -> None:
    a, b = change(ALARM, 0, "a", "checkout"), change(ALARM, 1, "b", "checkout")
    board = decided(a, b, change(OK, 5, "a"))
    assert is_open(board) == {incident_id(a): True}
    off = change(OK, 7, "b")
    board = decide(board, [off], WINDOWS, START)
    assert board.incidents[incident_id(a)].resolved_ms == off.unix_ms


def test_alarms_without_a_service_stay_apart() -> None:
    a, b = change(ALARM, 0, "a"), change(ALARM, 1, "b")
    assert len(decided(a, b).incidents) == 2


def test_what_a_person_resolved_is_reopened_by_its_alarm() -> None:
    on, again = change(ALARM, 0), change(ALARM, 40)
    board = resolved_by_person(decided(on), incident_id(on), START + 10 * MINUTE)
    assert is_open(board) == {incident_id(on): False}
    board = decide(board, [again], WINDOWS, START)
    assert roles(board, again) == ["reopened"]
    assert is_open(board) == {incident_id(on): True}


def test_ids_hold_no_word_of_the_alarm() -> None:
    on = Transition(alarm_id("1", "eu", "acme-checkout"), ALARM, START)
    assert incident_id(on) == "20250601-1030-" + incident_id(on)[-6:]
    assert incident_id(on) == incident_id(on)
    assert alarm_id("1", "eu", "x") != alarm_id("2", "eu", "x")


def test_old_decisions_go_but_not_those_of_open_incidents() -> None:
    ended, open_one = change(ALARM, 0, "a"), change(ALARM, 0, "b")
    board = decided(ended, change(OK, 1, "a"), open_one)
    kept = pruned(board, START + 1, longest=200)
    assert set(kept.alarms) == {"b"}
    assert is_open(kept) == {incident_id(open_one): True}
    assert pruned(board, START, longest=200) == board


CHANGES = st.builds(
    change,
    st.sampled_from([ALARM, OK, INSUFFICIENT_DATA]),
    st.integers(0, 300),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(["checkout", "payment"]),
)


@given(st.lists(CHANGES, max_size=12), st.randoms(use_true_random=False))
def test_every_episode_has_one_incident_and_an_incident_is_open_while_an_alarm_is_on(
    changes: list[Transition], random: object
) -> None:
    shuffled = list(changes)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    board = decided(*shuffled)
    for each in changes:
        found = board.decision(each)
        assert found is not None
        assert each.state != ALARM or found.incident_id in board.incidents
    for name, standing in board.incidents.items():
        ends = []
        for alarm in standing.alarms:
            history = board.alarms[alarm]
            last = max(d.unix_ms for d in history if d.state == ALARM and d.incident_id == name)
            ends.append(any(d.state == OK and d.unix_ms >= last for d in history))
        assert (standing.resolved_ms is not None) == all(ends)
    told = {name for history in board.alarms.values() for d in history for name in d.resolves}
    assert told >= {name for name, standing in board.incidents.items() if standing.resolved_ms is not None}


@given(st.lists(CHANGES, max_size=10))
def test_arriving_together_or_one_by_one_in_order_is_the_same(changes: list[Transition]) -> None:
    ordered = sorted(set(changes), key=lambda each: (each.unix_ms, each.state, each.alarm_id))
    together = decide(Board(), changes, WINDOWS, START)
    assert together == decided(*ordered)
