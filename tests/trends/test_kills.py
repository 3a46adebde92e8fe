"""A run that is killed at any change of the store leaves nothing that the next run does not finish to the same bytes.

Killed before change n + 1 is killed after change n: the store is the same, and nothing else outlives a process.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from logsight_assets.lake import Lake, mark
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine

from .event_files import HOUR, event, put_events

ROOT = Path(__file__).parents[2]


@pytest.fixture
def template(make_lake: Callable[..., Lake], engine: DuckDBEngine) -> Path:
    """A lake that was up to date, then one tenant's hour changed and another tenant lost its only file."""
    lake = make_lake("template")
    put_events(lake, [event(1, duration_ns=7), event(2)])
    gone = put_events(lake, [event(1)], tenant="globex")
    refresh(lake, engine, [HOUR])
    put_events(lake, [event(3, own_id="a"), event(3, own_id="a")], raw_object="o2", arrival=HOUR + 5)
    lake.store.delete(gone)
    mark(lake.store, "hours", str(HOUR), "o2")
    return Path(lake.store.uri("x")).parent


def test_a_run_killed_at_any_change_of_the_store_is_finished_by_the_next(template: Path, tmp_path: Path) -> None:
    program = [sys.executable, "-m", "tests.trends.killed", str(template), str(tmp_path / "runs")]
    ran = subprocess.run(program, check=False, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stderr
    runs = [json.loads(line) for line in ran.stdout.splitlines()]
    reference = runs.pop()
    assert not reference["killed"]
    # Markers have random names, so equal digests also say that none is left.
    # Two tenants of 4 + 3 + 3 objects, and the markers around them.
    assert len(runs) > 25
    assert [run for run in runs if run["digest"] != reference["digest"] or run["status"]] == [], ran.stderr
