"""From a message to an incident under Dagster: one run for all that waits, nothing lost by a kill or told twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from logsight_assets.definitions import build_defs
from logsight_assets.doctor import CHECKS
from logsight_assets.errors import LogSightError
from logsight_assets.incidents.alarm import parse_alarm
from logsight_assets.incidents.heartbeat import RulesState, beat_of_rules, gauges_of, path_state
from logsight_assets.incidents.inbox import INBOX
from logsight_assets.incidents.investigate import investigate
from logsight_assets.incidents.records import find_incident
from logsight_assets.incidents.waiting import known_tenants, put_waiting, waiting_keys
from logsight_assets.lake import Lake
from resources.gauges import Gauge
from sensors.alarms import tell_gauges
from tests.dagster_side.conftest import at, execute, succeeded
from tests.dagster_side.killed_ticks import ALARMS, POINTS
from tests.incidents.events import alarm_event, body
from tests.intake.lakes import NOW, flat_line, make_lake, put_raw, read_all

REPO = Path(__file__).parents[2]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = make_lake(tmp_path / "lake", {"alarms.wait_seconds": 0})
    put_raw(
        made, [flat_line(minute=29, second=second, severityNumber=17, body="payment failed") for second in range(9)]
    )
    read_all(made)
    return made


def tick(
    lake: Lake, instance: dg.DagsterInstance, cursor: str | None = None, sensor: str = "alarms"
) -> dg.SensorResult:
    definitions = build_defs(lake)
    context = dg.build_sensor_context(
        instance=instance, cursor=cursor, resources={"lake": lake}, definitions=definitions, sensor_name=sensor
    )
    result = definitions.get_repository_def().get_sensor_def(sensor)(context)
    assert isinstance(result, dg.SensorResult)
    return result


def drop(lake: Lake, *events: dict[str, Any] | bytes) -> Path:
    inbox = Path(lake.store.uri("x")).parent / INBOX
    inbox.mkdir(exist_ok=True)
    for number, event in enumerate(events):
        data = event if isinstance(event, bytes) else body(event)
        (inbox / f"{number}.json").write_bytes(data)
    return inbox


def held(inbox: Path) -> int:
    return len(list((inbox / "held").glob("*")))


def test_a_burst_is_one_run_of_its_own_lane_and_acknowledged_in_the_next_tick(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    inbox = drop(lake, *(alarm_event(f"alarm-{number}") for number in range(30)))
    first = tick(lake, instance)
    (request,) = first.run_requests or []
    assert request.job_name == "answer_alarms"
    assert request.tags == {"logsight/lane": "alarms", "dagster/priority": "20", "logsight/alarms": "30"}
    assert held(inbox) == 30, "what a kill before the commit would lose is still there"
    second = tick(lake, instance, first.cursor)
    assert held(inbox) == 0
    assert second.run_requests is not None
    assert [again.run_key for again in second.run_requests] == [request.run_key], "the daemon starts it once"


@pytest.mark.parametrize(
    ("status", "minutes", "asks"),
    [
        pytest.param(dg.DagsterRunStatus.QUEUED, 0, False, id="queued: it will look"),
        pytest.param(dg.DagsterRunStatus.STARTED, 1, False, id="at work: it looks until nothing waits"),
        pytest.param(dg.DagsterRunStatus.STARTED, 5, True, id="at work for long: it may hang"),
        pytest.param(dg.DagsterRunStatus.FAILURE, 1, True, id="ended"),
    ],
)
def test_while_a_run_is_on_its_way_no_other_is_asked_for(
    lake: Lake, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, status: Any, minutes: float, asks: bool
) -> None:
    drop(lake, alarm_event())
    run = instance.add_run(dg.DagsterRun(job_name="answer_alarms", status=dg.DagsterRunStatus.NOT_STARTED))
    if status is not dg.DagsterRunStatus.QUEUED:
        instance.report_engine_event("", run)
        _report(instance, run, dg.DagsterEventType.RUN_START)
    if status is dg.DagsterRunStatus.FAILURE:
        _report(instance, run, dg.DagsterEventType.RUN_FAILURE)
    began = instance.get_run_record_by_id(run.run_id)
    assert began
    monkeypatch.setattr("sensors.alarms.time.time", lambda: (began.start_time or 0.0) + minutes * 60)
    assert bool(tick(lake, instance).run_requests) is asks


def _report(instance: dg.DagsterInstance, run: dg.DagsterRun, kind: dg.DagsterEventType) -> None:
    event = dg.DagsterEvent(event_type_value=kind.value, job_name=run.job_name)
    instance.report_dagster_event(event, run_id=run.run_id)


def test_what_is_no_alarm_fails_no_tick_and_is_set_aside(lake: Lake, instance: dg.DagsterInstance) -> None:
    inbox = drop(lake, b'{"not": "an alarm"}', alarm_event())
    assert len(tick(lake, instance).run_requests or []) == 1
    assert [path.read_bytes() for path in (inbox / "aside").iterdir()] == [b'{"not": "an alarm"}']


def test_what_was_taken_and_set_aside_is_told_of_the_asset_in_numbers_alone(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    drop(lake, b'{"secret": "no alarm"}', alarm_event("acme-secret-alarm"), alarm_event("another"))
    first = tick(lake, instance)
    (event,) = first.asset_events
    assert isinstance(event, dg.AssetMaterialization)
    assert event.asset_key == dg.AssetKey("alarms")
    told = {name: value.value for name, value in event.metadata.items()}
    assert told == {"taken": 2, "set_aside": 1, "come_again": 0}
    second = tick(lake, instance, first.cursor)
    assert second.asset_events == [], "a look that finds nothing writes nothing"
    drop(lake, b"{}")
    (event,) = tick(lake, instance, second.cursor).asset_events
    assert isinstance(event, dg.AssetObservation), "nothing of the asset is new"


def test_a_run_makes_the_incident_with_its_first_answer_and_tells_dagster_ids_and_counts_alone(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    put_waiting(lake, body(alarm_event("acme-secret-alarm", service="checkout")), known_tenants(lake))
    result = execute(lake, instance, "answer_alarms", {})
    assert succeeded(result)
    records = find_incident(lake, "20250601-1030")
    assert [record.kind for record in records.all()] == ["opened", "evidence", "first_answer"]
    event_told = records.all()[0].body["event"]
    found = json.loads(json.dumps(investigate(lake, parse_alarm(event_told)).to_json()))
    answer = records.all()[-1].body
    assert {key: answer[key] for key in found["first_answer"]} == found["first_answer"]
    assert records.all()[1].body["evidence"] == found["evidence"]
    (event,) = result.get_asset_materialization_events()
    metadata = event.step_materialization_data.materialization.metadata
    assert metadata["incident_ids"].value == records.incident_id
    assert metadata["alarm_changes"].value == 1
    run = instance.get_run_by_id(result.run_id)
    assert run
    assert run.tags["logsight/incident"] == records.incident_id
    told = " ".join(str(entry) for entry in instance.all_logs(result.run_id)) + str(run.tags)
    assert [word for word in ("acme", "secret-alarm", "payment failed") if word in told] == []


def without_rules(lake: Lake) -> Lake:
    """The same lake, whose alarms all come from elsewhere."""
    (lake.config / "alarm_rules").mkdir(parents=True)
    for name in ("error-ratio", "error-surge"):
        text = "metric: error_ratio\nthreshold: 1\nenabled: false\n"
        (lake.config / "alarm_rules" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return lake


def test_a_path_that_stands_still_fails_its_check(lake: Lake, instance: dg.DagsterInstance) -> None:
    without_rules(lake)
    assert not path_state(lake).is_moving
    tick(lake, instance)
    assert path_state(lake).is_moving
    late = at(lake, NOW + timedelta(minutes=6))
    (event,) = tick(late, instance, sensor="late_answers").asset_events
    assert isinstance(event, dg.AssetCheckEvaluation)
    assert (event.check_name, event.passed) == ("alarm_path", False)
    put_waiting(lake, body(alarm_event()), known_tenants(lake))
    tick(late, instance)
    state = path_state(late)
    assert (state.is_moving, state.waiting, state.oldest_waits_seconds) == (False, 1, 360.0)


def look_at_rules(lake: Lake, instance: dg.DagsterInstance) -> None:
    """A tick of the sensor that evaluates the rules."""
    definitions = build_defs(lake)
    context = dg.build_sensor_context(instance=instance, resources={"lake": lake}, definitions=definitions)
    definitions.get_repository_def().get_sensor_def("alarm_rules")(context)


def test_rules_that_nobody_looks_at_stand_still_though_messages_are_taken(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    tick(lake, instance)
    assert not path_state(lake).is_moving, "its own rules were never looked at"
    look_at_rules(lake, instance)
    assert path_state(lake).is_moving
    late = at(lake, NOW + timedelta(minutes=6))
    tick(late, instance)
    (event,) = tick(late, instance, sensor="late_answers").asset_events
    assert isinstance(event, dg.AssetCheckEvaluation)
    assert (event.passed, event.metadata["rules_looked_seconds_ago"].value) == (False, 360.0)
    look_at_rules(late, instance)
    assert path_state(late).is_moving


def test_a_rule_that_is_wrong_stands_still_while_the_others_are_looked_at(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    (lake.config / "alarm_rules").mkdir(parents=True)
    wrong = lake.config / "alarm_rules" / "slow.yaml"
    wrong.write_text("metric: moon\n", encoding="utf-8")
    tick(lake, instance)
    with pytest.raises(LogSightError, match=r"slow\.yaml"):
        look_at_rules(lake, instance)
    state = path_state(lake)
    assert state.rules == RulesState(0.0, 1)
    assert not state.is_moving
    wrong.unlink()
    look_at_rules(lake, instance)
    assert path_state(lake).is_moving


def test_the_check_is_told_when_it_changes_and_not_at_every_tick(lake: Lake, instance: dg.DagsterInstance) -> None:
    beat_of_rules(lake, 0)
    tick(lake, instance)
    first = tick(lake, instance, sensor="late_answers")
    assert [event.passed for event in first.asset_events] == [True]  # type: ignore[union-attr]
    assert list(tick(lake, instance, first.cursor, "late_answers").asset_events) == []


class Told:
    """Gauges that remember what they were told."""

    def __init__(self) -> None:
        self.values: dict[str, float] = {}

    def tell(self, told: Sequence[Gauge], moment: datetime) -> None:
        self.values = {gauge.name: gauge.value for gauge in told} | {"moment": moment.timestamp()}


def test_the_gauges_say_how_old_the_oldest_alarm_and_the_last_look_are(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    gauges = Told()
    assert tell_gauges(lake, gauges, path_state(lake)) == ""
    assert "AlarmPathAgeSeconds" not in gauges.values, "of a path that never moved a value lacks, which is the alarm"
    tick(lake, instance)
    tell_gauges(lake, gauges, path_state(lake))
    assert "AlarmPathAgeSeconds" not in gauges.values, "nor did rules that nobody ever looked at"
    beat_of_rules(at(lake, NOW - timedelta(minutes=1)), 0)
    put_waiting(lake, body(alarm_event()), known_tenants(lake))
    late = at(lake, NOW + timedelta(minutes=6))
    tick(late, instance)
    tell_gauges(late, gauges, path_state(late))
    assert gauges.values == {
        "AlarmPathAgeSeconds": 420.0,
        "AlarmsWaiting": 1,
        "OutboxAgeSeconds": 0.0,
        "DeadLetters": 0,
        "moment": late.clock().timestamp(),
    }


def test_a_cloudwatch_that_cannot_be_told_stops_no_answer(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    flags = {"alarms.wait_seconds": 0, "heartbeat.namespace": "X", "heartbeat.endpoint_url": "http://127.0.0.1:1"}
    lake = make_lake(tmp_path / "lake", flags | {"heartbeat.region": "eu-central-1"})
    put_raw(lake, [flat_line(minute=29)])
    read_all(lake)
    put_waiting(lake, body(alarm_event()), known_tenants(lake))
    assert succeeded(execute(lake, instance, "answer_alarms", {}))
    put_raw(lake, [flat_line(minute=29, body="late")], "late.gz")
    read_all(lake)
    later = at(lake, NOW + timedelta(minutes=6))
    assert "heartbeat.namespace" in tell_gauges(later, gauges_of(later), path_state(later))
    assert len(tick(later, instance, sensor="late_answers").run_requests or []) == 1
    check = CHECKS["heartbeat"]
    with pytest.raises(LogSightError, match=r"heartbeat\.namespace"):
        check(later)


def test_an_answer_that_is_due_again_is_asked_for_and_made(lake: Lake, instance: dg.DagsterInstance) -> None:
    (lake.config / "runbooks").mkdir()
    front = "title: T\nalarms: [checkout-*]\napproved_by: Ada\napproved: 2025-05-01"
    (lake.config / "runbooks" / "r.md").write_text(f"---\n{front}\n---\n1. Look.\n")
    put_waiting(lake, body(alarm_event()), known_tenants(lake))
    assert succeeded(execute(lake, instance, "answer_alarms", {}))
    put_raw(lake, [flat_line(minute=29, body="late")], "late.gz")
    read_all(lake)
    later = at(lake, NOW + timedelta(minutes=6))
    (request,) = tick(later, instance, sensor="late_answers").run_requests or []
    assert request.job_name == "answer_alarms"
    assert succeeded(execute(later, instance, "answer_alarms", {}))
    records = find_incident(lake, "20250601-1030").all()
    assert [record.kind for record in records] == ["opened", "evidence", "first_answer", "evidence", "first_answer"]
    assert [[each["name"] for each in records[number].body["runbooks"]] for number in (1, 3)] == [["r"], ["r"]]
    assert waiting_keys(lake) == {}


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of three alarms by the point at which the daemon was killed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.dagster_side.killed_ticks", str(tmp_path_factory.mktemp("killed"))],
        env={**os.environ, "PYTHONPATH": str(REPO)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.xdist_group("killed_ticks")
@pytest.mark.parametrize("point", POINTS)
def test_a_tick_that_is_killed_loses_no_alarm_and_makes_no_incident_twice(killed: dict[str, Any], point: str) -> None:
    assert killed[point] == {"killed": -9, "runs": 1, "incidents": ALARMS, "messages_left": 0}
