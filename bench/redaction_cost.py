"""What redaction costs: intake alone, with and without it, over a profile in which a fifth of the lines carry an
address.

    python -m bench.redaction_cost LAKE with|without

The product has no switch for this and gets none: without means that the step is left out of this one process.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import time
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import duckdb

from bench.datasets import Dataset
from bench.engines import fresh_lake, logsight_environment
from bench.processes import measured
from logsight_assets.intake import transaction
from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.run import declared_sources, read_objects, workbench
from logsight_assets.lake import open_lake

WITH, WITHOUT = "with", "without"
_STEP = "redact_records"
PII = 0.2  # share of the profile's lines that carry an e-mail address


@dataclass(frozen=True)
class RedactionCost:
    """Medians of the rounds."""

    with_seconds: float
    without_seconds: float
    with_cpu: float
    without_cpu: float
    redacted_share: float  # of the events, as stored
    events: int

    @property
    def ratio(self) -> float:
        return self.with_seconds / self.without_seconds


def measure_redaction(data: Dataset, work: Path, rounds: int) -> RedactionCost:
    """Rounds of both, turn by turn."""
    seconds: dict[str, list[float]] = {WITH: [], WITHOUT: []}
    cpu: dict[str, list[float]] = {WITH: [], WITHOUT: []}
    share = 0.0
    lake = work / "redaction"
    for _ in range(rounds):
        for mode in (WITHOUT, WITH):
            fresh_lake(data, lake)
            cost = measured([sys.executable, "-m", "bench.redaction_cost", str(lake), mode], logsight_environment())
            said = json.loads(cost.output)
            seconds[mode].append(said["seconds"])
            cpu[mode].append(said["cpu"])
            share = _redacted_share(lake) if mode == WITH else share
    shutil.rmtree(lake, ignore_errors=True)
    return RedactionCost(
        statistics.median(seconds[WITH]),
        statistics.median(seconds[WITHOUT]),
        statistics.median(cpu[WITH]),
        statistics.median(cpu[WITHOUT]),
        share,
        data.events or 0,
    )


def _redacted_share(lake: Path) -> float:
    rows = duckdb.sql(f"select avg((sensitivity = 'personal')::int) from '{lake}/events/**/*.parquet'").fetchone()
    return float(rows[0]) if rows else 0.0


def _nothing(*_: object) -> None:
    """What takes the step's place."""


def main(location: str, mode: str) -> None:
    """Read everything that waits in a lake; prints wall and CPU of that alone, as JSON."""
    lake = open_lake(location, os.environ)
    arrivals = waiting(lake, declared_sources(lake).by_name)
    with workbench(lake) as bench:
        started, used = time.perf_counter(), time.process_time()
        with patch.object(transaction, _STEP, _nothing) if mode == WITHOUT else nullcontext():
            read_objects(bench, arrivals)
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    print(json.dumps({"seconds": seconds, "cpu": cpu}))


if __name__ == "__main__":
    main(*sys.argv[1:])
