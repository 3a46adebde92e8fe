"""Times of log records as integer nanoseconds since 1970: numbers in any unit, ISO 8601, and what else servers write.

Arithmetic is on integers throughout: a float of seconds since 1970 is already 200 ns wrong. A time outside 2000…2099
counts as none. A time without an offset is in the source's zone (`ParseContext.time_zone`), else UTC. A time without a
year gets the latest year that puts it at most two days after the arrival hour, which is right over New Year and for a
clock in any zone. Which field of a record is its time is not decided here.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

from logsight_assets.intake.formats.time_syntax import Moment, Written, iso_end, read_written
from logsight_assets.intake.formats.zones import local_offset
from logsight_assets.intake.records import ParseContext

SECOND = 1_000_000_000
_EARLIEST = 946_684_800 * SECOND  # 2000-01-01
_LATEST = 4_102_444_800 * SECOND  # 2100-01-01
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
_YEARLESS_SLACK = 2 * 86_400
_UNITS = {"s": SECOND, "ms": 1_000_000, "us": 1_000, "µs": 1_000, "ns": 1}


class HeadTime(NamedTuple):
    """The time at the start of a line."""

    nanos: int | None  # None: a time of day without a date, or one that cannot be
    end: int  # where the time's text ends
    zoned: bool  # whether the text states its offset


def in_range(nanos: int) -> int | None:
    """`nanos`, or None when it lies outside 2000…2099."""
    return nanos if _EARLIEST <= nanos < _LATEST else None


def parse_time(value: object, context: ParseContext) -> int | None:
    """Nanoseconds since 1970 of a number or text in any known form, else None."""
    if isinstance(value, str):
        return _from_text(value, context)
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return _from_integer(value, context.time_unit)
    if isinstance(value, float):
        return _from_decimal(repr(value), context.time_unit)
    if isinstance(value, dict):
        return _from_parts(value, context)
    return None


def head_time(raw: bytes, context: ParseContext) -> HeadTime | None:
    """The time that a line begins with; None when it begins with none."""
    end = iso_end(raw)
    if end is not None:
        seconds = _iso_seconds(raw[:19])
        if seconds is None:
            return None
        nanos = _with_offset(seconds, end.nanos, end.offset, context)
        return HeadTime(nanos, end.end, end.offset is not None)
    written = read_written(raw)
    if written is None:
        return None
    if isinstance(written, Moment):
        return HeadTime(written_nanos(written, context), written.end, written.offset is not None)
    return HeadTime(_from_decimal(written.number, None), written.end, True) if written.number else None


def written_nanos(moment: Moment, context: ParseContext) -> int | None:
    """Nanoseconds of a calendar time; a missing year is resolved against the arrival hour."""
    if moment.month == 0:
        return None
    if moment.year is not None:
        days = _days(moment.year, moment.month, moment.day)
        if days is None:
            return None
        return _with_offset(days * 86_400 + moment.second_of_day, moment.nanos, moment.offset, context)
    return _without_year(moment, context)


def _without_year(moment: Moment, context: ParseContext) -> int | None:
    arrival = context.arrival_hour
    if arrival.tzinfo is None:
        arrival = arrival.replace(tzinfo=UTC)
    latest = (int(arrival.timestamp()) + _YEARLESS_SLACK) * SECOND
    for year in range(arrival.year + 1, arrival.year - 9, -1):  # 29 February may lie eight years back (1900, 2100)
        days = _days(year, moment.month, moment.day)
        if days is None:
            continue
        nanos = _with_offset(days * 86_400 + moment.second_of_day, moment.nanos, moment.offset, context)
        if nanos is not None and nanos <= latest:
            return nanos
    return None


def _with_offset(local_seconds: int, nanos: int, offset: int | None, context: ParseContext) -> int | None:
    if offset is None:
        offset = local_offset(local_seconds, context.time_zone) if context.time_zone else 0
    return in_range((local_seconds - offset) * SECOND + nanos)


def _from_text(text: str, context: ParseContext) -> int | None:
    raw = text.encode("utf-8", "replace")
    end = iso_end(raw)
    if end is not None and end.end == len(raw):
        seconds = _iso_seconds(raw[:19])
        return None if seconds is None else _with_offset(seconds, end.nanos, end.offset, context)
    raw = raw.strip(b" \t\r\n\"'")
    if raw[:1] == b"[":
        raw = raw[1:].rstrip(b"]")
    if not raw or len(raw) > 64:
        return None
    if _is_number(raw):
        numeric = _from_decimal(raw.decode("ascii"), context.time_unit)
        if numeric is not None:
            return numeric
    written = _written_text(raw)
    if isinstance(written, Moment) and _is_zone_rest(raw[written.end :]):
        return written_nanos(written, context)
    return None


def _is_number(raw: bytes) -> bool:
    return raw.replace(b".", b"", 1).isdigit()


def _is_zone_rest(rest: bytes) -> bool:
    """Whether what follows a time is nothing, a zone name that we do not know, or Java's `[Europe/Paris]`."""
    rest = rest.strip()
    if not rest:
        return True
    if rest[:1] in (b"[", b"("):
        return rest[-1:] in (b"]", b")")
    return rest.isalpha() and rest.isupper() and len(rest) <= 5


