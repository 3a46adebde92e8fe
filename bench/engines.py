"""Who is measured: the bare copy, LogSight as the product runs, and Spark; each in a fresh process on fresh folders."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.datasets import Cells, Dataset, link
from bench.processes import ROOT, Cost, clean_environment, measured
from bench.spark_environment import Spark
from bench.truth import compare, copy_cells, trend_cells

CORES = 2  # of the machine that the goals were set on, and of Spark's local[2]
LIMIT, LOGSIGHT, SPARK = "limit", "logsight", "spark"
ENGINES = (LIMIT, LOGSIGHT, SPARK)
TITLES = {
    LIMIT: "bare DuckDB copy (the limit)",
    LOGSIGHT: "**LogSight**, `logsight build`",
    SPARK: f"PySpark local[{CORES}]",
}
_COMPARED = ("intake", "trends")  # what the goals are about; the rest of a build is told beside it


@dataclass(frozen=True)
class Run:
    """One engine over one dataset, once."""

    engine: str
    cost: Cost
    inside: float  # seconds without the process's start
    beyond: float  # seconds of stages behind the trends, which the others do not have
    counts: str  # exact, or how far off


def run_engine(engine: str, data: Dataset, work: Path, spark: Spark | None) -> Run:
    """Measure, check what came out, and clear it away."""
    output = work / engine
    shutil.rmtree(output, ignore_errors=True)
    cost = _measure(engine, data, output, spark)
    said = json.loads(cost.output.splitlines()[-1])
    stages = said.get("stage_seconds", {})
    beyond = sum(seconds for stage, seconds in stages.items() if stage not in _COMPARED)
    counts = _counts(engine, output, data.truth)
    shutil.rmtree(output, ignore_errors=True)
    return Run(engine, cost, said["seconds"], beyond, counts)


def logsight(*arguments: str) -> list[str]:
    """A LogSight command line, as its script runs it."""
    return [sys.executable, "-m", "logsight_assets.cli", *arguments]


def logsight_environment() -> dict[str, str]:
    """The product's defaults; where a process cannot be held to some cores, it is told how many it may use."""
    is_free = not hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > CORES
    return clean_environment(**({"LOGSIGHT_ENGINE_WORKERS": str(CORES)} if is_free else {}))


@contextmanager
def kept_to_cores() -> Iterator[None]:
    """Hold all that is started to the first cores: engines look at that when they make threads. Not on macOS."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:CORES])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def fresh_lake(data: Dataset, lake: Path) -> None:
    """A lake that holds the raw objects and nothing else."""
    shutil.rmtree(lake, ignore_errors=True)
    for file in data.files:
        link(file, lake / file.relative_to(data.folder))
    # The profile's hours never change; the product's 400 days before today would leave them behind some day.
    (lake / "logsight.yaml").write_text(f'partitions_start: "{data.first_day}"\n', encoding="utf-8")


def _measure(engine: str, data: Dataset, output: Path, spark: Spark | None) -> Cost:
    if engine == LOGSIGHT:
        fresh_lake(data, output)
        return measured(logsight("build", "--lake", str(output), "--json"), logsight_environment())
    if engine == SPARK:
        assert spark is not None
        # -P: a module of ours beside the script must not shadow one of Spark's.
        job = [str(spark.python), "-P", str(ROOT / "bench" / "spark_job.py")]
        return measured([*job, str(data.folder), str(output), str(CORES)], spark.environment(output))
    copy = [sys.executable, "-m", "bench.bare_copy", str(data.folder), str(output), str(CORES)]
    return measured(copy, clean_environment())


def _counts(engine: str, output: Path, truth: Cells | None) -> str:
    found: list[Callable[[], Cells]]
    if engine == LIMIT:
        found = [lambda: copy_cells(output)]
    else:
        found = [lambda: trend_cells(output, "service_trend"), lambda: trend_cells(output, "template_trend")]
    if truth is None:
        return f"no truth known; {sum(found[0]().values()):,} distinct events"
    verdicts = [compare(cells(), truth) for cells in found]
    return str(max(verdicts, key=lambda verdict: verdict.wrong_cells))
