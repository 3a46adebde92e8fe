"""What is posted and forgotten: webhooks, PagerDuty, files. Against local servers, and the lake itself."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.delivery.channel import Channel
from logsight_assets.delivery.channels import channels_of
from logsight_assets.delivery.file import FileChannel
from logsight_assets.delivery.outbox import enqueue_incident
from logsight_assets.delivery.pagerduty import PagerDutyChannel
from logsight_assets.delivery.webhook import WebhookChannel
from logsight_assets.failures import Failures
from logsight_assets.incidents.answer import answer_incident
from logsight_assets.incidents.people import acknowledge
from logsight_assets.lake import Lake
from resources.outbound import Outbound
from tests.delivery.lakes import Clock, Found, alarm, incident, make_lake, send, state_in
from tests.delivery.servers import LOST, PagerDuty, Receiver, Reply, serving

URL = "https://hooks.acme.example/logsight"
SETTINGS: dict[str, Any] = {
    "channels": {
        "hook": {"type": "webhook", "url": URL, "secret": "env:HOOK"},
        "pager": {"type": "pagerduty", "routing_key": "env:PAGER"},
    }
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lake_to(root: Path, clock: Clock, channel: str) -> Lake:
    return make_lake(root / "lake", clock, **SETTINGS, routing=[{"channels": [channel]}])


def test_a_webhook_is_signed_over_its_time_and_body(tmp_path: Path, clock: Clock) -> None:
    lake = lake_to(tmp_path, clock, "hook")
    with serving(Receiver()) as server:
        outbound = Outbound([], loopback_ports=[server.port])
        channels: dict[str, Channel] = {
            "hook": WebhookChannel(outbound, f"{server.site}/logsight", lambda: "s3cret", clock)
        }
        name = alarm(lake)
        send(lake, channels)
    (request,) = server.requests
    timestamp = request.headers["x-logsight-timestamp"]
    digest = hmac.new(b"s3cret", timestamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-logsight-signature"] == f"v1={digest}"
    assert int(timestamp) == int(clock.now.timestamp())
    assert (request.json["name"], request.json["notify"], request.json["facts"]["severity"]) == (name, True, "high")
    assert "s3cret" not in str(request)


def test_a_webhook_that_is_posted_twice_carries_the_same_key_and_body(tmp_path: Path, clock: Clock) -> None:
    lake = lake_to(tmp_path, clock, "hook")
    with serving(Receiver()) as server:
        server.faults.append(LOST)
        outbound = Outbound([], loopback_ports=[server.port])
        channels: dict[str, Channel] = {"hook": WebhookChannel(outbound, f"{server.site}/logsight", lambda: "s", clock)}
        name = alarm(lake)
        send(lake, channels)
        clock.forward(seconds=60)
        send(lake, channels)
        acknowledge(lake, incident(lake, name), "jo")
        send(lake, channels)
    first, again, news = server.requests
    assert (first.headers["idempotency-key"], first.body) == (again.headers["idempotency-key"], again.body)
    assert first.headers["idempotency-key"] != news.headers["idempotency-key"]
    assert (first.json["notify"], news.json["notify"]) == (True, False)


def test_pagerduty_is_triggered_acknowledged_and_resolved_under_one_key(tmp_path: Path, clock: Clock) -> None:
    lake = lake_to(tmp_path, clock, "pager")
    pager = PagerDuty()
    with serving(pager) as server:
        outbound = Outbound([], loopback_ports=[server.port])
        channels: dict[str, Channel] = {"pager": PagerDutyChannel(outbound, lambda: "R" * 32, server.site)}
        server.faults.append(LOST)
        name = alarm(lake)
        send(lake, channels)
        clock.forward(seconds=60)
        send(lake, channels)
        assert list(pager.alerts.values()) == ["triggered"]
        alarm(lake, "latency", minute=1)  # an edit: nobody is paged
        send(lake, channels)
        acknowledge(lake, incident(lake, name), "jo")
        send(lake, channels)
        assert list(pager.alerts.values()) == ["acknowledged"]
        alarm(lake, state="OK", minute=5)
        alarm(lake, "latency", "OK", 5)
        server.faults.append(Reply(429, headers={"Retry-After": "10"}))
        send(lake, channels)
        clock.forward(seconds=10)
        send(lake, channels)
        assert list(pager.alerts.values()) == ["resolved"]
        alarm(lake, minute=9)
        send(lake, channels)
    assert list(pager.alerts.values()) == ["triggered"]
    actions = [event["event_action"] for event in pager.events]
    assert actions == ["trigger", "trigger", "acknowledge", "resolve", "trigger"]
    payload = pager.events[0]["payload"]
    assert (payload["severity"], payload["component"]) == ("error", name)


def test_an_answer_that_changes_when_it_is_over_pages_nobody(tmp_path: Path, clock: Clock) -> None:
    """Late data changes the answer for two days; what pages then is resolved by nobody."""
    lake = lake_to(tmp_path, clock, "pager")
    pager = PagerDuty()
    with serving(pager) as server:
        outbound = Outbound([], loopback_ports=[server.port])
        channels: dict[str, Channel] = {"pager": PagerDutyChannel(outbound, lambda: "R" * 32, server.site)}
        name = alarm(lake, found=Found(verdict="incomplete"))
        send(lake, channels)
        alarm(lake, state="OK", minute=5)
        send(lake, channels)
        answer_incident(lake, incident(lake, name), Found(), Failures(lake), "more logs of its window came in")
        acknowledge(lake, incident(lake, name), "jo")
        enqueue_incident(lake, "acme", name)
        assert send(lake, channels).told == 1
    assert list(pager.alerts.values()) == ["resolved"]
    assert [event["event_action"] for event in pager.events] == ["trigger", "resolve"]


def test_pagerduty_refuses_a_wrong_key_for_good(tmp_path: Path, clock: Clock) -> None:
    lake = lake_to(tmp_path, clock, "pager")
    with serving(PagerDuty()) as server:
        outbound = Outbound([], loopback_ports=[server.port])
        alarm(lake)
        send(lake, {"pager": PagerDutyChannel(outbound, lambda: "wrong", server.site)})
    assert state_in(lake, "pager").reason == "RefusedDelivery: 127.0.0.1 answered with status 400"


def test_without_any_setting_messages_are_files_that_are_edited_in_place(tmp_path: Path, clock: Clock) -> None:
    lake = make_lake(tmp_path / "lake", clock)
    name = alarm(lake)
    send(lake, {"outbox": FileChannel(lake.store, "outbox")})
    prefix = f"outbox/tenant=acme/incident={name}/channel=outbox/"
    before = {entry.key: lake.store.get(entry.key) for entry in lake.store.list("outbox/")}
    assert sorted(before) == [f"{prefix}message.{ending}" for ending in ("html", "json", "md")]
    alarm(lake, state="OK", minute=5)
    send(lake, {"outbox": FileChannel(lake.store, "outbox")})
    after = json.loads(lake.store.get(f"{prefix}message.json"))
    assert (after["facts"]["state"], after["news"][0]["kind"]) == ("resolved", "resolved")
    assert b"RESOLVED" in lake.store.get(f"{prefix}message.html")
    assert lake.store.get(f"{prefix}message.md") != before[f"{prefix}message.md"]


def test_each_file_channel_has_files_of_its_own_that_show_as_much_as_it_may(tmp_path: Path, clock: Clock) -> None:
    lake = make_lake(
        tmp_path / "lake",
        clock,
        tenants={"acme": {"disclosure": "quotes"}},
        channels={"open": {"type": "file"}, "closed": {"type": "file", "disclosure": "links"}},
        routing=[{"channels": ["open", "closed"]}],
    )
    name = alarm(lake)
    send(lake, channels_of(lake))
    texts = {
        channel: lake.store.get(f"outbox/tenant=acme/incident={name}/channel={channel}/message.md").decode()
        for channel in ("open", "closed")
    }
    assert ["checkout-5xx" in texts[channel] for channel in ("open", "closed")] == [True, False]
