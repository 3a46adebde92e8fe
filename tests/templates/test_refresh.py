"""Registry and tables follow what was counted, by themselves, and never read an event for it."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from logsight_assets.lake import Lake, events_prefix, mark, marked, template_patterns_key, templates_key, tombstone_key
from logsight_assets.scratch import embedded_engine
from logsight_assets.templates.labels import labels
from logsight_assets.templates.refresh import refresh_templates, templates_are_due
from logsight_assets.templates.registry import read_all
from logsight_assets.timeline import Hour
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.doubles import HookedStore
from tests.intake.lakes import make_lake, published, with_store
from tests.kills import kill_at_every_operation
from tests.trends.event_files import HOUR, event, pattern_of, put_events

from .counted import count, groups, home, homes, made, remake, templates


def test_a_template_says_how_often_since_when_and_where(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann", "user bob", severity_number=9)
    count(lake, engine, "user ann", name="o2", severity_number=17, is_error=True, environment="dev")
    count(lake, engine, "stop x", hour=HOUR + 1)
    remake(lake, engine)
    user = templates(lake)["user <*>"]
    assert (user["event_count"], user["error_count"], user["event_ratio"], user["pattern_count"]) == (3, 1, 0.75, 2)
    assert (user["severities"], user["environments"]) == ('{"9":2,"17":1}', '["dev","prod"]')
    assert (user["first_seen_time"].hour, user["last_seen_time"].second) == (9, 1)
    assert (user["name"], user["is_pinned"], user["version"], user["aliases"]) == (None, False, 1, "[]")
    assert user["exemplar_event_id"] == "o1:1"


def test_counts_are_the_same_from_whichever_level_they_come(lake: Lake, engine: DuckDBEngine) -> None:
    """Days of May are settled in their month, HOUR's day is read from hours, the open hour from minutes."""
    for hour in (HOUR - 24 * 20, HOUR - 24 * 20 + 1, HOUR - 30, HOUR, HOUR + 1):
        count(lake, engine, "user ann", "stop x", hour=hour)
    assert {"day", "hour"} <= {e.key.split("/")[1].rpartition("_")[2] for e in lake.store.list("trends/")}
    remake(lake, engine)
    assert {text: row["event_count"] for text, row in templates(lake).items()} == {"user <*>": 5, "stop <*>": 5}


def test_labels_name_every_pattern(lake: Lake, engine: DuckDBEngine) -> None:
    assert labels(lake, "acme").num_rows == 0
    count(lake, engine, "user ann", "user bob")
    remake(lake, engine)
    rows = labels(lake, "acme").to_pylist()
    assert [row["pattern_id"] for row in rows] == sorted(map(pattern_of, ("user ann", "user bob")))
    assert {(row["service"], row["template"], row["name"]) for row in rows} == {("shop", "user <*>", None)}
    assert {row["template_id"] for row in rows} == {home(lake, "user ann")}


