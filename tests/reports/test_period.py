"""Days and weeks, and which hours of them are added up."""

from __future__ import annotations

import pytest

from logsight_assets.errors import UsageError
from logsight_assets.reports.period import Period
from logsight_assets.reports.slices import Slice, slices_of
from logsight_assets.timeline import Hour


@pytest.mark.parametrize(
    ("period", "name", "title", "before", "weekday"),
    [
        (Period.day("2025-06-10"), "2025-06-10", "Tuesday 10 June 2025", "2025-06-09", "2025-06-03"),
        (Period.day("2024-03-01"), "2024-03-01", "Friday 1 March 2024", "2024-02-29", "2024-02-23"),
        (Period.week("2025-W01"), "2025-W01", "Week 1 of 2025 (30 December to 5 January)", "2024-W52", None),
        (Period.week("2020-W53"), "2020-W53", "Week 53 of 2020 (28 December to 3 January)", "2020-W52", None),
    ],
    ids=["a_day", "a_leap_day_before", "the_first_week", "a_53rd_week"],
)
def test_a_period_and_what_it_is_compared_with(
    period: Period, name: str, title: str, before: str, weekday: str | None
) -> None:
    assert (period.name, period.title, period.before.name) == (name, title, before)
    assert (period.same_weekday.name if period.same_weekday else None) == weekday
    assert len(period.hours) == (24 if weekday else 168)
    assert (period.hours[0].hh, period.end) == ("00", period.hours[-1] + 1)


@pytest.mark.parametrize("text", ["2025-W54", "2025-W00", "2025W01", "2025-01-01", "", "2021-W53"])
def test_what_is_no_week_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="YYYY-Www"):
        Period.week(text)


def test_a_comparison_takes_hours_that_both_sides_know() -> None:
    period = Period.day("2025-06-10")
    known = {
        Hour.parse(f"{day}T{hh}") for day, hh in [("2025-06-10", "01"), ("2025-06-10", "02"), ("2025-06-09", "02")]
    }
    found = {name: [str(hour) for hour in hours] for name, hours in slices_of(period, known).items()}
    assert found == {
        Slice.PERIOD: ["2025-06-10T01", "2025-06-10T02"],
        Slice.BEFORE: ["2025-06-09T02"],
        Slice.PERIOD_LIKE_BEFORE: ["2025-06-10T02"],
        Slice.BEFORE_LIKE_PERIOD: ["2025-06-09T02"],
        Slice.WEEKDAY: [],
        Slice.PERIOD_LIKE_WEEKDAY: [],
        Slice.WEEKDAY_LIKE_PERIOD: [],
    }


def test_a_week_has_no_other_weekday() -> None:
    period = Period.week("2025-W24")
    slices = slices_of(period, {hour for each in (period, period.before) for hour in each.hours})
    assert (len(slices[Slice.BEFORE_LIKE_PERIOD]), slices[Slice.WEEKDAY]) == (168, ())
