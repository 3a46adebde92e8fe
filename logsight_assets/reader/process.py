"""The parent's side of a question's process: start it with nothing of ours, give it time, take what it answers.

The child gets an empty environment, a folder of its own, the request on stdin. Whatever it does, it is killed when its
time is over, and no more than the agreed bytes are taken from it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from logsight_assets.errors import LogSightError, PermanentError, TransientError
from logsight_assets.reader.functions import ALLOWED
from logsight_assets.reader.statement import refused

# Rows are held in memory twice, here and by whoever shows them.
MAX_RESULT_BYTES = 32 * 1024**2
# -I: neither PYTHONPATH nor the current folder can bring code; so our own package is put in by name.
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from logsight_assets.reader.child.main import main; main()"
_PACKAGE = Path(__file__).parents[2]


@dataclass(frozen=True)
class Request:
    """What the child is told; see `child/main.py`."""

    query: str
    tables: Sequence[str]  # names that the statement may use
    statements: Sequence[str]  # that define them
    files: Sequence[str]  # that may be opened
    spill: str  # folder that may be written
    memory_mb: int
    threads: int
    seconds: float
    max_rows: int
    max_bytes: int = MAX_RESULT_BYTES
    functions: Sequence[str] = tuple(sorted(ALLOWED))


@dataclass(frozen=True)
class Rows:
    """What the engine answered, JSON-able."""

    columns: list[str]
    types: list[str]
    rows: list[list[Any]]
    is_truncated: bool


class ObjectsChanged(TransientError):
    """An object that was listed is not there any more, or is another one."""


def run(request: Request, folder: Path) -> Rows:
    """Run one request in a process of its own; RefusedQuery, ObjectsChanged, or PermanentError for a broken object."""
    data = _exchange(json.dumps(asdict(request)).encode(), folder, request)
    lines = data.splitlines()
    try:
        records = [json.loads(line) for line in lines]
    except ValueError:
        records = []
    if not records:
        raise refused("the question, which ended the query engine; ask in a simpler way, or for less")
    last = records[-1]
    if isinstance(last, dict) and "truncated" in last:
        header = records[0]
        return Rows(header["columns"], header["types"], records[1:-1], bool(last["truncated"]))
    raise _error(last, folder)


def _error(last: Any, folder: Path) -> LogSightError:
    match last:
        case {"refused": str(message)}:
            return refused(message)
        case {"changed": str(message)}:
            return ObjectsChanged(message)
        case {"failed": str(message)}:
            return PermanentError(f"a table cannot be read: {message.replace(f'{folder}/lake/', '')}")
        case _:
            return refused("the question, which ended the query engine half-way; ask for less")


def _exchange(data: bytes, folder: Path, request: Request) -> bytes:
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", _BOOT, str(_PACKAGE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # its words could quote rows
        env={"PATH": os.defpath, "LANG": "C.UTF-8", "TZ": "UTC", "HOME": str(folder), "TMPDIR": request.spill},
        cwd=folder,
        start_new_session=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    taken: list[bytes] = []
    cap = 2 * request.max_bytes + 1024**2
    reader = threading.Thread(target=_take, args=(process.stdout, cap, taken), daemon=True)
    try:
        reader.start()
        with contextlib.suppress(BrokenPipeError), process.stdin:
            process.stdin.write(data)
        reader.join(request.seconds)
        if reader.is_alive():
            raise refused(
                f"a question of more than {request.seconds:g} seconds (reader.max_seconds): "
                "narrow it by time, or ask a *_trend_hour table"
            )
    finally:
        _end(process)
        reader.join()
        process.stdout.close()
    return b"".join(taken)


def _take(stream: IO[bytes], cap: int, taken: list[bytes]) -> None:
    while chunk := stream.read(min(cap, 1 << 16)):
        taken.append(chunk)
        cap -= len(chunk)


def _end(process: subprocess.Popen[bytes]) -> None:
    """The child and whatever it could have started: they share a session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
