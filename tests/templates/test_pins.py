"""When a line fits a pinned text, and where a name goes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logsight_assets.decisions import Decision
from logsight_assets.templates.pins import fits, names_of, says_something

NOW = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("template", "line", "expected"),
    [
        ("started", "started", True),
        ("started", "started up", False),
        ("user <*> logged in", "user alice logged in", True),
        ("user <*> logged in", "user alice b. smith logged in", True),
        ("user <*> logged in", "user  logged in", False),
        ("user <*> logged in", "user alice logged in again", False),
        ("user <NUM> logged in", "user   7\tlogged in", True),
        ("<*> logged in", "alice logged in", True),
        ("took <DUR>", "took 7 ms", True),
        ("took <DUR>", "took", False),
        ("a <*> b <*> b", "a 1 b 2 b", True),
        ("a <*> b <*> b", "a 1 b b", False),
        ("key=<NONE> next", "key= next", True),
        ("x <*>", "y 1", False),
        ("a<*>", "a", False),
        ("[<NUM>] <IP>: a.b (c)?", "[1] ::1: a.b (c)?", True),
    ],
)
def test_a_line_fits_a_text(template: str, line: str, expected: bool) -> None:
    assert fits(template, line) is expected


def test_a_hostile_line_costs_one_pass() -> None:
    """A regular expression would try 200,000 places for each of forty wildcards; this one ends, and says no."""
    assert not fits("a " + "<*> a " * 40 + "b", "a " * 100_000)


@pytest.mark.parametrize(("text", "expected"), [("<*> <NUM>", False), ("<*>: 7", False), ("user <*>", True)])
def test_a_text_of_wildcards_alone_says_nothing(text: str, expected: bool) -> None:
    assert says_something(text) is expected


def _named(number: int, name: str, *pattern_ids: int) -> Decision:
    value = {"service": "shop", "pattern_ids": list(pattern_ids), "name": name}
    return Decision(number, f"t{number}", value, "ann", "", NOW, None)


@pytest.mark.parametrize(
    ("decisions", "expected"),
    [
        ([_named(1, "login", 1, 2, 3)], {"A": "login"}),
        ([_named(1, "login", 1, 3, 4)], {"B": "login"}),
        ([_named(1, "old", 1), _named(2, "new", 2)], {"A": "new"}),
        ([_named(1, "gone", 99)], {}),
        ([_named(1, "tie", 1, 3)], {"A": "tie"}),
    ],
    ids=["where most are", "they moved", "the youngest", "nobody", "a tie"],
)
def test_a_name_goes_where_most_of_its_patterns_are(decisions: list[Decision], expected: dict[str, str]) -> None:
    assert names_of(decisions, {"shop": {1: "A", 2: "A", 3: "B", 4: "B"}}) == expected
