"""Delivery under Dagster: asked for when something is due, counts alone in what Dagster keeps, live work alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from logsight_assets.definitions import build_defs
from logsight_assets.incidents.records import incidents_of
from logsight_assets.incidents.waiting import known_tenants, put_waiting
from logsight_assets.lake import Lake, report_page_key
from tests.dagster_side.conftest import execute, succeeded
from tests.dagster_side.test_alarms import tick
from tests.incidents.events import alarm_event, body
from tests.intake.lakes import flat_line, make_lake, put_raw, read_all

DAY = "2025-05-31"
SETTINGS = """
channels: {pager: {type: pagerduty, routing_key: "env:NOT_SET"}}
tenants: {acme: {report_subscribers: ["#acme-ops"]}}
"""


def lake_with(root: Path, settings: str = SETTINGS) -> Lake:
    root.mkdir()
    (root / "logsight.yaml").write_text(settings)
    made = make_lake(root)
    put_raw(made, [flat_line(minute=29, second=second, severityNumber=17) for second in range(9)])
    read_all(made)
    return made


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return lake_with(tmp_path / "lake")


def alarm(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_waiting(lake, body(alarm_event()), known_tenants(lake))
    assert succeeded(execute(lake, instance, "answer_alarms", {}))


def requests(lake: Lake, instance: dg.DagsterInstance, cursor: str | None = None) -> list[dg.RunRequest]:
    return tick(lake, instance, cursor, "deliveries").run_requests or []


def outbox(lake: Lake) -> list[str]:
    return [entry.key.rpartition("/")[2] for entry in lake.store.list("outbox/")]


def test_an_incident_is_delivered_by_one_run_of_its_own_lane(lake: Lake, instance: dg.DagsterInstance) -> None:
    assert requests(lake, instance) == []
    alarm(lake, instance)
    (request,) = requests(lake, instance)
    assert request.job_name in (None, "deliver")
    assert request.tags == {"logsight/lane": "deliveries", "dagster/priority": "15"}
    result = execute(lake, instance, "deliver", {})
    assert succeeded(result)
    assert outbox(lake) == ["message.html", "message.json", "message.md"]
    assert requests(lake, instance) == []
    (event,) = result.get_asset_materialization_events()
    told = {name: value.value for name, value in event.materialization.metadata.items()}
    (incident_id,) = incidents_of(lake.store, "acme")
    assert told == {
        "told": 1,
        "later": 0,
        "withheld": 0,
        "waiting": 0,
        "dead_letters": 0,
        "incident_ids": incident_id,
    }


def test_what_dagster_keeps_of_a_dead_letter_is_a_count(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    lake = lake_with(tmp_path / "lake", SETTINGS + "routing: [{channels: [pager]}]")
    alarm(lake, instance)
    result = execute(lake, instance, "deliver", {})
    assert succeeded(result), "a message that was given up fails the check, not the run"
    kept = json.dumps([dg.serialize_value(event) for event in result.all_events])
    assert all(word not in kept for word in ("acme", "checkout", "NOT_SET", "env:"))
    sensed = tick(lake, instance, None, "deliveries")
    (told,) = sensed.asset_events
    assert isinstance(told, dg.AssetCheckEvaluation)
    assert (told.passed, told.metadata["dead_letters"].value) == (False, 1)
    assert tick(lake, instance, sensed.cursor, "deliveries").asset_events == [], "told once"


def report_run(lake: Lake, instance: dg.DagsterInstance, **tags: str) -> None:
    lake.store.put(report_page_key("acme", "daily", DAY), b"a page")
    job = build_defs(lake).resolve_job_def("daily_reports")
    config: Any = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    job.execute_in_process(instance=instance, partition_key=DAY, tags=tags, run_config=config, raise_on_error=False)


def test_reports_of_a_schedule_are_told_once_and_those_of_a_backfill_never(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    report_run(lake, instance, **{"dagster/backfill": "abc"})
    report_run(lake, instance)
    assert requests(lake, instance) == []
    report_run(lake, instance, **{"dagster/schedule_name": "daily_reports"})
    sensed = tick(lake, instance, None, "deliveries")
    assert len(sensed.run_requests or []) == 1
    assert succeeded(execute(lake, instance, "deliver", {}))
    assert len(outbox(lake)) == 3
    assert requests(lake, instance, sensed.cursor) == []
    assert requests(lake, instance) == [], "a cursor that was lost tells nothing twice"


def test_building_and_replaying_hand_nothing_to_delivery(lake: Lake, instance: dg.DagsterInstance) -> None:
    read_all(lake, replay=True)
    assert [entry.key for entry in lake.store.list("deliveries/")] == []
    assert requests(lake, instance) == []
