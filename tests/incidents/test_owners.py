"""Whose an alarm is when its tenant becomes known, or is forgotten, between its beginning and its end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from logsight_assets.incidents.board import UnreadableBoard, read_board
from logsight_assets.incidents.once import answer_alarm
from logsight_assets.incidents.records import IncidentRecords, incidents_of
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.waiting import known_tenants, put_waiting, take_in, waiting_keys
from logsight_assets.lake import PLATFORM, Lake, board_key
from resources.queue import FolderQueue
from tests.incidents.events import alarm_event, body, explains, handle
from tests.intake.lakes import flat_line, put_raw, read_all


def told(lake: Lake, *events: dict[str, Any]) -> None:
    for event in events:
        put_waiting(lake, body(event), known_tenants(lake))
    handle(lake)


def told_in_one_look(lake: Lake, *events: dict[str, Any]) -> None:
    tenants = known_tenants(lake)
    for event in events:
        put_waiting(lake, body(event), tenants)
    handle(lake)


def becomes_known(lake: Lake, name: str = "a.gz") -> None:
    put_raw(lake, [flat_line(body=name)], name)
    read_all(lake)


def is_forgotten(lake: Lake) -> None:
    """Retention removed the tenant's last events."""
    for entry in list(lake.store.list("events/")):
        lake.store.delete(entry.key)
    assert known_tenants(lake).names == []


def incidents(lake: Lake) -> dict[str, list[str]]:
    """States of the incidents, by owner."""
    names = {owner: incidents_of(lake.store, owner) for owner in ("acme", PLATFORM)}
    return {
        owner: [fold(IncidentRecords(lake, owner, name).all()).state for name in found]
        for owner, found in names.items()
        if found
    }


def test_an_alarm_of_a_tenant_without_events_ends_though_the_tenant_is_known_by_then(lake: Lake) -> None:
    told(lake, alarm_event())
    assert incidents(lake) == {PLATFORM: ["open"]}
    becomes_known(lake)
    told(lake, alarm_event(state="OK", minute=5))
    assert incidents(lake) == {PLATFORM: ["resolved"]}


def test_an_alarm_of_a_tenant_ends_though_its_events_are_gone_by_then(lake: Lake) -> None:
    becomes_known(lake)
    told(lake, alarm_event())
    is_forgotten(lake)
    told(lake, alarm_event(state="OK", minute=5))
    assert incidents(lake) == {"acme": ["resolved"]}


def test_an_alarm_that_nobody_has_dealt_with_yet_is_found_where_it_waits(lake: Lake) -> None:
    put_waiting(lake, body(alarm_event()), known_tenants(lake))
    becomes_known(lake)
    told(lake, alarm_event(state="OK", minute=5))
    assert incidents(lake) == {PLATFORM: ["resolved"]}


@pytest.mark.parametrize(
    ("minute", "owners"),
    [
        pytest.param(0, {PLATFORM: ["open"]}, id="told again"),
        pytest.param(40, {PLATFORM: ["open"]}, id="re-opens"),
        pytest.param(500, {"acme": ["open"], PLATFORM: ["resolved"]}, id="later: an incident of the tenant"),
    ],
)
def test_an_alarm_that_goes_off_again_is_where_it_was_for_as_long_as_that_re_opens(
    lake: Lake, minute: int, owners: dict[str, list[str]]
) -> None:
    told(lake, alarm_event(), *([alarm_event(state="OK", minute=5)] if minute else []))
    becomes_known(lake)
    told(lake, alarm_event(minute=minute))
    assert incidents(lake) == owners


def test_an_end_belongs_to_the_episode_before_it_and_not_to_an_older_one(lake: Lake) -> None:
    becomes_known(lake)
    told(lake, alarm_event(), alarm_event(state="OK", minute=5))
    is_forgotten(lake)
    told(lake, alarm_event(minute=500))
    becomes_known(lake, "b.gz")
    told(lake, alarm_event(state="OK", minute=505))
    assert incidents(lake) == {"acme": ["resolved"], PLATFORM: ["resolved"]}


