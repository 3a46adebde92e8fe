"""`template_counts_*`: trends by template, labelled when they are asked, at every level and scoped like any table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from logsight_assets.lake import Lake, minute_key, template_patterns_key, templates_key
from logsight_assets.reader.ask import ask
from logsight_assets.tables import TEMPLATE_PATTERNS, TEMPLATES, TRENDS

from .small_lake import FIRST, MINE, THEIRS, empty_lake, measures, put

SERVICE = f"{MINE}-checkout"


@pytest.fixture
def own(tmp_path: Path) -> Lake:
    """Two patterns of one template, a third of another, a fourth of none, in two hours of minutes."""
    lake = empty_lake(tmp_path / "lake")
    for tenant in (MINE, THEIRS):
        for hour in (FIRST, FIRST + 1):
            rows = [
                measures(tenant, "minute_time", hour.start, 10**power) | {"pattern_id": pattern_id}
                for power, pattern_id in enumerate((1, 2, 3, 4))
            ]
            put(lake, minute_key("template_trend", tenant, hour), TRENDS["template_trend_minute"], rows)
        label(lake, tenant, {1: "A", 2: "A", 3: "B"})
    return lake


def label(lake: Lake, tenant: str, homes: dict[int, str]) -> None:
    service = f"{tenant}-checkout"
    patterns: list[dict[str, Any]] = [
        {"service": service, "pattern_id": pattern_id, "template_id": home} for pattern_id, home in homes.items()
    ]
    put(lake, template_patterns_key(tenant), TEMPLATE_PATTERNS, patterns)
    templates: list[dict[str, Any]] = [
        {"service": service, "template_id": home, "template": f"text {home}", "name": f"name of {home}"}
        for home in sorted(set(homes.values()))
    ]
    put(lake, templates_key(tenant), TEMPLATES, templates)


@pytest.mark.parametrize("level", ["minute", "hour", "day"])
def test_patterns_of_a_template_are_one_row(own: Lake, level: str) -> None:
    question = f"""select template_id, any_value(template) as template, any_value(name) as name,
        sum(event_count) as events, count(*) as rows from template_counts_{level} group by 1 order by 1"""
    per_hour = 1 if level == "day" else 2
    assert ask(own, question, MINE).rows == [
        {"template_id": "", "template": None, "name": None, "events": 2000, "rows": per_hour},
        {"template_id": "A", "template": "text A", "name": "name of A", "events": 22, "rows": per_hour},
        {"template_id": "B", "template": "text B", "name": "name of B", "events": 200, "rows": per_hour},
    ]


def test_no_event_is_lost_or_counted_twice_beside_the_trend_itself(own: Lake) -> None:
    question = """select (select sum(event_count) from template_trend_hour) as trend,
        (select sum(event_count) from template_counts_hour) as labelled"""
    (row,) = ask(own, question).rows
    assert row["trend"] == row["labelled"] == 2 * 2 * 1111


def test_a_new_label_changes_history_at_once(own: Lake) -> None:
    label(own, MINE, {1: "A", 2: "A", 3: "A", 4: "A"})
    (row,) = ask(own, "select distinct template_id, sum(event_count) over () as n from template_counts_day", MINE).rows
    assert row == {"template_id": "A", "n": 2222}


def test_only_objects_of_the_wanted_hours_and_of_the_asker_are_read(own: Lake) -> None:
    narrow = f"select 1 from template_counts_minute where hour = '{FIRST.hh}' and service = '{SERVICE}'"
    assert ask(own, narrow, MINE).objects_read == 3, "one hour, and the two tables of labels"
    assert ask(own, "select 1 from template_counts_minute").objects_read == 8
