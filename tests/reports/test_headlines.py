"""What changed, in five lines: which lines are said, in which order, and which are not."""

from __future__ import annotations

from logsight_assets.lake import Lake
from logsight_assets.reports.gather import gather, gather_all
from logsight_assets.reports.headlines import MOST, Headline, headlines
from logsight_assets.reports.period import Period
from resources.query_engine import QueryEngine
from tests.reports.lakes import BEFORE, DAY, WEEKDAY, Lines, put_states, put_trends, whole_days

PERIOD = Period.day(DAY)
DAYS = (DAY, BEFORE, WEEKDAY)
STEADY = [Lines(f"{day}T{hour:02}", 100, 1, duration_ms=20) for day in DAYS for hour in range(24)]


def said(lake: Lake, engine: QueryEngine, *lines: Lines, known: bool = True) -> list[Headline]:
    put_trends(lake, "acme", lines)
    if known:
        put_states(lake, "acme", whole_days("shop", *DAYS))
    found = headlines(gather(lake, engine, PERIOD, "acme").numbers)
    assert len(found) <= MOST
    return found


def kinds(found: list[Headline]) -> list[str]:
    return [line.kind for line in found]


def text(found: list[Headline], kind: str) -> str:
    return next(line.text for line in found if line.kind == kind).replace("\u00a0", " ")


def test_a_calm_day_says_so(lake: Lake, engine: QueryEngine) -> None:
    found = said(lake, engine, *STEADY)
    assert [line.text.replace("\u00a0", " ") for line in found] == [
        "In all 2,400 events, 2,400 the day before; 1.0 % of them errors.",
        "The data is complete: all 24 hours of every source.",
    ]


def test_what_is_missing_is_said_first(lake: Lake, engine: QueryEngine) -> None:
    lines = [line for line in STEADY if line.hour not in (f"{DAY}T03", f"{DAY}T04")]
    found = said(lake, engine, *lines, Lines(f"{DAY}T05", 300, 300), known=False)
    assert kinds(found)[0] == "missing"
    assert text(found, "missing") == (
        "2 of 24 hours have no data (03:00 to 05:00); what follows is about the other 22 hours."
    )
    assert "in the same 22 hours of the day before" in text(found, "errors-up")


