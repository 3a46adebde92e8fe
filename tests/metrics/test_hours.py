"""The table: rows of named metrics, made anew only where inputs changed, and gone or kept as they should be."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.lake import Lake, marked, service_metrics_key
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.fetched import fetched_bytes
from logsight_assets.metrics.hours import all_hours, due_hours, refresh_metrics
from logsight_assets.parquet import read_rows
from logsight_assets.reader.ask import ask
from logsight_assets.timeline import Hour
from logsight_assets.upkeep import erase_tenant, retain
from resources.metrics import Point, Read, Series
from tests.intake.lakes import NOW, make_lake, published
from tests.metrics.otlp_files import HOUR, gauge, increase, name_metric, put_metrics, request, value

GOOD = request(gauge("queue.depth", value(0, 4.0), value(30, 8.0), value(60, 3.0)), gauge("other", value(0, 1.0)))


def rows(lake: Lake, hour: Hour = HOUR, tenant: str = "acme") -> list[dict[str, Any]]:
    key = service_metrics_key(tenant, hour)
    return read_rows(lake.store, key).to_pylist() if lake.store.head(key) else []


def told(lake: Lake, hour: Hour = HOUR, tenant: str = "acme") -> list[tuple[Any, ...]]:
    """(metric, statistic, second of the hour, value, sample count)."""
    start = hour.start_nano
    return [
        (row["metric"], row["statistic"], (row["time_unix_nano"] - start) // 10**9, row["value"], row["sample_count"])
        for row in rows(lake, hour, tenant)
    ]


def refresh_due(lake: Lake) -> list[Hour]:
    take_in(lake)
    due = sorted(due_hours(lake))
    for hour in due:
        refresh_metrics(lake, hour)
    return due


@pytest.fixture
def named(lake: Lake) -> Lake:
    name_metric(lake, "depth", metric="queue.depth", statistics=["Average", "Maximum"], unit="{orders}")
    return lake


def test_a_named_metric_has_a_row_for_each_statistic_and_period(named: Lake) -> None:
    put_metrics(named, [GOOD])
    refresh_due(named)
    assert told(named) == [
        ("depth", "Average", 0, 6.0, 2),
        ("depth", "Average", 60, 3.0, 1),
        ("depth", "Maximum", 0, 8.0, 2),
        ("depth", "Maximum", 60, 3.0, 1),
    ]
    assert rows(named)[0] == {
        "metric": "depth",
        "statistic": "Average",
        "period_s": 60,
        "point_time": HOUR.start.replace(tzinfo=None),
        "time_unix_nano": HOUR.start_nano,
        "service": "checkout",
        "environment": None,
        "namespace": "",
        "metric_name": "queue.depth",
        "dimensions": "{}",
        "unit": "{orders}",
        "value": 6.0,
        "sample_count": 2,
    }, "raise METRICS_VERSION when this changes"


def test_the_reader_answers_from_it_and_a_tenant_sees_its_own(named: Lake) -> None:
    put_metrics(named, [GOOD])
    put_metrics(named, [request(gauge("queue.depth", value(0, 99.0)))], tenant="globex")
    refresh_due(named)
    query = "select metric, max(value) as value from service_metrics group by metric"
    assert ask(named, query, "acme").rows == [{"metric": "depth", "value": 8.0}]
    assert ask(named, query, "globex").rows == [{"metric": "depth", "value": 99.0}]


def test_a_metric_of_one_tenant_is_not_looked_for_in_files_of_another(lake: Lake) -> None:
    name_metric(lake, "depth", metric="queue.depth", tenant="acme")
    for tenant in ("acme", "globex"):
        put_metrics(lake, [GOOD], tenant=tenant)
    refresh_due(lake)
    assert rows(lake)
    assert rows(lake, tenant="globex") == []


def test_without_a_named_metric_nothing_is_published_and_nothing_stays_due(lake: Lake) -> None:
    put_metrics(lake, [GOOD])
    refresh_due(lake)
    assert (list(lake.store.list("service_metrics/")), due_hours(lake)) == ([], {})


def test_an_increase_is_measured_across_the_hour_and_late_points_change_the_next_hour_too(named: Lake) -> None:
    name_metric(named, "sold", metric="sold", statistics=["Sum"])
    put_metrics(named, [request(increase("sold", value(30, 110.0, -9000.0)))])
    refresh_due(named)
    assert ("sold", "Sum", 0, 10.0, 1) not in told(named)
    put_metrics(named, [request(increase("sold", value(-30, 100.0, -9000.0)))], "late.json.gz", hour=HOUR + 9)
    assert HOUR in refresh_due(named)
    assert ("sold", "Sum", 0, 10.0, 1) in told(named)


def test_refreshing_again_changes_nothing(named: Lake, tmp_path: Path) -> None:
    put_metrics(named, [GOOD])
    refresh_due(named)
    before = published(tmp_path / "lake")
    assert refresh_metrics(named, HOUR).published == []
    assert refresh_metrics(named, HOUR, replay=True).published == [service_metrics_key("acme", HOUR)]
    assert published(tmp_path / "lake") == before
    assert marked(named.store, "metrics") == {}


def test_the_order_of_arrival_changes_no_byte(tmp_path: Path) -> None:
    made = []
    for order in ([0, 1, 2], [2, 0, 1]):
        lake = make_lake(tmp_path / str(order[0]))
        name_metric(lake, "depth", metric="queue.depth", statistics=["Sum"])
        for number in order:
            put_metrics(lake, [request(gauge("queue.depth", value(7 * number, 0.1 + number)))], f"{number}.json.gz")
            refresh_due(lake)
        made.append(lake.store.get(service_metrics_key("acme", HOUR)))
    assert made[0] == made[1]


def test_a_file_that_is_edited_or_comes_later_makes_recent_hours_due(named: Lake) -> None:
    put_metrics(named, [GOOD])
    refresh_due(named)
    assert due_hours(named) == {}
    name_metric(named, "more", metric="other")
    assert refresh_due(named) == [HOUR]
    assert {row["metric"] for row in rows(named)} == {"depth", "more"}
    for file in (named.config / "metrics").iterdir():
        file.unlink()
    refresh_due(named)
    assert rows(named) == []


def test_a_wrong_file_stops_no_other_metric_and_takes_no_rows_that_were_made_of_it_before(named: Lake) -> None:
    name_metric(named, "more", metric="other")
    put_metrics(named, [GOOD])
    refresh_due(named)
    right = (named.config / "metrics" / "more.yaml").read_text(encoding="utf-8")
    (named.config / "metrics" / "more.yaml").write_text("metric: 5\n", encoding="utf-8")
    assert refresh_due(named) == []
    assert {row["metric"] for row in rows(named)} == {"depth", "more"}
    put_metrics(named, [request(gauge("queue.depth", value(120, 5.0)))], "later.json.gz")
    refresh_due(named)
    assert [row["value"] for row in rows(named) if row["statistic"] == "Maximum"] == [8.0, 3.0, 5.0]
    assert {row["metric"] for row in rows(named)} == {"depth", "more"}
    assert refresh_due(named) == [], "the hour stays marked, and nobody asks for it until the file is right"
    (named.config / "metrics" / "more.yaml").write_text(right, encoding="utf-8")
    assert HOUR in refresh_due(named)
    assert {row["metric"] for row in rows(named)} == {"depth", "more"}
    assert marked(named.store, "metrics") == {}


def test_late_points_of_an_old_hour_get_rows_when_the_only_file_is_corrected(named: Lake) -> None:
    days = 10 * 24
    put_metrics(named, [request(gauge("queue.depth", value(-3600 * days, 4.0)))], "old.json.gz")
    refresh_due(named)
    file = named.config / "metrics" / "depth.yaml"
    right = file.read_text(encoding="utf-8")
    file.write_text("metric: 5\n", encoding="utf-8")
    put_metrics(named, [request(gauge("queue.depth", value(60 - 3600 * days, 9.0)))], "late.json.gz")
    refresh_due(named)
    assert [row["value"] for row in rows(named, HOUR - days)] == [4.0, 4.0]
    file.write_text(right, encoding="utf-8")
    refresh_due(named)
    assert [row["value"] for row in rows(named, HOUR - days)] == [4.0, 9.0, 4.0, 9.0]


# What was fetched -----------------------------------------------------------------------------------------------------

DEPTH = Series("App", "Depth", (("Queue", "orders"),), "Maximum", 60)


def put_fetched(lake: Lake, fetched_second: int, value_: float, series: Series = DEPTH) -> None:
    answer = Read({series: (Point(HOUR.start_nano, 60, value_, None),)})
    data = fetched_bytes("cloudwatch", HOUR.start_nano + fetched_second * 10**9, [series], answer)
    put_metrics(lake, b"", f"{fetched_second}.json.gz")
    lake.store.put(put_metrics(lake, b"", f"{fetched_second}.json.gz"), data)


def test_of_a_period_that_was_fetched_twice_the_later_answer_stands(lake: Lake) -> None:
    name_metric(lake, "depth", namespace="App", metric="Depth", dimensions={"Queue": "orders"}, statistics=["Maximum"])
    put_fetched(lake, 600, 5.0)
    put_fetched(lake, 120, 9.0)
    refresh_due(lake)
    assert told(lake) == [("depth", "Maximum", 0, 5.0, None)]


def test_what_no_file_names_is_there_under_a_name_without_its_words(lake: Lake) -> None:
    put_fetched(lake, 120, 9.0)
    refresh_due(lake)
    (row,) = rows(lake)
    assert row["metric"].startswith("unnamed-")
    assert (row["metric_name"], row["dimensions"], row["service"]) == ("Depth", '{"Queue": "orders"}', None)


# Erasure and retention ------------------------------------------------------------------------------------------------


def test_erasing_a_tenant_removes_all_of_its_metrics_and_no_others(named: Lake, tmp_path: Path) -> None:
    bad = request(gauge("queue.depth", {"asDouble": 1.0}))
    for tenant in ("acme", "globex"):
        put_metrics(named, [GOOD, bad], tenant=tenant)
    refresh_due(named)
    certificate = erase_tenant(named, "acme")
    areas = {"raw_metrics", "metric_receipts", "metric_files", "service_metrics", "quarantine"}
    assert {area: certificate.objects[area] for area in areas} == dict.fromkeys(areas, 1)
    assert [entry.key for entry in named.store.list("") if "tenant=acme/" in entry.key] == []
    assert rows(named, tenant="globex")
    put_metrics(named, [GOOD], "again.json.gz")
    refresh_due(named)
    assert rows(named) == []


def kept_for(lake: Lake, days: int, now: timedelta) -> Lake:
    flags = make_lake(Path(lake.config), {"retention.metrics_days": days})
    return dataclasses.replace(flags, clock=lambda: NOW + now)


def test_rows_outlive_their_objects_and_go_when_their_own_time_has_come(named: Lake) -> None:
    put_metrics(named, [GOOD])
    refresh_due(named)
    before = rows(named)
    # 38 hours after the object arrived: its hour is over for a day, the day of its rows is not.
    later = kept_for(named, 1, timedelta(hours=24))
    assert retain(later).removed["raw_metrics"] == 1
    name_metric(later, "more", metric="other")
    refresh_metrics(later, HOUR, replay=True)
    assert rows(later) == before, "what it was made from is gone"
    gone = retain(kept_for(named, 1, timedelta(hours=40))).removed
    assert (gone["service_metrics"], gone["metric_files"]) == (1, 1)
    assert all_hours(later) == set()


def test_an_object_that_was_not_read_yet_is_kept(named: Lake) -> None:
    put_metrics(named, [GOOD])
    outcome = retain(kept_for(named, 1, timedelta(days=30)))
    assert (outcome.removed["raw_metrics"], outcome.postponed["raw_metrics"]) == (0, 1)
