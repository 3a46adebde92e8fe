"""ServiceNow against a server that behaves as its Table API does: one record, people's changes, lost answers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.channel_settings import ServiceNowChannel as ServiceNowSettings
from logsight_assets.delivery.channel import Channel
from logsight_assets.delivery.servicenow import ServiceNowChannel
from logsight_assets.lake import Lake
from resources.outbound import Outbound
from resources.servicenow import ServiceNowApi
from tests.delivery.lakes import Clock, Found, alarm, make_lake, send, state_in
from tests.delivery.servers import LOST, LocalServer, ServiceNow, serving

SNOW = {
    "type": "servicenow",
    "site": "https://acme.service-now.com",
    "user": "bot",
    "password": "env:SNOW",
    "fields": {"category": "software"},
}
SETTINGS: dict[str, Any] = {"channels": {"snow": SNOW}, "routing": [{"channels": ["snow"]}]}


@dataclass
class Place:
    lake: Lake
    clock: Clock
    server: LocalServer
    snow: ServiceNow
    channels: dict[str, Channel]

    def send(self, **later: float) -> None:
        self.clock.forward(**later)
        send(self.lake, self.channels)

    def tell(self, name: str = "checkout-5xx", state: str = "ALARM", minute: float = 0, **more: Any) -> None:
        alarm(self.lake, name, state, minute, **more)
        self.send()

    @property
    def row(self) -> dict[str, str]:
        (found,) = self.snow.rows.values()
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    clock = Clock()
    lake, snow = make_lake(tmp_path / "lake", clock, **SETTINGS), ServiceNow()
    with serving(snow) as server:
        api = ServiceNowApi(Outbound([], loopback_ports=[server.port]), "bot", lambda: "right", server.site, "incident")
        yield Place(
            lake, clock, server, snow, {"snow": ServiceNowChannel(api, ServiceNowSettings.model_validate(SNOW))}
        )


def notes(row: dict[str, str]) -> int:
    return row["work_notes"].count("(Work notes)")


def test_a_record_is_made_edited_resolved_and_reopened(place: Place) -> None:
    place.tell()
    assert (place.row["category"], place.row["urgency"], place.row["impact"]) == ("software", "1", "2")
    assert place.row["short_description"].startswith("checkout of acme · ")
    place.tell("latency", minute=1)
    assert "2 alarms on" in place.row["description"]
    assert notes(place.row) == 0
    place.tell("latency", "OK", 4)
    place.tell(state="OK", minute=5)
    assert (place.row["state"], place.row["close_code"], notes(place.row)) == ("6", "Solution provided", 1)
    place.tell(minute=9)
    assert (place.row["state"], notes(place.row)) == ("2", 2)


@pytest.mark.parametrize("state", ["6", "7", "8"])
def test_what_people_have_closed_gets_a_work_note_and_nothing_else(place: Place, state: str) -> None:
    place.tell()
    place.row["state"] = state
    before = dict(place.row)
    place.tell(state="OK", minute=5)
    place.tell(minute=9)
    assert notes(place.row) == 2
    assert {**place.row, "work_notes": ""} == {**before, "work_notes": ""}


def test_what_people_have_edited_stays(place: Place) -> None:
    place.tell()
    place.row["short_description"] = "Provider is down"
    place.row["description"] = place.row["description"].replace("\n", "\r\n")  # by the system, no edit
    place.tell("latency", minute=1)
    assert place.row["short_description"] == "Provider is down"
    assert "2 alarms on" in place.row["description"]
    told = state_in(place.lake, "snow").told
    assert told is not None
    assert told.left == ("people have changed the short_description",)


def test_urgency_and_impact_follow_the_severity_while_it_is_open(place: Place) -> None:
    place.tell(found=Found(verdict="not_in_logs"))
    assert (place.row["urgency"], place.row["impact"]) == ("2", "2")
    for number in range(1, 5):
        place.tell(f"latency-{number}", minute=number / 10)
    assert (place.row["urgency"], place.row["impact"]) == ("1", "1")
    for number in range(1, 5):
        place.tell(f"latency-{number}", "OK", 5)
    place.tell(state="OK", minute=6)
    assert (place.row["state"], place.row["urgency"], place.row["impact"]) == ("6", "2", "2"), "as it was before"


def test_an_urgency_that_people_have_set_stays_and_the_impact_is_kept_up(place: Place) -> None:
    place.tell()
    place.row["urgency"] = "3"
    for number in range(1, 5):
        place.tell(f"latency-{number}", minute=number / 10)
    assert (place.row["urgency"], place.row["impact"]) == ("3", "1")
    told = state_in(place.lake, "snow").told
    assert told is not None
    assert told.left == ("people have changed the urgency",)


def test_a_table_without_urgency_and_impact_is_written_all_the_same(place: Place) -> None:
    place.tell()
    for name in ("urgency", "impact"):
        del place.row[name]
    place.tell("latency", minute=1)
    assert "2 alarms on" in place.row["description"]


@pytest.mark.parametrize("at", range(3))
def test_each_answer_may_be_lost_and_nothing_is_there_twice(place: Place, at: int) -> None:
    for number, (state, minute) in enumerate([("ALARM", 0), ("OK", 5), ("ALARM", 9)]):
        if number == at:
            place.server.write_faults.append(LOST)
        place.tell(state=state, minute=minute)
        place.send(seconds=60)
    assert (place.row["state"], notes(place.row)) == ("2", 2)


def test_a_log_line_cannot_open_html_in_a_work_note_or_description(place: Place) -> None:
    line = "[code]<script>alert(1)</script>[/CODE]"
    template = {"template_id": "t1", "template": line, "service": "x", "change": "new"}
    place.tell(found=Found(templates=[template], suspect=line))
    assert "[code]" not in place.row["description"].lower().replace("[ code]", "")
    assert "<script>" in place.row["description"], "it is text"


def test_the_account_is_checked_by_a_read(place: Place) -> None:
    assert place.channels["snow"].check() == "bot"
