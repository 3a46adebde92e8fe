"""Dagster's own storage: rebuilt from the lake, and trimmed without forgetting a partition. On real SQLite files."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from logsight_assets.dagster_storage import Trimmed, rehydrate, trim
from logsight_assets.lake import Lake, minute_key
from tests.dagster_side.conftest import keys, materialized, run, succeeded
from tests.dagster_side.test_runs import is_published, put_hours
from tests.intake.lakes import HOUR

QUIET = {"telemetry": {"enabled": False}}
REPO = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def stored(home: Path) -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.local_temp(str(home), overrides=QUIET) as made:
        yield made


def test_rehydrate_reports_what_lies_in_the_lake_and_nothing_twice(
    lake: Lake, instance: dg.DagsterInstance, stored: dg.DagsterInstance
) -> None:
    put_hours(lake, HOUR - 1, HOUR)
    assert succeeded(run(lake, instance, "live", HOUR - 1, HOUR))
    assert succeeded(run(lake, instance, "refresh_days", HOUR.day))
    assert succeeded(run(lake, instance, "refresh_months", f"{HOUR.month}-01"))
    assert succeeded(run(lake, instance, "daily_reports", HOUR.day))
    reported = rehydrate(lake, stored)
    assert reported["intake"] == reported["service_trend_minute"] == 2
    assert materialized(stored, "daily_report") == {HOUR.day}
    assert materialized(stored, "service_trend_minute") == keys(HOUR - 1, HOUR)
    assert materialized(stored, "service_trend_hour") == {HOUR.day}
    assert materialized(stored, "service_trend_day") == {f"{HOUR.month}-01"}
    assert rehydrate(lake, stored) == {}


def test_hours_that_a_killed_run_had_published_are_kept_and_found_again(lake: Lake, tmp_path: Path, home: Path) -> None:
    put_hours(lake, *(HOUR - n for n in range(5)))
    command = [sys.executable, "-m", "tests.dagster_side.killed_range", str(tmp_path / "lake"), str(home)]
    killed = subprocess.run(
        [*command, minute_key("service_trend", "acme", HOUR - 1)],
        cwd=REPO,
        capture_output=True,
        timeout=120,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    done = {HOUR - n for n in range(5) if is_published(lake, HOUR - n)}
    assert done
    assert HOUR - 1 not in done
    with dg.DagsterInstance.local_temp(str(home), overrides=QUIET) as instance:
        assert materialized(instance, "service_trend_minute") == set(), "a killed run cannot say what it has done"
        rehydrate(lake, instance)
        assert materialized(instance, "service_trend_minute") == keys(*done)
        rest = sorted({HOUR - n for n in range(5)} - done)
        assert succeeded(run(lake, instance, "live", rest[0], HOUR))
        assert materialized(instance, "service_trend_minute") == keys(*(HOUR - n for n in range(5)))


def test_trimming_deletes_old_runs_and_forgets_no_partition(lake: Lake, home: Path, stored: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 1, HOUR)
    for _ in range(3):
        assert succeeded(run(lake, stored, "live", HOUR - 1, HOUR))
    before = {asset: materialized(stored, asset) for asset in ("intake", "events", "patterns", "service_trend_minute")}
    newest = stored.get_latest_materialization_event(dg.AssetKey("intake"))
    shards = set((home / "history" / "runs").glob("*.db"))

    done = trim(stored, datetime.now(UTC) + timedelta(minutes=1))

    assert done == Trimmed(runs=3, partitions=2 * 6 + 3)  # two hours of six assets, and three without partitions
    assert stored.get_runs() == []
    assert before == {asset: materialized(stored, asset) for asset in before}
    after = stored.get_latest_materialization_event(dg.AssetKey("intake"))
    assert newest is not None
    assert after is not None
    assert after.timestamp == newest.timestamp, "a dead asset must not look fresh because somebody cleaned up"
    assert after.asset_materialization is not None
    assert "objects" in after.asset_materialization.metadata, "figures stay"
    assert len(set((home / "history" / "runs").glob("*.db")) & shards) == 1, "the index alone"
    assert trim(stored, datetime.now(UTC) + timedelta(minutes=1)) == Trimmed(0, 0)


def test_trimming_leaves_an_asset_that_lives_as_fresh_as_it_is(lake: Lake, stored: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 1, HOUR)
    assert succeeded(run(lake, stored, "live", HOUR - 1))
    between = datetime.now(UTC)
    assert succeeded(run(lake, stored, "live", HOUR))
    newest = stored.get_latest_materialization_event(dg.AssetKey("intake"))
    assert trim(stored, between).runs == 1
    (record,) = stored.get_asset_records([dg.AssetKey("intake")])
    assert newest is not None
    assert record.asset_entry.last_materialization is not None
    assert record.asset_entry.last_materialization.timestamp == newest.timestamp
    assert materialized(stored, "intake") == keys(HOUR - 1, HOUR)


def test_results_of_checks_do_not_grow_for_ever(lake: Lake, stored: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR)
    key = dg.AssetCheckKey(dg.AssetKey("intake"), "conservation")
    for _ in range(3):
        assert succeeded(run(lake, stored, "live", HOUR))
    assert len(stored.event_log_storage.get_asset_check_execution_history(key, limit=10)) == 3
    trim(stored, datetime.now(UTC) + timedelta(minutes=1))
    assert len(stored.event_log_storage.get_asset_check_execution_history(key, limit=10)) == 1
