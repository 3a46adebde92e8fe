"""`logsight build` in this process: few runs, everything done, a failure at the end and in full."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from logsight_assets.build import Builder, BuildSummary
from logsight_assets.definitions import build_defs
from logsight_assets.errors import ConservationError, LogSightError
from logsight_assets.lake import Lake, mark, marked
from logsight_assets.timeline import Hour
from logsight_assets.trends import refresh as refreshing
from logsight_assets.trends.hours import refresh_hour
from tests.dagster_side.conftest import keys, materialized
from tests.dagster_side.test_runs import is_published, put_hours
from tests.doubles import HookedStore
from tests.intake.lakes import HOUR, flat_line, put_raw, read_all, with_store


def build(lake: Lake, instance: dg.DagsterInstance, **options: Any) -> BuildSummary:
    return Builder(lake, build_defs(lake), instance).build(BuildSummary(), **options)


def test_a_build_brings_every_level_up_to_date_and_leaves_nothing_waiting(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    old = Hour.parse("2009-03-01T05")
    put_hours(lake, old, *(HOUR - n for n in range(30)))
    for hour in (old, HOUR):
        mark(lake.store, "arrivals", str(hour), "added")
    done = build(lake, instance)
    assert (done.intake_report.objects, len(done.hours), done.outside_partitions) == (31, 31, 1)
    assert is_published(lake, old)
    assert len(materialized(instance, "service_trend_minute")) == 30
    assert materialized(instance, "service_trend_hour") == {HOUR.day, (HOUR - 24).day}
    assert {
        level
        for level in ("arrivals", "hours", "completeness", "templates", "anomalies", "objectives")
        if marked(lake.store, level)
    } == set()
    assert len(instance.get_runs()) <= 7, "each run costs about a second"
    stages = done.to_json()["stage_seconds"]
    assert list(stages) == ["intake", "trends", "templates", "anomalies", "slo", "metrics"]
    assert min(stages["intake"], stages["trends"]) > 0, "others had nothing to do, which may take no millisecond"
    assert build(lake, instance).intake_report.objects == 0


def test_a_build_of_some_hours_leaves_the_others_and_their_markers(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 2, HOUR)
    for hour in (HOUR - 2, HOUR):
        mark(lake.store, "arrivals", str(hour), "added")
    build(lake, instance, start=HOUR)
    assert materialized(instance, "intake") == keys(HOUR)
    assert set(marked(lake.store, "arrivals")) == {str(HOUR - 2)}


def test_a_build_leaves_the_markers_of_hours_in_which_objects_of_a_wrong_source_wait(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    (lake.config / "sources").mkdir(parents=True)
    (lake.config / "sources" / "bad.yaml").write_text("a: [", encoding="utf-8")
    old = Hour.parse("2009-03-01T05")
    both, alone = (HOUR - 1, old), (HOUR, old + 1)
    for hour in (*both, *alone):
        put_raw(lake, [flat_line()], source="bad", hour=hour)
        mark(lake.store, "arrivals", str(hour), "added")
    for hour in (*both, HOUR - 2):
        put_raw(lake, [flat_line()], hour=hour)
    mark(lake.store, "arrivals", str(HOUR - 2), "added")
    assert build(lake, instance).intake_report.objects == 3
    assert set(marked(lake.store, "arrivals")) == {str(hour) for hour in (*both, *alone)}


def test_a_build_of_some_hours_first_ends_what_was_left_in_the_middle(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 2)

    def stop(operation: str, key: str) -> None:
        if key.startswith("receipts/"):
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        read_all(with_store(lake, HookedStore(lake.store, before=stop)))
    put_hours(lake, HOUR)
    build(lake, instance, start=HOUR)
    assert materialized(instance, "intake") == keys(HOUR)
    assert list(lake.store.list("intents/")) == []
    assert [is_published(lake, HOUR - 2), is_published(lake, HOUR)] == [True, True]


def test_a_build_with_a_failing_hour_does_the_others_and_says_all_at_the_end(
    lake: Lake, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_hours(lake, *(HOUR - n for n in range(3)))

    def refresh(lake: Lake, engine: Any, hour: Hour, **options: Any) -> Any:
        if hour == HOUR - 1:
            raise ConservationError("tenant acme: 10 events, but 9 counted")
        return refresh_hour(lake, engine, hour, **options)

    monkeypatch.setattr(refreshing, "refresh_hour", refresh)
    with pytest.raises(LogSightError, match="tenant acme: 10 events, but 9 counted"):
        build(lake, instance)
    assert [is_published(lake, HOUR - n) for n in range(3)] == [True, False, True]
    assert materialized(instance, "service_trend_hour") == {HOUR.day}
    monkeypatch.undo()
    build(lake, instance)
    assert is_published(lake, HOUR - 1)


def test_a_replay_does_again_what_is_up_to_date_and_changes_no_byte(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR)
    build(lake, instance)
    before = {entry.key: lake.store.get(entry.key) for entry in lake.store.list("trends/")}
    assert build(lake, instance, replay=True).intake_report.objects == 1
    assert before == {entry.key: lake.store.get(entry.key) for entry in lake.store.list("trends/")}


def test_a_build_reports_all_that_the_job_of_an_hour_would(lake: Lake, instance: dg.DagsterInstance) -> None:
    """A build takes parts of jobs: no partition, no check and not the unpartitioned table may get lost between them."""
    put_hours(lake, HOUR)
    put_raw(lake, [b"", b""], hour=HOUR - 2)  # an object without an event: its hour is done all the same
    build(lake, instance)
    for asset in ("intake", "events", "service_trend_minute", "service_duration_minute", "patterns"):
        assert materialized(instance, asset) == keys(HOUR - 2, HOUR)
    assert instance.get_latest_materialization_event(dg.AssetKey("completeness")) is not None
    hourly = {"intake", "events", "service_trend_minute"}
    checks = {
        key for key in build_defs(lake).resolve_asset_graph().asset_check_keys if key.asset_key.path[-1] in hourly
    }
    ran = {key for key in checks if instance.event_log_storage.get_asset_check_execution_history(key, limit=1)}
    assert len(checks) == 9
    assert ran == checks
