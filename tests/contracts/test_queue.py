"""What every message queue keeps to; adapters join by a line in QUEUES."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.errors import ConfigurationError, StoreUnavailable
from resources.queue import FolderQueue, MessageQueue, cursor_with, receipts_in
from resources.sqs import SqsQueue, sqs_client
from tests.contracts.sqs_double import SqsDouble, sqs_server


class Clock:
    def __init__(self) -> None:
        self.seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


def folder(root: Path, clock: Clock) -> Iterator[MessageQueue]:
    yield FolderQueue(root, hidden_seconds=60, most_deliveries=3, clock=clock)


def sqs(root: Path, clock: Clock) -> Iterator[MessageQueue]:
    double = SqsDouble(clock, most_deliveries=3)
    with sqs_server(double) as url, closing(client_of(url)) as client:
        yield SqsQueue(client, double.queue_url("alarms"), hidden_seconds=60)


def client_of(url: str) -> Any:
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    return sqs_client("eu-central-1", url)


QUEUES = {"folder": folder, "sqs": sqs}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=QUEUES)
def queue(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Iterator[MessageQueue]:
    yield from QUEUES[request.param](tmp_path, clock)


def test_a_message_comes_as_it_was_sent(queue: MessageQueue) -> None:
    text = '{"alarm": "größer als 1 \U0001f525\t\n"}'.encode()
    sent = queue.send(text)
    (message,) = queue.receive()
    assert (message.id, message.body, message.deliveries) == (sent, text, 1)


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


def test_a_burst_is_received_at_once_and_acknowledged_in_calls_that_the_queue_takes(queue: MessageQueue) -> None:
    for number in range(37):
        queue.send(b"%d" % number)
    messages = queue.receive(500)
    assert sorted(int(message.body) for message in messages) == list(range(37))
    queue.acknowledge(receipt for message in messages for receipt in (message.receipt, message.receipt))
    assert queue.receive() == []


# The inbox folder -----------------------------------------------------------------------------------------------------


@pytest.fixture
def inbox(tmp_path: Path, clock: Clock) -> FolderQueue:
    return FolderQueue(tmp_path, hidden_seconds=60, most_deliveries=3, clock=clock)


def drop(folder: Path, name: str, data: bytes, clock: Clock) -> Path:
    path = folder / name
    path.write_bytes(data)
    os.utime(path, (clock.seconds, clock.seconds))
    return path


def test_a_file_that_is_dropped_into_the_folder_is_a_message(inbox: FolderQueue, tmp_path: Path, clock: Clock) -> None:
    drop(tmp_path, "alarm.json", b'{"a": 1}', clock)
    drop(tmp_path, "notes.txt", b"not for us", clock)
    (message,) = inbox.receive()
    assert message.body == b'{"a": 1}'
    drop(tmp_path, "alarm.json", b'{"a": 2}', clock)
    (again,) = inbox.receive()
    assert (again.body, again.id != message.id) == (b'{"a": 2}', True)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["notes.txt"]


def test_a_file_that_is_being_written_is_left_until_it_is_whole(
    inbox: FolderQueue, tmp_path: Path, clock: Clock
) -> None:
    whole = b'{"detail": {"alarmName": "a"}}'
    for size in range(len(whole)):
        drop(tmp_path, "alarm.json", whole[:size], clock)
        assert inbox.receive() == []
    drop(tmp_path, "alarm.json", whole, clock)
    assert [message.body for message in inbox.receive()] == [whole]


def test_a_file_that_stays_broken_becomes_a_message_that_can_be_set_aside(
    inbox: FolderQueue, tmp_path: Path, clock: Clock
) -> None:
    drop(tmp_path, "alarm.json", b'{"detail": \xff', clock)
    assert inbox.receive() == []
    clock.seconds += 61
    (message,) = inbox.receive()
    inbox.quarantine(message)
    assert inbox.quarantined() == [b'{"detail": \xff']


def test_what_is_no_plain_file_stays_and_stops_nothing(inbox: FolderQueue, tmp_path: Path, clock: Clock) -> None:
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "link.json").symlink_to(drop(tmp_path, "target", b"{}", clock))
    os.mkfifo(tmp_path / "pipe.json")
    drop(tmp_path, "alarm.json", b"{}", clock)
    clock.seconds += 100
    assert [message.body for message in inbox.receive()] == [b"{}"]


@pytest.mark.parametrize("below", ["new", "held"])
@pytest.mark.parametrize(
    "name",
    ["notes.txt", "~", "x~y", "0~mine", "9" * 200, "0~" + "n" * 250, "1~2~3", "a~b~c~d", "-1~0000000000000000000-1"],
)
def test_a_file_that_the_queue_did_not_write_stays_and_stops_nothing(
    inbox: FolderQueue, tmp_path: Path, clock: Clock, below: str, name: str
) -> None:
    sent = inbox.send(b"{}")
    (tmp_path / below).mkdir(exist_ok=True)
    foreign = drop(tmp_path / below, name, b"not for us", clock)
    assert [message.id for message in inbox.receive()] == [sent]
    clock.seconds += 61
    (again,) = inbox.receive()
    inbox.acknowledge([again.receipt, foreign.name])
    assert inbox.receive() == []
    assert foreign.read_bytes() == b"not for us"


def test_what_is_no_file_among_the_messages_stays_and_stops_nothing(
    inbox: FolderQueue, tmp_path: Path, clock: Clock
) -> None:
    sent = inbox.send(b"{}")
    named = f"0~{sent[:-1]}"
    (tmp_path / "new" / f"{named}x").mkdir()
    (tmp_path / "new" / f"{named}y").symlink_to(drop(tmp_path, "target", b"{}", clock))
    os.mkfifo(tmp_path / "new" / f"{named}z")
    for name in ("a", "b", "c"):
        (tmp_path / "new" / f"0~{'0' * 20}-0000000{name}").mkdir()
    assert [message.id for message in inbox.receive()] == [sent]


def test_an_alarm_that_is_dropped_among_the_messages_is_one(inbox: FolderQueue, tmp_path: Path, clock: Clock) -> None:
    inbox.send(b"{}")
    drop(tmp_path / "new", "alarm.json", b'{"a": 1}', clock)
    drop(tmp_path / "new", "half.json", b'{"a": ', clock)
    assert sorted(message.body for message in inbox.receive()) == [b'{"a": 1}', b"{}"]
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["half.json"]


def test_a_file_that_is_too_large_for_a_message_is_set_aside_unread(
    inbox: FolderQueue, tmp_path: Path, clock: Clock
) -> None:
    path = drop(tmp_path, "dump.json", b"", clock)
    os.truncate(path, 64 * 1024**3)  # a hole: no memory holds it
    os.utime(path, (clock.seconds - 61, clock.seconds - 61))
    drop(tmp_path, "alarm.json", b"{}", clock)
    assert [message.body for message in inbox.receive()] == [b"{}"]
    assert [path.stat().st_size for path in (tmp_path / "aside").iterdir()] == [64 * 1024**3]
    assert len(inbox.quarantined()) == 1


def test_bytes_of_any_kind_pass_through_the_folder(inbox: FolderQueue) -> None:
    inbox.send(b"one \x00 \xff")
    assert inbox.receive()[0].body == b"one \x00 \xff"


# SQS ------------------------------------------------------------------------------------------------------------------


def test_a_queue_without_a_dead_letter_queue_is_refused_before_anything_is_received(clock: Clock) -> None:
    double = SqsDouble(clock, most_deliveries=3)
    with sqs_server(double) as url, closing(client_of(url)) as client:
        with pytest.raises(ConfigurationError, match="no redrive policy"):
            SqsQueue(client, double.queue_url("bare")).receive()
        assert "ReceiveMessage" not in double.calls


def test_what_sqs_refuses_is_told_by_its_code_without_the_message(clock: Clock) -> None:
    double = SqsDouble(clock, most_deliveries=3)
    with sqs_server(double) as url, closing(client_of(url)) as client:
        queue = SqsQueue(client, double.queue_url("gone"))
        with pytest.raises(StoreUnavailable, match="QueueDoesNotExist"):
            queue.send(json.dumps({"secret": "text"}).encode())


def test_receipts_of_a_burst_are_deleted_ten_at_a_time(clock: Clock) -> None:
    double = SqsDouble(clock, most_deliveries=3)
    with sqs_server(double) as url, closing(client_of(url)) as client:
        queue = SqsQueue(client, double.queue_url("alarms"))
        queue.acknowledge(f"AQEB{number}" for number in range(25))
        assert double.calls.count("DeleteMessageBatch") == 3
