"""Publishing an hour, through the real store and engine: what is promised is what lies in the lake."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from logsight_assets.errors import ConservationError
from logsight_assets.lake import Lake, mark, minute_key, patterns_key, seal_key, tombstone_key
from logsight_assets.parquet import published_inputs, read_facts
from logsight_assets.settings import Trends
from logsight_assets.tables import TREND_NAMES
from logsight_assets.trends import hour_windows
from logsight_assets.trends.hour_rows import TenantFiles, compute_hour
from logsight_assets.trends.hours import refresh_hour
from logsight_assets.trends.refresh import refresh
from logsight_assets.versions import TRENDS_VERSION
from resources.query_engine import DuckDBEngine, QueryEngine

from .conftest import published, rows_of, versions, waiting
from .event_files import HOUR, event, pattern_of, put_events


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_measure_of_a_minute_is_what_its_events_say(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(
        lake,
        [
            event(1, "took 12 ms", is_request=True, duration_ns=100, sample_weight=10),
            event(2, "took 13 ms", is_request=True, is_error=True, duration_ns=300, sample_weight=2),
            event(59.5, "idle"),
            event(61, "idle", environment=None, severity_number=None),
        ],
    )
    refresh_hour(lake, engine, HOUR)
    first, second = rows_of(lake, minute_key("service_trend", "acme", HOUR))
    assert first == {
        "minute_time": _time("2025-06-01T09:00"),
        "environment": "prod",
        "service": "shop",
        "severity_number": 9,
        "event_count": 3,
        "error_count": 1,
        "request_count": 2,
        "bytes": 24,
        "duration_count": 2,
        "duration_sum_ns": Decimal(400),
        "duration_min_ns": 100,
        "duration_max_ns": 300,
        "weighted_event_count": 13,
        "weighted_error_count": 2,
        "weighted_request_count": 12,
        "first_seen_unix_nano": HOUR.start_nano + 10**9,
        "last_seen_unix_nano": HOUR.start_nano + 59_500_000_000,
        "exemplar_event_id": "o1:1",
    }
    # What events do not say is a value of its own: no key is NULL.
    assert (second["minute_time"], second["environment"], second["severity_number"]) == (
        _time("2025-06-01T09:01"),
        "",
        0,
    )
    assert (second["duration_count"], second["duration_sum_ns"], second["duration_min_ns"]) == (0, Decimal(0), None)


def test_templates_durations_and_patterns_count_the_same_events(lake: Lake, engine: DuckDBEngine) -> None:
    long = "x" * 1500
    put_events(
        lake,
        [
            event(1, "took 12 ms", duration_ns=64),
            event(2, "took 7 ms", duration_ns=65),
            event(3, f"{long} 77\nat frame 3", sample_weight=5),
        ],
    )
    refresh_hour(lake, engine, HOUR)
    templates = rows_of(lake, minute_key("template_trend", "acme", HOUR))
    assert {row["pattern_id"]: row["event_count"] for row in templates} == {
        pattern_of("took 12 ms"): 2,
        pattern_of(f"{long} 77\nat frame 3"): 1,
    }
    assert [
        (row["duration_bucket"], row["event_count"])
        for row in rows_of(lake, minute_key("service_duration", "acme", HOUR))
    ] == [(64, 2)]
    patterns = {row["mask"]: row for row in rows_of(lake, patterns_key("acme", HOUR))}
    assert set(patterns) == {"took 0 ms", f"{long} 0"}
    assert patterns["took 0 ms"] == {
        "service": "shop",
        "pattern_id": pattern_of("took 12 ms"),
        "mask": "took 0 ms",
        "sample_min": "took 12 ms",
        "sample_max": "took 7 ms",
        "first_seen_unix_nano": HOUR.start_nano + 10**9,
        "event_count": 2,
    }
    assert patterns[f"{long} 0"]["sample_min"] == "x" * 1000


def test_an_event_without_a_usable_weight_counts_once(lake: Lake, engine: DuckDBEngine) -> None:
    own = {"is_error": True, "is_request": True, "duration_ns": 5, "sample_weight": None}
    put_events(lake, [event(1, **own), event(2, own_id="a", **own), event(2, own_id="a", **own)])
    refresh_hour(lake, engine, HOUR)
    (row,) = rows_of(lake, minute_key("service_trend", "acme", HOUR))
    measures = ("event_count", "error_count", "request_count")
    assert [row[f"weighted_{name}"] for name in measures] == [row[name] for name in measures] == [2, 2, 2]
    (bucket,) = rows_of(lake, minute_key("service_duration", "acme", HOUR))
    assert bucket["weighted_event_count"] == 2


def test_an_hour_without_durations_still_has_all_its_objects(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    outcome = refresh_hour(lake, engine, HOUR)
    assert len(outcome.published) == 4
    assert rows_of(lake, minute_key("service_duration", "acme", HOUR)) == []


def test_copies_count_once_wherever_they_arrived(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1, own_id="a"), event(1, own_id="a"), event(2, own_id="b")], raw_object="o1")
    put_events(lake, [event(1, own_id="a")], raw_object="o2", arrival=HOUR + 1)
    put_events(lake, [event(1, own_id="a"), event(2, own_id="b")], raw_object="o3", arrival=HOUR + 30)
    outcome = refresh_hour(lake, engine, HOUR)
    counts = outcome.tenants["acme"]
    assert (counts.events, counts.counted, counts.duplicates, counts.id_conflicts) == (6, 2, 4, 0)
    assert counts.late_ratio == 2 / 6


def test_the_copy_that_counts_is_the_first_observed(lake: Lake, engine: DuckDBEngine) -> None:
    late = (HOUR + 2).start.replace(tzinfo=None)
    put_events(lake, [event(1, own_id="a", service="late", observed_time=late)], raw_object="o1")
    put_events(lake, [event(1, own_id="a", service="third")], raw_object="o3")
    put_events(lake, [event(1, own_id="a", service="second")], raw_object="o2")
    refresh_hour(lake, engine, HOUR)
    assert [row["service"] for row in rows_of(lake, minute_key("service_trend", "acme", HOUR))] == ["second"]


def test_records_without_an_own_id_are_never_copies(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1, event_id="same"), event(1, event_id="same"), event(1, own_id="same")])
    counts = refresh_hour(lake, engine, HOUR).tenants["acme"]
    assert (counts.counted, counts.duplicates, counts.id_conflicts) == (3, 0, 0)


def test_one_id_with_two_contents_is_two_events_and_a_conflict(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1, own_id="a"), event(1, own_id="a", content="other"), event(1, own_id="a")])
    counts = refresh_hour(lake, engine, HOUR).tenants["acme"]
    assert (counts.counted, counts.duplicates, counts.id_conflicts) == (2, 1, 1)


def test_a_copy_of_another_tenant_or_hour_is_an_event_of_its_own(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1, own_id="a")])
    put_events(lake, [event(1, own_id="a")], tenant="globex")
    put_events(lake, [event(1, own_id="a", hour=HOUR + 1)], hour=HOUR + 1)
    outcomes = [refresh_hour(lake, engine, hour) for hour in (HOUR, HOUR + 1)]
    assert [outcome.total("counted") for outcome in outcomes] == [2, 1]


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_bytes_do_not_depend_on_the_order_of_files_or_on_threads(
    make_lake: Callable[..., Lake], tmp_path: Path, threads: int
) -> None:
    dice = random.Random(5)
    rows = [
        event(
            dice.randrange(3600),
            f"job {dice.randrange(40)} of {dice.choice('abcdef')}",
            own_id=f"id-{dice.randrange(1500)}",
            service=f"s{dice.randrange(5)}",
            duration_ns=dice.choice([None, dice.randrange(10**9)]),
        )
        for _ in range(2000)
    ]
    files = [(f"o{part}", rows[part::8]) for part in range(8)]
    found = []
    for turn in range(2):
        lake = make_lake(f"{threads}-{turn}")
        dice.shuffle(files)
        for name, part in files:
            put_events(lake, part, raw_object=name)
        engine = DuckDBEngine(memory_mb=128, threads=threads, scratch=tmp_path / "spill")
        refresh(lake, engine, [HOUR])
        engine.close()
        found.append(published(lake))
    reference = make_lake(f"{threads}-reference")
    for name, part in sorted(files):
        put_events(reference, part, raw_object=name)
    single = DuckDBEngine(memory_mb=128, threads=1, scratch=tmp_path / "spill")
    refresh(reference, single, [HOUR])
    single.close()
    assert found[0] == found[1] == published(reference)


def test_bytes_do_not_depend_on_which_tenants_are_counted_together(
    make_lake: Callable[..., Lake], engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def counted(name: str, batch_bytes: Callable[[dict[str, int]], int]) -> tuple[list[list[str]], dict[str, bytes]]:
        lake, together = make_lake(name), []
        for tenant, events in (("acme", 3), ("globex", 40), ("initech", 7)):
            put_events(lake, [event(n, f"order {n}", own_id=f"id-{n}") for n in range(events)], tenant=tenant)
        sizes = {entry.key.split("/")[1].partition("=")[2]: entry.size for entry in lake.store.list("events/")}

        def compute(engine: QueryEngine, files: Mapping[str, TenantFiles], caps: Trends) -> Any:
            together.append(list(files))
            return compute_hour(engine, files, caps)

        with monkeypatch.context() as patch:
            patch.setattr(hour_windows, "BATCH_BYTES", batch_bytes(sizes))
            patch.setattr(hour_windows, "compute_hour", compute)
            refresh(lake, engine, [HOUR])
        return together, published(lake)

    alone, all_alone = counted("alone", lambda _: 1)
    two, first_two_together = counted("two", lambda sizes: sizes["acme"] + sizes["globex"])
    three, all_together = counted("three", lambda sizes: sum(sizes.values()))
    assert alone == [["acme"], ["globex"], ["initech"]]
    assert two == [["acme", "globex"], ["initech"]]
    assert three == [["acme", "globex", "initech"]]
    assert len(all_alone) == 3 * (3 * len(TREND_NAMES) + 1)  # tenants, of which each has three levels and patterns
    assert all_alone == first_two_together == all_together


def test_an_unchanged_hour_is_not_computed_again(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    before = versions(lake)

    class NoEngine:
        def session(self) -> AbstractContextManager[Any]:
            raise AssertionError("computed")

    outcome = refresh_hour(lake, NoEngine(), HOUR)
    assert (outcome.published, len(outcome.skipped), versions(lake)) == ([], 4, before)
    assert outcome.tenants["acme"].counted == 1


def test_the_metadata_says_what_was_counted_and_from_what(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1, own_id="a"), event(1, own_id="a")])
    refresh_hour(lake, engine, HOUR)
    key = minute_key("service_trend", "acme", HOUR)
    facts = read_facts(lake.store, key)
    assert facts
    assert published_inputs(lake.store, key) == facts.pop("logsight.inputs")
    assert facts == {
        "logsight.table": "service_trend_minute",
        "logsight.version": str(TRENDS_VERSION),
        "logsight.files": "1",
        "logsight.events": "2",
        "logsight.counted": "1",
        "logsight.duplicates": "1",
        "logsight.id_conflicts": "0",
        "logsight.late": "0",
        "logsight.event_count": "1",
    }


def test_an_older_version_is_stale_and_replaced_only_by_replay(
    lake: Lake, engine: DuckDBEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_events(lake, [event(1)])
    refresh(lake, engine, [HOUR])
    monkeypatch.setattr("logsight_assets.trends.publish.TRENDS_VERSION", TRENDS_VERSION + 1)
    monkeypatch.setattr("logsight_assets.trends.hour_windows.TRENDS_VERSION", TRENDS_VERSION + 1)
    skipped = refresh_hour(lake, engine, HOUR)
    assert skipped.tenants["acme"].is_stale
    assert not skipped.published
    replayed = refresh(lake, engine, [HOUR], replay=True)
    assert len(replayed.hours[0].published) == 4
    assert not replayed.hours[0].tenants["acme"].is_stale
    assert replayed.days[0].published
    assert replayed.months[0].published


def test_the_objects_of_an_emptied_tenant_go(lake: Lake, engine: DuckDBEngine) -> None:
    key = put_events(lake, [event(1)])
    put_events(lake, [event(1)], tenant="globex")
    refresh(lake, engine, [HOUR])
    lake.store.delete(key)
    mark(lake.store, "hours", str(HOUR), "test")
    outcome = refresh(lake, engine)
    assert len(outcome.hours[0].removed) == 4
    assert sorted(outcome.hours[0].tenants) == ["globex"]
    assert [key for key in published(lake) if "tenant=acme" in key] == []
    assert waiting(lake) == []


@pytest.mark.parametrize("cap", [1, 2])
def test_services_beyond_the_cap_become_other(make_lake: Callable[..., Lake], engine: DuckDBEngine, cap: int) -> None:
    lake = make_lake(trends__max_services=cap)
    rows = [event(n, service="big") for n in range(3)]
    rows += [event(1, service="b"), event(1, service="a"), event(2, service="c", environment="dev", duration_ns=5)]
    put_events(lake, rows)
    refresh_hour(lake, engine, HOUR)
    trend = rows_of(lake, minute_key("service_trend", "acme", HOUR))
    # Equal counts are ranked by name, environment first; an environment without a kept service is no name to keep.
    expected = {
        1: {("prod", "big"): 3, ("prod", "_other"): 2, ("_other", "_other"): 1},
        2: {("prod", "big"): 3, ("prod", "_other"): 2, ("dev", "c"): 1},
    }[cap]
    assert {(row["environment"], row["service"]): row["event_count"] for row in trend} == expected
    durations = rows_of(lake, minute_key("service_duration", "acme", HOUR))
    assert [(row["environment"], row["service"]) for row in durations] == [
        ("_other", "_other") if cap == 1 else ("dev", "c")
    ]


def test_patterns_beyond_the_cap_become_zero_and_show_no_text(
    make_lake: Callable[..., Lake], engine: DuckDBEngine
) -> None:
    lake = make_lake(trends__max_patterns=1)
    put_events(lake, [event(1, "often"), event(2, "often"), event(3, "seldom"), event(4, "rare")])
    outcome = refresh_hour(lake, engine, HOUR)
    trend = rows_of(lake, minute_key("template_trend", "acme", HOUR))
    assert {row["pattern_id"]: row["event_count"] for row in trend} == {pattern_of("often"): 2, 0: 2}
    other, often = rows_of(lake, patterns_key("acme", HOUR))
    assert (other["pattern_id"], other["mask"], other["sample_min"], other["event_count"]) == (0, "_other", None, 2)
    assert often["mask"] == "often"
    assert outcome.tenants["acme"].counted == 4


class _LosingEngine:
    """An engine whose answers about one table miss a row."""

    def __init__(self, engine: DuckDBEngine, table: str, tenant: str) -> None:
        self._engine, self._table, self._tenant = engine, table, tenant

    @contextmanager
    def session(self) -> Any:
        with self._engine.session() as session:
            yield _LosingSession(session, self._table, self._tenant)


class _LosingSession:
    def __init__(self, session: Any, table: str, tenant: str) -> None:
        self._session, self._table, self._tenant = session, table, tenant

    def define(self, name: str, table: Any, uris: list[str]) -> None:
        self._session.define(name, table, uris)

    def define_tenants(self, name: str, table: Any, uris: dict[str, list[str]]) -> None:
        self._session.define_tenants(name, table, uris)

    def keep(self, name: str, query: str) -> None:
        self._session.keep(name, query)

    def fetch(self, query: str) -> pa.Table:
        rows = self._session.fetch(query)
        if self._table not in query[:80]:
            return rows
        if "tenant" in rows.column_names:
            first = rows["tenant"].to_pylist().index(self._tenant)
            return pa.concat_tables([rows.slice(0, first), rows.slice(first + 1)])
        return rows.slice(1) if f"'{self._tenant}'" in query else rows


@pytest.mark.parametrize("table", ["of service_trend", "of template_trend", "of service_duration", "The patterns"])
def test_an_hour_whose_sums_do_not_hold_is_not_published_but_others_are(
    lake: Lake, engine: DuckDBEngine, table: str
) -> None:
    put_events(lake, [event(1, duration_ns=5)])
    refresh(lake, engine, [HOUR])
    before = published(lake)
    put_events(lake, [event(70, duration_ns=9), event(140)], raw_object="o2")
    put_events(lake, [event(1)], tenant="globex")
    mark(lake.store, "hours", str(HOUR), "test")
    outcome = refresh(lake, _LosingEngine(engine, table, "acme"))
    with pytest.raises(ConservationError, match="nothing of this tenant's hour was published"):
        outcome.check()
    assert {key: data for key, data in published(lake).items() if "tenant=acme" in key} == before
    assert minute_key("service_trend", "globex", HOUR) in published(lake)
    # It stays due, and is right once the cause is gone.
    assert any(f"/hours/{HOUR}/" in key for key in waiting(lake))
    refresh(lake, engine).check()
    assert waiting(lake) == []


def test_a_sealed_hour_stays_and_an_erased_tenant_goes(lake: Lake, engine: DuckDBEngine) -> None:
    put_events(lake, [event(1)])
    put_events(lake, [event(1)], tenant="globex")
    refresh(lake, engine, [HOUR])
    before = published(lake)
    lake.store.put(seal_key("acme", HOUR), b"{}")
    lake.store.put(tombstone_key("globex"), b"{}")
    put_events(lake, [event(2)], raw_object="o2")
    refresh(lake, engine, [HOUR], replay=True)
    assert published(lake) == {key: data for key, data in before.items() if "tenant=acme" in key}
