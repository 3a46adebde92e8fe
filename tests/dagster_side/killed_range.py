"""A ranged run that is killed before it puts KEY: `python -m tests.dagster_side.killed_range LAKE HOME KEY`.

A process of its own, because what is promised is about processes that end without a word.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import dagster as dg

from tests.dagster_side.conftest import run
from tests.doubles import HookedStore
from tests.intake.lakes import HOUR, make_lake, with_store


def main(root: str, home: str, at: str) -> None:
    lake = make_lake(Path(root))

    def kill(operation: str, key: str) -> None:
        if key == at:
            os.kill(os.getpid(), signal.SIGKILL)

    with dg.DagsterInstance.local_temp(home, overrides={"telemetry": {"enabled": False}}) as instance:
        run(with_store(lake, HookedStore(lake.store, before=kill)), instance, "live", HOUR - 4, HOUR)


if __name__ == "__main__":
    main(*sys.argv[1:])
