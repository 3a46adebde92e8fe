"""Every question of docs/templates.md is one that the guarded reader answers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logsight_assets.lake import Lake
from logsight_assets.reader.ask import ask
from resources.query_engine import DuckDBEngine

from .counted import count, remake

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"
QUESTIONS = re.findall(r"^```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_of_the_page_is_answered(lake: Lake, engine: DuckDBEngine, question: str) -> None:
    count(lake, engine, "user ann", "stop x", service="checkout")
    remake(lake, engine)
    assert ask(lake, question, "acme").columns


def test_the_page_asks_something() -> None:
    assert len(QUESTIONS) >= 6
