"""Numbers of a report against rows that were written and counted by hand; with the engine, for SQL is half of it."""

from __future__ import annotations

import random

import pytest

from logsight_assets.lake import Lake
from logsight_assets.reports.gather import gather, gather_all
from logsight_assets.reports.measured import Measured
from logsight_assets.reports.number_rows import number_rows
from logsight_assets.reports.period import Period
from logsight_assets.reports.rows import Service
from logsight_assets.timeline import Hour
from logsight_assets.trends.histogram import bucket_of, estimate
from resources.query_engine import QueryEngine
from tests.reports.lakes import BEFORE, DAY, MS, WEEKDAY, Lines, put_states, put_trends, whole_days

PERIOD = Period.day(DAY)
CHECKOUT, PAYMENT = Service("", "checkout"), Service("", "payment")


def counts(measured: Measured) -> tuple[int, int]:
    return measured.events, measured.errors


def test_counts_of_a_day_its_day_before_and_its_weekday(lake: Lake, engine: QueryEngine) -> None:
    lines = [
        Lines(f"{DAY}T01", 10, 2),
        Lines(f"{DAY}T01", 5, service="payment"),
        Lines(f"{DAY}T23", 3, 3),
        Lines(f"{BEFORE}T01", 7, 1),
        Lines(f"{BEFORE}T23", 4),
        Lines(f"{WEEKDAY}T01", 100),
        Lines("2025-06-08T01", 999),  # no window of this report
    ]
    put_trends(lake, "acme", lines)
    put_states(lake, "acme", whole_days("shop", DAY, BEFORE, WEEKDAY))
    numbers = gather(lake, engine, PERIOD, "acme").numbers
    assert counts(numbers.total.whole) == (18, 5)
    before, weekday = numbers.total.changes["before"], numbers.total.changes["weekday"]
    assert (before.hours, counts(before.now), counts(before.then)) == (24, (18, 5), (11, 1))
    assert (weekday.hours, counts(weekday.now), counts(weekday.then)) == (24, (18, 5), (100, 0))
    assert {service: counts(part.whole) for service, part in numbers.parts.items()} == {
        CHECKOUT: (13, 5),
        PAYMENT: (5, 0),
    }
    assert [(each.hour.hh, each.events, each.errors, each.before) for each in numbers.hours if each.events] == [
        ("01", 15, 2, 7),
        ("23", 3, 3, 4),
    ]


def test_only_hours_of_which_both_sides_know_something_are_compared(lake: Lake, engine: QueryEngine) -> None:
    """The day is in until 03:00, the day before begins at 02:00: one hour is comparable."""
    put_trends(
        lake,
        "acme",
        [Lines(f"{DAY}T{hour:02}", 10) for hour in range(3)]
        + [Lines(f"{BEFORE}T{hour:02}", 1) for hour in range(2, 24)],
    )
    numbers = gather(lake, engine, PERIOD, "acme").numbers
    change = numbers.total.changes["before"]
    assert (numbers.total.whole.events, change.hours, change.now.events, change.then.events) == (30, 1, 10, 1)
    assert "weekday" not in numbers.total.changes
    assert len(numbers.quality.missing) == 21
    assert str(numbers.data_until) == f"{DAY}T03"


