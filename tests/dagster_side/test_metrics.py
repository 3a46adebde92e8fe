"""Metrics in Dagster: the job over hours, what the sensors ask for, and that nothing but the live sensor fetches."""

from __future__ import annotations

from pathlib import Path

import dagster as dg
import pytest

from logsight_assets.build import Builder, BuildSummary
from logsight_assets.definitions import build_defs
from logsight_assets.failures import WindowsFailed
from logsight_assets.lake import Lake, marked, service_metrics_key
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.fetch import due_series
from sensors.metrics import metric_requests
from sensors.requests import Busy
from tests.dagster_side.conftest import keys, materialized, run, succeeded
from tests.dagster_side.test_sensors import tick, windows
from tests.intake.lakes import make_lake
from tests.metrics.otlp_files import HOUR, gauge, name_metric, put_metrics, request, value

POINTS = request(gauge("queue.depth", value(0, 4.0), value(60, 3.0)))
# Nobody listens there: whoever asks fails.
DEAF = {"metrics.adapter": "cloudwatch", "metrics.endpoint_url": "http://127.0.0.1:1", "metrics.timeout_seconds": 1}


@pytest.fixture
def filled(tmp_path: Path) -> Lake:
    """A lake that would ask a CloudWatch that is not there, with a metric file of two hours ago."""
    lake = make_lake(tmp_path / "lake", DEAF)
    name_metric(lake, "depth", metric="queue.depth", namespace="App")
    put_metrics(lake, [POINTS])
    return lake


def test_a_run_over_hours_makes_their_rows(filled: Lake, instance: dg.DagsterInstance) -> None:
    take_in(filled)
    assert succeeded(run(filled, instance, "refresh_metrics", HOUR, HOUR + 1))
    assert materialized(instance, "service_metrics") == keys(HOUR, HOUR + 1)
    assert filled.store.head(service_metrics_key("acme", HOUR))
    assert marked(filled.store, "metrics") == {}


def test_the_sensor_takes_in_what_arrived_and_asks_for_its_hours_although_no_source_answers(
    filled: Lake, instance: dg.DagsterInstance
) -> None:
    (asked,) = tick(filled, instance, "metrics")
    assert (asked.job_name, asked.tags["logsight/lane"]) == ("refresh_metrics", "live")
    assert windows([asked])[0][2:] == windows(metric_requests(filled, Busy({})))[0][2:]


def test_a_wrong_file_keeps_no_metric_from_being_taken_in_and_fails_the_run_that_has_made_the_others(
    filled: Lake, instance: dg.DagsterInstance
) -> None:
    (filled.config / "metrics" / "wrong.yaml").write_text("a: [", encoding="utf-8")
    (asked,) = tick(filled, instance, "metrics")
    assert asked.job_name == "refresh_metrics"
    assert due_series(filled).keys() == {"_platform"}
    result = run(filled, instance, "refresh_metrics", HOUR)
    (failed,) = (event for event in result.all_events if event.is_step_failure)
    assert "metrics/wrong.yaml" in str(failed.step_failure_data.error)
    assert filled.store.head(service_metrics_key("acme", HOUR))


def test_older_hours_wait_in_the_background_and_hours_under_way_are_not_asked_for(filled: Lake) -> None:
    put_metrics(filled, [request(gauge("queue.depth", value(-100 * 3600, 1.0)))], "old.json.gz")
    take_in(filled)
    found = windows(metric_requests(filled, Busy({})))
    assert [lane for _, lane, *_ in found] == ["live", "background"]
    taken = keys(*(HOUR + n for n in range(-101, 3)))
    assert metric_requests(filled, Busy({"refresh_metrics": frozenset(taken)})) == []


def test_the_sensor_that_fetches_fails_when_nobody_answers_and_rests_when_nothing_is_named(
    filled: Lake, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with pytest.raises(WindowsFailed, match="StoreUnavailable: metrics: CloudWatch") as failed:
        tick(filled, instance, "metrics_fetch")
    assert failed.value.is_transient
    (filled.config / "metrics" / "depth.yaml").unlink()
    assert tick(filled, instance, "metrics_fetch") == []


@pytest.mark.parametrize("replay", [False, True])
def test_a_build_makes_the_rows_and_asks_nobody(filled: Lake, instance: dg.DagsterInstance, replay: bool) -> None:
    put_metrics(filled, [request(gauge("queue.depth", value(-12_000 * 3600, 1.0)))], "import.json.gz")
    summary = Builder(filled, build_defs(filled), instance).build(BuildSummary(), replay=replay)
    assert summary.failures == {}
    assert filled.store.head(service_metrics_key("acme", HOUR))
    assert filled.store.head(service_metrics_key("acme", HOUR - 12_000)), "outside the partitions"
