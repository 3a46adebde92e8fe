"""Where the state of a pace is kept: in a file that the processes of a machine share, or in one process alone.

The lock is held while the state is read and written, never while somebody waits or is asked.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from logsight_assets.errors import ConfigurationError
from resources.pace_state import PaceState

_Result = TypeVar("_Result")
Step = Callable[[PaceState], tuple[PaceState, _Result]]  # has no effect of its own: it may be done twice

_LARGEST = 1 << 16  # bytes; a state of ours holds a few models and is a thousand times smaller
_STATE = TypeAdapter(PaceState)


class PaceKeeper(Protocol):
    """Keeps one state. What a step raises leaves it as it was; nothing else is ever raised."""

    def change(self, step: Step[_Result]) -> _Result:
        """Put another state in place of the one that is held, with nobody in between; returns what the step found."""
        ...


class MemoryKeeper:
    """Of one process, for its threads."""

    def __init__(self) -> None:
        self._state = PaceState()
        self._lock = threading.Lock()

    def change(self, step: Step[_Result]) -> _Result:
        with self._lock:
            self._state, result = step(self._state)
            return result


class FileKeeper:
    """Of all processes that name the same file on a local disk.

    What is no state of ours (cut short by a kill, of another version, anybody's) is a new one. Where the file cannot
    be used, the process goes on with a state of its own: answers matter more than their pace.
    """

    def __init__(self, file: Path, patience: float = 1.0) -> None:
        self._file = file
        self._patience = patience  # seconds; a holder of the lock that was stopped must not stop everybody
        self._own = MemoryKeeper()

    def change(self, step: Step[_Result]) -> _Result:
        try:
            with self._locked() as held:
                before = _read(held)
                after, result = step(before)
                if after != before:
                    _write(held, after)
            return result  # noqa: TRY300 - closing the file may fail too
        except OSError:
            return self._own.change(step)

    def look(self) -> PaceState:
        """The state that is shared; ConfigurationError if it cannot be."""
        try:
            with self._locked() as held:
                return _read(held)
        except OSError as error:
            raise ConfigurationError(
                f"{self._file}: {error.strerror or error}; let whoever runs LogSight write it: until then each process "
                "keeps a pace of its own"
            ) from error

    @contextmanager
    def _locked(self) -> Iterator[BinaryIO]:
        with os.fdopen(os.open(self._file, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as held:
            deadline = time.monotonic() + self._patience
            while not _is_locked(held):
                if time.monotonic() >= deadline:
                    raise TimeoutError("another process holds its lock and does not go on")
                time.sleep(0.001)
            yield held


def _is_locked(held: BinaryIO) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read(held: BinaryIO) -> PaceState:
    try:
        return _STATE.validate_json(held.read(_LARGEST), strict=True)
    except ValidationError:
        return PaceState()


def _write(held: BinaryIO, state: PaceState) -> None:
    """In place: a file put in its stead would have another lock."""
    held.seek(0)
    held.write(_STATE.dump_json(state) + b"\n")
    held.truncate()
