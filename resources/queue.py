"""Port: a queue of messages that are delivered at least once, and its embedded adapter, a folder.

A message that was received is hidden for a while and comes again unless it is acknowledged. Whoever turns messages into
Dagster runs acknowledges late: receipts go into the sensor's cursor, and a message is acknowledged in the tick that is
*given* that cursor, because only then its run is known to be reserved. Acknowledging in the tick that received it loses
the message when the process dies in between (measured: 3 of 3). The SQS adapter is `sqs.py`; both pass
`tests/contracts/test_queue.py`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from logsight_assets.errors import StoreUnavailable

# A dropped file that nobody has written to for so long is all that will come of it.
_STILL_SECONDS = 60.0
_LARGEST = 16 * 1024**2  # bytes that are read of a file; an event of EventBridge has 256 KiB at most
_NAME = "(?P<name>[0-9]{20}-[0-9a-f]{8})"
_DELIVERIES = "(?P<deliveries>[0-9]{1,9})"
_NEW = re.compile(f"{_DELIVERIES}~{_NAME}")
_HELD = re.compile(f"(?P<until>[0-9]{{15}})~[0-9a-f]{{8}}~{_DELIVERIES}~{_NAME}")


class Message(NamedTuple):
    """A delivered message."""

    id: str  # the same at each delivery
    body: bytes
    receipt: str  # of this delivery: what is acknowledged
    deliveries: int  # this one included


class MessageQueue(Protocol):
    """Every method raises StoreUnavailable on a fault."""

    def send(self, body: bytes) -> str:
        """Put a message; its id."""

    def receive(self, most: int = 10, wait_seconds: float = 0.0) -> list[Message]:
        """Messages that nobody holds, in no certain order; waits for the first one at most that long."""

    def acknowledge(self, receipts: Iterable[str]) -> None:
        """Remove messages for good. A receipt that has expired or was used already is no fault."""

    def quarantine(self, message: Message) -> None:
        """Put a copy aside for people. It must still be acknowledged; a second copy replaces the first."""

    def quarantined(self) -> list[bytes]:
        """Bodies that were put aside, also of messages that were delivered too often; of huge ones the beginning."""


def receipts_in(cursor: str | None) -> list[str]:
    """What to acknowledge in the tick that is given this cursor."""
    held: list[str] = json.loads(cursor).get("receipts", []) if cursor else []
    return held


def cursor_with(messages: Iterable[Message]) -> str:
    """The cursor of a tick that has dealt with these messages."""
    return json.dumps({"receipts": [message.receipt for message in messages]})


class FolderQueue:
    """Messages as files: `new/` waits, `held/` is hidden until the time in its name, `aside/` is for people.

    Each step is a rename, so two receivers never get the same delivery and a kill leaves every message somewhere. A
    file `*.json` that somebody drops into the folder itself, or into `new/`, becomes a message as soon as it is whole.
    What else has a name that is not ours stays where it is and stops no message.
    """

    def __init__(
        self,
        root: Path | str,
        *,
        hidden_seconds: float = 120.0,
        most_deliveries: int = 5,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._root = Path(root)
        self._new, self._held, self._aside = (self._root / name for name in ("new", "held", "aside"))
        self._hidden_seconds = hidden_seconds
        self._most_deliveries = most_deliveries
        self._clock = clock

    def send(self, body: bytes) -> str:
        name = _new_name()
        with _faults(self._new):
            self._put(self._new / f"0~{name}", body)
        return name

    def receive(self, most: int = 10, wait_seconds: float = 0.0) -> list[Message]:
        deadline = time.monotonic() + wait_seconds
        with _faults(self._new):
            while not (found := self._receive(most)) and time.monotonic() < deadline:
                time.sleep(0.05)
            return found

    def acknowledge(self, receipts: Iterable[str]) -> None:
        with _faults(self._held):
            for receipt in receipts:
                if _HELD.fullmatch(receipt):
                    (self._held / receipt).unlink(missing_ok=True)

    def quarantine(self, message: Message) -> None:
        with _faults(self._aside):
            self._put(self._aside / message.id, message.body)

    def quarantined(self) -> list[bytes]:
        with _faults(self._aside):
            return [_beginning(path) for path in _files(self._aside)]

    def _receive(self, most: int) -> list[Message]:
        self._take_dropped()
        self._return_expired()
        found: list[Message] = []
        for path in _files(self._new):
            if len(found) == most:
                break
            named = _NEW.fullmatch(path.name)
            if named is None or not os.access(path, os.R_OK):
                continue
            name, count = named["name"], int(named["deliveries"]) + 1
            if count > self._most_deliveries or _size(path) > _LARGEST:
                self._rename(path, self._aside / name)
                continue
            until = int((self._clock() + self._hidden_seconds) * 1000)
            held = self._held / f"{until:015d}~{secrets.token_hex(4)}~{count}~{name}"
            if self._rename(path, held):
                found.append(Message(name, held.read_bytes(), held.name, count))
        return found

    def _take_dropped(self) -> None:
        for path in (*_files(self._root), *_files(self._new)):
            if path.suffix == ".json" and self._is_whole(path):
                self._rename(path, self._new / f"0~{_new_name()}")

    def _is_whole(self, path: Path) -> bool:
        """Whether whoever writes the file has done so. What is no JSON after a while never will be: then it is one for
        people. One that may not be read stays where its owner sees it, and stops no other.
        """
        try:
            found = path.stat()
            if self._clock() - found.st_mtime > _STILL_SECONDS:
                return os.access(path, os.R_OK)
            if found.st_size > _LARGEST:
                return False
            json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError):
            return False
        return True

    def _return_expired(self) -> None:
        for path in _files(self._held):
            held = _HELD.fullmatch(path.name)
            if held and int(held["until"]) <= self._clock() * 1000:
                self._rename(path, self._new / f"{held['deliveries']}~{held['name']}")

    def _put(self, target: Path, body: bytes) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        staged = target.parent / f".{target.name}.{secrets.token_hex(4)}"
        staged.write_bytes(body)
        staged.replace(target)

    def _rename(self, path: Path, target: Path) -> bool:
        """False if somebody else was faster."""
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.rename(target)
        except FileNotFoundError:
            return False
        return True


def _new_name() -> str:
    return f"{time.time_ns():020d}-{secrets.token_hex(4)}"


def _files(folder: Path) -> list[Path]:
    """Plain files, by name: what is a link, a pipe or a folder is not ours, and reading it may not end."""
    try:
        with os.scandir(folder) as entries:
            plain = [entry.name for entry in entries if entry.is_file(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    return [folder / name for name in sorted(plain) if not name.startswith(".")]


def _size(path: Path) -> int:
    """Bytes; 0 if somebody else was faster."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_LARGEST)


@contextlib.contextmanager
def _faults(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailable(f"queue folder {folder}: {error.strerror}") from error
