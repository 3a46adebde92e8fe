"""What a report is about, a UTC day or an ISO week, and what it is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self, TypeAlias

from logsight_assets.timeline import Hour, hours_between, parse_day, week_start

Kind: TypeAlias = Literal["daily", "weekly"]
_DAYS = {"daily": 1, "weekly": 7}


@dataclass(frozen=True)
class Period:
    """A day, or a week from Monday to Sunday."""

    kind: Kind
    first: date

    @classmethod
    def day(cls, text: str) -> Self:
        """The day `YYYY-MM-DD`; UsageError otherwise."""
        return cls("daily", parse_day(text).date())

    @classmethod
    def week(cls, text: str) -> Self:
        """The ISO week `YYYY-Www`; UsageError otherwise."""
        return cls("weekly", week_start(text).date())

    @classmethod
    def week_of(cls, day: date) -> Self:
        return cls("weekly", day - timedelta(days=day.weekday()))

    @property
    def name(self) -> str:
        """`YYYY-MM-DD`, or `YYYY-Www`: in a path and on the command line."""
        year, week, _ = self.first.isocalendar()
        return self.first.isoformat() if self.kind == "daily" else f"{year:04}-W{week:02}"

    @property
    def title(self) -> str:
        """For people: `Monday 2 June 2025`, or `Week 23 of 2025 (2 June to 8 June)`."""
        if self.kind == "daily":
            return f"{self.first:%A} {_day(self.first)} {self.first.year}"
        year, week, _ = self.first.isocalendar()
        return f"Week {week} of {year} ({_day(self.first)} to {_day(self.last)})"

    @property
    def short(self) -> str:
        """For headings of columns: `Mon 2 June`, or `week 23`."""
        return f"{self.first:%a} {_day(self.first)}" if self.kind == "daily" else f"week {self.first.isocalendar()[1]}"

    @property
    def last(self) -> date:
        return self.first + timedelta(days=_DAYS[self.kind] - 1)

    @property
    def days(self) -> list[str]:
        return [(self.first + timedelta(days=offset)).isoformat() for offset in range(_DAYS[self.kind])]

    @property
    def start(self) -> Hour:
        return Hour.of(parse_day(self.first.isoformat()))

    @property
    def end(self) -> Hour:
        """The first hour after it."""
        return self.start + 24 * _DAYS[self.kind]

    @property
    def hours(self) -> list[Hour]:
        return list(hours_between(self.start, self.end))

    @property
    def before(self) -> Period:
        """The day or week before."""
        return Period(self.kind, self.first - timedelta(days=_DAYS[self.kind]))

    @property
    def same_weekday(self) -> Period | None:
        """The same weekday a week before; a week has none."""
        return Period(self.kind, self.first - timedelta(days=7)) if self.kind == "daily" else None

    @property
    def baselines(self) -> dict[str, Period]:
        """What it is compared with, by name: `before`, and for a day `weekday`."""
        weekday = self.same_weekday
        return {"before": self.before} | ({"weekday": weekday} if weekday else {})


def _day(day: date) -> str:
    return f"{day.day} {day:%B}"
