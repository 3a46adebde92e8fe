"""Which templates are new, gone or surging; by rows of a lake, because gaps in the data are half of the question."""

from __future__ import annotations

import pytest

from logsight_assets.lake import Lake, template_patterns_key, templates_key
from logsight_assets.reports.gather import gather
from logsight_assets.reports.novelties import Novelty
from logsight_assets.reports.period import Period
from logsight_assets.tables import TEMPLATE_PATTERNS, TEMPLATES
from resources.query_engine import QueryEngine
from tests.reports.lakes import BEFORE, DAY, WEEKDAY, Lines, put_rows, put_states, put_trends, whole_days

STEADY = [Lines(f"{day}T00", 100, pattern=9, mask="steady") for day in (DAY, BEFORE, WEEKDAY)]


def found(lake: Lake, engine: QueryEngine, *lines: Lines, all_known: bool = True) -> dict[str, list[str]]:
    put_trends(lake, "acme", [*STEADY, *lines])
    if all_known:
        put_states(lake, "acme", whole_days("shop", DAY, BEFORE, WEEKDAY))
    novelties = gather(lake, engine, Period.day(DAY), "acme").numbers.novelties
    return {name: [each.label.text for each in held] for name, held in novelties.all.items() if held}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([Lines(f"{DAY}T05", 1, mask="a")], {"new": ["a"]}),
        ([Lines(f"{DAY}T05", 5, mask="a"), Lines(f"{BEFORE}T20", 1, mask="a")], {}),
        ([Lines(f"{DAY}T05", 5, mask="a"), Lines(f"{WEEKDAY}T20", 1, mask="a")], {}),
        ([Lines(f"{BEFORE}T05", 10, mask="a"), Lines(f"{WEEKDAY}T05", 1, mask="a")], {"gone": ["a"]}),
        ([Lines(f"{BEFORE}T05", 9, mask="a"), Lines(f"{WEEKDAY}T05", 9, mask="a")], {}),
        ([Lines(f"{BEFORE}T05", 500, mask="a")], {}),
        ([Lines(f"{day}T05", n, mask="a") for day, n in ((DAY, 90), (BEFORE, 30), (WEEKDAY, 20))], {"surging": ["a"]}),
        ([Lines(f"{day}T05", n, mask="a") for day, n in ((DAY, 90), (BEFORE, 30), (WEEKDAY, 80))], {}),
        ([Lines(f"{day}T05", n, mask="a") for day, n in ((DAY, 20), (BEFORE, 2), (WEEKDAY, 2))], {}),
        ([Lines(f"{DAY}T05", 90, pattern=0, mask="_other")], {}),
    ],
    ids=[
        "never_before",
        "at_another_hour_of_the_day_before",
        "on_the_same_weekday",
        "stopped",
        "stopped_but_rare",
        "only_once_the_day_before",
        "three_times_as_many",
        "as_on_each_tuesday",
        "few_do_not_shout",
        "beyond_the_cap_nobody_knows",
    ],
)
def test_kinds_of_lines(lake: Lake, engine: QueryEngine, lines: list[Lines], expected: dict[str, list[str]]) -> None:
    assert found(lake, engine, *lines) == expected


def test_in_hours_without_data_nothing_is_gone(lake: Lake, engine: QueryEngine) -> None:
    """Known is only the first hour of each day, so what came at five the day before may still come."""
    lines = [Lines(f"{day}T05", 50, mask="a") for day in (BEFORE, WEEKDAY)]
    assert found(lake, engine, *lines, all_known=False) == {}


def test_against_hours_without_data_nothing_is_new(lake: Lake, engine: QueryEngine) -> None:
    assert found(lake, engine, Lines(f"{DAY}T05", 50, mask="a"), all_known=False) == {}


def test_errors_come_first(lake: Lake, engine: QueryEngine) -> None:
    lines = [Lines(f"{DAY}T05", 50, pattern=1, mask="many"), Lines(f"{DAY}T05", 2, 2, pattern=2, mask="errors")]
    assert found(lake, engine, *lines) == {"new": ["errors", "many"]}


def test_patterns_of_one_template_are_one_kind(lake: Lake, engine: QueryEngine) -> None:
    """Two patterns, of which one came before: their template is not new. Its name is told, where it has one."""
    own = {"service": "checkout", "template_id": "t1"}
    put_label = [own | {"pattern_id": pattern} for pattern in (1, 2)]
    put_rows(lake, template_patterns_key("acme"), TEMPLATE_PATTERNS, put_label, {})
    put_rows(lake, templates_key("acme"), TEMPLATES, [own | {"template": "order <NUM>", "name": "orders"}], {})
    lines = [Lines(f"{BEFORE}T05", 20, pattern=1), Lines(f"{DAY}T05", 20, pattern=2)]
    assert found(lake, engine, *lines) == {}
    lines = [Lines(f"{day}T05", 20, pattern=pattern) for day in (BEFORE, WEEKDAY) for pattern in (1, 2)]
    put_trends(lake, "acme", [*STEADY, *lines])
    (gone,) = gather(lake, engine, Period.day(DAY), "acme").numbers.novelties.gone
    assert isinstance(gone, Novelty)
    assert (gone.label.text, gone.label.name) == ("order <NUM>", "orders")
    assert gone.compared == {"before": (0, 40), "weekday": (0, 40)}
