"""Kills real processes at every change of a store, and checks that a second run mends what the first left.

Real processes, because only SIGKILL leaves what a crash leaves. They are forked from a server that has the modules
loaded: a fresh interpreter each would take a minute a test.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from logsight_assets.lake import Lake
from tests.doubles import HookedStore
from tests.intake.lakes import make_lake, published, with_store

Action = Callable[[Lake], object]  # a function of a module: it crosses to another process by its name
Contents = Callable[[Path], dict[str, bytes]]  # of a lake's folder: what must be equal

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(
    ["tests.kills", "logsight_assets.upkeep", "logsight_assets.intake.formats", "logsight_assets.incidents.handle"]
)
_FLAGS = {"engine.workers": 1, "engine.threads": 1}


def kill_at_every_operation(root: Path, action: Action, contents: Contents = published) -> int:
    """Run an action over copies of the lake `root/template`, each killed elsewhere and run again; how many kills.

    Everything published (or other contents) must then be, byte for byte, what an undisturbed run leaves.
    """
    expected_root = root / "expected"
    shutil.copytree(root / "template", expected_root)
    action(make_lake(expected_root, _FLAGS))
    expected = contents(expected_root)
    at = 1
    while _is_mended(root, action, contents, expected, at, "before"):
        at += 1
    # Killed before one operation is killed after the one before it: the store is the same. What is left is the last.
    assert _is_mended(root, action, contents, expected, at - 1, "after")
    return at


def _is_mended(root: Path, action: Action, contents: Contents, expected: dict[str, bytes], at: int, when: str) -> bool:
    """Kill one run, and compare what the next leaves; False if the run ended before that operation."""
    killed = root / f"killed-{when}-{at}"
    shutil.copytree(root / "template", killed)
    process = _PROCESSES.Process(target=_run_until_killed, args=(killed, action, at, when))
    process.start()
    process.join()
    if process.exitcode == 0:
        return False
    assert process.exitcode == -signal.SIGKILL, f"{when} operation {at}: exit code {process.exitcode}"
    action(make_lake(killed, _FLAGS))
    found = contents(killed)
    assert found == expected, f"killed {when} operation {at}: {_differing(found, expected)}"
    shutil.rmtree(killed)
    return True


def killing_at(at: int) -> Callable[[str, str], None]:
    """A hook that kills its process when it is called for the `at`-th time."""
    operations = 0

    def count(operation: str, key: str) -> None:
        nonlocal operations
        operations += 1
        if operations == at:
            os.kill(os.getpid(), signal.SIGKILL)

    return count


def _run_until_killed(root: Path, action: Action, at: int, when: str) -> None:
    lake = make_lake(root, _FLAGS)
    hooks = {when: killing_at(at)}
    action(with_store(lake, HookedStore(lake.store, **hooks)))


def _differing(found: dict[str, bytes], expected: dict[str, bytes]) -> list[str]:
    return sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
