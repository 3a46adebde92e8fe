"""Runs refreshes that SIGKILL themselves at the n-th change of the store, then runs them again; prints what is left.

A program of its own, started once by the test: every run is a fork of it, so modules load once and not 120 times. It
forks before any engine has made threads.

    python -m tests.trends.killed TEMPLATE FOLDER   →   a JSON document a line: {"at": n, "killed": bool, "digest": …}
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow.parquet  # noqa: F401  loaded once, for all forks

from logsight_assets.lake import Lake, open_lake
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.doubles import HookedStore


def in_fork(work: Callable[[], None]) -> int:
    """Exit status of `work` in a process of its own; negative for a signal."""
    child = os.fork()
    if child == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  a fork must end here, whatever it was
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(folder: Path, at: int | None) -> None:
    """Refresh all that is due; die before change number `at`."""
    changes = 0

    def count(operation: str, key: str) -> None:
        nonlocal changes
        changes += 1
        if changes == at:
            os.kill(os.getpid(), signal.SIGKILL)

    lake = open_at(folder)
    engine = DuckDBEngine(memory_mb=128, threads=1, scratch=folder / ".logsight" / "spill")
    refresh(replace(lake, store=HookedStore(lake.store, before=count)), engine).check()


def open_at(folder: Path) -> Lake:
    return open_lake(str(folder), {}, clock=lambda: datetime(2025, 7, 1, tzinfo=UTC))


def digest(folder: Path) -> str:
    """Hash over every object of the lake, markers too: a finished run leaves none."""
    store = open_at(folder).store
    found = hashlib.sha256()
    for entry in store.list(""):
        found.update(f"{entry.key} {hashlib.sha256(store.get(entry.key)).hexdigest()}\n".encode())
    return found.hexdigest()


def main(template: Path, folder: Path) -> None:
    at, is_killed = 0, True
    while is_killed:
        at += 1
        lake = folder / str(at)
        shutil.copytree(template, lake)
        is_killed = in_fork(partial(run, lake, at)) == -signal.SIGKILL
        status = in_fork(partial(run, lake, None)) if is_killed else 0
        said = {"at": at, "killed": is_killed, "status": status, "digest": digest(lake)}
        sys.stdout.write(json.dumps(said) + "\n")
        sys.stdout.flush()
        shutil.rmtree(lake)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
