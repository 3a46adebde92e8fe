"""Working space of one run, on the lake's own disk: finished files are renamed into place, spilled rows stay near.

A run's folder carries its process id, so that the next run can clear what a killed one left behind.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from logsight_assets.lake import Lake
from resources.query_engine import DuckDBEngine


@contextlib.contextmanager
def scratch_folder(state: Path) -> Iterator[Path]:
    """A fresh folder that goes with the block."""
    top = state / "scratch"
    top.mkdir(parents=True, exist_ok=True)
    for left in top.iterdir():
        pid = left.name.partition("-")[0]
        if pid.isdigit() and not _is_alive(int(pid)):
            shutil.rmtree(left, ignore_errors=True)
    _clear_staging(state / "staging")
    folder = Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=top))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def embedded_engine(
    lake: Lake, scratch: Path | None = None, *, sharers: int = 1, keeps_order: bool = True
) -> Iterator[DuckDBEngine]:
    """The lake's query engine for the time of a block, within the limits of its settings.

    `sharers` threads will use it at a time: unless settings say otherwise, the engine's own threads are the cores
    shared among them. Two workers on an engine of two threads each cost a quarter more CPU than on one of one.
    `keeps_order` as the engine takes it.
    """
    with contextlib.ExitStack() as stack:
        folder = scratch or stack.enter_context(scratch_folder(lake.state))
        limits = lake.settings.engine
        threads = limits.threads or max(1, cores() // sharers)
        spill = folder / "spill"
        engine = DuckDBEngine(memory_mb=limits.memory_mb, threads=threads, scratch=spill, keeps_order=keeps_order)
        stack.callback(engine.close)
        yield engine


def _clear_staging(folder: Path) -> None:
    """Half-written objects of killed processes: an hour is longer than any write takes."""
    for left in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):
            if left.stat().st_mtime < time.time() - 3600:
                left.unlink()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def workers(lake: Lake) -> int:
    """Raw objects, or event hours, that a run works on at a time."""
    return lake.settings.engine.workers or cores()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
