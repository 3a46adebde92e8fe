"""Signals in Dagster: jobs over hours and days, what the sensors ask for, and who is woken by what."""

from __future__ import annotations

import dagster as dg
import pytest

from logsight_assets.incidents.inbox import alarm_queue
from logsight_assets.lake import Lake, backtest_key, mark, marked, slo_key
from logsight_assets.parquet import read_rows
from logsight_assets.slo.days import due_days
from logsight_assets.timeline import Hour
from resources.query_engine import DuckDBEngine
from sensors.requests import Busy
from sensors.signals import signal_requests
from tests.alarm_rules.test_live import put as put_service
from tests.anomalies.lakes import FIRST, HOURS, LAST, fill
from tests.dagster_side.conftest import execute, keys, materialized, run, succeeded
from tests.dagster_side.test_runs import evaluations
from tests.dagster_side.test_sensors import tick, windows
from tests.intake.lakes import NOW

IDLE = Busy({})
DAY = FIRST.day


@pytest.fixture
def filled(lake: Lake, engine: DuckDBEngine) -> Lake:
    """Ten counted hours, the last with ten times as much; their templates are no longer due."""
    fill(lake, engine, last=400)
    for window_keys in marked(lake.store, "templates").values():
        for key in window_keys:
            lake.store.delete(key)
    return lake


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    return DuckDBEngine(memory_mb=256, threads=1, scratch=tmp_path_factory.mktemp("spill"))


def test_a_run_over_hours_judges_them_from_the_oldest_on(filled: Lake, instance: dg.DagsterInstance) -> None:
    result = run(filled, instance, "refresh_anomalies", FIRST, LAST)
    assert succeeded(result)
    assert materialized(instance, "anomalies") == keys(*HOURS)
    assert marked(filled.store, "anomalies") == {}
    check = evaluations(result)["anomalies.flagged_share"]
    assert check.passed
    assert check.metadata["running_episodes"].value == 1
    event = instance.get_latest_materialization_event(dg.AssetKey("anomalies"))
    assert event
    assert event.asset_materialization
    assert event.asset_materialization.metadata["anomalies"].value == 1


def test_the_sensor_asks_for_hours_that_changed_and_for_their_day(filled: Lake) -> None:
    (request,) = signal_requests(filled, IDLE)
    assert (request.job_name, request.tags["logsight/lane"]) == ("refresh_anomalies", "background")
    run_keys = {request.run_key}
    mark(filled.store, "anomalies", str(LAST), "later")
    (again,) = signal_requests(filled, IDLE)
    assert again.run_key not in run_keys, "something else waits: a failed run must not block it"


def test_the_open_hour_does_not_wait_for_the_background(lake: Lake) -> None:
    now = Hour.of(NOW)
    for hour in (now, now - 100):
        mark(lake.store, "anomalies", str(hour), "published")
    found = windows(signal_requests(lake, Busy({}, has_background=True)))
    assert found == [("refresh_anomalies", "live", now.partition_key)]


def test_nothing_is_asked_for_while_templates_wait(filled: Lake) -> None:
    mark(filled.store, "templates", str(LAST), "published")
    assert signal_requests(filled, IDLE) == []


def test_what_a_run_is_working_on_is_not_asked_for_again(filled: Lake) -> None:
    busy = Busy({"refresh_anomalies": frozenset(keys(*HOURS)), "refresh_objectives": frozenset({DAY})})
    assert signal_requests(filled, busy) == []


def test_the_safety_net_gives_what_failed_another_chance(filled: Lake, instance: dg.DagsterInstance) -> None:
    (before,) = signal_requests(filled, IDLE)
    assert succeeded(execute(filled, instance, "safety_net", {}))
    for key in [k for held in marked(filled.store, "templates").values() for k in held]:
        filled.store.delete(key)
    (after,) = signal_requests(filled, IDLE)
    assert after.run_key != before.run_key


def test_a_run_over_days_counts_objectives(filled: Lake, instance: dg.DagsterInstance) -> None:
    (filled.config / "objectives").mkdir(parents=True)
    text = "service: shop\nkind: availability\nof: events\ntarget: 0.9\n"
    (filled.config / "objectives" / "up.yaml").write_text(text, encoding="utf-8")
    assert succeeded(run(filled, instance, "refresh_objectives", DAY))
    assert materialized(instance, "slo") == {DAY}
    assert filled.store.head(slo_key("acme", DAY))
    assert marked(filled.store, "objectives") == {}


def test_a_wrong_objective_fails_the_run_that_has_counted_the_others_and_keeps_no_hour_from_being_judged(
    filled: Lake, instance: dg.DagsterInstance
) -> None:
    (filled.config / "objectives").mkdir(parents=True)
    text = "service: shop\nkind: availability\nof: events\ntarget: 0.9\n"
    (filled.config / "objectives" / "up.yaml").write_text(text, encoding="utf-8")
    (filled.config / "objectives" / "wrong.yaml").write_text("target: most\n", encoding="utf-8")
    assert "refresh_anomalies" in {request.job_name for request in signal_requests(filled, IDLE)}
    result = run(filled, instance, "refresh_objectives", DAY)
    (failed,) = (event for event in result.all_events if event.is_step_failure)
    assert "objectives/wrong.yaml" in str(failed.step_failure_data.error)
    assert materialized(instance, "slo") == {DAY}
    assert filled.store.head(slo_key("acme", DAY))
    assert set(marked(filled.store, "objectives")) == {DAY}, "it is made again when the file is right"
    assert due_days(filled) == {}, "until then nobody asks for it"
    (filled.config / "objectives" / "wrong.yaml").unlink()
    assert set(due_days(filled)) == {DAY}


def test_a_wrong_rule_fails_the_backtest_that_has_tried_the_others(
    lake: Lake, engine: DuckDBEngine, instance: dg.DagsterInstance
) -> None:
    put_service(lake, engine, range(60))
    (lake.config / "alarm_rules").mkdir(parents=True, exist_ok=True)
    (lake.config / "alarm_rules" / "wrong.yaml").write_text("metric: moon\n", encoding="utf-8")
    day = (Hour.of(NOW) - 1).day
    result = run(lake, instance, "backtest_rules", day)
    (failed,) = (event for event in result.all_events if event.is_step_failure)
    assert "alarm_rules/wrong.yaml" in str(failed.step_failure_data.error)
    assert materialized(instance, "backtest_alarms") == {day}
    assert {row["rule"] for row in read_rows(lake.store, backtest_key("acme", day)).to_pylist()} >= {"error-ratio"}


def test_backfills_and_backtests_wake_nobody(lake: Lake, engine: DuckDBEngine, instance: dg.DagsterInstance) -> None:
    put_service(lake, engine, range(60))
    hour = Hour.of(NOW) - 1
    for job in ("refresh_hours", "refresh_anomalies"):
        assert succeeded(run(lake, instance, job, hour))
    for job in ("refresh_objectives", "backtest_rules"):
        assert succeeded(run(lake, instance, job, hour.day))
    assert lake.store.head(backtest_key("acme", hour.day))
    assert alarm_queue(lake).receive() == []
    assert not list(lake.store.list("alarms/")) + list(lake.store.list("incidents/"))


def test_the_sensor_of_rules_sends_what_changed_and_asks_for_no_run(
    lake: Lake, engine: DuckDBEngine, instance: dg.DagsterInstance
) -> None:
    put_service(lake, engine, range(60))
    assert tick(lake, instance, "alarm_rules") == []
    assert {message.body for message in alarm_queue(lake).receive()}
    assert tick(lake, instance, "alarm_rules") == []
    assert alarm_queue(lake).receive() == [], "once"
