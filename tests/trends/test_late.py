"""Late events of sealed hours: they wait, and count once somebody asks for it, exactly and once."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from logsight_assets.lake import (
    Lake,
    day_key,
    event_file_name,
    events_prefix,
    hour_key,
    late_prefix,
    minute_key,
    patterns_key,
    seal_key,
    tombstone_key,
)
from logsight_assets.parquet import parquet_bytes, read_facts
from logsight_assets.scratch import embedded_engine
from logsight_assets.tables import EVENTS, TREND_NAMES
from logsight_assets.trends.late import LateHour, Replayed, late_hours, replay_late
from logsight_assets.trends.refresh import refresh
from logsight_assets.trends.retention import apply_retention, seal_hour
from logsight_assets.upkeep import replay
from resources.query_engine import DuckDBEngine
from tests.intake.lakes import HOUR as RAW_HOUR
from tests.intake.lakes import flat_line, put_raw, read_all
from tests.intake.lakes import make_lake as make_kill_lake
from tests.kills import kill_at_every_operation

from .conftest import Clock, everything_of_trends, published, rows_of, versions, waiting
from .event_files import HOUR, event, event_rows, put_events

ARRIVAL = HOUR + 200
ON_TIME = [event(1, "took 1 ms", duration_ns=100, own_id="a"), event(61, "idle", severity_number=17, is_error=True)]


def put_late(lake: Lake, rows: list[dict[str, object]], raw_object: str = "o2", tenant: str = "acme") -> str:
    """Put one late file; returns its key."""
    key = late_prefix(tenant, HOUR) + event_file_name("app", ARRIVAL, raw_object)
    lake.store.put(key, parquet_bytes(event_rows(rows, raw_object), EVENTS, {}))
    return key


def _seal(lake: Lake, engine: DuckDBEngine, rows: list[dict[str, object]], tenant: str = "acme") -> None:
    """Publish the hour from these rows, seal it, and let its events go."""
    key = put_events(lake, rows, tenant=tenant)
    refresh(lake, engine, [HOUR]).check()
    assert seal_hour(lake, engine, tenant, HOUR)
    lake.store.delete(key)


@pytest.fixture
def sealed(lake: Lake, engine: DuckDBEngine) -> Lake:
    _seal(lake, engine, ON_TIME)
    return lake


def _replay(lake: Lake) -> list[Replayed]:
    return replay(lake, list(late_hours(lake)))


def _trend_rows(lake: Lake) -> dict[str, list[dict[str, object]]]:
    keys = [f(name, "acme", when) for name in TREND_NAMES for f, when in _LEVELS]
    return {key: rows_of(lake, key) for key in [*keys, patterns_key("acme", HOUR)]}


_LEVELS: list[tuple[Callable[..., str], object]] = [(minute_key, HOUR), (hour_key, HOUR.day), (day_key, HOUR.month)]


def test_late_events_wait_and_change_nothing_until_they_are_asked_for(sealed: Lake, engine: DuckDBEngine) -> None:
    before = published(sealed)
    put_late(sealed, [event(2), event(3)])
    refresh(sealed, engine, [HOUR], replay=True)
    assert published(sealed) == before
    assert list(late_hours(sealed)) == [LateHour("acme", HOUR, 2, 1, 0, True)]
    assert list(late_hours(sealed, start=HOUR + 1)) == list(late_hours(sealed, end=HOUR)) == []
    assert list(late_hours(sealed, "globex")) == []


def test_a_replay_is_equal_to_having_counted_all_of_it_at_once(
    sealed: Lake, make_lake: Callable[..., Lake], engine: DuckDBEngine
) -> None:
    came = [
        event(2, "took 2 ms", duration_ns=7, sample_weight=10, own_id="b"),
        event(62, "idle", severity_number=17, is_error=True, is_request=True),
        event(3599, "new here", service="cart", environment=None, duration_ns=10**9),
    ]
    put_late(sealed, came)
    (done,) = _replay(sealed)
    assert (done.events, done.counted, done.duplicates, done.possible_copies) == (3, 3, 0, 1)
    at_once = make_lake("at-once")
    put_events(at_once, ON_TIME)
    put_events(at_once, came, raw_object="o2", arrival=ARRIVAL)
    refresh(at_once, engine, [HOUR]).check()
    assert _trend_rows(sealed) == _trend_rows(at_once)
    assert waiting(sealed) == []
    wanted = read_facts(at_once.store, minute_key("service_trend", "acme", HOUR)) or {}
    found = read_facts(sealed.store, minute_key("service_trend", "acme", HOUR)) or {}
    same = ["events", "counted", "duplicates", "id_conflicts", "late", "event_count", "version"]
    assert {name: found[f"logsight.{name}"] for name in same} == {name: wanted[f"logsight.{name}"] for name in same}


def test_a_second_replay_changes_nothing(sealed: Lake) -> None:
    put_late(sealed, [event(2)])
    _replay(sealed)
    before = versions(sealed)
    assert _replay(sealed) == []
    assert replay(sealed, [LateHour("acme", HOUR, 1, 1, 0, True)]) == [Replayed("acme", HOUR, 0, 0, 0, 0)]
    assert versions(sealed) == before
    assert list(late_hours(sealed)) == [LateHour("acme", HOUR, 0, 0, 1, True)]


def test_copies_among_late_events_count_once_in_whichever_replay_they_come(sealed: Lake, engine: DuckDBEngine) -> None:
    put_late(sealed, [event(2, own_id="b"), event(2, own_id="b")])
    (first,) = _replay(sealed)
    assert (first.events, first.counted, first.duplicates, first.possible_copies) == (2, 1, 1, 1)
    put_late(sealed, [event(2, own_id="b")], "o3")
    (second,) = _replay(sealed)
    assert (second.events, second.counted, second.duplicates, second.possible_copies) == (1, 0, 1, 0)


def test_a_copy_of_an_event_that_is_gone_is_counted_and_counted_apart(sealed: Lake) -> None:
    put_late(sealed, ON_TIME[:1])
    (done,) = _replay(sealed)
    assert (done.counted, done.duplicates, done.possible_copies) == (1, 0, 1)
    facts = read_facts(sealed.store, minute_key("service_trend", "acme", HOUR))
    assert facts
    assert facts["logsight.possible_copies"] == "1"


def test_a_copy_of_an_event_that_is_still_there_is_a_duplicate(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, ON_TIME)
    refresh(lake, engine, [HOUR])
    assert seal_hour(lake, engine, "acme", HOUR)
    put_late(lake, [*ON_TIME[:1], event(5, own_id="z")])
    (done,) = _replay(lake)
    assert (done.events, done.counted, done.duplicates, done.possible_copies) == (2, 1, 1, 0)


def test_what_was_read_again_behind_the_seal_is_not_late(sealed: Lake) -> None:
    """A replay of intake puts the events of a sealed hour to `late/`, also those that the hour counts already."""
    (name,) = json.loads(sealed.store.get(seal_key("acme", HOUR)))["files"]
    sealed.store.put(late_prefix("acme", HOUR) + name, parquet_bytes(event_rows(ON_TIME, "o1"), EVENTS, {}))
    assert list(late_hours(sealed)) == [LateHour("acme", HOUR, 0, 0, 1, True)]
    before = versions(sealed)
    assert replay(sealed, [LateHour("acme", HOUR, 2, 1, 0, True)]) == [Replayed("acme", HOUR, 0, 0, 0, 0)]
    assert versions(sealed) == before


def test_a_reading_behind_the_seal_leaves_nothing_to_count(tmp_path: Path, engine: DuckDBEngine) -> None:
    lake = make_kill_lake(tmp_path / "lake")
    put_raw(lake, [flat_line(minute=1), flat_line(minute=2)])
    read_all(lake)
    assert seal_hour(lake, engine, "acme", RAW_HOUR)
    for entry in list(lake.store.list("events/")):
        lake.store.delete(entry.key)
    assert read_all(lake, replay=True).late == 2
    put_raw(lake, [flat_line(minute=3)], "later.gz", hour=RAW_HOUR + 1)
    assert read_all(lake).late == 1
    assert list(late_hours(lake)) == [LateHour("acme", RAW_HOUR, 1, 1, 1, True)]
    (done,) = _replay(lake)
    assert (done.events, done.counted) == (1, 1)


def test_an_hour_without_minutes_takes_nothing_in_any_more(
    make_lake: Callable[..., Lake], engine: DuckDBEngine, clock: Clock
) -> None:
    clock.set("2025-06-11T12:00")
    lake = make_lake(retention__trends_minute_days=5)
    put_events(lake, ON_TIME)
    refresh(lake, engine, [HOUR])
    apply_retention(lake, engine)
    put_late(lake, [event(2)])
    before = published(lake)
    assert list(late_hours(lake)) == [LateHour("acme", HOUR, 1, 1, 0, False)]
    assert _replay(lake) == []
    assert replay_late(lake, engine, "acme", HOUR).events == 0
    assert published(lake) == before


def test_an_erased_tenant_gets_nothing_back(sealed: Lake, engine: DuckDBEngine) -> None:
    put_late(sealed, [event(2)])
    sealed.store.put(tombstone_key("acme"), b"{}")
    before = versions(sealed)
    assert replay_late(sealed, engine, "acme", HOUR).events == 0
    assert versions(sealed) == before


def test_files_that_retention_takes_after_a_replay_stay_counted(sealed: Lake) -> None:
    gone = put_late(sealed, [event(2)])
    _replay(sealed)
    sealed.store.delete(gone)
    put_late(sealed, [event(3)], "o3")
    _replay(sealed)
    assert sum(row["event_count"] for row in rows_of(sealed, hour_key("service_trend", "acme", HOUR.day))) == 4


def test_retention_waits_for_a_replay_that_was_begun(
    make_lake: Callable[..., Lake], engine: DuckDBEngine, clock: Clock
) -> None:
    lake = make_lake(retention__events_days=9, retention__trends_minute_days=9)
    _seal(lake, engine, ON_TIME)
    late = put_late(lake, [event(2)])
    replay_late(lake, engine, "acme", HOUR)
    clock.set("2025-09-01T00:00")
    outcome = apply_retention(lake, engine)
    assert dict(outcome.postponed) == {"late": 1, "trends_minute": 1}
    assert lake.store.head(late)
    _replay(lake)
    assert apply_retention(lake, engine).removed["late"] == 1
    assert sum(row["event_count"] for row in rows_of(lake, day_key("service_trend", "acme", HOUR.month))) == 3


PARTS = {
    "a": [event(2, "took 9 ms", own_id="x", duration_ns=9), event(61, "idle"), event(5, own_id="y")],
    "b": [event(2, "took 9 ms", own_id="x", duration_ns=9), event(5, own_id="y", content="another")],
    "c": [event(7, "new here", service="cart"), event(5, own_id="y"), event(5, own_id="y", content="a third")],
}


@pytest.mark.parametrize("replays", ["a b c", "c b a", "b ca", "cb a"])
def test_replays_in_any_order_and_grouping_end_in_the_same_bytes(
    make_lake: Callable[..., Lake], engine: DuckDBEngine, replays: str
) -> None:
    at_once, in_turn = make_lake("at-once"), make_lake("in-turn")
    for lake, groups in ((at_once, ["abc"]), (in_turn, replays.split())):
        _seal(lake, engine, ON_TIME)
        for group in groups:
            for part in group:
                put_late(lake, PARTS[part], part)
            _replay(lake)
    assert published(in_turn) == published(at_once)
    facts = read_facts(in_turn.store, minute_key("service_trend", "acme", HOUR)) or {}
    counts = {name: facts[f"logsight.{name}"] for name in ("events", "counted", "duplicates", "id_conflicts")}
    assert counts == {"events": "10", "counted": "8", "duplicates": "2", "id_conflicts": "1"}


def test_a_replay_killed_anywhere_is_finished_by_the_next(tmp_path: Path) -> None:
    lake = make_kill_lake(tmp_path / "template")
    with embedded_engine(lake) as engine:
        _seal(lake, engine, ON_TIME)
    put_late(lake, [event(2, own_id="b"), event(3, "new here", duration_ns=3)])
    put_late(lake, [event(2, own_id="b")], "o3")
    # Markers too: their names are random, so equal means that none is left.
    assert kill_at_every_operation(tmp_path, _replay, everything_of_trends) > 15
    assert list(lake.store.list(events_prefix("acme", HOUR))) == []
