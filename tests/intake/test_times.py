"""Times in every syntax that logs use, exact to the nanosecond."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.intake.formats.times import SECOND, head_time, parse_time
from logsight_assets.intake.records import ParseContext

CONTEXT = ParseContext(datetime(2025, 6, 1, 10, tzinfo=UTC))
NOON = 1748772000  # 2025-06-01T10:00:00Z


@pytest.mark.parametrize(
    ("value", "nanos"),
    [
        (NOON, 0),
        (NOON * 1000 + 123, 123_000_000),
        (NOON * 1_000_000 + 123_456, 123_456_000),
        (NOON * SECOND + 123_456_789, 123_456_789),
        (NOON + 0.5, 500_000_000),
        ("1748772000", 0),
        ("1748772000.000000001", 1),
        ("1748772000123", 123_000_000),
        ("1748772000123456789", 123_456_789),
        ("2025-06-01T10:00:00Z", 0),
        ("2025-06-01T10:00:00.123456789Z", 123_456_789),
        ("2025-06-01T10:00:00.1234567899Z", 123_456_789),
        ("2025-06-01T15:30:00+05:30", 0),
        ("2025-06-01T06:00:00-0400", 0),
        ("2025-06-01T12:00:00+02", 0),
        ("2025-06-01 12:00:00 +0200", 0),
        ("2025-06-01 10:00:00", 0),
        ("2025-06-01 10:00:00,123", 123_000_000),
        ("2025-06-01T10:00Z", 0),
        ("2025/06/01 10:00:00", 0),
        ("20250601T100000Z", 0),
        ("20250601100000", 0),
        ("2025-06-01 03:00:00.123 PDT", 123_000_000),
        ("2025-06-01T12:00:00+02:00[Europe/Paris]", 0),
        ("2025-06-01 10:00:00.123 +0000 UTC", 123_000_000),
        ("Sun, 01 Jun 2025 10:00:00 GMT", 0),
        ("Sunday, 01-Jun-25 10:00:00 GMT", 0),
        ("Sun Jun  1 10:00:00.123456 2025", 123_456_000),
        ("Sun Jun  1 10:00:00 UTC 2025", 0),
        ("01/Jun/2025:12:00:00 +0200", 0),
        ("01-Jun-2025 10:00:00.123", 123_000_000),
        ("01 Jun 2025 10:00:00.123", 123_000_000),
        ("01 Jun 10:00:00.123", 123_000_000),
        ("Jun 1, 2025 10:00:00 AM", 0),
        ("06/01/2025 10:00:00 AM", 0),
        ("01.06.2025 10:00:00", 0),
        ("25/06/01 10:00:00", 0),
        ("250601 10:00:00", 0),
        ("Jun  1 10:00:00", 0),
        ("Jun  1 10:00:00.5", 500_000_000),
        ({"$date": "2025-06-01T10:00:00.000+00:00"}, 0),
        ({"$date": {"$numberLong": "1748772000000"}}, 0),
        ({"seconds": NOON, "nanos": 5}, 5),
        ({"epochSecond": NOON, "nanoOfSecond": 7}, 7),
    ],
    ids=str,
)
def test_one_instant_in_many_forms(value: object, nanos: int) -> None:
    assert parse_time(value, CONTEXT) == NOON * SECOND + nanos


@pytest.mark.parametrize(
    "value",
    [
        None, True, "", "-", "never", "12", 0, -1, 1, 99999999999, 10**30, float("nan"), float("inf"), -5.5, [], {},
        "2025-02-30T10:00:00Z", "2025-06-01T25:00:00Z", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", "x" * 500,
        {"seconds": "x"}, {"$date": {"$date": 1}}, "١٧٤٨٧٧٢٠٠٠",
    ],
    ids=str,
)  # fmt: skip
def test_what_is_no_time_or_impossible_gives_none(value: object) -> None:
    assert parse_time(value, CONTEXT) is None


@pytest.mark.parametrize(
    ("arrival", "text", "expected"),
    [
        (datetime(2025, 1, 1, 0, tzinfo=UTC), "Dec 31 23:59:59", datetime(2024, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (datetime(2024, 12, 31, 23, tzinfo=UTC), "Jan  1 00:00:01", datetime(2025, 1, 1, 0, 0, 1, tzinfo=UTC)),
        (datetime(2025, 6, 1, 10, tzinfo=UTC), "Jun  2 09:00:00", datetime(2025, 6, 2, 9, tzinfo=UTC)),
        (datetime(2025, 6, 1, 10, tzinfo=UTC), "Jun  9 09:00:00", datetime(2024, 6, 9, 9, tzinfo=UTC)),
        (datetime(2025, 3, 1, 0, tzinfo=UTC), "Feb 29 12:00:00", datetime(2024, 2, 29, 12, tzinfo=UTC)),
    ],
    ids=["new-year-late", "new-year-early", "clock-ahead", "last-year", "leap-day"],
)
def test_a_time_without_year_is_the_latest_not_after_its_arrival(
    arrival: datetime, text: str, expected: datetime
) -> None:
    context = replace(CONTEXT, arrival_hour=arrival)
    assert parse_time(text, context) == int(expected.timestamp()) * SECOND


def test_a_time_without_offset_is_in_the_sources_zone() -> None:
    berlin, fixed = replace(CONTEXT, time_zone="Europe/Berlin"), replace(CONTEXT, time_zone="-04:00")
    assert parse_time("2025-06-01 12:00:00", berlin) == NOON * SECOND
    assert parse_time("2025-01-01 11:00:00", berlin) == parse_time("2025-01-01T10:00:00Z", CONTEXT)
    assert parse_time("2025-06-01 06:00:00", fixed) == NOON * SECOND
    assert parse_time("2025-06-01T10:00:00Z", berlin) == NOON * SECOND
    assert parse_time("2025-06-01 10:00:00", replace(CONTEXT, time_zone="No/Where")) == NOON * SECOND


def test_a_stated_unit_overrides_the_magnitude() -> None:
    assert parse_time(NOON * 1000, replace(CONTEXT, time_unit="ms")) == NOON * SECOND
    assert parse_time(NOON, replace(CONTEXT, time_unit="ms")) is None
    assert parse_time("1748772000000.5", replace(CONTEXT, time_unit="ms")) == NOON * SECOND + 500_000


@given(st.integers(946_684_800 * SECOND, 4_102_444_800 * SECOND - 1))
def test_nanoseconds_survive_every_exact_form(nanos: int) -> None:
    seconds, rest = divmod(nanos, SECOND)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert parse_time(nanos, CONTEXT) == nanos
    assert parse_time(str(nanos), CONTEXT) == nanos
    assert parse_time(f"{seconds}.{rest:09d}", CONTEXT) == nanos
    assert parse_time(f"{text}.{rest:09d}Z", CONTEXT) == nanos


@given(st.text(max_size=40) | st.binary(max_size=40))
def test_reading_a_time_never_raises(value: str | bytes) -> None:
    if isinstance(value, str):
        parse_time(value, CONTEXT)
    else:
        head_time(value, CONTEXT)


@pytest.mark.parametrize(
    ("line", "rest"),
    [
        (b"2025-06-01 10:00:00 INFO x", b" INFO x"),
        (b"2025-06-01 10:00:00,123:DEBUG:x", b":DEBUG:x"),
        (b"2025-06-01 10:00:00.123 - name - x", b" - name - x"),
        (b"2025-06-01 10:00:00 UTC [1] x", b" [1] x"),
        (b"1748772000 hello", b" hello"),
        (b"17/06/09 20:10:40 INFO x", b" INFO x"),
    ],
    ids=["level", "colon", "dash", "zone", "epoch", "spark"],
)
def test_the_head_of_a_line_ends_where_its_time_ends(line: bytes, rest: bytes) -> None:
    head = head_time(line, CONTEXT)
    assert head is not None
    assert line[head.end :] == rest
