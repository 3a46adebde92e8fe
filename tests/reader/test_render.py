"""Renderers at the level of text: what a stranger's log line may not do to a terminal or a spreadsheet."""

from __future__ import annotations

import csv
import io

import pytest

from logsight_assets.reader.ask import Answer
from logsight_assets.reader.render import as_csv, as_table
from logsight_assets.visible import visible


def answer(*values: object, truncated: bool = False) -> Answer:
    return Answer(["value"], ["VARCHAR"], [{"value": value} for value in values], 1, 10, truncated, 0.1)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("plain", "plain", id="plain"),
        pytest.param("Grüße 日本", "Grüße 日本", id="letters"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="escape"),
        pytest.param("\x9b31m", "\\x9b31m", id="c1"),
        pytest.param("a\x7f", "a\\x7f", id="delete"),
        pytest.param("abc\u202edcba", "abc\\u202edcba", id="right-to-left-override"),
        pytest.param("\u2066x\u2069", "\\u2066x\\u2069", id="isolates"),
        pytest.param("a\u200bb", "a\\u200bb", id="zero-width"),
        pytest.param("a\u2028b", "a\\u2028b", id="line-separator"),
        pytest.param("a\U000e0041", "a\\U000e0041", id="tag"),
        pytest.param("a\nb\tc\r", "a\\nb\\tc\\r", id="lines"),
        pytest.param("\ud800", "\\ud800", id="surrogate"),
    ],
)
def test_what_shows_nothing_is_made_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert shown in as_table(answer(text))


def test_a_table_is_aligned_and_long_cells_are_cut() -> None:
    wide = Answer(
        ["name", "count"],
        ["VARCHAR", "BIGINT"],
        [{"name": "x" * 80, "count": 5}, {"name": "日本", "count": 1234}, {"name": None, "count": None}],
        1,
        10,
        False,
        0.1,
    )
    assert as_table(wide, max_cell=10).splitlines() == [
        "name        count",
        "──────────  ─────",
        "xxxxxxxxx…      5",
        "日本         1234",
        "NULL         NULL",
        "(3 rows)",
    ]


def test_a_table_says_that_there_is_more() -> None:
    assert "there are more" in as_table(answer("a", truncated=True))
    assert "there are more" not in as_table(answer("a"))


def test_a_table_without_rows_shows_its_columns() -> None:
    assert as_table(answer()) == "value\n─────\n(0 rows)\n"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+cmd",
        "-2+3",
        "@sum",
        "\t=1",
        "\r=1",
        "  =1",
        "|calc",
        "%x",
        "\uff1d1",
        '=HYPERLINK("http://x")',
        "\n=1",
    ],
)
def test_a_cell_that_begins_like_a_formula_is_prefixed(text: str) -> None:
    row = list(csv.reader(io.StringIO(as_csv(answer(text)), newline="")))[1]
    assert row[0].startswith("'")


@pytest.mark.parametrize(
    ("value", "cell"),
    [(-5, "-5"), ("-1.50", "-1.50"), ("+1e9", "+1e9"), (None, ""), (True, "true"), (["a"], '["a"]'), ("a,b", "a,b")],
)
def test_numbers_and_structures_stay_what_they_are(value: object, cell: str) -> None:
    assert list(csv.reader(io.StringIO(as_csv(answer(value)), newline="")))[1] == ([cell] if cell else [""])


def test_a_column_name_is_no_formula_either() -> None:
    named = Answer(["=1+1"], ["INTEGER"], [{"=1+1": 2}], 0, 0, False, 0.0)
    assert as_csv(named).splitlines()[0] == "'=1+1"
