"""What every message queue keeps to; adapters join by a line in QUEUES."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.queue import FolderQueue, MessageQueue, cursor_with, receipts_in


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


Make = Callable[[Path, Clock], MessageQueue]
QUEUES: dict[str, Make] = {
    "folder": lambda root, clock: FolderQueue(root, hidden_seconds=60, most_deliveries=3, clock=clock)
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=QUEUES)
def queue(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> MessageQueue:
    return QUEUES[request.param](tmp_path, clock)


def test_a_message_comes_as_it_was_sent(queue: MessageQueue) -> None:
    sent = queue.send(b"one \x00 \xff")
    (message,) = queue.receive()
    assert (message.id, message.body, message.deliveries) == (sent, b"one \x00 \xff", 1)


def test_a_received_message_is_hidden_from_others(queue: MessageQueue) -> None:
    queue.send(b"one")
    assert len(queue.receive()) == 1
    assert queue.receive() == []


def test_what_is_not_acknowledged_comes_again(queue: MessageQueue, clock: Clock) -> None:
    queue.send(b"one")
    (first,) = queue.receive()
    clock.seconds += 61
    (second,) = queue.receive()
    assert (second.id, second.deliveries) == (first.id, 2)
    assert second.receipt != first.receipt


def test_what_is_acknowledged_is_gone(queue: MessageQueue, clock: Clock) -> None:
    queue.send(b"one")
    queue.acknowledge([message.receipt for message in queue.receive()])
    clock.seconds += 61
    assert queue.receive() == []


def test_an_expired_receipt_removes_nothing_and_is_no_fault(queue: MessageQueue, clock: Clock) -> None:
    queue.send(b"one")
    (first,) = queue.receive()
    clock.seconds += 61
    (second,) = queue.receive()
    queue.acknowledge([first.receipt, first.receipt, "no-such-receipt", "../../etc/passwd"])
    clock.seconds += 61
    assert [message.id for message in queue.receive()] == [second.id]


def test_a_message_that_nobody_can_deal_with_is_put_aside(queue: MessageQueue, clock: Clock) -> None:
    queue.send(b"poison")
    for _ in range(3):
        assert len(queue.receive()) == 1
        clock.seconds += 61
    assert queue.receive() == []
    assert queue.quarantined() == [b"poison"]


def test_quarantine_keeps_a_copy_once(queue: MessageQueue) -> None:
    queue.send(b"bad")
    (message,) = queue.receive()
    queue.quarantine(message)
    queue.quarantine(message)
    queue.acknowledge([message.receipt])
    assert queue.quarantined() == [b"bad"]


def test_no_more_than_asked_for(queue: MessageQueue) -> None:
    for number in range(5):
        queue.send(b"%d" % number)
    assert len(queue.receive(2)) == 2
    assert len(queue.receive(10)) == 3


def test_waiting_ends_with_the_first_message_or_the_time(queue: MessageQueue) -> None:
    assert queue.receive(wait_seconds=0.1) == []
    queue.send(b"one")
    assert len(queue.receive(wait_seconds=30)) == 1


@pytest.mark.parametrize("killed_after", ["receiving", "committing"])
def test_a_consumer_that_acknowledges_by_its_cursor_loses_nothing(
    queue: MessageQueue, clock: Clock, killed_after: str
) -> None:
    """The sensor's protocol: acknowledge what the given cursor names, receive, commit the new cursor with the runs."""
    queue.send(b"one")
    committed: str | None = None
    runs: set[str] = set()

    def tick(*, commits: bool) -> None:
        nonlocal committed
        queue.acknowledge(receipts_in(committed))
        messages = queue.receive()
        if commits:
            runs.update(message.id for message in messages)
            committed = cursor_with(messages)

    tick(commits=killed_after == "committing")
    clock.seconds += 61
    tick(commits=True)
    tick(commits=True)
    clock.seconds += 61
    assert len(runs) == 1
    assert queue.receive() == []
