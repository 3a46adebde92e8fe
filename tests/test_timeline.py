"""Hours are whole numbers: what is written, read and counted with them, at the edges of days, months and years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.errors import UsageError
from logsight_assets.timeline import (
    HOUR_NS,
    Hour,
    days_of_month,
    hours_between,
    hours_of_day,
    parse_day,
    utc_now,
)

HOUR = Hour.parse("2025-06-01T09")
_hours = st.builds(Hour, st.integers(0, 2_000_000))  # up to the year 2198


def test_an_hour_has_its_names_in_paths_and_partitions() -> None:
    assert (HOUR.day, HOUR.hh, HOUR.month) == ("2025-06-01", "09", "2025-06")
    assert HOUR.path == "dt=2025-06-01/hour=09"
    assert HOUR.partition_key == "2025-06-01-09:00"
    assert str(HOUR) == "2025-06-01T09"


def test_an_hour_holds_its_start_and_not_its_end() -> None:
    assert HOUR.start == datetime(2025, 6, 1, 9, tzinfo=UTC)
    assert Hour.of(HOUR.start) == HOUR
    assert Hour.of(HOUR.end - timedelta(microseconds=1)) == HOUR
    assert Hour.of(HOUR.end) == HOUR + 1
    assert Hour.of_nano(HOUR.start_nano + HOUR_NS - 1) == HOUR
    assert Hour.of_nano(HOUR.start_nano + HOUR_NS) == HOUR + 1


def test_moments_before_1970_fall_into_the_hour_that_holds_them() -> None:
    assert Hour.of_nano(-1) == Hour(-1)
    assert str(Hour.of_nano(-1)) == "1969-12-31T23"


@pytest.mark.parametrize("offset", [timedelta(hours=-12), timedelta(hours=5, minutes=45), timedelta(hours=14)])
def test_a_zone_changes_the_clock_and_not_the_hour(offset: timedelta) -> None:
    moment = datetime(2025, 6, 1, 9, 30, tzinfo=UTC)
    assert Hour.of(moment.astimezone(timezone(offset))) == HOUR


@pytest.mark.parametrize(
    "text",
    [
        "2025-06-01T09",
        "2025-06-01 09",
        "2025-06-01-09:00",
        "2025-06-01T09:00",
        "2025-06-01T09:00:00Z",
        "2025-06-01T09Z",
        "  2025-06-01T09\n",
    ],
)
def test_an_hour_is_read_in_every_usual_writing(text: str) -> None:
    assert Hour.parse(text) == HOUR


@pytest.mark.parametrize(
    "text", ["", "now", "2025-06-01", "2025-6-1T9", "2025-06-01T09:30", "2025-06-01T09+02:00", "2025-06-01T09T10"]
)
def test_what_is_no_hour_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(UsageError, match="YYYY-MM-DDTHH, for example"):
        Hour.parse(text)


@pytest.mark.parametrize("text", ["2025-02-29T00", "2025-13-01T00", "2025-06-31T00", "2025-06-01T24", "0000-01-01T00"])
def test_an_hour_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        Hour.parse(text)


@given(_hours)
def test_what_is_written_is_read_back(hour: Hour) -> None:
    assert Hour.parse(str(hour)) == hour
    assert Hour.parse(hour.partition_key) == hour
    assert Hour.parse(f"{hour.day}T{hour.hh}") == hour
    assert Hour.of_nano(hour.start_nano) == Hour.of(hour.start) == hour


@given(_hours, _hours)
def test_hours_sort_as_their_texts_do(one: Hour, two: Hour) -> None:
    assert (one < two) == (str(one) < str(two))


@given(_hours, st.integers(-1000, 1000))
def test_adding_hours_is_adding_time(hour: Hour, count: int) -> None:
    assert (hour + count).start == hour.start + timedelta(hours=count)
    assert hour + count - count == hour


def test_a_range_has_its_start_and_not_its_end() -> None:
    late = Hour.parse("2025-12-31T22")
    assert [str(hour) for hour in hours_between(late, late + 4)] == [
        "2025-12-31T22",
        "2025-12-31T23",
        "2026-01-01T00",
        "2026-01-01T01",
    ]
    assert list(hours_between(late, late)) == []
    assert list(hours_between(late, late - 1)) == []


def test_a_day_has_24_hours_also_where_clocks_change() -> None:
    for day in ("2025-03-30", "2025-10-26"):
        hours = hours_of_day(day)
        assert [hour.hh for hour in hours] == [f"{n:02d}" for n in range(24)]
        assert {hour.day for hour in hours} == {day}


@pytest.mark.parametrize(("month", "count"), [("2025-01", 31), ("2025-02", 28), ("2024-02", 29), ("2025-12", 31)])
def test_a_month_has_its_days_in_order(month: str, count: int) -> None:
    assert days_of_month(month) == [f"{month}-{day:02d}" for day in range(1, count + 1)]


def test_a_day_begins_at_midnight_utc() -> None:
    assert parse_day("2025-06-01") == datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "2025-06", "2025-06-31", "01.06.2025", "2025-06-01T00", "2025-6-1"])
def test_what_is_no_day_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not written as YYYY-MM-DD"):
        parse_day(text)


def test_the_clock_of_a_running_product_shows_utc() -> None:
    assert utc_now().tzinfo is UTC
