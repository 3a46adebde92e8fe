"""Retention removes what its time has come for, seals first, and loses nothing that a level above still needs."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from logsight_assets.intake.receipts import key_digest
from logsight_assets.lake import (
    Lake,
    day_key,
    events_prefix,
    hour_key,
    late_prefix,
    mark,
    quarantine_key,
    raw_prefix,
    receipt_key,
    seal_key,
)
from logsight_assets.trends.refresh import refresh
from logsight_assets.trends.retention import apply_retention, seal_hour
from resources.query_engine import DuckDBEngine
from tests.doubles import HookedStore

from .conftest import Clock, published, rows_of, waiting
from .event_files import HOUR, event, put_events


@pytest.fixture
def kept(make_lake: Callable[..., Lake], clock: Clock) -> Callable[..., Lake]:
    """A lake with these days of retention, ten days after HOUR."""

    def make(**days: int) -> Lake:
        clock.set("2025-06-11T12:00")
        return make_lake(**{f"retention__{name}_days": count for name, count in days.items()})

    return make


def test_events_go_after_their_hour_is_sealed_and_its_trends_stay(
    kept: Callable[..., Lake], engine: DuckDBEngine
) -> None:
    lake = kept(events=9)
    old = put_events(lake, [event(1, own_id="a"), event(1, own_id="a")])
    young = put_events(lake, [event(1, hour=HOUR + 48)], hour=HOUR + 48)
    refresh(lake, engine, [HOUR, HOUR + 48])
    before = published(lake)
    outcome = apply_retention(lake, engine)
    assert (outcome.sealed, dict(outcome.removed), dict(outcome.postponed)) == (1, {"events": 1}, {})
    assert lake.store.head(old) is None
    assert lake.store.head(young) is not None
    seal = json.loads(lake.store.get(seal_key("acme", HOUR)))
    assert (seal["events"], seal["counted"], seal["duplicates"], len(seal["files"])) == (2, 1, 1, 1)
    mark(lake.store, "hours", str(HOUR), "test")
    refresh(lake, engine)
    assert published(lake) == before
    assert apply_retention(lake, engine).removed == {}


def test_an_hour_is_brought_up_to_date_before_it_is_sealed(kept: Callable[..., Lake], engine: DuckDBEngine) -> None:
    lake = kept(events=9)
    put_events(lake, [event(1), event(2)])
    apply_retention(lake, engine)
    refresh(lake, engine)
    assert [row["event_count"] for row in rows_of(lake, day_key("service_trend", "acme", HOUR.month))] == [2]


def test_a_file_that_came_behind_the_seal_is_late_and_not_lost(kept: Callable[..., Lake], engine: DuckDBEngine) -> None:
    lake = kept(events=9)
    put_events(lake, [event(1)])
    assert seal_hour(lake, engine, "acme", HOUR)
    name = put_events(lake, [event(2)], raw_object="o2", arrival=HOUR + 200).rpartition("/")[2]
    assert apply_retention(lake, engine).moved_late == 1
    assert lake.store.head(late_prefix("acme", HOUR) + name)
    assert list(lake.store.list(events_prefix("acme", HOUR))) == []


def test_a_file_that_comes_while_an_hour_is_sealed_is_counted_in_it(
    kept: Callable[..., Lake], engine: DuckDBEngine
) -> None:
    lake = kept(events=9)
    put_events(lake, [event(1)])
    came = iter([event(2)])

    def arrive(operation: str, key: str) -> None:
        if key == seal_key("acme", HOUR) and operation == "put_if":
            for row in came:
                put_events(lake, [row], raw_object="o2")

    assert seal_hour(replace(lake, store=HookedStore(lake.store, before=arrive)), engine, "acme", HOUR)
    assert json.loads(lake.store.get(seal_key("acme", HOUR)))["counted"] == 2


def test_minutes_go_once_their_day_has_taken_them_in(kept: Callable[..., Lake], engine: DuckDBEngine) -> None:
    lake = kept(trends_minute=5)
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    put_events(lake, [event(2)], raw_object="o2")
    mark(lake.store, "hours", str(HOUR), "o2")
    # What waits is taken in by the day before the minutes of it go.
    assert apply_retention(lake, engine).removed["patterns"] == 1
    assert [key for key in published(lake) if "_minute/" in key or key.startswith("patterns/")] == []
    key = hour_key("service_trend", "acme", HOUR.day)
    assert [row["event_count"] for row in rows_of(lake, key)] == [2]
    refresh(lake, engine, [HOUR], replay=True)
    put_events(lake, [event(1, hour=HOUR + 1)], hour=HOUR + 1)
    refresh(lake, engine, [HOUR + 1]).check()
    assert [row["event_count"] for row in rows_of(lake, key)] == [2, 1]
    assert waiting(lake) == []


def test_hours_and_days_go_at_their_own_time(kept: Callable[..., Lake], engine: DuckDBEngine, clock: Clock) -> None:
    lake = kept(trends_minute=1, trends_hour=5, trends_day=60)
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    outcome = apply_retention(lake, engine)
    assert outcome.removed["service_trend_hour"] == 1
    assert [row["event_count"] for row in rows_of(lake, day_key("service_trend", "acme", HOUR.month))] == [1]
    # Another day of the month changes: the rows of the day whose objects are gone stay.
    put_events(lake, [event(1, hour=HOUR + 200)], hour=HOUR + 200)
    refresh(lake, engine, [HOUR + 200]).check()
    month = rows_of(lake, day_key("service_trend", "acme", HOUR.month))
    assert [row["event_count"] for row in month] == [1, 1]
    clock.set("2025-08-30T12:00")
    assert apply_retention(lake, engine).removed["service_trend_day"] == 1
    assert published(lake) == {}


def test_quarantine_goes_and_raw_goes_only_when_it_was_read(kept: Callable[..., Lake], engine: DuckDBEngine) -> None:
    lake = kept(raw=9, quarantine=9)
    read, unread = (raw_prefix("acme", "app", HOUR) + name for name in ("a", "b"))
    lake.store.put(read, b"x")
    lake.store.put(unread, b"x")
    lake.store.put(receipt_key("acme", "app", HOUR, key_digest(read) + "0" * 16), b"{}")
    vault = quarantine_key("acme", "app", HOUR, "o1")
    lake.store.put(vault, b"")
    outcome = apply_retention(lake, engine)
    assert dict(outcome.removed) == {"raw": 1, "quarantine": 1}
    assert outcome.postponed["raw"] == 1
    assert [lake.store.head(key) is not None for key in (read, unread, vault)] == [False, True, False]


def test_the_default_keeps_everything_but_quarantine(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    before = published(lake)
    outcome = apply_retention(lake, engine)
    assert (outcome.removed, outcome.sealed, published(lake)) == ({}, 0, before)
