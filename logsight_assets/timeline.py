"""Hours, days and months in UTC: the only units in which the lake is cut.

An `Hour` is a whole number of hours since 1970, so ranges are integer arithmetic and nothing depends on a zone.
Keep clocks out of here: whoever needs "now" is given a `Clock`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self, TypeAlias

from logsight_assets.errors import UsageError

Clock: TypeAlias = Callable[[], datetime]

HOUR_NS = 3_600_000_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_WEEK_TEXT = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_DAY_TEXT = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_HOUR_TEXT = re.compile(r"(\d{4})-(\d{2})-(\d{2})[T -](\d{2})(?::?00)?(?::00)?Z?")


@dataclass(frozen=True, order=True)
class Hour:
    """One UTC hour; `index` counts hours since 1970-01-01T00."""

    index: int

    @classmethod
    def of(cls, moment: datetime) -> Self:
        """The hour that holds `moment`, which must carry a zone."""
        return cls((moment.astimezone(UTC) - _EPOCH) // timedelta(hours=1))

    @classmethod
    def of_nano(cls, unix_nano: int) -> Self:
        return cls(unix_nano // HOUR_NS)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `YYYY-MM-DDTHH`, or Dagster's partition key `YYYY-MM-DD-HH:00`."""
        match = _HOUR_TEXT.fullmatch(text.strip())
        if not match:
            raise UsageError(f"hour {text!r} is not written as YYYY-MM-DDTHH, for example 2025-06-01T09")
        year, month, day, hour = map(int, match.groups())
        try:
            return cls.of(datetime(year, month, day, hour, tzinfo=UTC))
        except ValueError as error:
            raise UsageError(f"hour {text!r} does not exist: {error}") from error

    @property
    def start(self) -> datetime:
        return _EPOCH + timedelta(hours=self.index)

    @property
    def end(self) -> datetime:
        return self.start + timedelta(hours=1)

    @property
    def start_nano(self) -> int:
        return self.index * HOUR_NS

    @property
    def day(self) -> str:
        """`YYYY-MM-DD`: the value of `dt=` in a path."""
        return f"{self.start:%Y-%m-%d}"

    @property
    def month(self) -> str:
        """`YYYY-MM`: the value of `month=` in a path."""
        return f"{self.start:%Y-%m}"

    @property
    def hh(self) -> str:
        """`HH`: the value of `hour=` in a path."""
        return f"{self.start:%H}"

    @property
    def path(self) -> str:
        """`dt=YYYY-MM-DD/hour=HH`."""
        return f"dt={self.day}/hour={self.hh}"

    @property
    def partition_key(self) -> str:
        """Dagster's key of the hourly partition."""
        return f"{self.start:%Y-%m-%d-%H:00}"

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H}"

    def __add__(self, hours: int) -> Hour:
        return Hour(self.index + hours)

    def __sub__(self, hours: int) -> Hour:
        return Hour(self.index - hours)


def nano_of(naive: datetime) -> int:
    """Nanoseconds since 1970 of a column's time: columns have no zone and mean UTC, to the microsecond."""
    return (naive.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1) * 1000


def hours_between(start: Hour, end: Hour) -> Iterator[Hour]:
    """Every hour from `start` to `end`, exclusive."""
    return (Hour(index) for index in range(start.index, end.index))


def hours_of_day(day: str) -> list[Hour]:
    first = Hour.of(parse_day(day))
    return [first + offset for offset in range(24)]


def days_of_month(month: str) -> list[str]:
    first = parse_day(f"{month}-01")
    days = (first + timedelta(days=offset) for offset in range(31))
    return [f"{day:%Y-%m-%d}" for day in days if f"{day:%Y-%m}" == month]


def parse_day(text: str) -> datetime:
    """Start of the day `YYYY-MM-DD`, UTC."""
    fault = f"day {text!r} is not written as YYYY-MM-DD"
    if not _DAY_TEXT.fullmatch(text):
        raise UsageError(fault)
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError as error:
        raise UsageError(fault) from error


def week_start(text: str) -> datetime:
    """Start of the Monday of the ISO week `YYYY-Www`, UTC."""
    match = _WEEK_TEXT.fullmatch(text)
    try:
        if match:
            return datetime.fromisocalendar(int(match[1]), int(match[2]), 1).replace(tzinfo=UTC)
    except ValueError:
        pass
    raise UsageError(f"week {text!r} is not written as YYYY-Www, for example 2025-W23")


def utc_now() -> datetime:
    """The clock of a running product; tests pass their own."""
    return datetime.now(UTC)
