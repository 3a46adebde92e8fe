"""The incident run over real lakes: what waits becomes incidents, once, whoever is killed or fails."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.errors import StoreUnavailable, UsageError
from logsight_assets.failures import WindowsFailed
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.answered_alarm import ALARM_CAME, WENT_OFF_AGAIN, WENT_ON
from logsight_assets.incidents.once import answer_alarm, answer_document
from logsight_assets.incidents.records import IncidentRecords, find_incident, incidents_of
from logsight_assets.incidents.show import incident_text
from logsight_assets.incidents.state import IncidentState, fold
from logsight_assets.incidents.summary.replay import replay
from logsight_assets.incidents.waiting import known_tenants, put_waiting, take_in, waiting_keys
from logsight_assets.lake import PLATFORM, Lake, due_delivery_key
from logsight_assets.reader.ask import ask
from logsight_assets.trends.erase import put_tombstone
from logsight_assets.upkeep import erase_tenant
from resources.queue import FolderQueue
from tests.doubles import HookedStore
from tests.incidents.events import NOON, Answered, alarm_event, body, explains, handle
from tests.intake.lakes import HOUR, everything, flat_line, make_lake, put_raw, read_all, with_store
from tests.kills import kill_at_every_operation


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake in which `acme` has events."""
    made = make_lake(tmp_path / "lake")
    put_raw(made, [flat_line(), flat_line(service="cart")])
    read_all(made)
    return made


def tell(lake: Lake, *events: dict[str, Any]) -> None:
    for event in events:
        put_waiting(lake, body(event), known_tenants(lake))


def states(lake: Lake, tenant: str = "acme") -> dict[str, IncidentState]:
    return {name: fold(IncidentRecords(lake, tenant, name).all()) for name in incidents_of(lake.store, tenant)}


def kinds(lake: Lake, incident_id: str) -> list[str]:
    return [record.kind for record in find_incident(lake, incident_id).all()]


def test_an_alarm_becomes_an_incident_with_evidence_and_a_first_answer_and_is_handed_to_delivery(lake: Lake) -> None:
    tell(lake, alarm_event())
    handled = handle(lake)
    (name,) = handled.incidents
    assert (handled.changes, handled.opened, handled.answered) == (1, 1, 1)
    assert kinds(lake, name) == ["opened", "evidence", "first_answer"]
    assert lake.store.head(due_delivery_key("acme", name, 3))
    assert waiting_keys(lake) == {}
    rows = ask(lake, "select incident_id, state, service, alarm, verdict, suspect, episode_count from incidents").rows
    assert rows == [
        {
            "incident_id": name,
            "state": "open",
            "service": "checkout",
            "alarm": "checkout-5xx",
            "verdict": "explained",
            "suspect": "payment",
            "episode_count": 1,
        }
    ]
    assert ask(lake, "select * from incidents", "globex").rows == []


def test_an_alarm_without_a_tenant_belongs_to_the_platform(lake: Lake) -> None:
    tell(lake, alarm_event(tenant=None), alarm_event("other", tenant="nobody-knows"))
    assert set(handle(lake).incidents.values()) == {PLATFORM}


def test_the_same_alarm_told_again_changes_nothing(lake: Lake) -> None:
    tell(lake, alarm_event(), alarm_event())
    handle(lake)
    before = {entry.key: entry.version for entry in lake.store.list("incidents/")}
    tell(lake, alarm_event())
    handle(lake)
    assert before == {entry.key: entry.version for entry in lake.store.list("incidents/")}


def test_alarms_of_one_service_join_and_the_incident_ends_with_the_last_of_them(lake: Lake) -> None:
    tell(lake, alarm_event("5xx"), alarm_event("latency", minute=3), alarm_event("search", minute=3, service="search"))
    assert len(handle(lake).incidents) == 2
    tell(lake, alarm_event("5xx", "OK", 8))
    handle(lake)
    assert sorted(state.state for state in states(lake).values()) == ["open", "open"]
    tell(lake, alarm_event("latency", "OK", 9))
    handle(lake)
    joined = next(state for state in states(lake).values() if len(state.alarms) == 2)
    assert joined.state == "resolved"
    assert joined.resolved_ms == HOUR.start_nano // 10**6 + 39 * 60_000


