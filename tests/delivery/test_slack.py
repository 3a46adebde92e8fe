"""Slack against a server that behaves as Slack does: one message, a thread, edits, lost answers, people."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from logsight_assets.delivery.channel import Channel
from logsight_assets.delivery.slack import SlackChannel, SlackWebhookChannel
from logsight_assets.incidents.people import acknowledge
from logsight_assets.lake import Lake
from resources.outbound import Outbound
from resources.slack import SlackApi, SlackWebhook
from tests.delivery.lakes import Clock, Found, alarm, incident, make_lake, send, state_in
from tests.delivery.servers import DROPPED, LOST, LocalServer, Receiver, Reply, Slack, serving

SETTINGS = {
    "channels": {"ops": {"type": "slack", "channel": "C1", "token": "env:SLACK"}},
    "routing": [{"channels": ["ops"]}],
}


@dataclass
class Place:
    lake: Lake
    clock: Clock
    server: LocalServer
    slack: Slack
    channels: dict[str, Channel]

    def send(self) -> None:
        send(self.lake, self.channels)

    def later(self, **span: float) -> None:
        self.clock.forward(**span)
        self.send()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    clock = Clock()
    lake, slack = make_lake(tmp_path / "lake", clock, **SETTINGS), Slack()
    with serving(slack) as server:
        outbound = Outbound([], loopback_ports=[server.port])
        yield Place(
            lake,
            clock,
            server,
            slack,
            {"ops": SlackChannel(SlackApi(outbound, lambda: Slack.TOKEN, server.site), "C1")},
        )


def test_one_message_is_edited_and_its_thread_is_told_what_is_new(place: Place) -> None:
    name = alarm(place.lake)
    place.send()
    (message,) = place.slack.top
    (details,) = place.slack.replies
    assert message["blocks"][0]["text"]["text"].startswith("🟠 HIGH: checkout")
    assert details["thread_ts"] == message["ts"]
    acknowledge(place.lake, incident(place.lake, name), "jo")
    place.send()
    assert len(place.slack.messages) == 2, "an acknowledgement disturbs nobody"
    alarm(place.lake, state="OK", minute=5)
    place.send()
    assert message["blocks"][0]["text"]["text"].startswith("✅ RESOLVED")
    assert [note["text"] for note in place.slack.replies[1:]] == ["Over since 2025-06-01 10:35 UTC."]
    alarm(place.lake, minute=8)
    place.send()
    again = place.slack.replies[2]
    assert ("went off again" in again["text"], again["reply_broadcast"]) == (True, True)
    assert len(place.slack.top) == 1


@pytest.mark.parametrize("fault", [LOST, DROPPED, Reply(500), Reply(502, b"<html>gateway</html>")])
@pytest.mark.parametrize("at", [0, 1])
def test_an_answer_that_is_lost_leaves_each_message_there_once(place: Place, fault: object, at: int) -> None:
    place.server.write_faults.extend([*[None] * at, fault])  # type: ignore[list-item]
    alarm(place.lake)
    place.send()
    place.later(seconds=60)
    assert (len(place.slack.top), len(place.slack.replies)) == (1, 1)
    alarm(place.lake, state="OK", minute=5)
    place.server.write_faults.extend([None, None, fault])  # type: ignore[list-item]
    place.send()
    place.later(seconds=60)
    assert len(place.slack.replies) == 2


def test_what_is_lost_is_found_among_many_messages(place: Place) -> None:
    api = place.channels["ops"]._api  # type: ignore[attr-defined]
    place.server.write_faults.append(LOST)
    alarm(place.lake)
    place.send()
    for number in range(7):
        api.post("C1", {"text": str(number)}, f"other-{number}")
    place.later(seconds=60)
    assert len(place.slack.top) == 8


def test_a_rate_limit_is_obeyed_and_nothing_is_lost(place: Place) -> None:
    place.server.faults.append(Reply(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "30"}))
    alarm(place.lake)
    place.send()
    asked = len(place.server.requests)
    place.later(seconds=29)
    assert len(place.server.requests) == asked
    place.later(seconds=1)
    assert len(place.slack.top) == 1
    assert state_in(place.lake, "ops").failures == 0


def test_a_message_that_people_remove_is_posted_once_more_and_then_never(place: Place) -> None:
    alarm(place.lake)
    place.send()
    place.slack.remove(place.slack.top[0])
    alarm(place.lake, "latency", minute=1)
    place.send()
    (second,) = place.slack.top
    place.slack.remove(second)
    alarm(place.lake, "errors", minute=2)
    place.send()
    assert place.slack.top == []
    told = state_in(place.lake, "ops").told
    assert told is not None
    assert told.left == ("the message was removed twice",)


def test_details_that_people_remove_stay_away(place: Place) -> None:
    alarm(place.lake)
    place.send()
    place.slack.remove(place.slack.replies[0])
    alarm(place.lake, "latency", minute=1)
    place.send()
    assert place.slack.replies == []


@pytest.mark.parametrize(("token", "channel"), [("xoxb-wrong", "C1"), (Slack.TOKEN, "C-none")])
def test_a_wrong_token_or_channel_is_a_dead_letter_with_slacks_word(place: Place, token: str, channel: str) -> None:
    outbound = Outbound([], loopback_ports=[place.server.port])
    place.channels["ops"] = SlackChannel(SlackApi(outbound, lambda: token, place.server.site), channel)
    alarm(place.lake)
    place.send()
    state = state_in(place.lake, "ops")
    assert state.is_dead
    assert any(word in state.reason for word in ("invalid_auth", "channel_not_found"))
    assert token not in state.reason


def test_a_subscribers_channel_is_found_by_its_name_when_an_answer_was_lost(place: Place) -> None:
    api = place.channels["ops"]._api  # type: ignore[attr-defined]
    assert api.channel_id("#acme-ops") == "C2"
    posted = api.post("#acme-ops", {"text": "x"}, "a-key")
    assert api.find("C2", "a-key", 0) == posted
    assert api.find("C2", "another", 0) is None
    assert place.channels["ops"].check() == "logsight in Acme"


def test_a_verdict_that_changes_is_told_in_the_thread(place: Place) -> None:
    name = alarm(place.lake, found=Found("incomplete", missing=["source shop is open"]))
    place.send()
    assert "incomplete" not in place.slack.top[0]["text"]
    answer = {"verdict": "explained", "suspects": [{"service": "payment", "score": 0.9, "reasons": []}]}
    incident(place.lake, name).append("first_answer", "first_answer:2", answer)
    acknowledge(place.lake, incident(place.lake, name), "jo")
    place.send()
    assert "The answer changed. Cause: payment (score 0.90)." in place.slack.replies[-1]["text"]


# Webhooks -------------------------------------------------------------------------------------------------------------


def test_a_webhook_appends_what_is_loud_and_nothing_else(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", Clock(), **SETTINGS)
    with serving(Receiver()) as server:
        hook = SlackWebhook(
            Outbound([], loopback_ports=[server.port]),
            lambda: f"{server.site}/services/T/B/x",
            frozenset({"127.0.0.1"}),
        )
        channels: dict[str, Channel] = {"ops": SlackWebhookChannel(hook)}
        name = alarm(lake)
        send(lake, channels)
        acknowledge(lake, incident(lake, name), "jo")
        send(lake, channels)
        alarm(lake, state="OK", minute=5)
        send(lake, channels)
    first, second = (request.json for request in server.requests)
    assert "HIGH" in first["text"]
    assert second["blocks"][0]["text"]["text"] == "Over since 2025-06-01 10:35 UTC."


def test_a_webhook_whose_address_is_not_slacks_is_refused_without_saying_it(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake", Clock(), **SETTINGS)
    hook = SlackWebhook(Outbound([]), lambda: "https://evil.example/services/secret")
    alarm(lake)
    send(lake, {"ops": SlackWebhookChannel(hook)})
    state = state_in(lake, "ops")
    assert state.is_dead
    assert "secret" not in state.reason.removesuffix("correct the secret")
