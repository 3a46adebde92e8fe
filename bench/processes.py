"""A program in a process of its own, and what it cost: wall, CPU and peak memory of everything that it started.

CPU seconds are those of the process and of all descendants that were waited for. Peak memory is the sum of the peaks
of the processes that lived at the same time, looked at five times a second. Without /proc (macOS), and of what is over
in a moment, it is the kernel's maximum of the largest process; on Linux that counts what the parent held when it made
the process, which is why it is not used where there is better.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

ROOT = Path(__file__).absolute().parent.parent
_LOOK_SECONDS = 0.2
# The host's settings must not steer what is measured.
_FOREIGN = ("DAGSTER_", "LOGSIGHT_", "SPARK_", "PYSPARK_", "PYTHONPATH")


class BenchError(Exception):
    """One sentence for whoever measures: what failed and what to do."""


@dataclass(frozen=True)
class Cost:
    """What a finished process used, and what it said."""

    wall: float  # seconds from start to end
    cpu: float  # seconds, user and system
    peak_mb: float
    output: str  # of stdout


def clean_environment(**more: str) -> dict[str, str]:
    """The caller's environment without what would steer LogSight, Dagster, Spark or Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    return kept | more


def measured(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a command from the repository's root to its end; BenchError with its last words when it fails."""
    # What an earlier program wrote must not be written to disk at this one's expense.
    os.sync()
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, cwd=ROOT, env=dict(environment),
            start_new_session=True,
        )  # fmt: skip
        with _ended_with_us(process.pid), _Watch(process.pid) as watch:
            _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise BenchError(f"{_name(command)} ended with code {process.returncode}: {_last_words(errors)}")
        output.seek(0)
        largest = used.ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)
        return Cost(wall, used.ru_utime + used.ru_stime, watch.peak_mb or largest, output.read().decode())


@contextlib.contextmanager
def _ended_with_us(group: int) -> Iterator[None]:
    """End the whole group when we are interrupted."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
        raise


class _Watch:
    """Looks at a process tree from a thread."""

    def __init__(self, pid: int) -> None:
        self.peak_mb = 0.0
        self._pid = pid
        self._seen: set[int] = set()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        if Path("/proc/self/status").exists():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            peaks = {pid: _peak_mb(pid) for pid in tree(self._pid)}
            # A process in the moment of being made shows its parent's memory as its own: count it from the second look.
            known = sum(peak for pid, peak in peaks.items() if pid in self._seen)
            self.peak_mb = max(self.peak_mb, known)
            self._seen = set(peaks)


def tree(pid: int) -> Iterator[int]:
    """A process and its descendants."""
    yield pid
    # Whatever ends while it is looked at is left out.
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with contextlib.suppress(OSError):
                for child in (task / "children").read_text().split():
                    yield from tree(int(child))


def _peak_mb(pid: int) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _name(command: Sequence[str]) -> str:
    words = [word for word in command[1:] if not word.startswith("-")]
    return Path(words[0]).name if words else Path(command[0]).name


def _last_words(errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = [line for line in errors.read().decode(errors="replace").splitlines() if line.strip()]
    return " | ".join(lines[-3:])[:600] or "no message"