def test_alarms_of_services_that_fail_in_the_same_requests_join(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    lines = []
    for request in range(10):
        trace = f"{request:032x}"
        lines.append(flat_line(service="checkout", minute=30, second=request, traceId=trace, severityNumber=17))
        lines.append(flat_line(service="payment", minute=30, second=request, traceId=trace, body="payment declined"))
        lines.append(flat_line(service="search", minute=30, second=request, traceId=f"{request + 99:032x}"))
    put_raw(lake, lines)
    read_all(lake)
    tell(lake, alarm_event("a", service="checkout"), alarm_event("b", service="payment", minute=1))
    tell(lake, alarm_event("c", service="search", minute=1))
    handle(lake)
    assert sorted(state.services for state in states(lake).values()) == [("checkout", "payment"), ("search",)]


@pytest.mark.parametrize("runs", ["one run each", "one run"])
@pytest.mark.parametrize(
    ("told", "over"),
    [
        pytest.param([("a", "OK", 9), ("a", "ALARM", 0)], 9, id="alone"),
        pytest.param(
            [("a", "ALARM", 0), ("b", "OK", 7), ("b", "ALARM", 2), ("a", "OK", 9)], 9, id="joined, ends first"
        ),
        pytest.param([("b", "OK", 9), ("a", "ALARM", 0), ("b", "ALARM", 2), ("a", "OK", 7)], 9, id="joined, ends last"),
        pytest.param(
            [("a", "ALARM", 0), ("a", "OK", 5), ("a", "OK", 30), ("a", "ALARM", 20)], 30, id="reopened, of two episodes"
        ),
        pytest.param([("a", "INSUFFICIENT_DATA", 12), ("a", "OK", 9), ("a", "ALARM", 0)], 9, id="without data since"),
        pytest.param([("a", "ALARM", 0), ("a", "INSUFFICIENT_DATA", 3), ("a", "OK", 9)], 9, id="in order"),
    ],
)
def test_an_end_that_is_told_before_its_beginning_ends_it_at_its_own_time(
    lake: Lake, told: list[tuple[str, str, float]], over: float, runs: str
) -> None:
    for name, state, minute in told:
        tell(lake, alarm_event(name, state, minute))
        if runs == "one run each":
            handle(lake)
    handle(lake)
    ((name, state),) = states(lake).items()
    assert (state.state, state.severity) == ("resolved", "low")
    assert state.resolved_ms == HOUR.start_nano // 10**6 + (30 + over) * 60_000
    assert "ALARM" not in {alarm.state for alarm in state.alarms.values()}
    before = kinds(lake, name)
    for name_told, told_state, minute in told:
        tell(lake, alarm_event(name_told, told_state, minute))
    handle(lake)
    assert kinds(lake, name) == before, "the same again adds nothing"


def reasons(lake: Lake) -> list[str]:
    (name,) = incidents_of(lake.store, "acme")
    return [record.body["reason"] for record in find_incident(lake, name).all() if record.kind == "first_answer"]


def windows_of(lake: Lake, *events: dict[str, Any], verdict: str = "explained") -> list[float]:
    """Minutes after NOON of the alarms that are investigated, when each of these is dealt with by a run of its own."""
    seen = []

    def investigate(_lake: Lake, alarm: Alarm) -> Answered:
        seen.append(alarm.state_change_nano / 60e9 - NOON.timestamp() / 60)
        return Answered(verdict)

    for event in events:
        tell(lake, event)
        handle(lake, investigate)
    return [round(minute, 3) for minute in seen]


def test_an_incident_that_goes_off_again_is_answered_anew_from_then(lake: Lake) -> None:
    changes = [alarm_event(minute=0), alarm_event(state="OK", minute=2), alarm_event(minute=40)]
    assert windows_of(lake, *changes) == [0, 40]
    assert reasons(lake) == [ALARM_CAME, WENT_OFF_AGAIN]
    (state,) = states(lake).values()
    assert (state.answers, state.outdated_ms) == (2, None)
    assert windows_of(lake, changes[-1]) == [], "the same change again"


def test_a_replay_makes_the_latest_answer_again_about_its_own_alarm(lake: Lake) -> None:
    seen = []

    def investigate(_lake: Lake, alarm: Alarm) -> Answered:
        seen.append(alarm.state_change_nano)
        return Answered()

    for event in (alarm_event(), alarm_event(state="OK", minute=2), alarm_event(minute=40)):
        tell(lake, event)
        handle(lake, investigate)
    (name,) = states(lake)
    assert replay(lake, find_incident(lake, name), investigate).is_equal
    assert seen[0] < seen[1] == seen[2]


def test_what_flaps_within_the_window_that_was_read_is_answered_once(lake: Lake) -> None:
    changes = [alarm_event(minute=0), alarm_event(state="OK", minute=0.5), alarm_event(minute=1.2)]
    assert windows_of(lake, *changes) == [0]


def test_what_flaps_all_night_is_answered_a_bounded_number_of_times(lake: Lake) -> None:
    changes = [alarm_event(state=state, minute=minute * 5 + late) for minute in range(20)
               for state, late in (("ALARM", 0), ("OK", 1))]  # fmt: skip
    assert len(windows_of(lake, *changes)) == 12
    (state,) = states(lake).values()
    assert state.outdated_ms is not None


def test_an_alarm_that_joins_later_is_answered_where_the_logs_showed_no_cause_yet(lake: Lake) -> None:
    changes = [alarm_event(minute=0), alarm_event("latency", minute=0.7), alarm_event("queue", minute=90)]
    assert windows_of(lake, *changes, verdict="not_in_logs") == [0, 90]
    assert reasons(lake) == [ALARM_CAME, WENT_ON]


@pytest.mark.parametrize(
    ("later", "reason"),
    [
        pytest.param([alarm_event("queue", minute=80), alarm_event("queue", minute=110)], WENT_ON, id="joins"),
        pytest.param([alarm_event(state="OK", minute=60), alarm_event(minute=110)], WENT_OFF_AGAIN, id="reopens"),
    ],
)
def test_a_short_alarm_after_what_was_read_is_answered_however_far_the_answer_looked_back(
    lake: Lake, later: list[dict[str, Any]], reason: str
) -> None:
    long = alarm_event(minute=0)  # three datapoints of an hour: what is read ends at minute 90
    long["detail"]["state"]["reasonData"] = '{"period": 3600, "recentDatapoints": [5.0, 9.0, 9.0]}'
    assert windows_of(lake, long, *later, verdict="not_in_logs") == [0, 110]
    assert reasons(lake) == [ALARM_CAME, reason]


def test_a_cause_that_was_found_stands_when_an_alarm_joins_and_says_as_of_when(lake: Lake) -> None:
    assert windows_of(lake, alarm_event(minute=0), alarm_event("queue", minute=90)) == [0]
    (name,) = states(lake)
    assert "(the logs show a cause), as of 2025-06-01T10:30:30Z" in incident_text(find_incident(lake, name))


def test_a_runbook_of_the_alarms_service_is_given_whatever_the_answer_is(lake: Lake) -> None:
    front = "title: T\nservices: ['check*']\napproved_by: jo\napproved: 2025-01-01"
    (lake.config / "runbooks").mkdir()
    (lake.config / "runbooks" / "checkout.md").write_text(f"---\n{front}\n---\n1. Look.\n")
    tell(lake, alarm_event())
    handle(lake, lambda _lake, _alarm: Answered(verdict="not_in_logs"))
    (state,) = states(lake).values()
    assert [runbook["name"] for runbook in state.evidence["runbooks"]] == ["checkout"]


def test_an_investigation_that_fails_still_answers_says_so_and_fails_the_run(lake: Lake) -> None:
    def broken(_lake: Lake, _alarm: Alarm) -> Answered:
        raise StoreUnavailable("object events/tenant=acme/x: no answer")

    tell(lake, alarm_event())
    with pytest.raises(WindowsFailed) as failed:
        handle(lake, broken)
    assert "acme" not in str(failed.value)
    (state,) = states(lake).values()
    assert state.verdict == "incomplete"
    assert "could not be read" in state.evidence["completeness"]["missing"][0]
    assert "acme" not in state.evidence["completeness"]["missing"][0]


def test_a_tenant_that_fails_keeps_no_other_waiting(lake: Lake) -> None:
    lake.store.put("incidents/tenant=acme/board.json", b"no board")
    tell(lake, alarm_event(), alarm_event("platform", tenant=None))
    with pytest.raises(WindowsFailed):
        handle(lake)
    assert list(waiting_keys(lake)) == ["acme"]
    assert len(incidents_of(lake.store, PLATFORM)) == 1


def test_a_waiting_alarm_that_cannot_be_read_keeps_no_other_waiting(lake: Lake) -> None:
    tell(lake, alarm_event(), alarm_event("other", minute=1))
    bad = next(key for keys in waiting_keys(lake).values() for key in keys)
    lake.store.put(bad, b'{"event": {}, "received_time": ""}')
    with pytest.raises(WindowsFailed):
        handle(lake)
    assert len(incidents_of(lake.store, "acme")) == 1
    assert waiting_keys(lake) == {"acme": [bad]}


def test_an_alarm_that_could_not_be_recorded_goes_on_waiting_though_its_incident_is_answered(lake: Lake) -> None:
    failures = iter(["no answer"])

    def fail_once(operation: str, key: str) -> None:
        if key.endswith("/0002.json") and (fault := next(failures, None)):
            raise StoreUnavailable(fault)

    tell(lake, alarm_event(), alarm_event("latency", minute=1))
    with pytest.raises(WindowsFailed):
        handle(with_store(lake, HookedStore(lake.store, before=fail_once)))
    ((name, state),) = states(lake).items()
    assert (state.episodes, state.answers) == (1, 1)
    assert len(waiting_keys(lake)["acme"]) == 1
    handle(lake)
    assert kinds(lake, name) == ["opened", "evidence", "first_answer", "joined"]
    assert waiting_keys(lake) == {}


def test_each_news_has_a_note_of_its_own_so_that_telling_one_loses_no_other(lake: Lake) -> None:
    tell(lake, alarm_event())
    (name,) = handle(lake).incidents
    tell(lake, alarm_event(state="OK", minute=5))
    handle(lake)
    notes = [entry.key for entry in lake.store.list("deliveries/due/tenant=acme/")]
    assert notes == [due_delivery_key("acme", name, number) for number in (3, 5)]


def test_alarms_of_an_erased_tenant_are_dropped(lake: Lake) -> None:
    put_tombstone(lake, "acme")
    tell(lake, alarm_event())
    handled = handle(lake)
    assert (handled.erased, handled.incidents) == (1, {})
    assert [entry.key for entry in lake.store.list("incidents/")] == []
    assert waiting_keys(lake) == {}


def test_a_burst_is_dealt_with_by_one_run_and_every_episode_has_an_answer(lake: Lake) -> None:
    for number in range(60):
        tell(lake, alarm_event(f"alarm-{number}", minute=number / 60, service=f"service-{number % 12}"))
    handled = handle(lake)
    assert (handled.changes, len(handled.incidents), handled.answered) == (60, 12, 12)
    held = states(lake).values()
    assert sum(state.episodes for state in held) == 60
    assert all(state.verdict == "explained" for state in held)


# Receiving ------------------------------------------------------------------------------------------------------------


def test_what_is_no_alarm_is_set_aside_and_stops_no_other(lake: Lake, tmp_path: Path) -> None:
    queue = FolderQueue(tmp_path / "queue")
    bad = [b"no json", b"{}", b"[]", b'{"detail-type": "Scheduled Event"}', b"\xff\xfe"]
    for message in [*bad, body(alarm_event())]:
        queue.send(message)
    taken = take_in(lake, queue, None)
    assert (taken.alarms, taken.set_aside) == (1, len(bad))
    assert sorted(queue.quarantined()) == sorted(bad)
    assert take_in(lake, queue, taken.cursor).alarms == 0
    assert list((tmp_path / "queue" / "held").iterdir()) == [], "the second look acknowledged all"


def test_ten_deliveries_of_one_change_wait_once(lake: Lake, tmp_path: Path) -> None:
    queue = FolderQueue(tmp_path / "queue")
    for _ in range(10):
        queue.send(body(alarm_event()))
    take_in(lake, queue, None)
    assert [len(keys) for keys in waiting_keys(lake).values()] == [1]


# Kills ----------------------------------------------------------------------------------------------------------------


def test_an_incident_run_killed_at_any_change_of_the_store_is_finished_by_the_next(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "template")
    put_raw(lake, [flat_line()])
    read_all(lake)
    tell(lake, alarm_event("early", "OK", 9))
    handle(lake)
    tell(lake, alarm_event(), alarm_event("latency", minute=1), alarm_event("5xx", service="cart", tenant=None))
    tell(lake, alarm_event(state="OK", minute=4), alarm_event("late", "OK", 9), alarm_event("late", minute=7))
    tell(lake, alarm_event("early", minute=2))
    # Of two tenants the board and the table, of three incidents records and hand-over, seven alarms that stop waiting.
    assert kill_at_every_operation(tmp_path, handle, everything) > 20


def test_an_answer_about_what_went_off_again_is_finished_by_the_next_run(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "template")
    put_raw(lake, [flat_line()])
    read_all(lake)
    tell(lake, alarm_event())
    handle(lake)
    tell(lake, alarm_event(state="OK", minute=4), alarm_event(minute=30))
    assert kill_at_every_operation(tmp_path, handle, everything) > 8


def test_two_runs_at_once_make_the_incidents_of_one(lake: Lake) -> None:
    """The other run is at work at the moment in which ours has decided nothing yet, and in each later one."""
    tell(lake, alarm_event(), alarm_event("latency", minute=2))

    def meanwhile(other: Lake, alarm: Alarm) -> Answered:
        handle(other, explains)
        return explains(other, alarm)

    handle(dataclasses.replace(lake), meanwhile)
    ((name, state),) = states(lake).items()
    assert kinds(lake, name) == ["opened", "joined", "evidence", "first_answer"]
    assert state.answers == 1


# One alarm in hand ----------------------------------------------------------------------------------------------------


def test_an_episode_that_has_an_incident_returns_it(lake: Lake) -> None:
    first = answer_alarm(lake, body(alarm_event()), explains)
    assert answer_alarm(lake, body(alarm_event()), explains).incident_id == first.incident_id
    assert [record.kind for record in first.all()] == ["opened", "evidence", "first_answer"]
    document = answer_document(first)
    assert {"incident_id", "first_answer", "summary", "checks", "evidence", "completeness"} <= set(document)
    assert document["first_answer"]["verdict"] == "explained"


def test_an_end_without_a_beginning_is_no_episode(lake: Lake) -> None:
    with pytest.raises(UsageError, match="no episode"):
        answer_alarm(lake, body(alarm_event(state="OK")), explains)
    assert waiting_keys(lake) == {}


# Erasure --------------------------------------------------------------------------------------------------------------


def test_an_erased_tenant_is_in_no_incident_any_more_not_even_of_the_platform(lake: Lake, tmp_path: Path) -> None:
    def quotes(_lake: Lake, _alarm: Alarm) -> Answered:
        found = Answered()
        found.quoted = ["payment of jo@acme failed"]
        return found

    put_raw(lake, [flat_line(tenant="globex")], "other.gz")
    read_all(lake)
    tell(lake, alarm_event(), alarm_event("platform", tenant=None))
    handle(lake, quotes)
    tell(lake, alarm_event("waits", minute=50))
    erase_tenant(lake, "acme")
    assert [key for key in everything(tmp_path / "lake") if "tenant=acme" in key and not key.startswith("tomb")] == []
    stored = b"".join(data for key, data in everything(tmp_path / "lake").items() if key.startswith("incidents/"))
    assert b"jo@acme" not in stored
    assert b'"acme"' not in stored
    ((name, state),) = states(lake, PLATFORM).items()
    assert (state.verdict, state.suspects) == ("incomplete", [])
    assert kinds(lake, name) == ["opened", "evidence", "first_answer"]
    tell(lake, alarm_event("platform", "OK", 55, tenant=None))
    assert list(handle(lake).incidents) == [name]