AGAIN, ITS_END = alarm_event(minute=500), alarm_event(state="OK", minute=505)


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([[AGAIN, ITS_END]], id="in one look"),
        pytest.param([[ITS_END, AGAIN]], id="in one look, the end first"),
        pytest.param([[AGAIN], [ITS_END]], id="in two"),
        pytest.param([[ITS_END], [AGAIN]], id="in two, the end first"),
    ],
)
@pytest.mark.parametrize("is_dealt_with", [True, False])
def test_an_alarm_that_goes_off_long_after_the_platforms_episode_ends_where_it_is(
    lake: Lake, looks: list[list[dict[str, Any]]], is_dealt_with: bool
) -> None:
    for event in (alarm_event(), alarm_event(state="OK", minute=5)):
        put_waiting(lake, body(event), known_tenants(lake))
    if is_dealt_with:
        handle(lake)
    becomes_known(lake)
    for look in looks:
        told_in_one_look(lake, *look)
    assert incidents(lake) == {"acme": ["resolved"], PLATFORM: ["resolved"]}


@pytest.mark.parametrize(
    "looks",
    [
        pytest.param([[("ALARM", 40), ("OK", 100)]], id="in one look, and ends when that would re-open no more"),
        pytest.param([[("OK", 45)], [("ALARM", 40)]], id="the end first"),
        pytest.param([[("OK", 45), ("ALARM", 40)]], id="in one look, the end first"),
    ],
)
def test_an_alarm_that_re_opens_an_incident_of_the_platform_ends_there(
    lake: Lake, looks: list[list[tuple[str, float]]]
) -> None:
    told(lake, alarm_event(), alarm_event(state="OK", minute=5))
    becomes_known(lake)
    for look in looks:
        told_in_one_look(lake, *(alarm_event(state=state, minute=minute) for state, minute in look))
    assert incidents(lake) == {PLATFORM: ["resolved"]}


def test_a_tenant_never_gets_what_names_another(lake: Lake) -> None:
    becomes_known(lake)
    told(lake, alarm_event())
    told(lake, alarm_event(tenant=None, state="OK", minute=5), alarm_event(tenant="globex", state="OK", minute=5))
    assert incidents(lake) == {"acme": ["open"]}


def test_a_damaged_board_of_the_platform_keeps_no_tenant_waiting(lake: Lake) -> None:
    becomes_known(lake)
    lake.store.put(board_key(PLATFORM), b"no board")
    told(lake, alarm_event())
    assert incidents(lake) == {"acme": ["open"]}


def test_a_damaged_board_is_named(lake: Lake) -> None:
    lake.store.put(board_key("acme"), b"{}")
    with pytest.raises(UnreadableBoard, match=r"board\.json: is no board \(KeyError\); restore it from a backup"):
        read_board(lake, "acme")


def test_an_end_in_hand_finds_the_incident_of_the_platform(lake: Lake) -> None:
    first = answer_alarm(lake, body(alarm_event()), explains)
    becomes_known(lake)
    again = answer_alarm(lake, body(alarm_event(state="OK", minute=5)), explains)
    assert (again.tenant, again.incident_id) == (PLATFORM, first.incident_id)


def test_a_burst_reads_the_board_of_the_platform_once(lake: Lake, tmp_path: Path) -> None:
    told(lake, alarm_event())
    becomes_known(lake)
    queue = FolderQueue(tmp_path / "queue")
    for number in range(30):
        queue.send(body(alarm_event(f"alarm-{number}", state="OK" if number % 2 else "ALARM")))
    queue.send(body(alarm_event(state="OK", minute=5)))
    take_in(lake, queue, None)
    assert {owner: len(keys) for owner, keys in waiting_keys(lake).items()} == {"acme": 30, PLATFORM: 1}
