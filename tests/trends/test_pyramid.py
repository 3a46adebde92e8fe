"""Hours, days and months: exact merges, refreshed behind a change and nowhere else."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.errors import ConservationError
from logsight_assets.lake import Lake, day_key, hour_key, mark, marked, minute_key, open_lake, seal_key
from logsight_assets.timeline import Hour
from logsight_assets.trends.pyramid import due_days, included_windows, refresh_day, refresh_month
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine

from . import recount
from .conftest import Clock, published, rows_of, versions, waiting
from .event_files import HOUR, event, event_rows, put_events

_COUNT: dict[str, Callable[..., list[dict[str, Any]]]] = {
    "service_trend": recount.service_trend,
    "template_trend": recount.template_trend,
    "service_duration": recount.service_duration,
}
HOURS = [Hour.parse(text) for text in ("2025-05-31T22", "2025-05-31T23", "2025-06-01T00", "2025-06-01T09")]


def _row(at: int, content: int, observed: int, **columns: Any) -> dict[str, Any]:
    """A row in which copies of one event differ in everything else, so that it matters which one counts."""
    row = event(hour=HOURS[at], **columns)
    row["observed_time"] = (HOURS[at] + observed).start.replace(tzinfo=None)
    if row["record_hash"] is not None:
        row["record_hash"] = content
    return row | {"at": at}


def _events() -> st.SearchStrategy[list[tuple[int, int, dict[str, Any]]]]:
    """(index of the hour, index of the file, row)."""
    row = st.builds(
        _row,
        second=st.integers(0, 3_599_999).map(lambda milli: milli / 1000),
        at=st.integers(0, len(HOURS) - 1),
        content=st.integers(1, 2),
        observed=st.integers(0, 2),
        body=st.sampled_from(["a 1", "a 2", "b", ""]),
        service=st.sampled_from(["shop", "cart"]),
        environment=st.sampled_from([None, "prod"]),
        severity_number=st.sampled_from([None, 9, 17]),
        own_id=st.sampled_from([None, "x", "y", "z"]),
        is_error=st.booleans(),
        is_request=st.booleans(),
        sample_weight=st.sampled_from([1, 10, 1_000_000]),
        duration_ns=st.one_of(st.none(), st.integers(0, 2_592_000_000_000_000)),
    )
    return st.lists(st.tuples(st.integers(0, 2), row), min_size=1, max_size=30).map(
        lambda pairs: [(r.pop("at"), file, r) for file, r in pairs]
    )


@settings(max_examples=15)
@given(_events())
def test_merging_up_equals_counting_anew(engine: DuckDBEngine, found: list[tuple[int, int, dict[str, Any]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = open_lake(folder, {}, clock=lambda: datetime(2025, 7, 1, tzinfo=UTC))
        counted = []
        for index, hour in enumerate(HOURS):
            stored = []
            for file in range(3):
                rows = [row for at, of, row in found if (at, of) == (index, file)]
                if rows:
                    put_events(lake, rows, raw_object=f"o{file}", hour=hour)
                    stored += event_rows(rows, f"o{file}").to_pylist()
            counted += recount.distinct(stored)
        refresh(lake, engine, HOURS).check()
        for name, count in _COUNT.items():
            assert list(_level(lake, name, "minute")) == count(counted, "minute")
            assert list(_level(lake, name, "hour")) == count(counted, "hour")
            assert list(_level(lake, name, "day")) == count(counted, "day")


def _level(lake: Lake, name: str, level: str) -> Iterator[dict[str, Any]]:
    for entry in lake.store.list(f"trends/{name}_{level}/"):
        yield from rows_of(lake, entry.key)


def test_late_events_refresh_their_hour_its_day_and_its_month_and_nothing_else(
    lake: Lake, engine: DuckDBEngine
) -> None:
    for hour in (*HOURS, Hour.parse("2025-07-02T05")):
        put_events(lake, [event(1, hour=hour)], hour=hour)
        put_events(lake, [event(1, hour=hour)], hour=hour, tenant="globex")
    refresh(lake, engine, [*HOURS, Hour.parse("2025-07-02T05")])
    before = versions(lake)
    put_events(lake, [event(2, hour=HOURS[2])], raw_object="o2", hour=HOURS[2], arrival=HOURS[2] + 500)
    mark(lake.store, "hours", str(HOURS[2]), "o2")
    outcome = refresh(lake, engine)
    assert [o.hour for o in outcome.hours] == [HOURS[2]]
    assert [o.window for o in (*outcome.days, *outcome.months)] == ["2025-06-01", "2025-06"]
    changed = {key for key, version in versions(lake).items() if before.get(key) != version}
    assert changed == {
        *(minute_key(name, "acme", HOURS[2]) for name in _COUNT),
        f"patterns/tenant=acme/{HOURS[2].path}/part.parquet",
        *(hour_key(name, "acme", "2025-06-01") for name in _COUNT),
        *(day_key(name, "acme", "2025-06") for name in _COUNT),
    }
    assert waiting(lake) == []


def test_an_open_hour_joins_its_day_once_it_is_closed(lake: Lake, engine: DuckDBEngine, clock: Clock) -> None:
    clock.set("2025-06-01T10:19")
    put_events(lake, [event(1, hour=HOUR - 1)], hour=HOUR - 1)
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR - 1, HOUR])
    key = hour_key("service_trend", "acme", HOUR.day)
    assert included_windows(lake.store, key) == [str(HOUR - 1)]
    put_events(lake, [event(2)], raw_object="o2")
    refresh(lake, engine, [HOUR])
    assert [marker.rpartition("/")[2][:3] for marker in waiting(lake)] == ["09-"]
    assert due_days(lake, marked(lake.store, "days")) == []
    clock.set("2025-06-01T10:20")
    assert due_days(lake, marked(lake.store, "days")) == [HOUR.day]
    outcome = refresh(lake, engine)
    assert outcome.hours == []
    assert [o.window for o in outcome.days] == [HOUR.day]
    assert included_windows(lake.store, key) == [str(HOUR - 1), str(HOUR)]
    assert [row["event_count"] for row in rows_of(lake, key)] == [1, 2]
    assert included_windows(lake.store, day_key("service_trend", "acme", HOUR.month)) == [HOUR.day]
    assert waiting(lake) == []


def test_a_day_that_lost_all_its_hours_goes_and_so_does_its_month(lake: Lake, engine: DuckDBEngine) -> None:
    file = put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    lake.store.delete(file)
    refresh(lake, engine, [HOUR])
    assert published(lake) == {}
    assert waiting(lake) == []


def test_rows_of_a_sealed_hour_outlive_its_minute_objects(lake: Lake, engine: DuckDBEngine) -> None:
    for hour in (HOUR, HOUR + 1):
        put_events(lake, [event(1, hour=hour)], hour=hour)
    refresh(lake, engine, [HOUR, HOUR + 1])
    before = rows_of(lake, hour_key("service_trend", "acme", HOUR.day))
    lake.store.put(seal_key("acme", HOUR), b"{}")
    for name in _COUNT:
        lake.store.delete(minute_key(name, "acme", HOUR))
    put_events(lake, [event(2, hour=HOUR + 1)], hour=HOUR + 1, raw_object="o2")
    refresh(lake, engine, [HOUR + 1]).check()
    first, second = rows_of(lake, hour_key("service_trend", "acme", HOUR.day))
    assert first == before[0]
    assert second["event_count"] == 2
    month = rows_of(lake, day_key("service_trend", "acme", HOUR.month))
    assert [row["event_count"] for row in month] == [3]


def test_levels_can_be_refreshed_alone_and_again(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    before = versions(lake)
    assert not refresh_day(lake, engine, HOUR.day).is_changed
    assert not refresh_month(lake, engine, HOUR.month).is_changed
    assert refresh_day(lake, engine, HOUR.day, replay=True).is_changed
    assert {k for k, v in versions(lake).items() if before[k] != v} == {
        hour_key(name, "acme", HOUR.day) for name in _COUNT
    }


def test_a_merge_that_does_not_add_up_is_not_published(
    lake: Lake, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    before = published(lake)
    put_events(lake, [event(2)], raw_object="o2")
    monkeypatch.setattr("logsight_assets.trends.pyramid.event_count", lambda _: 1)
    outcome = refresh(lake, engine, [HOUR])
    with pytest.raises(ConservationError, match="counts 2 events, its merge 1"):
        outcome.check()
    key = hour_key("service_trend", "acme", HOUR.day)
    assert published(lake)[key] == before[key]
    assert [w for w in waiting(lake) if "/days/" in w]


def test_bytes_of_a_day_do_not_depend_on_the_way_to_it(
    make_lake: Callable[..., Lake], engine: DuckDBEngine, tmp_path: Path
) -> None:
    at_once, step_by_step = make_lake("once"), make_lake("steps")
    for hour in HOURS:
        for part in range(3):
            rows = [event(part * 60 + n, hour=hour, duration_ns=n * 977) for n in range(4)]
            put_events(at_once, rows, hour=hour, raw_object=f"o{part}")
            put_events(step_by_step, rows, hour=hour, raw_object=f"o{part}")
            refresh(step_by_step, engine, [hour])
    refresh(at_once, engine, HOURS)
    assert published(at_once) == published(step_by_step)
