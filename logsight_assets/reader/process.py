"""The parent's side of a question's process: start it with nothing of ours, give it time, take what it answers.

The child gets an empty environment, a folder of its own, and the question on stdin; it sends back the parse tree, is
told the objects that the tree needs, and sends rows. Whatever it does, it is killed when its time is over, and no more
than the agreed bytes are taken from it.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from logsight_assets.errors import LogSightError, PermanentError, TransientError
from logsight_assets.reader.functions import ALLOWED
from logsight_assets.reader.refusal import Parameter, refused
from logsight_assets.tables import TABLES

# -I: neither PYTHONPATH nor the current folder can bring code; so our own package is put in by name.
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from logsight_assets.reader.child.main import main; main()"
_PACKAGE = Path(__file__).parents[2]
_CHUNK = 1 << 16


@dataclass(frozen=True)
class Question:
    """What the child is told first; see `child/main.py`."""

    query: str
    parameters: Mapping[str, Parameter]
    spill: str  # folder that may be written
    memory_mb: int
    threads: int
    seconds: float
    max_rows: int
    max_bytes: int
    tables: Sequence[str] = tuple(TABLES)
    functions: Sequence[str] = tuple(sorted(ALLOWED))


@dataclass(frozen=True)
class Sources:
    """What the child is told when the tables are known."""

    statements: Sequence[str]  # that define the views
    files: Sequence[str]  # that may be opened


@dataclass(frozen=True)
class Rows:
    """What the engine answered, JSON-able."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    is_truncated: bool


class ObjectsChanged(TransientError):
    """An object that was listed is not there any more, or is another one."""


class Child:
    """The process of one question; leaving the block kills it."""

    def __init__(self, question: Question, folder: Path) -> None:
        self._question = question
        self._folder = folder
        self._deadline = time.monotonic() + question.seconds
        self._taken = bytearray()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603  our own interpreter and text
            [sys.executable, "-I", "-c", _BOOT, str(_PACKAGE)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # its words could quote rows
            env={
                "PATH": os.defpath,
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "HOME": str(self._folder),
                "TMPDIR": self._question.spill,
            },
            cwd=self._folder,
            start_new_session=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The child and whatever it could have started: they share a session.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(BrokenPipeError):
                stream.close()  # type: ignore[union-attr]

    def tree(self) -> Any:
        """The checked parse tree; RefusedQuery says why there is none."""
        self._send(asdict(self._question))
        self._take(until_line=True)
        line, _, rest = bytes(self._taken).partition(b"\n")
        self._taken = bytearray(rest)
        match _records(line):
            case [{"tree": tree}]:
                return tree
            case [*_, last]:
                raise self._error(last)
        raise refused("the question, which ended the query engine; ask in a simpler way")

    def rows(self, sources: Sources) -> Rows:
        """The answer over these sources; RefusedQuery, ObjectsChanged, or PermanentError for a broken object."""
        self._send(asdict(sources))
        self._take(until_line=False)
        match _records(bytes(self._taken)):
            case [{"columns": columns, "types": types}, *rows, {"truncated": bool(is_truncated)}]:
                return Rows(columns, types, rows, is_truncated)
            case [*_, last]:
                raise self._error(last)
        raise refused("the question, which ended the query engine; ask in a simpler way, or for less")

    def _send(self, message: Any) -> None:
        assert self._process.stdin is not None
        # A child that has ended says why in its answer, or by having none.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()

    def _take(self, *, until_line: bool) -> None:
        """Read to the end of a line, or of the answer; RefusedQuery when time is over or too much comes."""
        assert self._process.stdout is not None
        handle = self._process.stdout.fileno()
        most = 2 * self._question.max_bytes + 16 * 1024**2
        with selectors.DefaultSelector() as selector:
            selector.register(handle, selectors.EVENT_READ)
            while not (until_line and b"\n" in self._taken):
                left = self._deadline - time.monotonic()
                if left <= 0 or not selector.select(left):
                    raise refused(
                        f"a question of more than {self._question.seconds:g} seconds (reader.max_seconds): "
                        "narrow it by time, or ask a *_trend_hour table"
                    )
                chunk = os.read(handle, _CHUNK)
                self._taken += chunk
                if not chunk:
                    return
                if len(self._taken) > most:
                    raise refused("an answer without end")

    def _error(self, last: Any) -> LogSightError:
        match last:
            case {"refused": str(message)}:
                return refused(message)
            case {"changed": str(message)}:
                return ObjectsChanged(message)
            case {"failed": str(message)}:
                return PermanentError(f"a table cannot be read: {message.replace(f'{self._folder}/lake/', '')}")
        return refused("the question, which ended the query engine half-way; ask for less")


def _records(data: bytes) -> list[Any]:
    """Lines of JSON; a last one that was cut off tells nothing."""
    records = []
    for line in data.splitlines():
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError):
            break
    return records
