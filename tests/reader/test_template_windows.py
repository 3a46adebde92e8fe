"""`logsight templates changed`: two windows by the minute, since a time or since a change."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.cli import main
from logsight_assets.errors import UsageError
from logsight_assets.incidents.changes import Change, add_changes
from logsight_assets.lake import Lake, minute_key, template_patterns_key, templates_key
from logsight_assets.reader.template_windows import Windows, changed_templates
from logsight_assets.tables import TEMPLATE_PATTERNS, TEMPLATES, TRENDS

from .small_lake import FIRST, MINE, THEIRS, empty_lake, measures, put

SERVICE = f"{MINE}-checkout"
COUNTS = {"kept": (100, 100), "new": (0, 7), "gone": (9, 0), "more": (10, 200)}  # in the first hour, in the second


@pytest.fixture
def own(tmp_path: Path) -> Lake:
    lake = empty_lake(tmp_path / "lake")
    for tenant in (MINE, THEIRS):
        names = list(COUNTS)
        for place, hour in enumerate((FIRST, FIRST + 1)):
            rows = [
                measures(tenant, "minute_time", hour.start, COUNTS[name][place]) | {"pattern_id": number}
                for number, name in enumerate(names)
                if COUNTS[name][place]
            ]
            put(lake, minute_key("template_trend", tenant, hour), TRENDS["template_trend_minute"], rows)
        service = f"{tenant}-checkout"
        patterns: list[dict[str, Any]] = [
            {"service": service, "pattern_id": number, "template_id": name} for number, name in enumerate(names)
        ]
        put(lake, template_patterns_key(tenant), TEMPLATE_PATTERNS, patterns)
        templates: list[dict[str, Any]] = [
            {"service": service, "template_id": name, "template": f"text {name}"} for name in sorted(names)
        ]
        put(lake, templates_key(tenant), TEMPLATES, templates)
    return lake


SECOND = (FIRST + 1).start


def changed(lake: Lake, *arguments: str) -> list[tuple[str, str, str]]:
    """What the verb says: (tenant, template id, change)."""
    found = changed_templates(lake, Windows.of(SECOND, SECOND + timedelta(hours=1), timedelta(hours=1)), *arguments)
    return [(row["tenant"], row["template_id"], row["change"]) for row in found.to_json()]


def test_what_is_new_gone_or_comes_more_often_is_said_the_most_surprising_first(own: Lake) -> None:
    assert changed(own, MINE) == [(MINE, "more", "more"), (MINE, "gone", "gone"), (MINE, "new", "new")]


def test_an_operator_sees_each_tenant_apart(own: Lake) -> None:
    assert {tenant for tenant, _, _ in changed(own)} == {MINE, THEIRS}
    assert len(changed(own)) == 6
    assert changed(own, MINE, "nothing") == []


def test_a_window_of_another_length_is_compared_by_rate(own: Lake) -> None:
    found = changed_templates(own, Windows.of(SECOND, SECOND + timedelta(hours=1), timedelta(hours=2)), MINE)
    rates = {row["template_id"]: row["rate_ratio"] for row in found.to_json()}
    assert rates == {"more": 40.0, "new": None, "gone": None, "kept": 2.0}


def test_a_window_without_a_minute_is_refused() -> None:
    with pytest.raises(UsageError, match="there is no minute"):
        Windows.of(SECOND, SECOND, timedelta(hours=1))
    with pytest.raises(UsageError, match="there is no minute"):
        Windows.of(SECOND, SECOND + timedelta(hours=1), timedelta(0))


def test_the_verb_takes_a_change_by_its_id(own: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    change = Change(int(SECOND.timestamp() * 10**6), "deployment", "jo", service="checkout")
    add_changes(own, MINE, [change])
    until = f"{SECOND + timedelta(hours=1):%Y-%m-%dT%H:%MZ}"
    lake = own.store.uri("x")[:-2]
    arguments = ["templates", "changed", "--lake", lake, "--until", until, "--tenant", MINE, "--before", "1h"]
    assert main([*arguments, "--since", change.change_id, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["since"] == f"{SECOND:%Y-%m-%dT%H:%M:%SZ}"
    assert [row["change"] for row in told["templates"]] == ["more", "gone", "new"]
    assert main([*arguments, "--since", change.change_id]) == 0
    assert (
        f"more  {MINE}/{SERVICE}  more  10 before, 200 since, 20 times as often: text more" in capsys.readouterr().out
    )
    assert main([*arguments, "--since", "0" * 16]) == 2
    assert "no change has this id" in capsys.readouterr().err
