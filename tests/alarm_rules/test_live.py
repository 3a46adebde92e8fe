"""Rules evaluated on a lake: what reaches the inbox, once, and what never does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.alarm_rules.live import Raised, evaluate_rules
from logsight_assets.failures import Failures, WindowsFailed
from logsight_assets.incidents.alarm import read_alarm
from logsight_assets.incidents.inbox import alarm_queue
from logsight_assets.incidents.symptom import services_of, tenant_of
from logsight_assets.lake import Lake, tombstone_key
from logsight_assets.timeline import Hour
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.dagster_side.conftest import at
from tests.doubles import HookedStore
from tests.intake.lakes import NOW, make_lake, with_store
from tests.trends.event_files import event, put_events

BEFORE = Hour.of(NOW) - 1
BURN = "{metric: burn_rate, objective: up, threshold: 9}"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with one of the default rules, so that one fault is one alarm."""
    made = make_lake(tmp_path / "lake")
    (made.config / "alarm_rules").mkdir(parents=True)
    text = "metric: error_ratio\nthreshold: 1\nenabled: false\n"
    (made.config / "alarm_rules" / "error-surge.yaml").write_text(text, encoding="utf-8")
    return made


def put(lake: Lake, engine: DuckDBEngine, failing: range, *, service: str = "shop", name: str = "o1") -> None:
    """Two events a minute in the hour before now; in some minutes all of them are errors."""
    rows = [
        event(60 * m + s, "order failed", BEFORE, service=service, severity_number=17, is_error=True)
        if m in failing
        else event(60 * m + s, "order placed", BEFORE, service=service)
        for m in range(60)
        for s in (1, 31)
    ]
    put_events(lake, rows, hour=BEFORE, raw_object=name)
    refresh(lake, engine, [BEFORE]).check()


def evaluate(lake: Lake, engine: DuckDBEngine, send: Callable[[bytes], object]) -> Raised:
    """One look at all rules; what fails in it is raised."""
    failures = Failures(lake)
    raised = evaluate_rules(lake, engine, send, failures)
    failures.check()
    return raised


def look(lake: Lake, engine: DuckDBEngine) -> tuple[Raised, list[dict[str, Any]]]:
    sent: list[bytes] = []
    raised = evaluate(lake, engine, sent.append)
    return raised, [json.loads(event) for event in sent]


def test_a_failing_service_becomes_an_alarm_that_the_inbox_takes(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(40, 60))
    raised, (found,) = look(lake, engine)
    assert (raised.alarms, raised.sent) == (1, 1)
    alarm = read_alarm(json.dumps(found))
    assert (alarm.name, alarm.state, alarm.previous_state) == ("error-ratio acme shop", "ALARM", "INSUFFICIENT_DATA")
    assert (alarm.period_seconds, alarm.threshold, alarm.recent_datapoints) == (300, 0.2, (0.0, 1.0, 1.0))
    assert alarm.state_change_nano == BEFORE.start_nano + 50 * 60 * 10**9
    assert [symptom.service for symptom in services_of(alarm, ["shop", "cart"])] == ["shop"]
    assert tenant_of(alarm, ["acme"]) == "acme"


def test_a_state_is_told_once_and_its_end_too(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(40, 60))
    assert len(look(lake, engine)[1]) == 1
    assert look(lake, engine)[1] == []
    later = at(lake, NOW + timedelta(minutes=20))
    rows = [event(20 * n, "order placed", BEFORE + 1) for n in range(170)]
    put_events(lake, rows, hour=BEFORE + 1)
    refresh(later, engine, [BEFORE + 1]).check()
    assert look(later, engine)[1] == [], "the watermark has not come so far: it may be failing still"
    told = look(at(lake, NOW + timedelta(minutes=120)), engine)[1]
    assert [(e["detail"]["state"]["value"], e["detail"]["previousState"]["value"]) for e in told] == [("OK", "ALARM")]


def test_after_a_pause_an_alarm_is_dated_when_it_came_about(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(10, 60))
    _, (found,) = look(lake, engine)
    state = found["detail"]["state"]
    assert state["timestamp"] == "2025-06-01T11:20:00.000+0000", "with the second bad period, not with this look"
    assert json.loads(state["reasonData"])["recentDatapoints"] == [0.0, 1.0, 1.0]


def test_a_healthy_service_sends_nothing(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(0))
    raised, sent = look(lake, engine)
    assert (raised.alarms, sent) == (0, [])


