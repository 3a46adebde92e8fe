"""Decisions: records that are only added, and what of them stands."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.decisions import Decision, Said, decide, decisions, standing
from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake, decisions_prefix, tombstone_key
from tests.doubles import HookedStore
from tests.intake.lakes import make_lake, with_store

NOW = datetime(2025, 6, 1, tzinfo=UTC)
EAST = timezone(timedelta(hours=2))


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return dataclasses.replace(make_lake(tmp_path / "lake"), clock=lambda: NOW)


def test_a_record_says_who_when_why_and_until_when(lake: Lake) -> None:
    until = NOW + timedelta(days=1)
    made = decide(lake, "acme", "template_pin", "t1", {"a": 1}, Said("ann", "noise", until))
    assert made == Decision(1, "t1", {"a": 1}, "ann", "noise", NOW, until)
    assert decisions(lake.store, "acme", "template_pin") == [made]
    assert decisions(lake.store, "acme", "template_name") == decisions(lake.store, "globex", "template_pin") == []


def test_records_are_numbered_and_never_changed(lake: Lake) -> None:
    for value in ("one", "two", "three"):
        decide(lake, "acme", "template_name", "t1", {"name": value}, Said("ann"))
    found = decisions(lake.store, "acme", "template_name")
    assert [(record.number, record.value) for record in found] == [
        (1, {"name": "one"}),
        (2, {"name": "two"}),
        (3, {"name": "three"}),
    ]


def test_people_who_decide_at_the_same_moment_are_both_heard(lake: Lake) -> None:
    barrier, seen = threading.Barrier(2, timeout=30), threading.local()

    def meet(operation: str, key: str) -> None:
        if not getattr(seen, "done", False):
            seen.done = True
            barrier.wait()

    def say(who: str) -> None:
        decide(with_store(lake, HookedStore(lake.store, before=meet)), "acme", "silence", who, {}, Said(who))

    threads = [threading.Thread(target=say, args=(who,)) for who in ("ann", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = decisions(lake.store, "acme", "silence")
    assert ([record.number for record in found], {record.who for record in found}) == ([1, 2], {"ann", "bob"})


def _record(number: int, subject: str = "t1", value: Any = "x", until: datetime | None = None) -> Decision:
    return Decision(number, subject, None if value is None else {"is": value}, "ann", "", NOW, until)


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([_record(1), _record(2, value="y")], {"t1": 2}),
        ([_record(2, value="y"), _record(1)], {"t1": 2}),
        ([_record(1), _record(2, value=None)], {}),
        ([_record(1), _record(2, until=NOW)], {}),
        ([_record(1, until=NOW + timedelta(seconds=1))], {"t1": 1}),
        ([_record(2, "t2"), _record(1)], {"t1": 1, "t2": 2}),
    ],
    ids=["the last", "in any order", "taken back", "over, and the one before does not return", "not yet over", "two"],
)
def test_what_stands(records: list[Decision], expected: dict[str, int]) -> None:
    assert {subject: record.number for subject, record in standing(records, NOW).items()} == expected


@pytest.mark.parametrize(
    ("kind", "said", "fault"),
    [
        ("../x", Said("ann"), "decision kind"),
        ("silence", Said(""), "who decides"),
        ("silence", Said("ann", "x" * 2001), "2,000 characters"),
        ("silence", Said("ann", "", NOW), "until 2025-06-01 00:00 UTC, which is over"),
        ("silence", Said("ann", "", datetime(2025, 6, 1, 1, tzinfo=EAST)), r"until 2025-06-01 01:00 UTC\+02:00"),
    ],
)
def test_what_cannot_be_decided_is_refused(lake: Lake, kind: str, said: Said, fault: str) -> None:
    with pytest.raises(UsageError, match=fault):
        decide(lake, "acme", kind, "t1", {}, said)
    assert list(lake.store.list("decisions/")) == []


def test_nothing_is_decided_about_an_erased_tenant(lake: Lake) -> None:
    lake.store.put(tombstone_key("acme"), b"{}")
    with pytest.raises(UsageError, match="erased"):
        decide(lake, "acme", "silence", "t1", {}, Said("ann"))
    assert list(lake.store.list(decisions_prefix("acme", "silence"))) == []
