"""Two writers of one window that both looked before either wrote: threads that meet between list and put."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from logsight_assets.errors import PublishConflict
from logsight_assets.lake import Lake, events_prefix, hour_key, minute_key
from logsight_assets.trends.hours import HourOutcome, refresh_hour
from logsight_assets.trends.pyramid import RollupOutcome, refresh_day, refresh_month
from logsight_assets.trends.refresh import refresh
from resources.object_store import ObjectInfo
from resources.query_engine import DuckDBEngine
from tests.doubles import HookedStore

from .conftest import published, rows_of, waiting
from .event_files import HOUR, event, put_events


def _engines(folder: Path) -> list[DuckDBEngine]:
    return [DuckDBEngine(memory_mb=128, threads=1, scratch=folder / f"spill-{n}") for n in range(2)]


_STEPS: list[tuple[str, Callable[[Lake, DuckDBEngine], HourOutcome | RollupOutcome]]] = [
    ("minute", lambda lake, engine: refresh_hour(lake, engine, HOUR)),
    ("hour", lambda lake, engine: refresh_day(lake, engine, HOUR.day)),
    ("day", lambda lake, engine: refresh_month(lake, engine, HOUR.month)),
]


@pytest.mark.parametrize("level", range(3), ids=["hour", "day", "month"])
def test_two_that_saw_the_same_leave_the_bytes_of_one(
    make_lake: Callable[..., Lake], tmp_path: Path, engine: DuckDBEngine, level: int
) -> None:
    alone, shared = make_lake("alone"), make_lake("shared")
    for lake in (alone, shared):
        put_events(lake, [event(n, f"line {n}", duration_ns=n) for n in range(20)])
    refresh(alone, engine, [HOUR])
    for _, earlier in _STEPS[:level]:
        earlier(shared, engine)
    folder, step = _STEPS[level]
    barrier = threading.Barrier(2)
    met = threading.local()

    def meet(operation: str, key: str) -> None:
        if operation == "put_if" and f"service_trend_{folder}" in key and not hasattr(met, "once"):
            met.once = True
            barrier.wait(30)

    lakes = [replace(shared, store=HookedStore(shared.store, before=meet)) for _ in range(2)]
    engines = _engines(tmp_path)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(step, lakes, engines))
    for used in engines:
        used.close()
    assert all(not outcome.failures for outcome in outcomes)
    for _, later in _STEPS[level + 1 :]:
        later(shared, engine)
    assert published(shared) == published(alone)
    assert waiting(shared) == []


def test_a_slow_writer_never_leaves_the_older_state(
    make_lake: Callable[..., Lake], tmp_path: Path, engine: DuckDBEngine
) -> None:
    alone, shared = make_lake("alone"), make_lake("shared")
    for lake in (alone, shared):
        put_events(lake, [event(1)])
    overtaken = threading.Event()
    is_first = threading.Event()

    def be_overtaken(operation: str, key: str) -> None:
        if operation == "put_if" and not is_first.is_set():
            is_first.set()
            put_events(shared, [event(2)], raw_object="o2")
            refresh(shared, engine, [HOUR])
            overtaken.set()

    slow = replace(shared, store=HookedStore(shared.store, before=be_overtaken))
    engines = _engines(tmp_path)
    refresh(slow, engines[0], [HOUR])
    for used in engines:
        used.close()
    assert overtaken.is_set()
    put_events(alone, [event(2)], raw_object="o2")
    refresh(alone, engine, [HOUR])
    assert published(shared) == published(alone)


def test_inputs_that_come_while_an_hour_is_published_are_in_it(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    more = iter([event(2), event(3)])

    def arrive(operation: str, key: str) -> None:
        if operation == "put_if" and key == minute_key("service_trend", "acme", HOUR):
            row = next(more, None)
            if row:
                put_events(lake, [row], raw_object=f"o-{row['time_unix_nano']}")

    outcome = refresh_hour(replace(lake, store=HookedStore(lake.store, after=arrive)), engine, HOUR)
    assert outcome.tenants["acme"].counted == 3


def test_an_hour_that_never_comes_to_rest_is_given_up_with_its_marker_kept(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    arrivals = iter(range(10**6))

    def arrive(operation: str, key: str) -> None:
        if operation == "put_if":
            put_events(lake, [event(1)], raw_object=f"o-{next(arrivals)}")

    busy = replace(lake, store=HookedStore(lake.store, after=arrive))
    with pytest.raises(PublishConflict, match="hour 2025-06-01T09"):
        refresh_hour(busy, engine, HOUR)
    assert any(f"/hours/{HOUR}/" in key for key in waiting(lake))


def test_a_file_that_goes_while_it_is_read_is_no_error(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    gone = put_events(lake, [event(2)], raw_object="o2")

    class Removing(DuckDBEngine):
        def session(self):  # type: ignore[no-untyped-def]
            lake.store.delete(gone)
            return engine.session()

    removing = object.__new__(Removing)
    outcome = refresh(lake, removing, [HOUR])
    assert outcome.hours[0].tenants["acme"].counted == 1
    assert hour_key("service_trend", "acme", HOUR.day) in published(lake)


class _Killed(BaseException):
    pass


def test_a_writer_that_is_overtaken_behind_its_listing_and_then_killed_leaves_the_newer_state(
    make_lake: Callable[..., Lake], tmp_path: Path, engine: DuckDBEngine
) -> None:
    # Its markers are gone then, removed by the faster one: nobody would look at the hour again.
    alone, shared = make_lake("alone"), make_lake("shared")
    for lake in (alone, shared):
        put_events(lake, [event(1)])
    faster = iter([1])

    class Overtaken(HookedStore):
        def list(self, prefix: str) -> Iterator[ObjectInfo]:
            found = [*self.inner.list(prefix)]
            if prefix == events_prefix("acme", HOUR) and is_publishing.is_set() and next(faster, None):
                put_events(shared, [event(2)], raw_object="o2")
                refresh(shared, engine, [HOUR])
            return iter(found)

        def head(self, key: str) -> ObjectInfo | None:
            is_publishing.set()  # the first listing only finds tenants
            return self.inner.head(key)

    def die(operation: str, key: str) -> None:
        if operation == "put_if" and rows_of(shared, key)[0]["event_count"] == 1:
            raise _Killed

    is_publishing = threading.Event()
    used = _engines(tmp_path)
    with contextlib.suppress(_Killed):
        refresh_hour(replace(shared, store=Overtaken(shared.store, after=die)), used[0], HOUR)
    for each in used:
        each.close()
    assert next(faster, None) is None
    put_events(alone, [event(2)], raw_object="o2")
    refresh(alone, engine, [HOUR])
    minute = {key: data for key, data in published(alone).items() if "minute" in key or "patterns" in key}
    assert {key: data for key, data in published(shared).items() if key in minute} == minute
