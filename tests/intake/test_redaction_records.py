"""Redaction of a table of records: the right rows, the right tenant's tokens, and nothing else."""

from __future__ import annotations

import json

import duckdb
import pytest

from logsight_assets.intake import redact_records as module
from logsight_assets.intake.reading import FACTS
from logsight_assets.intake.redact_records import redact_records, redaction_of
from logsight_assets.intake.redaction.tokens import KeyRing
from logsight_assets.settings import Settings

REDACTION = redaction_of(Settings(), KeyRing({1: b"0123456789abcdef0123456789abcdef"}, current=1))
Row = tuple[str, str | None, str | None, str | None, str | None, str | None, bool]


def _redacted(rows: list[Row]) -> list[tuple[object, ...]]:
    """Rows of (tenant, body, attributes, resource, own id, severity text, is plain) after redaction, in order."""
    with duckdb.connect() as database:
        database.execute(
            "create temp table records (tenant varchar, body varchar, attributes varchar, resource varchar,"
            " own_id varchar, severity_text varchar, is_plain boolean, is_redacted boolean default false)"
        )
        database.executemany("insert into records values (?, ?, ?, ?, ?, ?, ?, false)", rows)
        database.execute(f"create temp table r as select *, from_json(resource, '{FACTS}') as facts from records")
        redact_records(database, "r", len(rows), REDACTION)
        return database.execute(
            'select tenant, body, attributes, resource, own_id, severity_text, is_redacted, facts."host.name"'
            " from r order by rowid"
        ).fetchall()


def _expected(row: Row) -> tuple[object, ...]:
    """The same, row by row and without nomination."""
    tenant, body, attributes, resource, own_id, severity_text, is_plain = row
    redactor = REDACTION.redactor(tenant)
    texts = [body, attributes, resource, own_id, severity_text]
    if is_plain:
        how = [redactor.text, redactor.attributes, redactor.attributes, redactor.text, redactor.text]
        new = [None if text is None else redact(text) for text, redact in zip(texts, how, strict=True)]
    else:
        new = texts
    host = json.loads(new[2]).get("host.name") if new[2] else None
    return (tenant, *new, new != texts, host)


ROWS: list[Row] = [
    ("acme", "mail of jo@example.org", '{"n":1}', '{"host.name":"a"}', "1", "INFO", True),
    ("globex", "mail of jo@example.org", '{"n":1}', '{"host.name":"jo@example.org"}', "2", "INFO", True),
    ("acme", "nothing", '{"password":"hunter2"}', '{"host.name":"jo@example.org"}', "3", "INFO", True),
    ("globex", "nothing", '{"password":"hunter2"}', None, "4", None, True),
    ("acme", "password=hunter2 of jo@example.org", '{"to":"jo@example.org"}', None, "jo@example.org", None, True),
    ("globex", "", '{"to":"jo@example.org"}', '{"host.name":"a"}', None, "of jo@example.org", True),
    ("acme", None, None, None, None, None, True),
    ("acme", "jo@example.org", '{"to":"jo@example.org"}', '{"host.name":"jo@example.org"}', None, None, False),
]


@pytest.mark.parametrize("block", [1, 3, 20_000])
def test_each_row_is_redacted_with_its_tenants_key_in_blocks_of_any_size(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    assert _redacted(ROWS) == [_expected(row) for row in ROWS]
    assert _redacted(ROWS * 5) == [_expected(row) for row in ROWS * 5]
