"""Retention of incidents and messages: what is over for long goes, what is open never; a kill changes nothing."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from logsight_assets.decisions import Said, decisions
from logsight_assets.delivery.file import FileChannel
from logsight_assets.delivery.retention import forget_messages
from logsight_assets.incidents.changes import Change, add_changes, changes_between
from logsight_assets.incidents.overview import stored_rows
from logsight_assets.incidents.people import SILENCE, acknowledge, silence
from logsight_assets.incidents.records import IncidentRecords, incidents_of
from logsight_assets.incidents.retention import expire_incidents
from logsight_assets.lake import Lake, model_calls_prefix, outbox_key, record_key
from logsight_assets.settings import Effective, Retention
from logsight_assets.trends.retention import RetentionOutcome
from logsight_assets.upkeep import retain
from tests.delivery.lakes import Clock, alarm, make_lake, send
from tests.intake.lakes import NOW, everything
from tests.kills import kill_at_every_operation

DAY = 24 * 60  # minutes


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lake(tmp_path: Path, clock: Clock) -> Lake:
    return make_lake(tmp_path / "lake", clock, retention={"incidents_days": 30})


def happened(lake: Lake, clock: Clock, days_ago: int, name: str, *, is_over: bool = True) -> str:
    """An incident of then, told to the file channel; its id."""
    clock.now = NOW - timedelta(days=days_ago)
    found = alarm(lake, name, minute=-days_ago * DAY)
    if is_over:
        alarm(lake, name, state="OK", minute=5 - days_ago * DAY)
    send(lake, {"outbox": FileChannel(lake.store, "outbox")})
    clock.now = NOW
    return found


def expire(lake: Lake) -> RetentionOutcome:
    """What housekeeping does of it; a function of a module, so that a process can be killed in it."""
    outcome = RetentionOutcome()
    expire_incidents(lake, outcome)
    outcome.removed["deliveries"] += forget_messages(lake)
    return outcome


def objects_of(lake: Lake, name: str) -> list[str]:
    return [entry.key for entry in lake.store.list("") if name in entry.key]


def test_what_is_over_for_long_goes_with_its_messages_and_what_is_not_stays(lake: Lake, clock: Clock) -> None:
    old = happened(lake, clock, 40, "old")
    still_open = happened(lake, clock, 39, "open", is_over=False)
    recent = happened(lake, clock, 29, "recent")
    assert {old, still_open, recent} == set(incidents_of(lake.store, "acme"))
    before = {name: objects_of(lake, name) for name in (still_open, recent)}
    outcome = retain(lake)
    assert objects_of(lake, old) == []
    assert {name: objects_of(lake, name) for name in (still_open, recent)} == before
    assert set(stored_rows(lake, "acme")) == {still_open, recent}
    assert outcome.removed["incidents"] >= 4
    assert outcome.removed["deliveries"] >= 4
    assert retain(lake).removed.total() == 0


def test_without_a_setting_nothing_goes(tmp_path: Path, clock: Clock) -> None:
    lake = make_lake(tmp_path / "lake", clock)
    happened(lake, clock, 4000, "old")
    before = everything(tmp_path / "lake")
    assert expire(lake).removed.total() == 0
    assert everything(tmp_path / "lake") == before


def test_a_tenant_may_keep_its_own_for_longer(tmp_path: Path, clock: Clock) -> None:
    tenants = {"acme": {"retention": {"incidents_days": 90}}}
    lake = make_lake(tmp_path / "lake", clock, retention={"incidents_days": 30}, tenants=tenants)
    old = happened(lake, clock, 40, "old")
    expire(lake)
    assert incidents_of(lake.store, "acme") == [old]


def test_what_somebody_has_said_of_an_incident_since_keeps_it(lake: Lake, clock: Clock) -> None:
    old = happened(lake, clock, 40, "old")
    acknowledge(lake, IncidentRecords(lake, "acme", old), "jo", "for the review")
    expire(lake)
    assert incidents_of(lake.store, "acme") == [old]


def test_an_incident_that_a_late_change_of_its_alarm_could_still_reach_waits(lake: Lake, clock: Clock) -> None:
    lake = dataclasses.replace(lake, effective=with_retention(lake, incidents_days=5))
    young = happened(lake, clock, 10, "young")
    outcome = expire(lake)
    assert outcome.postponed["incidents"] == 1
    assert incidents_of(lake.store, "acme") == [young]
    alarm(lake, "young", state="OK", minute=7 - 10 * DAY)  # comes late, and finds the incident whole
    clock.now += timedelta(days=25)
    expire(lake)
    assert incidents_of(lake.store, "acme") == []


def test_a_record_of_a_newer_version_keeps_its_incident_and_stops_no_other(lake: Lake, clock: Clock) -> None:
    newer, old = happened(lake, clock, 41, "newer"), happened(lake, clock, 40, "old")
    key = record_key("acme", newer, 2)
    lake.store.put(key, json.dumps(json.loads(lake.store.get(key)) | {"version": 99}).encode())
    outcome = expire(lake)
    assert (incidents_of(lake.store, "acme"), outcome.postponed["incidents"]) == ([newer], 1)
    assert objects_of(lake, old) == []


def test_a_killed_retention_is_finished_by_the_next(tmp_path: Path) -> None:
    clock = Clock()
    lake = make_lake(tmp_path / "template", clock, retention={"incidents_days": 30})
    happened(lake, clock, 40, "old")
    happened(lake, clock, 39, "open", is_over=False)
    assert kill_at_every_operation(tmp_path, expire, everything) >= 10


def test_changes_and_silences_go_with_the_incidents_of_their_time(lake: Lake, clock: Clock) -> None:
    def change(days_ago: int) -> Change:
        return Change(int((NOW - timedelta(days=days_ago)).timestamp()) * 1_000_000, "deployment", "jo")

    add_changes(lake, "acme", [change(31), change(29)])
    clock.now = NOW - timedelta(days=60)
    for name, days in (("old", 10), ("extended", 10), ("extended", 50), ("standing", 400), ("last", 1)):
        silence(lake, "acme", {"alarm": name}, Said("jo", "why", clock.now + timedelta(days=days)))
    clock.now = NOW
    outcome = expire(lake)
    assert changes_between(lake, "acme", datetime.min.replace(tzinfo=NOW.tzinfo), NOW) == [change(29)]
    left = [record.subject.removeprefix("alarm:") for record in decisions(lake.store, "acme", SILENCE)]
    assert left == ["extended", "extended", "standing", "last"]  # the last one's number is not given again
    assert (outcome.removed["changes"], outcome.removed["silences"]) == (1, 1)


def test_the_ledger_of_models_has_a_time_of_its_own(lake: Lake) -> None:
    lake = dataclasses.replace(lake, effective=with_retention(lake, model_use_days=7))
    days = [f"{NOW - timedelta(days=days):%Y-%m-%d}" for days in (8, 7, 0)]
    for day in days:
        lake.store.put(f"{model_calls_prefix('acme', day)}a.json", b"{}\n")
    assert expire(lake).removed["model_use"] == 1
    assert [entry.key.split("/")[2] for entry in lake.store.list("model_calls/")] == [f"dt={d}" for d in days[1:]]


def test_a_message_of_a_report_goes_with_its_page(lake: Lake) -> None:
    names = (f"daily-2025-05-{day}" for day in ("02", "01"))
    kept, gone = (outbox_key("acme", "report", name, "outbox", "message.html") for name in names)
    for key in (kept, gone):
        lake.store.put(key, b"page")
    lake.store.put("reports/tenant=acme/daily/dt=2025-05-02/report.html", b"page")
    assert expire(lake).removed["deliveries"] == 1
    assert [entry.key for entry in lake.store.list("outbox/")] == [kept]


def with_retention(lake: Lake, **days: int) -> Effective:
    settings = lake.settings.model_copy(update={"retention": Retention(**days)})
    return dataclasses.replace(lake.effective, settings=settings)