def test_only_services_with_new_patterns_are_mined(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann")
    count(lake, engine, "user ann", service="cart", name="o2")
    assert remake(lake, engine).total("mined_services") == 2
    count(lake, engine, "user ann", "user cid", hour=HOUR + 1)
    count(lake, engine, "user ann", service="cart", name="o2", hour=HOUR + 1)
    done = remake(lake, engine)
    assert (done.total("mined_services"), done.total("new_patterns")) == (1, 1)
    assert {service: held.number for service, held in read_all(lake.store, "acme").items()} == {"shop": 2, "cart": 1}


def test_what_is_up_to_date_is_left_alone(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann")
    assert templates_are_due(lake)
    remake(lake, engine)
    before = {
        entry.key: entry.version for area in ("templates/", "template_patterns/") for entry in lake.store.list(area)
    }
    assert not templates_are_due(lake)
    assert marked(lake.store, "templates") == {}
    assert remake(lake, engine, everything=True).published == []
    assert before == {e.key: e.version for area in ("templates/", "template_patterns/") for e in lake.store.list(area)}


def test_only_patterns_of_changed_hours_are_read(lake: Lake, engine: DuckDBEngine) -> None:
    for hour in (HOUR - 1, HOUR):
        count(lake, engine, "user ann", hour=hour)
    remake(lake, engine)
    count(lake, engine, "user bob", name="o2")
    named: list[str] = []

    class Naming(HookedStore):
        def uri(self, key: str) -> str:
            named.append(key)
            return super().uri(key)

    remake(with_store(lake, Naming(lake.store)), engine)
    assert [key for key in named if key.startswith("patterns/")] == [f"patterns/tenant=acme/{HOUR.path}/part.parquet"]


def test_history_is_labelled_anew_without_an_event_and_without_a_new_trend(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann", "login bob")
    remake(lake, engine)
    assert home(lake, "user ann") != home(lake, "login bob")
    count(lake, engine, "login=user x", hour=HOUR + 1)
    trends = {entry.key: entry.version for entry in lake.store.list("trends/")}
    for entry in list(lake.store.list("events/")):
        lake.store.delete(entry.key)
    read: list[str] = []
    remake(with_store(lake, HookedStore(lake.store, reading=lambda _, key: read.append(key))), engine)
    assert not [key for key in read if key.startswith("events/")]
    assert home(lake, "user ann") == home(lake, "login bob")
    (row,) = (row for row in templates(lake).values())
    assert (row["event_count"], row["aliases"].count('"')) == (3, 2)
    assert trends == {entry.key: entry.version for entry in lake.store.list("trends/")}


def test_late_events_of_an_old_hour_reach_counts_and_registry(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann", hour=HOUR - 24 * 20)
    remake(lake, engine)
    count(lake, engine, "user bob", hour=HOUR - 24 * 20, name="late")
    remake(lake, engine)
    assert templates(lake)["user <*>"]["event_count"] == 2


def test_a_service_is_never_a_part_of_a_path(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann", service="../../globex", name="o1")
    count(lake, engine, "user ann", service="_other", name="o2")
    remake(lake, engine)
    assert {service for service, _ in homes(lake)} == {"../../globex", "_other"}
    assert not [key for key in made(lake) if "globex" in key or "_other" in key]


def test_tenants_have_registries_of_their_own(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann")
    count(lake, engine, "login=user bob", "login x", tenant="globex")
    remake(lake, engine)
    assert list(templates(lake, "acme")) == ["user <*>"]
    assert list(templates(lake, "globex")) == ["login <*>"]


# Any order, several writers -------------------------------------------------------------------------------------------

_BODIES = ["a x", "b x", "c x", "a=b y", "d x", "c=d z", "e x", "e y"]


def _backfill(lake: Lake, engine: DuckDBEngine, order: list[int], each: int) -> None:
    for done, number in enumerate(order, 1):
        count(lake, engine, _BODIES[number], hour=HOUR + number)
        if done % each == 0:
            remake(lake, engine)
    remake(lake, engine)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_order_hours_come_in_the_groups_are_the_same(tmp_path: Path, engine: DuckDBEngine, seed: int) -> None:
    ordered, shuffled, anew = (make_lake(tmp_path / name) for name in ("ordered", "shuffled", "anew"))
    order = list(range(len(_BODIES)))
    _backfill(ordered, engine, order, each=1)
    _backfill(anew, engine, order, each=99)
    random.Random(seed).shuffle(order)
    _backfill(shuffled, engine, order, each=2)
    assert groups(shuffled) == groups(ordered) == groups(anew)
    assert homes(ordered) == homes(anew), "first seen allows the same ids"


def test_two_writers_at_once_lose_no_pattern(lake: Lake, engine: DuckDBEngine) -> None:
    """Both have read the same version of the registry when both put the next."""
    count(lake, engine, "a x")
    remake(lake, engine)
    barrier, waits = threading.Barrier(2, timeout=30), threading.local()

    def meet(operation: str, key: str) -> None:
        if "/registry/" in key and not getattr(waits, "done", False):
            waits.done = True
            barrier.wait()

    count(lake, engine, "b x", hour=HOUR + 1)
    first = dict(marked(lake.store, "templates"))
    for keys in first.values():
        for key in keys:
            lake.store.delete(key)
    count(lake, engine, "a=b y", hour=HOUR + 2)
    faults: list[BaseException] = []

    def write(hour: Hour) -> None:
        try:
            own = with_store(lake, _Told(lake, HookedStore(lake.store, before=meet), hour))
            with embedded_engine(lake) as mine:
                remake(own, mine)
        except BaseException as fault:  # noqa: BLE001
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(HOUR + n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert groups(lake) == {frozenset(("shop", pattern_of(body)) for body in ("a x", "b x", "a=b y"))}
    assert set(homes(lake).values()) == {home(lake, "a x")}
    assert {held.number for held in read_all(lake.store, "acme").values()} == {3}
    assert {row["event_count"] for row in templates(lake).values()} == {3}


class _Told(HookedStore):
    """A store in which one hour is marked for the templates, and no other."""

    def __init__(self, lake: Lake, inner: HookedStore, hour: Hour) -> None:
        super().__init__(inner)
        self._hour = hour
        mark(lake.store, "templates", str(hour), "test")

    def list(self, prefix: str) -> Any:
        other = f"pending/templates/{self._hour}/"
        return (
            e for e in super().list(prefix) if not e.key.startswith("pending/templates/") or e.key.startswith(other)
        )


# Kills and disasters --------------------------------------------------------------------------------------------------


def _remake(lake: Lake) -> None:
    with embedded_engine(lake) as engine:
        refresh_templates(lake, engine)


def test_a_refresh_killed_at_any_change_of_the_store_is_finished_by_the_next(
    tmp_path: Path, engine: DuckDBEngine
) -> None:
    """The registry has one service; a second one, new patterns of the first, and another tenant came since."""
    lake = make_lake(tmp_path / "template")
    count(lake, engine, "user ann")
    _remake(lake)
    count(lake, engine, "user bob logged in", "stopped", hour=HOUR + 1)
    count(lake, engine, "user ann", service="cart", hour=HOUR + 1, name="o2")
    count(lake, engine, "user ann", tenant="globex")
    assert kill_at_every_operation(tmp_path, _remake, published) > 8


@pytest.mark.parametrize(
    "lost",
    [
        ["templates/tenant=acme/part.parquet"],
        ["template_patterns/"],
        ["templates/", "template_patterns/"],
        ["templates/tenant=acme/registry/"],
    ],
    ids=["the table", "the mapping", "all of the templates", "the registry"],
)
def test_what_was_lost_is_made_again_from_patterns_and_trends(
    lake: Lake, engine: DuckDBEngine, lost: list[str]
) -> None:
    for number, body in enumerate(_BODIES):
        count(lake, engine, body, hour=HOUR + number)
    remake(lake, engine)
    before = {key: data for key, data in made(lake).items() if "/registry/" not in key}
    for entry in [entry for prefix in lost for entry in lake.store.list(prefix)]:
        lake.store.delete(entry.key)
    # No marker: whoever comes next sees it by the missing table, or is told to look at everything.
    remake(lake, engine, everything=templates_key("acme") in made(lake))
    assert {key: data for key, data in made(lake).items() if "/registry/" not in key} == before


def test_without_its_newest_versions_the_registry_grows_to_the_same_again(lake: Lake, engine: DuckDBEngine) -> None:
    _backfill(lake, engine, list(range(len(_BODIES))), each=2)
    before = homes(lake)
    for entry in list(lake.store.list("templates/tenant=acme/registry/"))[1:]:
        lake.store.delete(entry.key)
    assert remake(lake, engine, everything=True).total("new_patterns") == len(_BODIES) - 2
    assert homes(lake) == before


def test_a_counted_pattern_without_a_template_is_noticed_without_a_marker_of_its_hour(
    lake: Lake, engine: DuckDBEngine
) -> None:
    count(lake, engine, "user ann")
    remake(lake, engine)
    count(lake, engine, "stop x", hour=HOUR + 1)
    for keys in marked(lake.store, "templates").values():
        for key in keys:
            lake.store.delete(key)
    mark(lake.store, "templates", str(HOUR), "another hour")
    remake(lake, engine)
    assert set(templates(lake)) == {"user <*>", "stop <*>"}


def test_a_pattern_of_which_only_counts_are_left_is_counted_as_such_and_asked_for_once(
    lake: Lake, engine: DuckDBEngine
) -> None:
    count(lake, engine, "user ann", "user ann", "stop x")
    remake(lake, engine)
    for entry in [e for area in ("patterns/", "templates/", "template_patterns/") for e in lake.store.list(area)]:
        lake.store.delete(entry.key)
    put_events(lake, [event(1, "user cid", HOUR + 1)], hour=HOUR + 1)
    refresh(lake, engine, [HOUR + 1])
    done = remake(lake, engine)
    assert (done.total("events"), done.total("unlabelled_events")) == (4, 3)
    listed: list[str] = []

    class Listing(HookedStore):
        def list(self, prefix: str) -> Any:
            listed.append(prefix)
            return super().list(prefix)

    mark(lake.store, "templates", str(HOUR + 1), "again")
    remake(with_store(lake, Listing(lake.store)), engine)
    assert "patterns/tenant=acme/" not in listed


def test_an_emptied_hour_no_longer_counts_and_its_template_stays(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann")
    count(lake, engine, "stop x", hour=HOUR + 1)
    remake(lake, engine)
    template_id = home(lake, "stop x")
    for entry in list(lake.store.list(events_prefix("acme", HOUR + 1))):
        lake.store.delete(entry.key)
    refresh(lake, engine, [HOUR + 1])
    remake(lake, engine)
    row = templates(lake)["stop <*>"]
    assert (row["template_id"], row["event_count"], row["last_seen_time"]) == (template_id, 0, None)


def test_of_an_erased_tenant_nothing_is_made_and_nothing_stays(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann")
    count(lake, engine, "user ann", tenant="globex")
    remake(lake, engine)
    lake.store.put(tombstone_key("globex"), b"{}")
    mark(lake.store, "templates", str(HOUR), "test")
    remake(lake, engine)
    assert not [key for key in made(lake) if "globex" in key]
    assert templates(lake).keys() == {"user <*>"}


def test_a_tenant_that_fails_keeps_no_other_from_being_done_and_stays_due(lake: Lake, engine: DuckDBEngine) -> None:
    count(lake, engine, "user ann")
    count(lake, engine, "user ann", tenant="globex")

    def fail(operation: str, key: str) -> None:
        if "tenant=acme" in key:
            raise OSError("the disk of acme")

    with pytest.raises(OSError, match="the disk of acme"):
        remake(replace(lake, store=HookedStore(lake.store, before=fail)), engine)
    assert lake.store.head(template_patterns_key("globex"))
    assert marked(lake.store, "templates").keys() == {str(HOUR)}


@pytest.mark.parametrize("area", ["patterns", "trends/template_trend_minute"])
def test_a_damaged_object_of_one_tenant_keeps_no_other_from_being_done(
    lake: Lake, engine: DuckDBEngine, area: str
) -> None:
    count(lake, engine, "user ann", hour=Hour.of(lake.clock()))
    count(lake, engine, "user ann", hour=Hour.of(lake.clock()), tenant="globex")
    lake.store.put(f"{area}/tenant=acme/{Hour.of(lake.clock()).path}/part.parquet", b"damaged")
    with pytest.raises(duckdb.Error):
        remake(lake, engine)
    assert templates(lake, "globex").keys() == {"user <*>"}
    assert not lake.store.head(templates_key("acme"))
