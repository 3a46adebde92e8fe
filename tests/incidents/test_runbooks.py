"""Runbooks: which match an incident, in which order, and what a file must be."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from logsight_assets.errors import ConfigurationError
from logsight_assets.incidents.runbooks import FrontMatter, Runbook, load_runbooks, matching


def runbook(name: str, *, approved: bool = True, **matched: tuple[str, ...]) -> Runbook:
    who = {"approved_by": "Ada", "approved": date(2025, 5, 1)} if approved else {}
    return Runbook(name, FrontMatter(title=name, **matched, **who), ("Look.",), "")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("matched", "is_given"),
    [
        ({"alarms": ("checkout-*",)}, True),
        ({"alarms": ("CHECKOUT-5XX",)}, True),
        ({"alarms": ("search-*",)}, False),
        ({"templates": ("*pool exhausted*",)}, True),
        ({"templates": ("t-1",)}, True),
        ({"services": ("pay*",)}, True),
        ({"alarms": ("search-*",), "services": ("payment",)}, True),
        ({}, False),
    ],
)
def test_one_match_is_enough_and_none_is_none(matched: dict[str, tuple[str, ...]], is_given: bool) -> None:
    found = matching([runbook("a", **matched)], ["checkout-5xx"], ["payment"], [("t-1", "the pool exhausted again")])
    assert bool(found) == is_given


def test_runbooks_of_the_alarm_come_first_drafts_never_and_five_are_enough() -> None:
    many = [
        runbook("suspect", services=("payment",)),
        runbook("line", templates=("t-1",)),
        runbook("alarm", alarms=("*",)),
        runbook("draft", approved=False, alarms=("*",)),
        *(runbook(f"z{number}", services=("payment",)) for number in range(5)),
    ]
    found = matching(many, ["checkout-5xx"], ["payment"], [("t-1", "")])
    assert [each.name for each in found] == ["alarm", "line", "suspect", "z0", "z1"]


def test_runbooks_of_what_the_alarm_is_about_come_last() -> None:
    many = [
        runbook("a-alarmed", services=("check*",)),
        runbook("b-both", services=("check*", "payment")),
        runbook("c-suspect", services=("payment",)),
        runbook("d-line", templates=("t-1",)),
    ]
    found = matching(many, ["5xx"], ["payment"], [("t-1", "")], ["checkout"])
    assert [each.name for each in found] == ["d-line", "b-both", "c-suspect", "a-alarmed"]
    assert matching(many, ["5xx"], [], [], ["search"]) == []


def test_steps_are_the_numbered_items_and_each_is_one_text(tmp_path: Path) -> None:
    text = "---\ntitle: T\n---\n# Steps\nFirst:\n1. Look\n   here.\n2) Restart `x`.\n\nNot a step.\n"
    (tmp_path / "r.md").write_text(text)
    (found,) = load_runbooks(tmp_path)
    assert found.steps == ("Look here.", "Restart `x`.")
    assert Runbook.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1. Look.\n", "front matter"),
        ("---\n- a\n---\n1. Look.\n", "front matter"),
        ("---\ntitle: [\n---\n1. Look.\n", "no YAML"),
        ("---\ntitle: T\n---\nLook.\n", "no steps"),
        ("---\ntitle: T\nowner: me\n---\n1. Look.\n", "owner"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "r.md").write_text(text)
    with pytest.raises(ConfigurationError, match=said) as refused:
        load_runbooks(tmp_path)
    assert "r.md" in str(refused.value)
