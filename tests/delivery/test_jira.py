"""Jira against a server that behaves as Jira Cloud does: one issue, people's edits and closing, lost answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.channel_settings import JiraChannel as JiraSettings
from logsight_assets.delivery.channel import Channel
from logsight_assets.delivery.jira import JiraChannel
from logsight_assets.lake import Lake
from resources.jira import JiraApi
from resources.outbound import Outbound
from tests.delivery.lakes import Clock, alarm, make_lake, send, state_in
from tests.delivery.servers import LOST, Jira, LocalServer, Ticket, serving

JIRA = {
    "type": "jira",
    "site": "https://acme.atlassian.net",
    "project": "OPS",
    "user": "bot@acme.example",
    "token": "env:JIRA",
    "priorities": {"medium": "Medium", "high": "High", "critical": "Highest"},
}
SETTINGS: dict[str, Any] = {"channels": {"tickets": JIRA}, "routing": [{"channels": ["tickets"]}]}


@dataclass
class Place:
    lake: Lake
    clock: Clock
    server: LocalServer
    jira: Jira
    channels: dict[str, Channel]

    def send(self, **later: float) -> None:
        self.clock.forward(**later)
        send(self.lake, self.channels)

    def over(self, minute: float = 5) -> None:
        alarm(self.lake, state="OK", minute=minute)
        self.send()

    @property
    def ticket(self) -> Ticket:
        (found,) = self.jira.tickets.values()
        return found

    @property
    def comments(self) -> list[str]:
        return [comment["body"]["content"][0]["content"][0]["text"] for comment in self.ticket.comments]

    @property
    def left(self) -> tuple[str, ...]:
        told = state_in(self.lake, "tickets").told
        assert told is not None
        return told.left


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    clock = Clock()
    lake, jira = make_lake(tmp_path / "lake", clock, **SETTINGS), Jira()
    with serving(jira) as server:
        api = JiraApi(Outbound([], loopback_ports=[server.port]), "bot@acme.example", lambda: "right", server.site)
        yield Place(lake, clock, server, jira, {"tickets": JiraChannel(api, JiraSettings.model_validate(JIRA))})


def test_an_issue_is_made_edited_resolved_and_reopened(place: Place) -> None:
    name = alarm(place.lake)
    place.send()
    assert place.ticket.fields["summary"] == f"checkout of acme · {name}"
    assert place.ticket.fields["priority"] == {"name": "High"}
    assert place.ticket.status == "To Do"
    alarm(place.lake, "latency", minute=1)
    place.send()
    assert "2 alarms on" in str(place.ticket.fields["description"])
    assert place.comments == [], "nobody is notified of an edit by us"
    alarm(place.lake, "latency", "OK", 4)
    place.over()
    assert (place.ticket.status, len(place.comments)) == ("Done", 1)
    alarm(place.lake, minute=9)
    place.send()
    assert place.ticket.status == "To Do"
    place.over(minute=12)
    assert (place.ticket.status, len(place.comments)) == ("Done", 3)
    assert place.left == ()


def test_what_people_have_edited_stays_and_the_rest_is_kept_up(place: Place) -> None:
    alarm(place.lake)
    place.send()
    place.ticket.fields["summary"] = "Payment provider is down"
    alarm(place.lake, "latency", minute=1)
    place.send()
    assert place.ticket.fields["summary"] == "Payment provider is down"
    assert "2 alarms on" in str(place.ticket.fields["description"])
    assert place.left == ("people have changed the summary",)
    alarm(place.lake, "latency", "OK", 4)
    place.over()
    assert (place.ticket.fields["summary"], place.ticket.status) == ("Payment provider is down", "Done")


def widen(place: Place, alarms: int = 5) -> None:
    """Enough alarms of one service for another severity."""
    for number in range(1, alarms):
        alarm(place.lake, f"latency-{number}", minute=number / 10)
    place.send()


def test_the_priority_follows_the_severity_while_it_is_open(place: Place) -> None:
    alarm(place.lake)
    place.send()
    widen(place)
    assert place.ticket.fields["priority"] == {"name": "Highest"}
    for number in range(1, 5):
        alarm(place.lake, f"latency-{number}", "OK", 5)
    place.send()
    assert place.ticket.fields["priority"] == {"name": "High"}
    place.over(minute=6)
    assert (place.ticket.status, place.ticket.fields["priority"]) == ("Done", {"name": "High"}), "as bad as it was"


def test_a_priority_that_people_have_set_stays(place: Place) -> None:
    alarm(place.lake)
    place.send()
    place.ticket.fields["priority"] = {"name": "Low"}
    widen(place)
    assert place.ticket.fields["priority"] == {"name": "Low"}
    assert "5 alarms on" in str(place.ticket.fields["description"])
    assert place.left == ("people have changed the priority",)


def forget(lake: Lake, field: str) -> None:
    """Leave what is known of the ticket as if it had been told before we wrote or looked at the field."""
    for entry in list(lake.store.list("deliveries/tenant=acme/")):
        record = json.loads(lake.store.get(entry.key))
        if record["kind"] == "told":
            known = record["body"]["wrote"].items()
            record["body"]["wrote"] = {name: seen for name, seen in known if name.partition(".")[0] != field}
            lake.store.put(entry.key, json.dumps(record).encode())


def test_a_priority_stays_on_an_issue_from_before_we_wrote_any(place: Place) -> None:
    alarm(place.lake)
    place.send()
    forget(place.lake, "priority")
    place.ticket.fields["priority"] = {"name": "Low"}
    alarm(place.lake, "latency", minute=1)
    place.send()
    widen(place)
    assert place.ticket.fields["priority"] == {"name": "Low"}
    assert "6 alarms on" in str(place.ticket.fields["description"])


def test_no_priority_is_written_where_settings_name_none(place: Place) -> None:
    channel = place.channels["tickets"]
    channel._settings = JiraSettings.model_validate(JIRA | {"priorities": {}})  # type: ignore[attr-defined]
    alarm(place.lake)
    place.send()
    widen(place)
    assert "priority" not in place.ticket.fields


def test_what_people_have_closed_is_commented_and_never_edited_or_reopened(place: Place) -> None:
    alarm(place.lake)
    place.send()
    place.ticket.status = "Done"
    before = dict(place.ticket.fields)
    place.over()
    alarm(place.lake, minute=9)
    place.send()
    assert (place.ticket.status, place.ticket.fields) == ("Done", before)
    assert len(place.comments) == 2
    assert place.left == ("people have closed the issue: it is only commented",)


def test_what_people_reopen_after_us_is_not_closed_again_without_news(place: Place) -> None:
    alarm(place.lake)
    place.send()
    place.over()
    place.ticket.status = "In Progress"
    alarm(place.lake, "latency", "INSUFFICIENT_DATA", 6)
    place.send()
    assert place.ticket.status == "In Progress"


def test_what_people_reopen_after_us_and_close_is_theirs(place: Place) -> None:
    alarm(place.lake)
    place.send()
    place.over()
    place.ticket.status = "In Progress"
    alarm(place.lake, minute=9)
    place.send()
    place.ticket.status = "Done"
    place.over(minute=12)
    alarm(place.lake, minute=15)
    place.send()
    assert place.ticket.status == "Done"


def test_an_issue_that_people_have_removed_is_left_alone(place: Place) -> None:
    alarm(place.lake)
    place.send()
    place.jira.tickets.clear()
    place.over()
    assert place.jira.tickets == {}
    assert place.left == ("the issue was removed",)


@pytest.mark.parametrize("at", range(4))
def test_each_answer_may_be_lost_and_nothing_is_there_twice(place: Place, at: int) -> None:
    """Made; then edited, commented, moved: an answer of each is lost once."""
    place.jira.is_slow = True
    alarm(place.lake)
    if at == 0:
        place.server.write_faults.append(LOST)
    place.send()
    place.jira.index()
    place.send(seconds=60)
    if at:
        place.server.write_faults.extend([*[None] * (at - 1), LOST])  # type: ignore[list-item]
    alarm(place.lake, "latency", minute=1)
    place.send()
    place.send(seconds=60)
    alarm(place.lake, "latency", "OK", 4)
    place.over()
    place.send(seconds=60)
    place.send(seconds=120)
    assert (place.ticket.status, len(place.comments)) == ("Done", 1)
    alarm(place.lake, minute=9)
    place.send()
    assert (place.ticket.status, len(place.comments)) == ("To Do", 2), "it was us who closed it"


def test_transitions_that_settings_name_are_taken_and_one_that_is_missing_is_said(place: Place) -> None:
    channel = place.channels["tickets"]
    channel._settings = JiraSettings.model_validate(JIRA | {"done": ["Shipped"], "reopened": ["in progress"]})  # type: ignore[attr-defined]
    alarm(place.lake)
    place.send()
    place.over()
    assert (place.ticket.status, place.left) == ("To Do", ("no transition resolves the issue; name one in `done`",))
    channel._settings = JiraSettings.model_validate(JIRA | {"reopened": ["in progress"]})  # type: ignore[attr-defined]
    alarm(place.lake, minute=9)
    place.send()
    place.over(minute=12)
    assert place.ticket.status == "Done"
    alarm(place.lake, minute=15)
    place.send()
    assert place.ticket.status == "In Progress"


def test_a_wrong_token_is_a_dead_letter(place: Place) -> None:
    place.jira.account = "other"
    alarm(place.lake)
    place.send()
    assert state_in(place.lake, "tickets").is_dead
    place.jira.account = Jira().account
    assert place.channels["tickets"].check() == "LogSight bot"
