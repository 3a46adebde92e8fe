"""The asset graph, one line an asset, so that a change of it is seen in review; and that it loads without a warning.

After a change that is meant: `WRITE_SNAPSHOT=1 make test ARGS=tests/dagster_side/test_graph.py`, then look at the diff.
"""

from __future__ import annotations

import os
import warnings
from pathlib import Path

import dagster as dg
import pytest

from logsight_assets.definitions import build_defs
from logsight_assets.lake import Lake
from logsight_assets.tables import TABLES

SNAPSHOT = Path(__file__).with_name("asset_graph.txt")
# Read when the module loads: the tests' clean environment takes it away.
WRITE = bool(os.environ.get("WRITE_SNAPSHOT"))

UNTIMED = {
    "daily_report",
    "weekly_report",
    "raw_logs",
    "alarms",
    "incidents",
    "summaries",
    "deliveries",
    "slo",
    "backtest_alarms",
    "raw_metrics",
    "service_metrics",
}


def drawn(definitions: dg.Definitions) -> str:
    graph = definitions.resolve_asset_graph()
    lines = ["key | group | partitions | deps | checks"]
    for key in sorted(graph.get_all_asset_keys()):
        node = graph.get(key)
        partitions = (
            type(node.partitions_def).__name__.removesuffix("PartitionsDefinition") if node.partitions_def else "-"
        )
        deps = ", ".join(sorted(parent.to_user_string() for parent in node.parent_keys)) or "-"
        checks = ", ".join(sorted(check.name for check in node.check_keys)) or "-"
        lines.append(f"{key.to_user_string()} | {node.group_name} | {partitions} | {deps} | {checks}")
    return "\n".join(lines) + "\n"


def test_the_graph_is_the_one_in_the_file(lake: Lake) -> None:
    found = drawn(build_defs(lake))
    if WRITE:
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8")


def test_it_loads_without_a_warning(lake: Lake) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dg.Definitions.validate_loadable(build_defs(lake))


def test_what_starts_by_itself_runs_by_default(lake: Lake) -> None:
    definitions = build_defs(lake)
    sensors, schedules = definitions.sensors or [], definitions.schedules or []
    assert {sensor.name for sensor in sensors if sensor.default_status is dg.DefaultSensorStatus.RUNNING} == {
        "arrivals",
        "late_hours",
        "alarms",
        "alarm_rules",
        "metrics",
        "metrics_fetch",
        "late_answers",
        "signals",
        "summaries",
        "deliveries",
    }
    assert {s.name for s in schedules if s.default_status is dg.DefaultScheduleStatus.RUNNING} == {
        "hourly_safety_net",
        "daily_housekeeping",
        "daily_reports",
        "weekly_reports",
    }


def test_every_asset_says_whose_it_is_and_what_it_holds(lake: Lake) -> None:
    for spec in build_defs(lake).resolve_all_asset_specs():
        name = spec.key.to_user_string()
        assert spec.owners == ["team:platform"], name
        assert spec.kinds, name
        assert spec.description, name
        # These come when they come: silence is good news.
        assert (spec.freshness_policy is None) == (name in UNTIMED), name
        if name in TABLES:
            schema = spec.metadata["dagster/column_schema"]
            assert isinstance(schema, dg.TableSchema)
            assert [column.name for column in schema.columns] == [column.name for column in TABLES[name].columns]


@pytest.mark.parametrize(
    "job",
    ["live", "catch_up", "refresh_hours", "refresh_days", "refresh_months", "refresh_anomalies", "refresh_metrics"],
)
def test_jobs_of_partitions_share_one_partitioning(lake: Lake, job: str) -> None:
    assert build_defs(lake).resolve_job_def(job).partitions_def is not None
