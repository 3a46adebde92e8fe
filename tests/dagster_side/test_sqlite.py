"""Storage that stays open, against Dagster's own on the same files: what one writes the other reads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage

from logsight_assets.dagster_sqlite import OpenSqliteStorage
from logsight_assets.lake import Lake
from logsight_assets.progress import dagster_instance
from logsight_assets.serve.dagster_home import dagster_home
from tests.dagster_side.conftest import keys, materialized, run, succeeded
from tests.dagster_side.test_runs import put_hours
from tests.dagster_side.test_storage import QUIET
from tests.intake.lakes import HOUR


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home of Dagster's own storage."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def runs(lake: Lake) -> Iterator[list[str]]:
    """Two runs that a build's instance made, which is still open; their ids."""
    put_hours(lake, HOUR - 1, HOUR)
    with dagster_instance(lake) as instance:
        results = [run(lake, instance, "live", hour) for hour in (HOUR - 1, HOUR)]
        assert all(succeeded(result) for result in results)
        yield [result.run_id for result in results]


def test_dagster_reads_what_a_build_has_written_while_it_is_still_open(lake: Lake, runs: list[str]) -> None:
    with dg.DagsterInstance.from_config(str(dagster_home(lake))) as other:
        assert materialized(other, "intake") == keys(HOUR - 1, HOUR)
        assert {found.run_id for found in other.get_runs()} == set(runs)
        for run_id in runs:
            kinds = [entry.dagster_event_type for entry in other.all_logs(run_id)]
            assert kinds.index(dg.DagsterEventType.RUN_START) < kinds.index(dg.DagsterEventType.RUN_SUCCESS)


def test_the_copied_database_of_a_run_is_what_dagster_makes(lake: Lake, runs: list[str], home: Path) -> None:
    with dg.DagsterInstance.local_temp(str(home), overrides=QUIET) as theirs:
        put_hours(lake, HOUR)
        made = run(lake, theirs, "live", HOUR).run_id
    wanted = _shape(home / "history" / "runs" / f"{made}.db")
    assert [_shape(dagster_home(lake) / "history" / "runs" / f"{run_id}.db") for run_id in runs] == [wanted, wanted]


def test_nothing_is_left_open_when_the_instance_is_closed(lake: Lake) -> None:
    put_hours(lake, HOUR - 1, HOUR)
    with dagster_instance(lake) as instance:
        for hour in (HOUR - 1, HOUR):
            assert succeeded(run(lake, instance, "live", hour))
        assert 0 < len(_logs(lake)) <= 3, "runs, the index and one run: a long build must not run out of files"
    assert _logs(lake) == []


def test_storage_that_the_user_configured_is_used_as_it_is(lake: Lake, tmp_path: Path) -> None:
    with dagster_instance(lake) as instance:
        assert isinstance(instance.get_ref().storage, OpenSqliteStorage)
    (dagster_home(lake) / "dagster.yaml").write_text(f"storage: {{sqlite: {{base_dir: {tmp_path}/own}}}}\n", "utf-8")
    with dagster_instance(lake) as instance:
        assert type(instance.get_ref().storage) is DagsterSqliteStorage
    assert (tmp_path / "own" / "history" / "runs.db").exists()


def _shape(database: Path) -> tuple[str, set[str], set[str]]:
    """Journal mode, statements that make the schema, and revision of a database."""
    with closing(sqlite3.connect(database)) as connection:
        ((mode,),) = connection.execute("PRAGMA journal_mode")
        schema = {sql for (sql,) in connection.execute("select sql from sqlite_master where sql is not null")}
        return mode, schema, {revision for (revision,) in connection.execute("select * from alembic_version")}


def _logs(lake: Lake) -> list[Path]:
    """Write-ahead logs: each belongs to a database that somebody has open."""
    return sorted(dagster_home(lake).rglob("*-wal"))
