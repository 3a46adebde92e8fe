"""A run whose inputs are missing publishes nothing: what stands was made when they were there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from logsight_assets.errors import ObjectMissing, PublishConflict
from logsight_assets.intake.arrivals import waiting as unread
from logsight_assets.intake.run import read_objects, workbench
from logsight_assets.lake import Lake, events_prefix, mark
from logsight_assets.trends.refresh import refresh
from logsight_assets.trends.retention import apply_retention
from resources.object_store import ObjectInfo
from resources.query_engine import DuckDBEngine
from tests.doubles import HookedStore
from tests.intake.lakes import flat_line, put_raw, read_all

from .conftest import Clock, published, rows_of, waiting
from .event_files import HOUR, event, put_events


@pytest.mark.parametrize(
    ("kept", "gone"),
    [
        ({"events": 5}, "events/"),
        ({"events": 5, "trends_minute": 5}, "trends/service_trend_minute/"),
        ({"trends_minute": 5}, "trends/service_trend_minute/"),
        ({"events": 5, "trends_minute": 5, "trends_hour": 5}, "trends/service_trend_hour/"),
    ],
    ids=["events", "events and minutes", "minutes", "events, minutes and hours"],
)
def test_a_replay_of_what_retention_has_removed_below_leaves_the_levels_above(
    make_lake: Callable[..., Lake], engine: DuckDBEngine, clock: Clock, kept: dict[str, int], gone: str
) -> None:
    clock.set("2025-06-11T12:00")
    lake = make_lake(**{f"retention__{name}_days": days for name, days in kept.items()})
    put_events(lake, [event(1), event(2)])
    refresh(lake, engine, [HOUR])
    apply_retention(lake, engine)
    assert list(lake.store.list(gone)) == []
    before = {key: rows_of(lake, key) for key in published(lake)}
    assert before
    mark(lake.store, "months", HOUR.month, "test")
    refresh(lake, engine, [HOUR], replay=True).check()
    assert {key: rows_of(lake, key) for key in published(lake)} == before


class _Ghost(HookedStore):
    """Lists an event file that is not there."""

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        yield from self.inner.list(prefix)
        if prefix.startswith(events_prefix("acme", HOUR)):
            yield ObjectInfo(f"{events_prefix('acme', HOUR)}app~{HOUR}~gone.parquet", 9, "v", 0.0)


def test_an_hour_of_which_a_listed_file_is_missing_stays_as_it_was_and_due(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    put_events(lake, [event(2)], raw_object="o2")
    mark(lake.store, "hours", str(HOUR), "o2")
    before = published(lake)
    with pytest.raises(PublishConflict):
        refresh(replace(lake, store=_Ghost(lake.store)), engine)
    assert published(lake) == before
    assert any(f"/hours/{HOUR}/" in key for key in waiting(lake))


def test_a_raw_object_that_is_gone_when_it_is_read_leaves_nothing(lake: Lake) -> None:
    key = put_raw(lake, [flat_line()])
    found = unread(lake, {})
    lake.store.delete(key)
    with workbench(lake) as bench, pytest.raises(ObjectMissing):
        read_objects(bench, found)
    assert [entry.key for entry in lake.store.list("")] == []


def test_a_replay_of_raw_objects_that_retention_has_removed_keeps_their_events(lake: Lake) -> None:
    key = put_raw(lake, [flat_line()])
    read_all(lake)
    lake.store.delete(key)
    before = {entry.key: lake.store.get(entry.key) for entry in lake.store.list("")}
    assert read_all(lake, replay=True).objects == 0
    assert {entry.key: lake.store.get(entry.key) for entry in lake.store.list("")} == before
