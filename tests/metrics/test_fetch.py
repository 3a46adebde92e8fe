"""Live fetching: what is asked for and when, and that nobody else asks."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.lake import Lake, tombstone_key
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.fetch import due_series, fetch_named, metric_source
from logsight_assets.metrics.hours import due_hours, refresh_metrics
from resources.cloudwatch_metrics import CloudWatchMetrics
from resources.metrics import Read, Series
from tests.contracts.cloudwatch_double import CloudWatchDouble, client_of
from tests.intake.lakes import NOW, make_lake
from tests.metrics.otlp_files import HOUR, name_metric
from tests.metrics.test_hours import told

DEPTH: dict[str, Any] = {"namespace": "App", "metric": "Depth", "statistics": ["Sum"]}


@pytest.fixture
def live(tmp_path: Path) -> Lake:
    """A lake whose settings name CloudWatch."""
    lake = make_lake(tmp_path / "lake", {"metrics.adapter": "cloudwatch"})
    name_metric(lake, "depth", tenant="acme", **DEPTH)
    return lake


@dataclasses.dataclass
class Asked:
    """A source that has nothing and remembers what was asked."""

    spans: list[tuple[int, int]] = dataclasses.field(default_factory=list)
    series: list[Series] = dataclasses.field(default_factory=list)

    def read(self, wanted: Any, start_nano: int, end_nano: int) -> Read:
        self.spans.append((start_nano, end_nano))
        self.series += wanted
        return Read({})


def later(lake: Lake, **time: float) -> Lake:
    return dataclasses.replace(lake, clock=lambda: NOW + timedelta(**time))


def test_what_is_fetched_becomes_rows_and_the_rows_need_nobody_any_more(live: Lake) -> None:
    double = CloudWatchDouble(NOW)
    for minute in range(120):
        double.put(("App", "Depth", ()), HOUR.start + timedelta(minutes=minute, seconds=30), 1.0)
    with client_of(double) as client:
        fetched = fetch_named(live, CloudWatchMetrics(client, lambda: NOW))
    assert (fetched.series, fetched.points, fetched.faults) == (1, 120, 0)
    take_in(live)
    for hour in due_hours(live):
        refresh_metrics(live, hour)
    assert told(live)[:2] == [("depth", "Sum", 0, 1.0, None), ("depth", "Sum", 60, 1.0, None)]
    assert len(told(live, HOUR + 1)) == 60
    calls = len(double.calls)
    refresh_metrics(live, HOUR, replay=True)
    assert len(double.calls) == calls


def test_a_period_that_is_not_over_is_left_for_the_next_time(live: Lake) -> None:
    double = CloudWatchDouble(NOW + timedelta(seconds=30))
    double.put(("App", "Depth", ()), NOW + timedelta(seconds=10), 1.0)
    with client_of(double) as client:
        now = later(live, seconds=30)
        assert fetch_named(now, CloudWatchMetrics(client, lambda: double.now)).points == 0


def test_it_is_asked_again_after_a_time_from_before_the_last_time_on(live: Lake) -> None:
    source = Asked()
    fetch_named(live, source)
    assert due_series(later(live, seconds=200)) == {}
    fetch_named(later(live, seconds=300), source)
    fetch_named(later(live, days=9), source)
    starts = [(HOUR.start_nano - start) // (3600 * 10**9) for start, _ in source.spans]
    now = [(end - HOUR.start_nano) // 10**9 for _, end in source.spans]
    assert starts[:2] == [1, -1], "three hours at first, then what may have been unsettled, from its hour on"
    assert now == [7200, 7500, 7200 + 9 * 86_400]
    assert starts[2] == -(8 * 24 + 2), "at most a day of a longer pause is filled"


def test_each_tenants_metrics_are_asked_for_by_itself_and_an_erased_ones_are_not(live: Lake) -> None:
    name_metric(live, "shared", namespace="App", metric="Shared")
    name_metric(live, "gone", tenant="globex", **DEPTH)
    name_metric(live, "files", metric="queue.depth")
    live.store.put(tombstone_key("globex"), b"{}")
    assert {tenant: [each.metric for each in own] for tenant, own in due_series(live).items()} == {
        "acme": ["Depth"],
        "_platform": ["Shared"],
    }


def test_nothing_is_due_where_no_metric_has_a_namespace_or_files_are_all_there_is(live: Lake, lake: Lake) -> None:
    (live.config / "metrics" / "depth.yaml").unlink()
    assert due_series(live) == {}
    name_metric(lake, "depth", **DEPTH)
    assert (due_series(lake), metric_source(lake)) == ({}, None)


def test_the_settings_make_the_source(live: Lake) -> None:
    assert isinstance(metric_source(live), CloudWatchMetrics)
