"""Ordinary questions: what analysts write is not refused, and what runs means what was asked.

Each goes through the child's check and is compared with DuckDB's own answer to the original text, on the same rows.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from logsight_assets.reader.child.main import checked
from logsight_assets.reader.functions import ALLOWED
from logsight_assets.tables import TABLES

QUESTIONS = [
    line
    for line in Path(__file__).with_name("questions.sql").read_text(encoding="utf-8").splitlines()
    if not line.startswith("--")
]


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    connection.execute("""
        create table events as select
            timestamp '2025-06-01' + to_minutes(cast(i as integer)) as event_time,
            1748736000000000000 + i * 60000000000 as time_unix_nano,
            case when i % 2 = 0 then 'a' else 'b' end as service,
            case when i = 1 then 'h' end as host,
            'line ' || i as body,
            '{"user": "u' || i || '", "n": ' || i || '}' as attributes,
            i = 2 as is_error, 10 + i as body_bytes, 'e' || i as event_id, i as raw_line, 0 as raw_record,
            'acme' as tenant, '2025-06-01' as dt, '00' as hour
        from range(4) t(i)""")
    return connection


@pytest.mark.parametrize("question", QUESTIONS)
def test_an_ordinary_question_passes_and_keeps_its_meaning(engine: duckdb.DuckDBPyConnection, question: str) -> None:
    asked = {"query": question, "tables": list(TABLES), "functions": list(ALLOWED), "parameters": {}}
    runs, _, _ = checked(engine, asked)
    assert _told(engine, runs) == _told(engine, question)


def _told(engine: duckdb.DuckDBPyConnection, question: str) -> str:
    return json.dumps(engine.execute(question).fetchall(), default=str)
