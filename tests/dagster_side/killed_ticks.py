"""The alarm sensor under Dagster's real tick machinery, killed at each of its steps: `python -m … FOLDER` prints JSON.

A process of its own that forks: what is promised is about processes that end without a word, and loading Dagster once a
kill would take a minute.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.test_utils import InProcessTestWorkspaceLoadTarget
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._daemon.sensor import execute_sensor_iteration

import logsight_assets.definitions  # noqa: F401  loaded once, before the forks
from logsight_assets.incidents.inbox import INBOX
from logsight_assets.incidents.records import incidents_of, tenants_with_incidents
from logsight_assets.lake import open_lake
from logsight_assets.serve.dagster_home import dagster_home
from sensors.alarms import JOB, NAME
from tests.incidents.events import alarm_event, body, handle

# In the order of a tick; `AUTOMATION_EVALUATIONS_ADDED` is after the sensor's function and before runs are reserved,
# `RUN_IDS_ADDED_TO_EVALUATIONS` the end of submitting them.
POINTS = (
    "TICK_CREATED",
    "AUTOMATION_EVALUATIONS_ADDED",
    "RUN_IDS_RESERVED",
    "RUN_CREATED",
    "RUN_LAUNCHED",
    "RUN_IDS_ADDED_TO_EVALUATIONS",
)
ALARMS = 3
_SECONDS = 120.0


def tick(home: Path, crash_at: str | None = None) -> None:
    """One iteration of the sensor daemon."""
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(module_name="logsight_assets.definitions", attribute="logsight"), location_name="logsight"
    )
    flags = {NAME: {crash_at: signal.SIGKILL}} if crash_at else None
    with (
        dg.DagsterInstance.from_config(str(home)) as instance,
        WorkspaceProcessContext(instance, InProcessTestWorkspaceLoadTarget(origin)) as context,
    ):
        logger = logging.getLogger("ticks")
        list(execute_sensor_iteration(context, logger, None, None, debug_crash_flags=flags))  # type: ignore[arg-type]


def in_child(action: Callable[[], None]) -> int:
    """Run an action in a forked process; minus its signal if one ended it."""
    child = os.fork()
    if not child:
        action()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def visible_again(inbox: Path) -> int:
    """Let the time pass for which messages are hidden; how many were."""
    held = list((inbox / "held").glob("*")) if inbox.exists() else []
    for path in held:
        until, _, rest = path.name.partition("~")
        path.rename(path.with_name(f"{0:0{len(until)}d}~{rest}"))
    return len(held)


def runs_of(home: Path) -> int:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return len(instance.get_runs(dg.RunsFilter(job_name=JOB)))


def outcome(root: Path, point: str) -> dict[str, Any]:
    """Kill one tick, let others follow until nothing is left to acknowledge, then do the run's work."""
    os.environ.update({"LOGSIGHT_LAKE": str(root / "lake"), "LOGSIGHT_ALARMS_WAIT_SECONDS": "0"})
    lake = open_lake(str(root / "lake"), os.environ)
    home = dagster_home(lake)
    os.environ["DAGSTER_HOME"] = str(home)
    inbox = root / "lake" / INBOX
    inbox.mkdir()
    for number in range(ALARMS):
        (inbox / f"{number}.json").write_bytes(body(alarm_event(f"alarm-{number}", service=f"service-{number}")))
    killed = in_child(lambda: tick(home, point))
    visible_again(inbox)
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        in_child(lambda: tick(home))
        left = [path for path in inbox.rglob("*") if path.is_file()]
        if not left and runs_of(home):
            break
    handle(lake)
    # What was delivered twice waits no more either.
    incidents = [name for tenant in tenants_with_incidents(lake.store) for name in incidents_of(lake.store, tenant)]
    return {"killed": killed, "runs": runs_of(home), "incidents": len(incidents), "messages_left": len(left)}


def main(folder: str) -> None:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    found = {}
    for point in POINTS:
        root = Path(folder) / point
        root.mkdir()
        read, write = os.pipe()
        in_child(lambda root=root, point=point, write=write: os.write(write, json.dumps(outcome(root, point)).encode()))
        os.close(write)
        with os.fdopen(read) as stream:
            found[point] = json.loads(stream.read() or "null")
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