def test_old_logs_wake_nobody(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(40, 60))
    assert look(at(lake, NOW + timedelta(days=3)), engine)[1] == []


def test_a_rule_of_ones_own_is_evaluated(lake: Lake, engine: DuckDBEngine) -> None:
    folder = lake.config / "alarm_rules"
    text = "metric: silence_minutes\nthreshold: 20\nservice: cart\ntreat_missing_data: breaching\noverdue_minutes: 5\n"
    (folder / "quiet.yaml").write_text(text + "evaluation_periods: 1\ndatapoints_to_alarm: 1\n")
    put(lake, engine, range(0))
    rows = [event(60 * n, "cart opened", BEFORE, service="cart") for n in range(20)]
    put_events(lake, rows, hour=BEFORE, raw_object="o2")
    refresh(lake, engine, [BEFORE]).check()
    _, (found,) = look(lake, engine)
    assert found["detail"]["alarmName"] == "quiet acme cart"


@pytest.mark.parametrize(
    ("files", "named"),
    [
        pytest.param({"alarm_rules/mine.yaml": "a: ["}, "mine", id="no_yaml"),
        pytest.param({"alarm_rules/error-surge.yaml": "threshold: high"}, "error-surge", id="of_a_default_rule"),
        pytest.param({"objectives/up.yaml": "target: most", "alarm_rules/mine.yaml": BURN}, "mine", id="its_objective"),
    ],
)
def test_a_rule_whose_file_is_wrong_stops_no_other_and_fails_the_look(
    lake: Lake, engine: DuckDBEngine, files: dict[str, str], named: str
) -> None:
    put(lake, engine, range(40, 60))
    for name, text in files.items():
        (lake.config / name).parent.mkdir(exist_ok=True)
        (lake.config / name).write_text(text, encoding="utf-8")
    sent: list[bytes] = []
    failures = Failures(lake)
    evaluate_rules(lake, engine, sent.append, failures)
    assert [json.loads(event)["detail"]["alarmName"] for event in sent] == ["error-ratio acme shop"]
    with pytest.raises(WindowsFailed, match=f"1 failed, everything else is kept: alarm_rules/{named}.yaml"):
        failures.check()


def test_an_alarm_whose_rule_is_wrong_for_a_while_stands(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(40, 60))
    look(lake, engine)
    file = lake.config / "alarm_rules" / "error-ratio.yaml"
    file.write_text("threshold: high", encoding="utf-8")
    rows = [event(20 * n, "order placed", BEFORE + 1) for n in range(170)]
    put_events(lake, rows, hour=BEFORE + 1)
    refresh(lake, engine, [BEFORE + 1]).check()
    later, sent = at(lake, NOW + timedelta(minutes=120)), list[bytes]()
    evaluate_rules(later, engine, sent.append, Failures(later))
    assert sent == [], "whether it is over is for the rule to say"
    file.unlink()
    (told,) = look(later, engine)[1]
    assert told["detail"]["state"]["value"] == "OK"


def test_an_erased_tenant_has_no_alarms(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(40, 60))
    lake.store.put(tombstone_key("acme"), b"{}")
    assert look(lake, engine)[1] == []


class Killed(BaseException):
    """The process is gone."""


@pytest.mark.parametrize("at_put", [1, 2])
def test_a_kill_loses_no_alarm_and_the_inbox_takes_it_once(lake: Lake, engine: DuckDBEngine, at_put: int) -> None:
    put(lake, engine, range(40, 60))
    left = [at_put]
    sent: list[bytes] = []

    def kill(operation: str, key: str) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    with pytest.raises(Killed):
        evaluate(with_store(lake, HookedStore(lake.store, before=kill)), engine, sent.append)
    evaluate(lake, engine, sent.append)
    assert len(sent) == at_put
    assert len(set(sent)) == 1, "the same bytes: the inbox knows it again"


def test_two_that_look_at_once_tell_it_once(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(40, 60))
    sent: list[bytes] = []
    looked = []

    def other(operation: str, key: str) -> None:
        if key.startswith("alarm_states/") and not looked:
            looked.append(key)
            evaluate(lake, engine, sent.append)

    evaluate(with_store(lake, HookedStore(lake.store, before=other)), engine, sent.append)
    assert len(sent) == 1


def test_what_is_sent_lies_in_the_inbox(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, range(40, 60))
    evaluate(lake, engine, alarm_queue(lake).send)
    (message,) = alarm_queue(lake).receive()
    assert read_alarm(message.body).state == "ALARM"
