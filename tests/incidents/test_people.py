"""What people do to an incident, and what they see of it."""

from __future__ import annotations

import contextlib
import itertools
import json
from datetime import timedelta
from pathlib import Path

import pytest

from logsight_assets.cli import main
from logsight_assets.decisions import Said, decisions
from logsight_assets.errors import UsageError
from logsight_assets.incidents.people import (
    SILENCE,
    acknowledge,
    assign,
    cover_of,
    covered_by,
    end_silence,
    resolve,
    silence,
)
from logsight_assets.incidents.records import IncidentRecords, UnreadableRecord, find_incident, incidents_of
from logsight_assets.incidents.show import incident_document, incident_text
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.waiting import known_tenants, put_waiting
from logsight_assets.lake import PLATFORM, Lake, due_delivery_key, record_key
from logsight_assets.trends.erase import put_tombstone
from tests.doubles import HookedStore
from tests.incidents.events import alarm_event, body, handle
from tests.intake.lakes import NOW, flat_line, make_lake, put_raw, read_all, with_store


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with one open incident of two alarms."""
    made = make_lake(tmp_path / "lake")
    put_raw(made, [flat_line()])
    read_all(made)
    tell(made, alarm_event(), alarm_event("latency", minute=1))
    return made


def tell(lake: Lake, *events: dict[str, object]) -> None:
    for event in events:
        put_waiting(lake, body(event), known_tenants(lake))
    handle(lake)


def incident(lake: Lake) -> IncidentRecords:
    return find_incident(lake, "20250601-1030")


def test_acts_of_people_are_on_the_timeline_with_who_and_why_and_are_handed_to_delivery(lake: Lake) -> None:
    acknowledge(lake, incident(lake), "ann", "looking")
    assign(lake, incident(lake), "bob", "ann")
    resolve(lake, incident(lake), "bob", "rolled back")
    records = incident(lake)
    state = fold(records.all())
    assert (state.state, state.acknowledged_by, state.assigned_to, state.severity) == ("resolved", "ann", "bob", "low")
    text = incident_text(records)
    assert "ack by ann: looking" in text
    assert "assigned by ann: bob" in text
    assert "resolved by bob: rolled back" in text
    assert lake.store.head(due_delivery_key("acme", records.incident_id, state.records))


def test_what_a_person_resolved_is_reopened_by_its_alarm(lake: Lake) -> None:
    resolve(lake, incident(lake), "bob", "rolled back")
    with pytest.raises(UsageError, match="resolved already"):
        resolve(lake, incident(lake), "bob", "again")
    tell(lake, alarm_event(minute=20))
    state = fold(incident(lake).all())
    assert (state.state, state.reopened) == ("open", 1)


@pytest.mark.parametrize("who", ["", "  ", "x" * 3000])
def test_an_act_of_nobody_is_none(lake: Lake, who: str) -> None:
    with pytest.raises(UsageError, match="names who"):
        acknowledge(lake, incident(lake), who)


def test_an_incident_is_found_by_a_part_of_its_id_that_no_other_has(lake: Lake) -> None:
    whole = incident(lake).incident_id
    assert find_incident(lake, whole[-6:]).incident_id == whole
    tell(lake, alarm_event("other", tenant=None, service="search"))
    with pytest.raises(UsageError, match="may be one of"):
        find_incident(lake, "20250601")
    for name in ("", "nothing", "../../raw"):
        with pytest.raises(UsageError, match="not in this lake"):
            find_incident(lake, name)


# Silences -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subjects", "silent"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([{}], True, id="the tenant"),
        pytest.param([{"service": "checkout"}], True, id="its service"),
        pytest.param([{"service": "search"}], False, id="another service"),
        pytest.param([{"alarm": "latency"}], False, id="one of its alarms"),
        pytest.param([{"alarm": "latency"}, {"alarm": "checkout-5xx"}], True, id="both of its alarms"),
    ],
)
def test_a_silence_covers_what_it_names(lake: Lake, subjects: list[dict[str, str]], silent: bool) -> None:
    for subject in subjects:
        silence(lake, "acme", subject, Said("ann", "known", NOW + timedelta(hours=1)))
    silence(lake, PLATFORM, {}, Said("ann", "another tenant's", NOW + timedelta(hours=1)))
    records = incident(lake)
    assert bool(cover_of(lake, "acme", fold(records.all()))) is silent
    noted = [record for record in records.all() if record.kind == "silenced"]
    assert [(record.by, record.body["why"]) for record in noted] == [("ann", "known")] * (len(subjects) * silent)
    assert ("silenced by ann: until 2025-06-01T13:00:00+00:00, known" in incident_text(records)) is silent


def test_a_silence_has_a_reason_and_an_end(lake: Lake) -> None:
    with pytest.raises(UsageError, match="why"):
        silence(lake, "acme", {}, Said("ann", " ", NOW + timedelta(hours=1)))
    with pytest.raises(UsageError, match="until when"):
        silence(lake, "acme", {}, Said("ann", "known"))


@pytest.mark.parametrize(
    ("tenant", "said"),
    [
        ("globx", "tenant 'globx' has neither events nor incidents in this lake"),
        ("a/b", "tenant 'a/b' must match"),
        ("_mixed", "tenant '_mixed' must match"),
        ("", "tenant '' must match"),
    ],
)
def test_a_silence_is_of_a_tenant_that_there_is(lake: Lake, tenant: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        silence(lake, tenant, {}, Said("ann", "known", NOW + timedelta(hours=1)))
    assert not list(lake.store.list("decisions/"))


def test_a_silence_is_of_no_tenant_that_was_erased(lake: Lake) -> None:
    put_tombstone(lake, "acme")
    with pytest.raises(UsageError, match="tenant 'acme' has neither"):
        silence(lake, "acme", {}, Said("ann", "known", NOW + timedelta(hours=1)))


@pytest.mark.parametrize(
    ("options", "covers"),
    [
        pytest.param(["--tenant", "acme", "--service", "checkout"], "1 open incident of acme", id="its service"),
        pytest.param(["--tenant", "acme"], "1 open incident of acme", id="all"),
        pytest.param(["--tenant", "acme", "--alarm", "latency"], "no open incident of acme", id="one of two alarms"),
        pytest.param(["--alarm", "latency"], "no open incident of _platform", id="another tenant's alarm"),
    ],
)
def test_whoever_silences_is_told_what_it_covers(
    lake: Lake, capsys: pytest.CaptureFixture[str], options: list[str], covers: str
) -> None:
    command = ["incidents", "silence", *options, "--until", "2h", "--why", "known", "--lake", str(lake.config)]
    assert main(command) == 0
    assert capsys.readouterr().out.strip().endswith(f"; it covers {covers}")
    assert main([*command, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["incidents"]) == covers.startswith("1")


def test_a_second_alarm_that_is_silenced_covers_the_incident_of_both(lake: Lake) -> None:
    silenced(lake, alarm="latency")
    assert covered_by(lake, "acme", {"alarm": "latency"}) == []
    silenced(lake, alarm="checkout-5xx")
    assert covered_by(lake, "acme", {"alarm": "checkout-5xx"}) == [incident(lake).incident_id]
    assert covered_by(lake, "acme", {"service": "search"}) == []


def silenced(lake: Lake, **subject: str) -> None:
    silence(lake, "acme", subject, Said("ann", "known", NOW + timedelta(hours=1)))


def test_a_silence_that_is_ended_early_covers_nothing_and_is_on_the_timeline_of_what_it_covered(lake: Lake) -> None:
    silenced(lake, service="checkout")
    before = decisions(lake.store, "acme", SILENCE)
    made, told = end_silence(lake, "acme", {"service": "checkout"}, Said("bob", "rebuilt"))
    records = incident(lake)
    assert told == [records.incident_id]
    assert cover_of(lake, "acme", fold(records.all())) is None
    assert decisions(lake.store, "acme", SILENCE) == [*before, made], "what was said stays"
    assert (made.value, made.who, made.why) == (None, "bob", "rebuilt")
    assert "unsilenced by bob: rebuilt" in incident_text(records)
    assert lake.store.head(due_delivery_key("acme", records.incident_id, records.all()[-1].number))


def test_ending_one_of_two_silences_leaves_the_other(lake: Lake) -> None:
    silenced(lake, service="checkout")
    silenced(lake)
    end_silence(lake, "acme", {"service": "checkout"}, Said("bob"))
    held = cover_of(lake, "acme", fold(incident(lake).all()))
    assert held
    assert [each.subject for each in held.silences] == ["everything"]


def test_an_incident_that_a_silence_never_covered_is_not_told_of_its_end(lake: Lake) -> None:
    silenced(lake, service="search")
    assert end_silence(lake, "acme", {"service": "search"}, Said("bob"))[1] == []
    assert "unsilenced" not in incident_text(incident(lake))


def test_an_incident_that_was_over_meanwhile_is_told_of_the_end(lake: Lake) -> None:
    silenced(lake)
    resolve(lake, incident(lake), "bob", "rolled back")
    assert end_silence(lake, "acme", {}, Said("bob"))[1] == [incident(lake).incident_id]


@pytest.mark.parametrize("subject", [{"service": "search"}, {"alarm": "checkout"}, {}])
def test_a_silence_that_does_not_stand_cannot_be_ended(lake: Lake, subject: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="none stands"):
        end_silence(lake, "acme", subject, Said("bob"))
    silenced(lake, service="checkout")
    with pytest.raises(UsageError, match=r"there are: service:checkout$"):
        end_silence(lake, "acme", subject, Said("bob"))
    end_silence(lake, "acme", {"service": "checkout"}, Said("bob"))
    with pytest.raises(UsageError, match="none stands"):
        end_silence(lake, "acme", {"service": "checkout"}, Said("bob"))


class Killed(BaseException):
    """What a SIGKILL leaves: nothing after it runs."""


def killed_before(lake: Lake, at: int) -> Lake:
    """The lake for somebody who is killed before the `at`-th change of its store."""
    operations = itertools.count(1)

    def count(_operation: str, _key: str) -> None:
        if next(operations) == at:
            raise Killed

    return with_store(lake, HookedStore(lake.store, before=count))


@pytest.mark.parametrize("at", range(2, 9))
def test_the_end_of_a_silence_whose_author_was_killed_is_finished_by_whoever_ends_it_again(lake: Lake, at: int) -> None:
    tell(lake, alarm_event("search-5xx", service="search"))
    silenced(lake)
    for entry in list(lake.store.list("deliveries/due/")):
        lake.store.delete(entry.key)
    with pytest.raises(Killed):
        end_silence(killed_before(lake, at), "acme", {}, Said("bob", "rebuilt"))
    with contextlib.suppress(UsageError):  # where nothing was left to do
        end_silence(lake, "acme", {}, Said("ann", "again"))
    names = incidents_of(lake.store, "acme")
    last = [IncidentRecords(lake, "acme", name).all()[-1] for name in names]
    assert [(record.kind, record.by, record.body["why"]) for record in last] == [("unsilenced", "bob", "rebuilt")] * 2
    due = {entry.key.rpartition("/")[2].partition("~")[0] for entry in lake.store.list("deliveries/due/")}
    assert due == set(names)
    assert [made.value for made in decisions(lake.store, "acme", SILENCE)] == [{}, None]
    with pytest.raises(UsageError, match="none stands"):
        end_silence(lake, "acme", {}, Said("ann"))


# What they see --------------------------------------------------------------------------------------------------------


def test_text_of_strangers_is_made_visible(tmp_path: Path) -> None:
    made = make_lake(tmp_path / "lake")
    hostile = "pay\x1b[2J\u202ement\nResolved by root"
    tell(made, alarm_event(hostile, service=f"svc{hostile}", tenant=None))
    text = incident_text(incident(made))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\nResolved by root" not in text
    assert "pay\\x1b[2J\\u202ement\\nResolved by root" in text


def test_the_document_holds_answer_evidence_and_timeline(lake: Lake) -> None:
    document = incident_document(incident(lake))
    assert document["first_answer"]["verdict"] == "explained"
    assert [alarm["name"] for alarm in document["alarms"]] == ["checkout-5xx", "latency"]
    assert [record["kind"] for record in document["records"]] == ["opened", "joined", "first_answer"]


def test_a_record_of_a_newer_version_is_named_and_not_guessed_at(lake: Lake) -> None:
    records = incident(lake)
    lake.store.put(record_key("acme", records.incident_id, 9), b'{"version": 99, "kind": "opened"}')
    with pytest.raises(UnreadableRecord, match="newer"):
        incident(lake).all()


def test_verbs_of_people_on_call(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    def run(*arguments: str) -> str:
        assert main([*arguments, "--lake", str(lake.config)]) == 0
        return capsys.readouterr().out

    name = incident(lake).incident_id
    assert name in run("incidents", "list", "--open")
    assert "acknowledged" in run("incidents", "ack", name, "--by", "ann")
    run("incidents", "assign", name, "--to", "bob", "--by", "ann")
    run("incidents", "silence", "--tenant", "acme", "--service", "checkout", "--until", "2h", "--why", "known")
    told = json.loads(
        run(
            "incidents",
            "unsilence",
            "--tenant",
            "acme",
            "--service",
            "checkout",
            "--by",
            "ann",
            "--why",
            "ok",
            "--json",
        )
    )
    assert told["incidents"] == [name]
    assert (told["subject"], told["tenant"], told["who"], told["why"]) == ("service:checkout", "acme", "ann", "ok")
    run("incidents", "silence", "--tenant", "acme", "--until", "2h", "--why", "known")
    assert "everything is silent no more; what it held back of 1 incident is told" in run(
        "incidents", "unsilence", "--tenant", "acme"
    )
    assert main(["incidents", "unsilence", "--tenant", "acme", "--lake", str(lake.config)]) == 2
    assert "none stands" in capsys.readouterr().err
    run("incidents", "resolve", name, "--why", "rolled back")
    assert "Timeline" in run("incidents", "show", name)
    assert name not in run("incidents", "list", "--open")
    run("change", "add", "--service", "payment", "--version", "7", "--time", "2025-06-01T10:00Z")
    run("change", "scan", "--tenant", "acme", "--from", "2025-06-01T10", "--to", "2025-06-01T11")
