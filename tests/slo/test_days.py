"""Objectives of a lake: counted from trends, refreshed when these or the files change, gone with their tenant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from logsight_assets.lake import Lake, slo_key, tombstone_key
from logsight_assets.parquet import read_rows
from logsight_assets.slo.days import due_days, objectives_at, refresh_objectives
from logsight_assets.timeline import Hour
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.anomalies.lakes import complete
from tests.trends.event_files import event, put_events

DAY, NEXT = "2025-05-31", "2025-06-01"
TEN, ELEVEN = Hour.parse(f"{DAY}T10"), Hour.parse(f"{DAY}T11")
MS = 10**6


def define(lake: Lake, name: str, **fields: Any) -> None:
    folder = lake.config / "objectives"
    folder.mkdir(exist_ok=True, parents=True)
    fields = {"service": "shop", "kind": "availability", "target": 0.9, "window_days": 2} | fields
    (folder / f"{name}.yaml").write_text("".join(f"{key}: {value}\n" for key, value in fields.items()))


def requests(good: int, bad: int, hour: Hour, **of: Any) -> list[dict[str, Any]]:
    """Requests and, beside them, as many lines that are none and may fail: they do not count."""
    rows = [event(n, "GET /", hour, is_request=True, **of) for n in range(good)]
    rows += [event(n, "GET /", hour, is_request=True, is_error=True, severity_number=17, **of) for n in range(bad)]
    return rows + [event(n, "retrying", hour, is_error=True, severity_number=17) for n in range(good)]


def put(lake: Lake, engine: DuckDBEngine, rows: list[dict[str, Any]], hour: Hour, name: str = "o1") -> None:
    put_events(lake, rows, hour=hour, raw_object=name)
    refresh(lake, engine, [hour]).check()


def work(lake: Lake, engine: DuckDBEngine) -> list[str]:
    """Refresh what is due until nothing is; the days, in order."""
    done: list[str] = []
    while due := sorted(due_days(lake)):
        for day in due:
            refresh_objectives(lake, engine, day)
        done += due
        assert len(done) < 20, "it never ends"
    return done


def rows(lake: Lake, day: str = DAY) -> list[tuple[str, int, int, int]]:
    """(objective, hour, total, bad)"""
    held = read_rows(lake.store, slo_key("acme", day)).to_pylist()
    return [(r["objective"], r["hour_time"].hour, r["total_count"], r["bad_count"]) for r in held]


@pytest.fixture
def counted(lake: Lake, engine: DuckDBEngine) -> Lake:
    define(lake, "up")
    put(lake, engine, requests(95, 5, TEN), TEN)
    put(lake, engine, requests(80, 20, ELEVEN), ELEVEN)
    complete(lake, [TEN, ELEVEN])
    work(lake, engine)
    return lake


def test_an_availability_counts_requests_and_those_that_failed(counted: Lake) -> None:
    assert rows(counted) == [("up", 10, 100, 5), ("up", 11, 100, 20)]
    (found,) = objectives_at(counted, "acme", ELEVEN.end)
    assert (found["window_total_count"], found["window_bad_count"]) == (200, 25)
    assert found["budget_left_ratio"] == pytest.approx(-0.25)
    assert (found["burn_rate_1h"], found["state"]) == (pytest.approx(2.0), "exhausted")
    assert found["coverage_ratio"] == pytest.approx(2 / 48, abs=1e-6)


def test_a_moment_is_answered_by_the_last_hour_that_had_ended(counted: Lake) -> None:
    (found,) = objectives_at(counted, "acme", ELEVEN.end - timedelta(minutes=1))
    assert found["window_total_count"] == 100
    assert objectives_at(counted, "acme", TEN.end - timedelta(minutes=1)) == []


def test_an_availability_may_be_of_events(lake: Lake, engine: DuckDBEngine) -> None:
    define(lake, "lines", of="events")
    put(lake, engine, requests(10, 2, TEN), TEN)
    work(lake, engine)
    assert rows(lake) == [("lines", 10, 22, 12)]


def test_a_latency_counts_durations(lake: Lake, engine: DuckDBEngine) -> None:
    define(lake, "fast", kind="latency", threshold_ms=300)
    durations = [100, 299, 300, 400, 5000]
    put(lake, engine, [event(n, "GET /", TEN, duration_ns=ms * MS) for n, ms in enumerate(durations)], TEN)
    work(lake, engine)
    assert rows(lake) == [("fast", 10, 5, 2)]


def test_only_its_own_environment_and_service_count(lake: Lake, engine: DuckDBEngine) -> None:
    define(lake, "up", environment="prod")
    others = requests(7, 0, TEN, environment="test") + requests(7, 0, TEN, service="cart")
    put(lake, engine, requests(9, 1, TEN) + others, TEN)
    work(lake, engine)
    assert rows(lake) == [("up", 10, 10, 1)]


def test_late_requests_change_their_day_and_the_days_behind_it(counted: Lake, engine: DuckDBEngine) -> None:
    later = Hour.parse(f"{NEXT}T09")
    put(counted, engine, requests(50, 0, later), later)
    work(counted, engine)
    put(counted, engine, requests(10, 0, TEN), TEN, name="late")
    assert work(counted, engine)[0] == DAY
    assert rows(counted)[0] == ("up", 10, 110, 5)
    (found,) = objectives_at(counted, "acme", later.end)
    assert found["window_total_count"] == 260


def test_again_changes_nothing(counted: Lake, engine: DuckDBEngine) -> None:
    before = counted.store.get(slo_key("acme", DAY))
    assert not refresh_objectives(counted, engine, DAY).is_changed
    assert refresh_objectives(counted, engine, DAY, replay=True).is_changed
    assert counted.store.get(slo_key("acme", DAY)) == before
    assert work(counted, engine) == []


def test_an_edited_file_is_counted_anew_and_a_removed_one_is_gone(counted: Lake, engine: DuckDBEngine) -> None:
    define(counted, "up", target=0.5)
    define(counted, "lines", of="events")
    work(counted, engine)
    assert {name for name, *_ in rows(counted)} == {"lines", "up"}
    for file in (counted.config / "objectives").iterdir():
        file.unlink()
    work(counted, engine)
    assert counted.store.head(slo_key("acme", DAY)) is None


def test_a_wrong_file_stops_no_other_objective_and_takes_no_rows_that_were_counted_before(
    counted: Lake, engine: DuckDBEngine
) -> None:
    define(counted, "lines", of="events")
    work(counted, engine)
    define(counted, "lines", target="most")
    assert work(counted, engine) == []
    assert {name for name, *_ in rows(counted)} == {"lines", "up"}
    before = [row for row in rows(counted) if row[0] == "lines"]
    put(counted, engine, requests(10, 0, TEN), TEN, name="late")
    work(counted, engine)
    assert rows(counted) == [*before, ("up", 10, 110, 5), ("up", 11, 100, 20)]
    assert work(counted, engine) == [], "the day stays marked, and nobody asks for it until the file is right"
    define(counted, "lines", of="events")
    assert DAY in work(counted, engine)
    (name, hour, total, bad) = before[0]
    assert rows(counted)[0] == (name, hour, total + 20, bad + 10)


def test_late_data_of_an_old_day_is_counted_when_the_file_is_corrected(lake: Lake, engine: DuckDBEngine) -> None:
    old = Hour.parse("2025-04-01T10")
    define(lake, "up")
    put(lake, engine, requests(9, 1, old), old)
    work(lake, engine)
    define(lake, "up", target="most")
    put(lake, engine, requests(10, 0, old), old, name="late")
    work(lake, engine)
    assert rows(lake, old.day) == [("up", 10, 10, 1)], "it is the only one, and it is still there"
    define(lake, "up")
    work(lake, engine)
    assert rows(lake, old.day) == [("up", 10, 20, 1)]


def test_days_that_only_a_wrong_objective_looks_back_from_are_counted_when_it_is_right_again(
    lake: Lake, engine: DuckDBEngine
) -> None:
    old, later = Hour.parse("2025-03-01T10"), Hour.parse("2025-03-21T10")
    define(lake, "short")
    define(lake, "long", window_days=40)
    for hour in (old, later):
        put(lake, engine, requests(9, 1, hour), hour)
    work(lake, engine)
    define(lake, "long", window_days="most")
    put(lake, engine, requests(10, 0, old), old, name="late")
    work(lake, engine)
    define(lake, "long", window_days=40)
    work(lake, engine)
    totals = {row["objective"]: row["window_total_count"] for row in objectives_at(lake, "acme", later.end)}
    assert totals == {"long": 30, "short": 10}


def test_while_the_only_file_is_wrong_days_go_on_waiting(lake: Lake, engine: DuckDBEngine) -> None:
    define(lake, "up", target="most")
    put(lake, engine, requests(5, 0, TEN), TEN)
    work(lake, engine)
    define(lake, "up")
    assert DAY in work(lake, engine)
    assert rows(lake) == [("up", 10, 5, 0)]


def test_without_objectives_nothing_is_written(lake: Lake, engine: DuckDBEngine) -> None:
    put(lake, engine, requests(5, 0, TEN), TEN)
    assert work(lake, engine) == []
    assert list(lake.store.list("slo/")) + list(lake.store.list("pending/objectives/")) == []


def test_an_erased_tenant_has_none(counted: Lake, engine: DuckDBEngine) -> None:
    counted.store.put(tombstone_key("acme"), b"{}")
    assert objectives_at(counted, "acme", TEN.end) == []
    assert refresh_objectives(counted, engine, DAY).removed == [slo_key("acme", DAY)]
    assert work(counted, engine) == []
