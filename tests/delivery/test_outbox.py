"""The outbox over real lakes, with a channel that remembers: what is told, when again, when not any more."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from logsight_assets.decisions import Said
from logsight_assets.delivery.entries import Entry, Subject
from logsight_assets.delivery.outbox import backoff_seconds, due, enqueue_incident, enqueue_reports, redrive, take_news
from logsight_assets.delivery.overview import dead_entries, is_anything_due, outbox_state, rows
from logsight_assets.delivery.turns import claim, waiting
from logsight_assets.errors import RefusedDelivery, TryLater, Unanswered
from logsight_assets.failures import Failures
from logsight_assets.incidents.people import acknowledge, end_silence, silence
from logsight_assets.lake import Lake, report_page_key
from logsight_assets.reports.period import Period
from logsight_assets.trends.erase import put_tombstone, remove_all
from tests.delivery.lakes import Book, Clock, Found, alarm, entry_states, incident, make_lake, send, state_in

LOST = Unanswered("nobody answered")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lake(tmp_path: Path, clock: Clock) -> Lake:
    return make_lake(tmp_path / "lake", clock)


def test_an_incident_is_told_once_and_nothing_is_due_afterwards(lake: Lake) -> None:
    book = Book()
    alarm(lake)
    assert is_anything_due(lake)
    assert send(lake, {"outbox": book}).told == 1
    assert book.news == [["opened"]]
    assert not is_anything_due(lake)
    assert send(lake, {"outbox": book}).told == 0
    assert len(book.letters) == 1


def test_an_answer_made_again_notifies_only_when_severity_or_verdict_changed(lake: Lake) -> None:
    book = Book()
    name = alarm(lake)
    send(lake, {"outbox": book})
    acknowledge(lake, incident(lake, name), "jo")
    send(lake, {"outbox": book})
    alarm(lake, "latency", minute=2, found=Found())  # joins: two alarms, still high
    send(lake, {"outbox": book})
    alarm(lake, state="OK", minute=5)
    alarm(lake, "latency", "OK", 6)
    send(lake, {"outbox": book})
    alarm(lake, minute=9)
    send(lake, {"outbox": book})
    assert book.news == [["opened"], ["acknowledged"], [], ["resolved"], ["reopened"]]
    assert [bool(letter.loud) for letter in book.letters] == [True, False, False, True, True]


def test_a_metric_that_goes_missing_is_an_edit_and_the_incident_as_severe_as_before(lake: Lake) -> None:
    book = Book()
    alarm(lake)
    send(lake, {"outbox": book})
    alarm(lake, state="INSUFFICIENT_DATA", minute=2)
    send(lake, {"outbox": book})
    alarm(lake, state="OK", minute=5)
    alarm(lake, state="INSUFFICIENT_DATA", minute=6)
    send(lake, {"outbox": book})
    assert book.news == [["opened"], [], ["resolved"]]
    assert [letter.document.severity for letter in book.letters] == ["high", "high", "low"]
    assert [dict(letter.document.lines)["What"] for letter in book.letters] == [
        "alarm checkout-5xx is on, severity high",
        "alarm checkout-5xx is on, without data since 2025-06-01 10:32 UTC, severity high",
        "alarm checkout-5xx is over",
    ]


def test_what_says_the_same_as_before_is_not_spoken_of_again(lake: Lake) -> None:
    book = Book()
    name = alarm(lake)
    send(lake, {"outbox": book})
    incident(lake, name).append("feedback", "feedback:1", {"why": "fine"}, "jo")
    enqueue_incident(lake, "acme", name)
    assert send(lake, {"outbox": book}).told == 1
    assert len(book.letters) == 1


def test_a_fault_is_tried_again_later_each_time_with_the_same_letter_and_what_is_newer_after_it(
    lake: Lake, clock: Clock
) -> None:
    book = Book(faults=[LOST, LOST])
    name = alarm(lake)
    assert send(lake, {"outbox": book}).later == 1
    assert send(lake, {"outbox": book}) == send(lake, {}), "it is not due yet"
    acknowledge(lake, incident(lake, name), "jo")
    clock.forward(seconds=40)
    send(lake, {"outbox": book})
    assert len(book.letters) == 2
    clock.forward(seconds=80)
    send(lake, {"outbox": book})
    first, again, third, newer = book.letters
    assert (first.tried_since, first.revision) == (None, 3)
    assert (again.document, again.news, again.revision) == (first.document, first.news, 3)
    assert again.tried_since is not None
    assert third.revision == 3
    assert [news.kind for news in newer.news] == ["acknowledged"]
    assert newer.tried_since is None


@pytest.mark.parametrize(
    ("failures", "least", "most"), [(1, 30, 37.5), (2, 60, 75), (5, 480, 600), (9, 3600, 4500), (50, 3600, 4500)]
)
def test_the_time_between_attempts_doubles_to_an_hour_and_is_the_same_each_time(
    failures: int, least: float, most: float
) -> None:
    wait = backoff_seconds("logsight-abc", failures, 30)
    assert least <= wait <= most
    assert wait == backoff_seconds("logsight-abc", failures, 30)


def test_a_message_that_fails_too_often_is_a_dead_letter_until_somebody_redrives_it(
    tmp_path: Path, clock: Clock
) -> None:
    lake = make_lake(tmp_path / "lake", clock, delivery={"attempts": 2})
    book = Book(faults=[LOST, LOST])
    alarm(lake)
    send(lake, {"outbox": book})
    clock.forward(hours=1)
    assert send(lake, {"outbox": book}).dead == 1
    clock.forward(days=3)
    assert not is_anything_due(lake)
    assert (outbox_state(lake).dead, outbox_state(lake).waiting) == (1, 0)
    (row,) = rows(lake, dead=True)
    assert (row.state, row.failures, row.reason) == ("dead", 2, "Unanswered: nobody answered")
    assert redrive(lake, dead_entries(lake), "jo") == 1
    assert send(lake, {"outbox": book}).told == 1
    assert list(rows(lake, dead=True)) == []


def test_what_a_system_refuses_is_given_up_at_once_and_tried_again_when_there_is_news(lake: Lake, clock: Clock) -> None:
    book = Book(faults=[RefusedDelivery("no such channel", "channel_not_found")])
    name = alarm(lake)
    assert send(lake, {"outbox": book}).dead == 1
    acknowledge(lake, incident(lake, name), "jo")
    assert send(lake, {"outbox": book}).told == 1
    assert [letter.revision for letter in book.letters] == [3, 4]
    assert book.letters[1].tried_since is not None, "what was sent before may have arrived"


def test_a_channel_that_asks_to_wait_is_left_alone_as_a_whole_and_it_counts_as_no_failure(
    lake: Lake, clock: Clock
) -> None:
    book = Book(faults=[TryLater("slowly", 90)])
    alarm(lake)
    alarm(lake, "search", service="search")
    done = send(lake, {"outbox": book})
    assert (done.later, done.told, len(book.letters)) == (1, 0, 1)
    clock.forward(seconds=89)
    assert due(lake) == []
    clock.forward(seconds=1)
    assert send(lake, {"outbox": book}).told == 2
    assert all(state.failures == 0 for state in entry_states(lake).values())


def test_a_channel_that_fails_keeps_no_other_waiting(tmp_path: Path, clock: Clock) -> None:
    lake = make_lake(
        tmp_path / "lake",
        clock,
        channels={"a": {"type": "file"}, "b": {"type": "file"}},
        routing=[{"channels": ["a", "b"]}],
    )
    good, bad = Book(), Book(faults=[LOST])
    alarm(lake)
    done = send(lake, {"a": bad, "b": good})
    assert (done.later, done.told) == (1, 1)


def test_a_channel_that_is_in_the_settings_no_more_is_a_dead_letter(lake: Lake) -> None:
    alarm(lake)
    assert send(lake, {}).dead == 1
    (row,) = rows(lake, dead=True)
    assert "not in the settings" in row.reason


# Silences -------------------------------------------------------------------------------------------------------------


def silent(lake: Lake, clock: Clock, minutes: int) -> None:
    until = clock.now + timedelta(minutes=minutes)
    silence(lake, "acme", {"alarm": "checkout-5xx"}, Said("jo", "known", until))


def test_what_is_silenced_is_told_when_the_silence_ends(lake: Lake, clock: Clock) -> None:
    book = Book()
    silent(lake, clock, 30)
    name = alarm(lake)
    assert send(lake, {"outbox": book}).withheld == 1
    assert not is_anything_due(lake)
    assert [(record.kind, record.by) for record in incident(lake, name).all()][-1] == ("silenced", "jo")
    clock.forward(minutes=30)
    assert send(lake, {"outbox": book}).told == 1
    assert book.news == [["opened"]]


def test_what_is_silenced_is_told_at_once_when_the_silence_is_ended_early(lake: Lake, clock: Clock) -> None:
    book = Book()
    silent(lake, clock, 30)
    alarm(lake)
    send(lake, {"outbox": book})
    clock.forward(minutes=5)
    end_silence(lake, "acme", {"alarm": "checkout-5xx"}, Said("jo", "rebuilt"))
    assert is_anything_due(lake)
    assert send(lake, {"outbox": book}).told == 1
    assert book.news == [["opened"]]
    assert waiting(lake) == []
    alarm(lake, state="OK", minute=4)
    send(lake, {"outbox": book})
    assert book.news == [["opened"], ["resolved"]]


def test_what_another_silence_covers_as_well_waits_for_that_one(lake: Lake, clock: Clock) -> None:
    book = Book()
    silent(lake, clock, 30)
    alarm(lake)
    send(lake, {"outbox": book})
    silence(lake, "acme", {}, Said("jo", "moving house", clock.now + timedelta(minutes=50)))
    end_silence(lake, "acme", {"alarm": "checkout-5xx"}, Said("jo"))
    assert send(lake, {"outbox": book}).told == 0
    clock.forward(minutes=31)
    assert not is_anything_due(lake)
    assert send(lake, {"outbox": book}).told == 0
    clock.forward(minutes=20)
    assert send(lake, {"outbox": book}).told == 1


def test_a_silence_that_is_made_shorter_ends_when_it_says(lake: Lake, clock: Clock) -> None:
    book = Book()
    silent(lake, clock, 30)
    alarm(lake)
    send(lake, {"outbox": book})
    silent(lake, clock, 10)
    send(lake, {"outbox": book})
    clock.forward(minutes=10)
    assert send(lake, {"outbox": book}).told == 1
    assert book.news == [["opened"]]


def both_silent(lake: Lake, clock: Clock, minutes: tuple[int, int]) -> None:
    """An incident of two alarms, each with a silence of its own for so long."""
    alarm(lake)
    alarm(lake, "latency", minute=1)
    for name, lasts in zip(("checkout-5xx", "latency"), minutes, strict=True):
        silence(lake, "acme", {"alarm": name}, Said("jo", "rollout", clock.now + timedelta(minutes=lasts)))
    assert send(lake, {"outbox": Book()}).withheld == 1


@pytest.mark.parametrize("name", ["checkout-5xx", "latency"])
def test_what_two_silences_hold_back_together_is_told_when_either_is_ended(lake: Lake, clock: Clock, name: str) -> None:
    both_silent(lake, clock, (600, 600))
    assert len(end_silence(lake, "acme", {"alarm": name}, Said("jo"))[1]) == 1
    assert send(lake, {"outbox": Book()}).told == 1


@pytest.mark.parametrize("minutes", [(600, 30), (30, 600)])
def test_what_two_silences_hold_back_together_is_told_when_the_first_ends(
    lake: Lake, clock: Clock, minutes: tuple[int, int]
) -> None:
    both_silent(lake, clock, minutes)
    clock.forward(minutes=31)
    assert send(lake, {"outbox": Book()}).told == 1


def test_a_silence_that_holds_back_again_behind_a_telling_is_told_of_when_it_is_ended(lake: Lake, clock: Clock) -> None:
    book = Book()
    silent(lake, clock, 600)
    name = alarm(lake)
    assert send(lake, {"outbox": book}).withheld == 1
    alarm(lake, "latency", minute=1)  # another alarm joins, which is not silenced
    assert send(lake, {"outbox": book}).told == 1
    silence(lake, "acme", {"alarm": "latency"}, Said("jo", "known too", clock.now + timedelta(minutes=600)))
    acknowledge(lake, incident(lake, name), "jo")
    assert send(lake, {"outbox": book}).withheld == 1
    assert [row.state for row in rows(lake)] == ["withheld"]
    end_silence(lake, "acme", {"alarm": "checkout-5xx"}, Said("jo"))
    assert send(lake, {"outbox": book}).told == 1
    assert book.news == [["opened"], ["acknowledged"]]


def test_the_end_of_a_silence_takes_no_message_from_whoever_is_delivering_it(lake: Lake, clock: Clock) -> None:
    silent(lake, clock, 30)
    alarm(lake)
    send(lake, {"outbox": Book()})
    clock.forward(minutes=30)
    (waits,) = waiting(lake)
    assert claim(lake, waits) is not None
    silent(lake, clock, 10)
    end_silence(lake, "acme", {"alarm": "checkout-5xx"}, Said("jo"))
    assert send(lake, {"outbox": Book()}).told == 0


@pytest.mark.parametrize(
    "end",
    [
        pytest.param(lambda lake, _: end_silence(lake, "acme", {"alarm": "checkout-5xx"}, Said("jo")), id="was ended"),
        pytest.param(lambda _, clock: clock.forward(minutes=31), id="ended by itself"),
    ],
)
def test_what_was_over_before_the_silence_ended_is_told_nobody(
    lake: Lake, clock: Clock, end: Callable[[Lake, Clock], object]
) -> None:
    book = Book()
    silent(lake, clock, 30)
    alarm(lake)
    send(lake, {"outbox": book})
    alarm(lake, state="OK", minute=4)
    end(lake, clock)
    send(lake, {"outbox": book})
    assert book.letters == []
    assert waiting(lake) == []


# Who else is at work --------------------------------------------------------------------------------------------------


def test_two_runs_at_once_speak_to_a_channel_once(lake: Lake) -> None:
    inner = Book()

    class Meanwhile(Book):
        def deliver(self, letter, handles):  # type: ignore[no-untyped-def]
            assert send(lake, {"outbox": inner}).told == 0
            return super().deliver(letter, handles)

    book = Meanwhile()
    alarm(lake)
    assert send(lake, {"outbox": book}).told == 1
    assert inner.letters == []


def test_a_turn_that_a_killed_run_has_taken_is_free_again_after_a_while(lake: Lake, clock: Clock) -> None:
    book = Book()
    alarm(lake)
    take_news(lake, Failures(lake))
    (waits,) = waiting(lake)
    assert claim(lake, waits) is not None
    assert claim(lake, waits) is None
    assert send(lake, {"outbox": book}).told == 0
    clock.forward(minutes=5)
    assert send(lake, {"outbox": book}).told == 1


def test_news_that_come_while_a_message_is_delivered_are_told_by_the_same_run(lake: Lake) -> None:
    class Meanwhile(Book):
        def deliver(self, letter, handles):  # type: ignore[no-untyped-def]
            if not self.letters:
                alarm(lake, state="OK", minute=4)
            return super().deliver(letter, handles)

    book = Meanwhile()
    alarm(lake)
    assert send(lake, {"outbox": book}).told == 2
    assert book.news == [["opened"], ["resolved"]]


def test_an_erased_tenant_is_told_of_nowhere_and_leaves_nothing(lake: Lake) -> None:
    book = Book()
    alarm(lake)
    take_news(lake, Failures(lake))
    put_tombstone(lake, "acme")
    send(lake, {"outbox": book})
    assert book.letters == []
    remove_all(lake.store, "acme")
    assert [entry.key for entry in lake.store.list("deliveries/")] == []


# Keys and reports -----------------------------------------------------------------------------------------------------


def test_a_message_has_a_key_of_its_own_that_holds_no_name() -> None:
    subject = Subject("acme", "incident", "20250601-1030-abcdef")
    entries = [Entry.to(subject, "ops"), Entry.to(subject, "ops", "a@b.org"), Entry.to(subject, "jira")]
    assert len({entry.key for entry in entries}) == 3
    assert all("acme" not in entry.key and "b.org" not in entry.address for entry in entries)
    assert [Entry.at(subject, entry.address) for entry in entries] == entries


def test_a_report_is_told_once_to_each_subscriber_and_to_channels_that_rules_name(tmp_path: Path, clock: Clock) -> None:
    lake = make_lake(
        tmp_path / "lake",
        clock,
        channels={
            "mail": {"type": "email", "host": "mail.acme.example", "sender": "logsight@acme.example"},
            "chat": {"type": "slack", "channel": "C1", "token": "env:SLACK"},
            "files": {"type": "file"},
        },
        routing=[{"channels": ["files"], "kinds": ["report"], "tenants": ["a*"]}],
        tenants={"acme": {"report_subscribers": ["sre@acme.example", "#acme-ops"]}},
    )
    period = Period.day("2025-05-31")
    assert enqueue_reports(lake, period) == [], "there is none"
    for tenant in ("acme", "globex", "_platform"):
        lake.store.put(report_page_key(tenant, "daily", period.name), b"<html>a page</html>")
    assert len(enqueue_reports(lake, period)) == 3
    assert enqueue_reports(lake, period) == []
    books = {name: Book() for name in ("mail", "chat", "files")}
    assert send(lake, dict(books)).told == 3
    told = {name: [letter.to for letter in book.letters] for name, book in books.items()}
    assert told == {"mail": ["sre@acme.example"], "chat": ["#acme-ops"], "files": [""]}
    assert state_in(lake, "mail").to == "sre@acme.example"
    assert books["mail"].letters[0].page == b"<html>a page</html>"


def test_a_subscriber_whom_no_channel_reaches_is_written_to_in_the_file_channel(tmp_path: Path, clock: Clock) -> None:
    lake = make_lake(tmp_path / "lake", clock, report_subscribers=["#ops"])
    lake.store.put(report_page_key("_platform", "weekly", "2025-W22"), b"a page")
    (entry,) = enqueue_reports(lake, Period.week("2025-W22"))
    assert entry.channel == "outbox"