def _from_integer(value: int, unit: str | None) -> int | None:
    if unit is not None and unit in _UNITS:
        return in_range(value * _UNITS[unit])
    # The ranges of seconds, ms, µs and ns between 2000 and 2099 are disjoint: each spans a factor of 4.3 in 1000.
    if value < 100_000_000_000:
        return in_range(value * SECOND)
    if value < 100_000_000_000_000:
        return in_range(value * 1_000_000)
    if value < 100_000_000_000_000_000:
        return in_range(value * 1_000)
    return in_range(value)


def _from_decimal(number: str, unit: str | None) -> int | None:
    """A decimal number as text: exact to the nanosecond, whatever its unit."""
    whole, point, fraction = number.partition(".")
    if not point:
        return _from_integer(int(number), unit) if number.isdigit() and len(number) <= 24 else None
    if not (whole.isdigit() and fraction.isdigit() and len(number) <= 40):
        try:
            plain = format(Decimal(number), "f") if len(number) <= 40 else ""
        except InvalidOperation:
            return None
        if "e" in plain.lower() or not plain.replace(".", "", 1).isdigit() or len(plain) > 60:
            return None
        whole, point, fraction = plain.partition(".")
    scale = _UNITS.get(unit or "") or _scale(int(whole))
    digits = (fraction + "000000000")[:9]
    return in_range(int(whole) * scale + int(digits) * scale // SECOND)


def _scale(whole: int) -> int:
    if whole < 100_000_000_000:
        return SECOND
    if whole < 100_000_000_000_000:
        return 1_000_000
    return 1_000 if whole < 100_000_000_000_000_000 else 1


def _from_parts(value: dict[object, object], context: ParseContext) -> int | None:
    """MongoDB's `{"$date": …}`, also with `$numberLong`, and protobuf's `{"seconds": …, "nanos": …}`."""
    if "$date" in value or "$numberLong" in value:
        inner = value.get("$date", value.get("$numberLong"))
        if isinstance(inner, dict) and "$numberLong" in inner:
            inner = inner["$numberLong"]
        return None if isinstance(inner, dict) else parse_time(inner, context)
    seconds, nanos = value.get("seconds", value.get("epochSecond")), value.get("nanos", value.get("nanoOfSecond", 0))
    if isinstance(seconds, str) and seconds.isdigit() and len(seconds) < 20:
        seconds = int(seconds)
    if isinstance(seconds, int) and isinstance(nanos, int) and 0 <= nanos < SECOND:
        return in_range(seconds * SECOND + nanos)
    return None


@lru_cache(maxsize=4096)
def _written_text(raw: bytes) -> Moment | Written | None:
    """`read_written` of a whole text: neighbouring records share their second, and an expression costs 8 to 15 µs."""
    return read_written(raw)


@lru_cache(maxsize=4096)
def _days(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal() - _EPOCH_ORDINAL
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def _iso_seconds(raw: bytes) -> int | None:
    """`2025-06-01T10:00:00`, already known to have its digits and marks, as seconds since 1970 on its own clock."""
    days = _days(int(raw[:4]), int(raw[5:7]), int(raw[8:10]))
    hour, minute, second = int(raw[11:13]), int(raw[14:16]), int(raw[17:19])
    if days is None or hour > 23 or minute > 59 or second > 60:  # 60: a leap second
        return None
    return days * 86_400 + hour * 3600 + minute * 60 + second


def hour_nanos(hour: datetime) -> int:
    """Nanoseconds of an arrival hour's start."""
    if hour.tzinfo is None:
        hour = hour.replace(tzinfo=UTC)
    return int(hour.timestamp()) * SECOND


__all__ = ["SECOND", "HeadTime", "Written", "head_time", "hour_nanos", "in_range", "parse_time", "written_nanos"]
