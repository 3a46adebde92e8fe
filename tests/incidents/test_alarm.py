"""What an alarm's JSON may be, and what it must be."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.errors import MalformedAlarm
from logsight_assets.incidents.alarm import parse_alarm, read_alarm
from logsight_assets.incidents.foreign_json import MAX_BYTES
from logsight_assets.incidents.windows import NS, Window
from tests.incidents.events import alarm_event, body

_DATA = {"period": 60, "recentDatapoints": [19.0, 17.1], "threshold": 5.0}


def with_state(**state: Any) -> dict[str, Any]:
    event = alarm_event()
    event["detail"]["state"] |= state
    return event


def test_an_alarm_is_read_whole() -> None:
    alarm = read_alarm(body(with_state(reasonData=json.dumps(_DATA), timestamp="2023-01-29T08:44:17.000+0000")))
    assert (alarm.name, alarm.state, alarm.previous_state) == ("checkout-5xx", "ALARM", "OK")
    assert alarm.state_change_nano == 1674981857 * NS
    assert (alarm.window_seconds, alarm.period_seconds, alarm.threshold) == (120, 60, 5.0)
    assert list(alarm.dimensions) == [("Shop", "ServiceName", "checkout"), ("Shop", "tenant", "acme")]


@pytest.mark.parametrize(
    ("state", "seconds"),
    [
        pytest.param({"reasonData": json.dumps(_DATA)}, 120, id="period by datapoints"),
        pytest.param({}, 60, id="no reasonData: the metric's period"),
        pytest.param({"reasonData": "{broken"}, 60, id="reasonData that is cut"),
        pytest.param({"reasonData": json.dumps({"period": 10, "recentDatapoints": [1]})}, 60, id="a short period"),
        pytest.param({"reasonData": json.dumps({"period": -5, "recentDatapoints": [1]})}, 60, id="no period at all"),
        pytest.param({"reason": "3 out of the last 5 datapoints"}, 300, id="a reason"),
        pytest.param(
            {"reasonData": json.dumps({"period": 86400, "recentDatapoints": [1, 2]})}, 86400, id="at most a day"
        ),
    ],
)
def test_the_window_is_what_was_evaluated(state: dict[str, Any], seconds: int) -> None:
    assert parse_alarm(with_state(**state)).window_seconds == seconds


def test_a_composite_alarm_has_no_metric_and_the_usual_period() -> None:
    alarm = parse_alarm(alarm_event(configuration={"alarmRule": "ALARM(a) OR ALARM(b)"}))
    assert (alarm.metrics, alarm.window_seconds) == ((), 300)


def test_metric_math_names_the_metrics_that_it_combines() -> None:
    part = {"namespace": "AWS/ECS", "name": "5xx", "dimensions": {"ServiceName": "checkout"}}
    metrics = [{"id": "e", "expression": "a/b"}, {"id": "a", "metricStat": {"metric": part, "period": 120}}]
    alarm = parse_alarm(alarm_event(configuration={"metrics": metrics}))
    assert ([metric.name for metric in alarm.metrics], alarm.window_seconds) == (["5xx"], 120)


def test_the_future_begins_half_a_window_behind_the_change() -> None:
    window = Window.of(parse_alarm(with_state(reasonData=json.dumps(_DATA))))
    assert (window.state_change - window.start, window.as_of - window.state_change) == (120 * NS, 60 * NS)


@pytest.mark.parametrize(
    ("event", "field"),
    [
        pytest.param([], "alarm", id="no object"),
        pytest.param({"detail-type": "EC2 Instance State-change Notification"}, "detail-type", id="another event"),
        pytest.param({"detail": None}, "detail", id="no detail"),
        pytest.param({"detail": {"alarmName": "a", "state": "ALARM"}}, "detail.state", id="state is no object"),
        pytest.param(with_state(value="RED"), "detail.state.value", id="unknown state"),
        pytest.param(with_state(timestamp="yesterday"), "detail.state.timestamp", id="no time"),
        pytest.param(with_state(timestamp=17), "detail.state.timestamp", id="a number for a time"),
        pytest.param(with_state(timestamp="9999-01-01T00:00:00+00:00"), "detail.state.timestamp", id="beyond 64 bits"),
        pytest.param(alarm_event(alarmName=" "), "detail.alarmName", id="no name"),
        pytest.param(alarm_event(alarmName={"a": 1}), "detail.alarmName", id="name is no text"),
    ],
)
def test_an_alarm_that_cannot_be_names_the_field(event: object, field: str) -> None:
    with pytest.raises(MalformedAlarm, match=rf"alarm: {field}:"):
        parse_alarm(event)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b" " * (MAX_BYTES + 1)])
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedAlarm):
        read_alarm(data)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
_FIELDS = ("alarmName", "state", "previousState", "configuration")


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(_FIELDS, _JSON)), _JSON)
def test_any_document_is_an_alarm_or_malformed(detail: dict[str, Any], data: Any) -> None:
    event = alarm_event(**detail)
    if isinstance(event["detail"].get("state"), dict):
        event["detail"]["state"]["reasonData"] = data
    try:
        alarm = parse_alarm(event)
    except MalformedAlarm:
        return
    assert 60 <= alarm.window_seconds <= 86400