def test_an_hour_without_events_counts_as_known_if_it_was_read(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T00", 10), Lines(f"{BEFORE}T05", 4)])
    put_states(lake, "acme", whole_days("shop", DAY, BEFORE))
    numbers = gather(lake, engine, PERIOD, "acme").numbers
    assert (numbers.quality.missing, numbers.total.changes["before"].then.events) == ((), 4)


def test_open_hours_come_from_the_minutes(lake: Lake, engine: QueryEngine) -> None:
    lines = [Lines(f"{DAY}T00", 3, 1, duration_ms=5), Lines(f"{DAY}T01", 4, duration_ms=5)]
    put_trends(lake, "acme", lines)
    closed = gather(lake, engine, PERIOD, "acme")
    put_trends(lake, "acme", lines, open_hours=[f"{DAY}T01"])
    opened = gather(lake, engine, PERIOD, "acme")
    assert closed.numbers == opened.numbers
    assert closed.parts == opened.parts, "closing an hour changes nothing that a report is made from"


def test_quantiles_are_those_of_the_exact_histogram(lake: Lake, engine: QueryEngine) -> None:
    lines = [Lines(f"{DAY}T00", 90, duration_ms=10), Lines(f"{DAY}T00", 9, service="payment", duration_ms=200)]
    lines += [Lines(f"{DAY}T01", 1, service="payment", duration_ms=3000)]
    put_trends(lake, "acme", lines)
    numbers = gather(lake, engine, PERIOD, "acme").numbers
    ms = {value: estimate(bucket_of(value * MS)) for value in (10, 200, 3000)}
    whole = numbers.total.whole
    assert [whole.duration_ns(name) for name in ("p50", "p95", "p99")] == [ms[10], ms[200], ms[200]]
    assert numbers.parts[PAYMENT].whole.duration_ns("p99") == ms[3000]
    hours = [Hour.parse(f"{DAY}T{hour}") for hour in ("00", "01")]
    assert numbers.slowest == {CHECKOUT: {hours[0]: ms[10]}, PAYMENT: {hours[0]: ms[200], hours[1]: ms[3000]}}


def test_a_service_of_two_environments_is_two(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T00", 1, environment="prod"), Lines(f"{DAY}T00", 2, environment="test")])
    numbers = gather(lake, engine, PERIOD, "acme").numbers
    assert sorted(numbers.names.values()) == ["checkout (prod)", "checkout (test)"]


def test_a_service_without_an_environment_is_told_from_one_that_has_one(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T00", 1, environment="prod"), Lines(f"{DAY}T00", 2)])
    numbers = gather(lake, engine, PERIOD, "acme").numbers
    assert sorted(numbers.names.values()) == ["checkout (no environment)", "checkout (prod)"]


def test_a_week_is_compared_with_the_week_before(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T10", 5), Lines(f"{WEEKDAY}T10", 2), Lines(f"{WEEKDAY}T11", 50)])
    numbers = gather(lake, engine, Period.week("2025-W24"), "acme").numbers
    change = numbers.total.changes["before"]
    assert (change.hours, change.now.events, change.then.events) == (1, 5, 2)
    assert list(numbers.total.changes) == ["before"]


def test_the_platform_is_the_sum_of_its_tenants(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T00", 10, 1, duration_ms=10), Lines(f"{BEFORE}T00", 4)])
    put_trends(lake, "globex", [Lines(f"{DAY}T00", 20, 2, duration_ms=10), Lines(f"{DAY}T01", 7)])
    put_trends(lake, "_platform", [Lines(f"{DAY}T02", 5, service="kernel")])
    found = gather_all(lake, engine, PERIOD)
    assert [each.numbers.tenant for each in found] == ["acme", "globex", "_platform"]
    platform = found[-1].numbers
    assert counts(platform.total.whole) == (42, 3)
    assert platform.total.whole.durations == {bucket_of(10 * MS): 30}
    assert {service.name: part.whole.events for service, part in platform.parts.items()} == {
        "_platform": 5,
        "acme": 10,
        "globex": 27,
    }
    assert [each.events for each in platform.hours][:4] == [30, 7, 5, 0]
    change = platform.total.changes["before"]
    assert (change.now.events, change.then.events) == (10, 4), "only acme's hour has a counterpart"


def test_the_rows_say_what_the_numbers_say(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T00", 10, 4, duration_ms=1), Lines(f"{BEFORE}T00", 8, 1)])
    rows = number_rows(gather(lake, engine, PERIOD, "acme").numbers).to_pylist()
    held = {(row["section"], row["service"], row["item"], row["measure"]): row for row in rows}
    total = held["total", "", "", "event_count"]
    assert (total["kind"], total["period"]) == ("daily", DAY)
    assert [total[name] for name in ("value", "value_like_before", "before", "weekday")] == [10, 10, 8, None]
    assert held["service", "checkout", "", "error_count"]["value"] == 4
    assert held["hour", "", f"{DAY}T00", "event_count"]["before"] == 8
    assert held["hour", "", f"{DAY}T01", "event_count"]["value"] is None, "nothing is known of it"
    assert held["quality", "", "", "missing_hours"]["value"] == 23


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_lines_changes_nothing(lake: Lake, engine: QueryEngine, seed: int) -> None:
    lines = [
        Lines(f"{day}T{hour:02}", 1 + hour, hour % 3, service=service, pattern=hour % 5, duration_ms=1 + hour)
        for day in (DAY, BEFORE)
        for hour in range(6)
        for service in ("checkout", "payment")
    ]
    put_trends(lake, "acme", lines)
    first = gather(lake, engine, PERIOD, "acme").numbers
    random.Random(seed).shuffle(lines)
    put_trends(lake, "acme", lines)
    assert gather(lake, engine, PERIOD, "acme").numbers == first