def test_open_and_unread_hours_are_said(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", STEADY)
    states = whole_days("shop", *DAYS) | {("shop", f"{DAY}T23"): "open", ("shop", f"{DAY}T22"): "behind"}
    put_states(lake, "acme", states)
    found = headlines(gather(lake, engine, PERIOD, "acme").numbers)
    assert text(found, "missing") == "2 hours may still grow (22:00 to 24:00): more is expected or not yet read."


def test_a_day_without_any_data_is_no_day_without_errors(lake: Lake, engine: QueryEngine) -> None:
    found = said(lake, engine, Lines(f"{BEFORE}T00", 500), known=False)
    assert [line.text for line in found] == ["No data: nothing is known of any of the 24 hours."]


def test_hours_without_events_are_said_though_the_data_is_complete(lake: Lake, engine: QueryEngine) -> None:
    found = said(lake, engine, *(line for line in STEADY if line.hour != f"{DAY}T07"))
    assert text(found, "no-event") == "No event at all in 1 hour (07:00 to 08:00), though the data is complete."


def test_without_anything_to_compare_with_nothing_is_new(lake: Lake, engine: QueryEngine) -> None:
    found = said(lake, engine, Lines(f"{DAY}T00", 500, 500), known=False)
    assert kinds(found) == ["missing", "incomparable", "total"]
    assert text(found, "incomparable") == (
        "Nothing to compare with: no data of the same hours of Mon 9 June and Tue 3 June."
    )


def test_errors_that_rose_lead_with_the_worst_and_name_the_others(lake: Lake, engine: QueryEngine) -> None:
    more = [Lines(f"{DAY}T10", 100, 90), Lines(f"{DAY}T10", 100, 50, service="payment")]
    calm = [Lines(f"{day}T10", 100, service="payment") for day in DAYS[1:]]
    found = said(lake, engine, *STEADY, *more, *calm)
    assert kinds(found)[0] == "errors-up"
    assert text(found, "errors-up") == (
        "checkout: errors rose to 4.6 % (114 of 2,500 events) from 1.0 % the day before; also payment (50.0 %)."
    )


def test_an_hour_of_errors_is_said_though_it_is_little_of_the_day(lake: Lake, engine: QueryEngine) -> None:
    """Also on the first day of a tenant, which has nothing to be compared with."""
    found = said(lake, engine, *(line for line in STEADY if line.hour.startswith(DAY)), Lines(f"{DAY}T13", 50, 40))
    assert text(found, "peak") == "Errors peaked at 13:00: 27.3 % (41 of 150 events), 1.0 % in all other hours."
    assert "peak" not in kinds(said(lake, engine, *STEADY))


def test_few_errors_do_not_shout(lake: Lake, engine: QueryEngine) -> None:
    few = [Lines(f"{DAY}T10", 12, 12, service="payment"), *(Lines(f"{d}T10", 12, service="payment") for d in DAYS[1:])]
    assert "errors-up" not in kinds(said(lake, engine, *STEADY, *few))


def test_a_tuesday_like_each_tuesday_is_no_news(lake: Lake, engine: QueryEngine) -> None:
    """Twice the events of the day before, as many as on the weekday before."""
    twice = [Lines(f"{day}T{hour:02}", 100, 1, duration_ms=20) for day in (DAY, WEEKDAY) for hour in range(24)]
    assert "volume" not in kinds(said(lake, engine, *STEADY, *twice))
    twice += [Lines(f"{DAY}T{hour:02}", 300, duration_ms=20) for hour in range(24)]
    found = said(lake, engine, *STEADY, *twice)
    assert text(found, "volume") == "checkout: 12,000 events, 2,400 the day before."


def test_what_fell_silent_and_what_is_slower(lake: Lake, engine: QueryEngine) -> None:
    batch = [Lines(f"{day}T02", 400, service="batch", pattern=7) for day in DAYS[1:]]
    slow = [Lines(f"{DAY}T12", 400, duration_ms=900), *(Lines(f"{d}T12", 400, duration_ms=30) for d in DAYS[1:])]
    found = said(lake, engine, *STEADY, *batch, *slow)
    assert text(found, "silent") == "batch fell silent: no event, 400 the day before."
    assert text(found, "slower") == "checkout is slower: 95 % took up to 898 ms, 30.1 ms the day before."
    assert kinds(found).index("silent") < kinds(found).index("slower")


def test_a_service_that_came_in_other_hours_of_the_week_has_not_fallen_silent(lake: Lake, engine: QueryEngine) -> None:
    """Of the week only Monday and Tuesday are in, and of the week before only the Tuesday is known."""
    batch = [Lines(f"{day}T02", 400, service="batch", pattern=7) for day in (BEFORE, WEEKDAY)]
    put_trends(lake, "acme", [*STEADY, *batch])
    week = Period.week("2025-W24")
    found = headlines(gather(lake, engine, week, "acme").numbers)
    assert "silent" not in kinds(found)


def test_a_service_that_appeared_is_said_with_its_errors(lake: Lake, engine: QueryEngine) -> None:
    """It has nothing to be compared with, so its errors cannot have risen."""
    found = said(lake, engine, *STEADY, Lines(f"{DAY}T02", 300, 150, service="search", pattern=8, mask="boot"))
    assert text(found, "appeared") == "search appeared: 300 events, 50.0 % of them errors, none the day before."
    assert kinds(found)[0] == "appeared", "new errors are more than a new line"
    calm = said(lake, engine, *STEADY, Lines(f"{DAY}T02", 300, service="search", pattern=8, mask="boot"))
    assert text(calm, "appeared") == "search appeared: 300 events, none the day before."
    known = [Lines(f"{WEEKDAY}T09", 1, service="search", pattern=8)]
    again = said(lake, engine, *STEADY, *known, Lines(f"{DAY}T02", 300, service="search", pattern=8, mask="boot"))
    assert "appeared" not in kinds(again), "it was there a week before"


def test_a_long_name_does_not_make_a_long_line(lake: Lake, engine: QueryEngine) -> None:
    name = "com.example." + "orders." * 40
    lines = [Lines(f"{DAY}T02", 300, 150, service=name, pattern=8, mask="boot", duration_ms=900)]
    lines += [Lines(f"{day}T02", 300, service=name, pattern=9, mask="ran", duration_ms=9) for day in DAYS[1:]]
    found = said(lake, engine, *STEADY, *lines)
    assert {"errors-up", "slower", "new", "gone"} <= set(kinds(found))
    assert max(len(line.text) for line in found) < 200


def test_a_line_counts_what_its_section_counts(lake: Lake, engine: QueryEngine) -> None:
    """A template of two lines is no reason for a line, but where there is one it says the same number as below."""
    lines = [Lines(f"{DAY}T01", count, pattern=10 + count, mask=f"kind {count}") for count in (2, 40, 50)]
    lines += [Lines(f"{day}T01", n, pattern=20 + n, mask=f"gone {n}") for day in DAYS[1:] for n in (12, 60)]
    put_trends(lake, "acme", [*STEADY, *lines])
    put_states(lake, "acme", whole_days("shop", *DAYS))
    numbers = gather(lake, engine, PERIOD, "acme").numbers
    found = headlines(numbers)
    assert (len(numbers.novelties.new), len(numbers.novelties.gone)) == (3, 2)
    assert text(found, "new") == "3 new templates, the most in checkout (50 lines):"
    assert text(found, "gone") == "2 templates that stopped, the most in checkout (none after 60):"


def test_errors_that_are_over_are_said_too(lake: Lake, engine: QueryEngine) -> None:
    outage = Lines(f"{BEFORE}T10", 500, 500)
    found = said(lake, engine, *STEADY, outage, Lines(f"{WEEKDAY}T10", 500, 400), Lines(f"{DAY}T10", 500))
    assert text(found, "errors-down").startswith("checkout: errors fell to 0.8 % (24 of 2,900 events) from 18.1 %")


def test_new_surging_and_stopped_templates_quote_the_most(lake: Lake, engine: QueryEngine) -> None:
    lines = [Lines(f"{DAY}T01", 30, 30, pattern=2, mask="disk 0 failed"), Lines(f"{DAY}T01", 2, pattern=3, mask="rare")]
    lines += [Lines(f"{day}T01", n, pattern=4, mask="retry") for day, n in zip(DAYS, (90, 10, 10), strict=True)]
    lines += [Lines(f"{day}T01", 60, pattern=5, mask="backup done") for day in DAYS[1:]]
    found = {line.kind: line for line in said(lake, engine, *STEADY, *lines)}
    assert (found["new"].text, found["new"].quote) == (
        "2 new templates, the most in checkout (30 lines, all errors):",
        "disk 0 failed",
    )
    assert (found["surging"].text, found["surging"].quote) == (
        "A surging template in checkout (90 after 10):",
        "retry",
    )
    assert (found["gone"].text, found["gone"].quote) == (
        "A template that stopped in checkout (none after 60):",
        "backup done",
    )


def test_the_same_numbers_always_give_the_same_lines(lake: Lake, engine: QueryEngine) -> None:
    names = [f"service-{number}" for number in range(9)]
    rising = [Lines(f"{DAY}T01", 100, 50, service=name) for name in names]
    calm = [Lines(f"{day}T01", 100, service=name) for day in DAYS[1:] for name in names]
    first = said(lake, engine, *STEADY, *rising, *calm)
    assert said(lake, engine, *reversed([*STEADY, *rising, *calm])) == first
    assert text(first, "errors-up").startswith("service-0: errors rose")


def test_the_platform_names_tenants_and_quotes_nothing(lake: Lake, engine: QueryEngine) -> None:
    bad = [Lines(f"{DAY}T10", 500, 500, pattern=3, mask="secret of acme", service="payment")]
    put_trends(lake, "acme", [*STEADY, *bad])
    put_trends(lake, "globex", [line for line in STEADY if not line.hour.startswith(DAY)])
    put_states(lake, "acme", whole_days("shop", *DAYS))
    put_states(lake, "globex", whole_days("shop", BEFORE, WEEKDAY))
    found = headlines(gather_all(lake, engine, PERIOD)[-1].numbers)
    assert text(found, "missing") == "No data at all of globex."
    assert text(found, "errors-up").startswith("acme: errors rose to 18.1 %")
    assert text(found, "new") == "New templates: acme (1)."
    assert not any(line.quote or "payment" in line.text or "secret" in line.text for line in found)
