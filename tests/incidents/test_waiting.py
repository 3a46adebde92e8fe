"""What arrives in the queue lies in the lake afterwards, or is set aside; no message keeps another from that."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.errors import StoreUnavailable
from logsight_assets.incidents.alarm import parse_alarm
from logsight_assets.incidents.changes import changes_between
from logsight_assets.incidents.records import IncidentRecords, incidents_of
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.waiting import WaitingAlarm, read_waiting, take_in, waiting_keys
from logsight_assets.lake import PLATFORM, Lake
from resources.queue import FolderQueue, MessageQueue
from tests.contracts.test_queue import QUEUES, Clock
from tests.doubles import HookedStore
from tests.incidents.events import CODEDEPLOY, alarm_event, at, body, handle
from tests.incidents.hostile import hostile_events, hostile_messages
from tests.intake.lakes import make_lake, with_store

GOOD = alarm_event("good", minute=3, tenant=None)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=QUEUES)
def queue(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[MessageQueue]:
    yield from QUEUES[request.param](tmp_path / "queue", clock)


def waiting(lake: Lake) -> list[WaitingAlarm]:
    return [
        found
        for tenant, keys in waiting_keys(lake).items()
        for key in keys
        for found in read_waiting(lake, tenant, key)
    ]


def names(lake: Lake) -> list[str]:
    return sorted(found.alarm.name for found in waiting(lake))


# What may arrive ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "name"),
    [
        pytest.param(alarm_event("a\ud800b"), "a\ufffdb", id="name"),
        pytest.param(alarm_event("a") | {"resources": ["\udc00"]}, "a", id="arn"),
        pytest.param(alarm_event("a", service="\udfff"), "a", id="dimension"),
        pytest.param(alarm_event("a") | {"\ud800": 1}, "a", id="key"),
        pytest.param(alarm_event("\ud83d\ude00"), "\U0001f600", id="a pair is the character that it means"),
    ],
)
def test_an_alarm_with_half_a_character_is_an_alarm(
    lake: Lake, queue: MessageQueue, event: dict[str, Any], name: str
) -> None:
    queue.send(body(event))
    queue.send(body(GOOD))
    taken = take_in(lake, queue, None)
    assert (taken.alarms, taken.set_aside, taken.failed) == (2, 0, 0)
    assert names(lake) == sorted([name, "good"])


def test_a_change_with_half_a_character_is_a_change(lake: Lake, queue: MessageQueue) -> None:
    queue.send(json.dumps(CODEDEPLOY | {"detail": CODEDEPLOY["detail"] | {"application": "pay\ud800"}}).encode())
    assert take_in(lake, queue, None).set_aside == 0
    assert [found.service for found in changes_between(lake, PLATFORM, at(-60), at(60))] == ["pay\ufffd"]


def test_what_waits_can_be_read_by_any_reader_of_json_and_is_not_deep(lake: Lake, tmp_path: Path) -> None:
    deep: Any = "bottom"
    for _ in range(500):
        deep = [deep]
    queue = FolderQueue(tmp_path / "queue")
    queue.send(body(alarm_event() | {"deep": deep, "number": float("nan"), "more": [float("inf")]}))
    take_in(lake, queue, None)
    (key,) = (key for keys in waiting_keys(lake).values() for key in keys)

    def refuse(name: str) -> None:
        raise AssertionError(f"{name} is no JSON")

    stored = json.loads(lake.store.get(key), parse_constant=refuse)
    assert (stored["event"]["number"], stored["event"]["more"]) == (None, [None])
    assert "bottom" not in lake.store.get(key).decode()


@given(st.lists(hostile_messages(), min_size=1, max_size=4), st.integers(0, 3))
@settings(max_examples=40)
def test_no_message_fails_a_look_or_a_run_and_a_good_alarm_beside_it_always_becomes_an_incident(
    messages: list[bytes], place: int
) -> None:
    with TemporaryDirectory() as folder:
        lake, queue = make_lake(Path(folder) / "lake"), FolderQueue(Path(folder) / "queue")
        for message in [*messages[:place], body(GOOD), *messages[place:]]:
            queue.send(message)
        taken = take_in(lake, queue, None)
        assert (taken.alarms + taken.set_aside, taken.failed) == (len(messages) + 1, 0)
        handle(lake)
        assert waiting_keys(lake) == {}
        held = [fold(IncidentRecords(lake, PLATFORM, name).all()) for name in incidents_of(lake.store, PLATFORM)]
        assert "good" in {alarm.name for state in held for alarm in state.alarms.values()}


@given(hostile_events())
def test_an_event_that_is_read_as_an_alarm_is_read_alike_from_where_it_waits(event: dict[str, Any]) -> None:
    with TemporaryDirectory() as folder:
        lake, queue = make_lake(Path(folder) / "lake"), FolderQueue(Path(folder) / "queue")
        queue.send(body(event))
        take_in(lake, queue, None)
        for found in waiting(lake):
            assert parse_alarm(json.loads(json.dumps(found.event))) == found.alarm


# What fails -----------------------------------------------------------------------------------------------------------


def poisoned(lake: Lake, fault: Exception) -> Lake:
    """A lake whose store refuses what one of the messages leads to."""

    def refuse(operation: str, key: str) -> None:
        if operation == "put" and key.startswith("alarms/waiting/") and "-OK" in key:
            raise fault

    return with_store(lake, HookedStore(lake.store, before=refuse))


def test_a_message_whose_taking_fails_comes_again_and_is_set_aside_in_the_end_alone(
    lake: Lake, queue: MessageQueue, clock: Clock
) -> None:
    broken, cursor = poisoned(lake, KeyError("a fault of ours")), None
    poison = body(alarm_event("poison", "OK"))
    for message in (poison, body(GOOD)):
        queue.send(message)
    looks = []
    for _ in range(5):
        taken = take_in(broken, queue, cursor)
        looks.append((taken.alarms, taken.failed))
        cursor = taken.cursor
        clock.seconds += 61
    assert looks == [(1, 1), (0, 1), (0, 1), (0, 0), (0, 0)], "the good one is acknowledged, three deliveries are most"
    assert queue.quarantined() == [poison]
    assert names(lake) == ["good"]


def test_a_message_whose_taking_failed_is_taken_when_the_fault_is_gone(
    lake: Lake, queue: MessageQueue, clock: Clock
) -> None:
    queue.send(body(alarm_event("late", "OK")))
    cursor = take_in(poisoned(lake, KeyError("a fault of ours")), queue, None).cursor
    clock.seconds += 61
    assert take_in(lake, queue, cursor).alarms == 1
    assert names(lake) == ["late"]
    assert "a fault of ours" not in (lake.state / "logs" / "failures.log").read_text()


def test_a_store_that_is_away_fails_the_look_and_nothing_is_acknowledged(
    lake: Lake, queue: MessageQueue, clock: Clock
) -> None:
    for message in (body(alarm_event("first", "OK")), body(GOOD)):
        queue.send(message)
    with pytest.raises(StoreUnavailable):
        take_in(poisoned(lake, StoreUnavailable("no answer")), queue, None)
    clock.seconds += 61
    assert take_in(lake, queue, None).alarms == 2
    assert names(lake) == ["first", "good"]
