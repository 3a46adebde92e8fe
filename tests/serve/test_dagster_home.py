"""Dagster's home: our settings load in the pinned Dagster, follow our versions, and give way to the user's."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from dagster import DagsterInstance

from logsight_assets.lake import Lake, open_lake
from logsight_assets.serve import dagster_home as module
from logsight_assets.serve.dagster_home import dagster_home, is_edited


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return open_lake(str(tmp_path / "lake"), {})


def test_dagster_loads_it(lake: Lake) -> None:
    with DagsterInstance.from_config(str(dagster_home(lake))) as instance:
        assert not instance.telemetry_enabled
        assert instance.run_monitoring_enabled
        assert instance.get_concurrency_config().run_queue_config is not None
        assert "Sqlite" in type(instance.run_storage).__name__


def test_backfills_leave_room_for_live_work_and_all_of_them_for_alarms(lake: Lake) -> None:
    runs = yaml.safe_load((dagster_home(lake) / "dagster.yaml").read_text(encoding="utf-8"))["concurrency"]["runs"]
    limits = {limit.get("value", limit["key"]): limit["limit"] for limit in runs["tag_concurrency_limits"]}
    assert limits["dagster/backfill"] < runs["max_concurrent_runs"]
    assert "alarms" not in limits
    assert sum(limits.values()) < runs["max_concurrent_runs"]


def test_it_is_made_once_and_for_this_user_alone(lake: Lake) -> None:
    home = dagster_home(lake)
    written = (home / "dagster.yaml").stat().st_mtime_ns
    assert dagster_home(lake) == home
    assert (home / "dagster.yaml").stat().st_mtime_ns == written
    assert home.stat().st_mode & 0o777 == 0o700


def test_a_newer_version_replaces_ours(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    file = dagster_home(lake) / "dagster.yaml"
    monkeypatch.setattr(module, "_CONTENT", "telemetry: {enabled: false}\n")
    dagster_home(lake)
    assert file.read_text(encoding="utf-8").endswith("\ntelemetry: {enabled: false}\n")
    assert not is_edited(file.parent)


@pytest.mark.parametrize("edit", [lambda text: text + "# mine\n", lambda _: "telemetry: {enabled: false}\n"])
def test_an_edited_file_is_never_touched(lake: Lake, edit: object) -> None:
    file = dagster_home(lake) / "dagster.yaml"
    mine = edit(file.read_text(encoding="utf-8"))  # type: ignore[operator]
    file.write_text(mine, encoding="utf-8")
    dagster_home(lake)
    assert file.read_text(encoding="utf-8") == mine
    assert is_edited(file.parent)


def test_a_removed_file_comes_back(lake: Lake) -> None:
    file = dagster_home(lake) / "dagster.yaml"
    file.unlink()
    dagster_home(lake)
    assert not is_edited(file.parent)
