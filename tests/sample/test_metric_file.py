"""The sample's metric: the same bytes each time, and a pool that fills when the fault begins."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logsight_assets.lake import Lake, service_metrics_key
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.hours import refresh_metrics
from logsight_assets.parquet import read_rows
from logsight_assets.sample.metric_file import NAME, metric_definition, metric_objects
from logsight_assets.sample.scenario import Scenario
from logsight_assets.sample.spec import MINUTE_NS, ShopSpec
from logsight_assets.timeline import Hour
from tests.metrics.otlp_files import name_metric

SPEC = ShopSpec(end=datetime(2025, 6, 1, 12, tzinfo=UTC), hours=4)


def test_the_same_spec_gives_the_same_objects() -> None:
    assert list(metric_objects(SPEC)) == list(metric_objects(SPEC))


@pytest.fixture
def loaded(lake: Lake) -> Lake:
    definition = metric_definition(SPEC)
    name_metric(lake, NAME, **definition)
    for sample in metric_objects(SPEC):
        lake.store.put(sample.key, sample.data)
    assert take_in(lake).refused == 0
    return lake


def test_the_pool_is_full_from_the_fault_on_and_was_not_before(loaded: Lake) -> None:
    fault = Scenario(SPEC).fault_start_ns
    found: dict[int, float] = {}
    for hour in (Hour.of(SPEC.end) - back for back in (1, 2, 3)):
        refresh_metrics(loaded, hour)
        rows = read_rows(loaded.store, service_metrics_key(SPEC.faulty_tenant, hour)).to_pylist()
        found |= {row["time_unix_nano"]: row["value"] for row in rows if row["statistic"] == "Maximum"}
    assert len(found) == 3 * 60
    assert {value for time, value in found.items() if time >= fault} == {20.0}
    assert max(value for time, value in found.items() if time < fault - 10 * MINUTE_NS) <= 8.0
