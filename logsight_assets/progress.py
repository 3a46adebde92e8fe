"""Progress of the command line on stderr, and the build that it watches."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.instance import InstanceRef
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager
from dagster._serdes import ConfigurableClassData
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from logsight_assets.build import Builder, BuildSummary, run_job
from logsight_assets.dagster_sqlite import OpenSqliteStorage
from logsight_assets.definitions import build_defs
from logsight_assets.errors import LogSightError
from logsight_assets.lake import Lake
from logsight_assets.serve.dagster_home import dagster_home
from logsight_assets.timeline import Hour


@contextlib.contextmanager
def _bar() -> Iterator[Progress]:
    console = Console(file=sys.stderr, soft_wrap=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        yield bar


@contextlib.contextmanager
def counting(description: str) -> Iterator[Callable[[int], None]]:
    """A counter without a known end."""
    with _bar() as bar:
        task = bar.add_task(description, total=None)
        yield lambda count: bar.advance(task, count)


@contextlib.contextmanager
def dagster_instance(lake: Lake) -> Iterator[dg.DagsterInstance]:
    """The lake's own Dagster instance, quiet on the terminal: events are in its storage, problems are exceptions."""
    home = dagster_home(lake)
    # Dagster reads the variable where it renders links and stores logs of a run.
    before = os.environ.get("DAGSTER_HOME")
    os.environ["DAGSTER_HOME"] = str(home)
    logging.getLogger("dagster").setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), dg.DagsterInstance.from_ref(_instance_ref(home)) as instance:
            warnings.simplefilter("ignore")
            yield instance
    finally:
        if before is None:
            del os.environ["DAGSTER_HOME"]
        else:
            os.environ["DAGSTER_HOME"] = before


def _instance_ref(home: Path) -> InstanceRef:
    """What the home's `dagster.yaml` says, with defaults for one process that runs everything itself.

    The storage stays open between events. Nothing captures what steps print, because they print nothing, and Dagster
    would start two processes a step for it.
    """
    ref = InstanceRef.from_dir(str(home))
    defaults = InstanceRef.config_defaults(str(home))
    mine: dict[str, Any] = {}
    if ref.storage_data == defaults["storage"]:
        mine["storage_data"] = _class_data(OpenSqliteStorage, base_dir=str(home))
    if ref.compute_logs_data == defaults["compute_logs"]:
        mine["compute_logs_data"] = _class_data(NoOpComputeLogManager)
    return ref._replace(**mine)


def _class_data(of: type, **config: str) -> ConfigurableClassData:
    return ConfigurableClassData(of.__module__, of.__name__, json.dumps(config))


def building(lake: Lake, start: Hour | None = None, end: Hour | None = None, *, replay: bool = False) -> BuildSummary:
    """Build with a progress bar on a terminal."""
    with _bar() as bar:
        tasks = {"objects": bar.add_task("raw objects", total=None), "hours": bar.add_task("event hours", total=None)}

        def on_step(what: str, count: int) -> None:
            if what == "waiting":
                bar.update(tasks["objects"], total=count)
            elif what == "due":
                bar.update(tasks["hours"], total=count)
            else:
                bar.advance(tasks[what], count)

        with dagster_instance(lake) as instance:
            builder = Builder(lake, build_defs(lake), instance)
            return builder.build(BuildSummary(on_step), start, end, replay=replay)


def run_jobs(lake: Lake, *jobs: str, told: Iterable[dg.AssetMaterialization | dg.AssetObservation] = ()) -> None:
    """Run jobs without partitions one after the other, on the lake's instance; LogSightError when one fails.

    Before them `told` is reported: what became of assets that no job makes.
    """
    with dagster_instance(lake) as instance:
        for event in told:
            instance.report_runless_asset_event(event)
        definitions = build_defs(lake)
        for job in jobs:
            result = run_job(definitions, instance, job, {})
            if not result.success:
                raise LogSightError(f"job {job} failed; see run {result.run_id} in the Dagster UI")
