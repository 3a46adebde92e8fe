"""Redaction of an object's records, before anything is made of them.

SQL nominates the rows that may hold something, Python redacts those, and only what changed is written back. A function
called by DuckDB would be the shorter way, but is none: its Arrow functions return freed memory where the result is not
copied at once (seen with 1.5.5), its native ones cost 64 µs a row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import lru_cache

import duckdb
import pyarrow as pa

from logsight_assets.intake.reading import FACTS
from logsight_assets.intake.redact import Redactor
from logsight_assets.intake.redaction.catalogue import nomination_pattern
from logsight_assets.intake.redaction.policy import RedactionPolicy
from logsight_assets.intake.redaction.tokens import KeyRing
from logsight_assets.settings import Settings
from logsight_assets.sqltext import literal

# The expression is compiled anew for every query that holds it, 4.5 ms; Python, which has it compiled, looks at a
# thousand records in that time.
_MANY_ROWS = 1000
_BLOCK = 100_000  # rows looked at together: bounds memory
# An id that is a number, a UUID or a hash holds nothing, and neither does a short word for a severity.
_ODD_ID = "not regexp_full_match(own_id, '[0-9a-fA-F-]{1,64}')"
_ODD_SEVERITY = "length(severity_text) > 12"


@dataclass(frozen=True)
class Redaction:
    """What is replaced for whom, in a lake."""

    redactor: Callable[[str], Redactor]  # of a tenant
    nominates: str  # SQL literal of the expression that any tenant's redaction is covered by


def redaction_of(settings: Settings, ring: KeyRing) -> Redaction:
    """The redaction of a lake's settings; redactors are made once a tenant."""

    @lru_cache(maxsize=4096)
    def redactor(tenant: str) -> Redactor:
        return Redactor(RedactionPolicy(**settings.redaction_of(tenant).model_dump()), ring, tenant)

    return Redaction(redactor, literal(nomination_pattern(_widest(settings))))


def redact_records(cursor: duckdb.DuckDBPyConnection, table: str, rows: int, redaction: Redaction) -> None:
    """Redact the records of a temporary table in place and mark the changed ones with `is_redacted`.

    Column by column: nearly always only the body holds something, so only bodies travel to Python and back.
    """
    cursor.execute(f"create or replace temp table resources as select distinct resource from {table} where is_plain")
    for column, nominated in _nominations(rows, redaction).items():
        for start in range(0, rows, _BLOCK):
            found = cursor.execute(
                f"select rowid, tenant, {column} from {table}"
                f" where rowid >= {start} and rowid < {start + _BLOCK} and is_plain and {nominated}"
            ).to_arrow_table()
            changed = _redacted(found, column, redaction)
            if changed.num_rows:
                cursor.register("redacted", changed)
                facts = f", facts = from_json(redacted.text, '{FACTS}')" if column == "resource" else ""
                cursor.execute(
                    f"update {table} set {column} = redacted.text, is_redacted = true{facts}"
                    f" from redacted where {table}.rowid = redacted.row"
                )
                cursor.unregister("redacted")


def _nominations(rows: int, redaction: Redaction) -> dict[str, str]:
    """Which rows of each column may hold something, as SQL conditions."""

    def condition(column: str) -> str:
        return f"regexp_matches({column}, {redaction.nominates})" if rows >= _MANY_ROWS else f"{column} is not null"

    return {
        "body": condition("body"),
        "attributes": condition("attributes"),
        # The same few resources stand in all records: looked at once, not once a record. In one query DuckDB would
        # push the condition below the distinct, and look at every record after all.
        "resource": f"resource in (select resource from resources where {condition('resource')})",
        "own_id": _ODD_ID,
        "severity_text": _ODD_SEVERITY,
    }


def _redacted(found: pa.Table, column: str, redaction: Redaction) -> pa.Table:
    """The rows that redaction changes, with their new text."""
    rows: list[int] = []
    texts: list[str] = []
    is_json = column in ("attributes", "resource")
    columns = (found[name].to_pylist() for name in ("rowid", "tenant", column))
    for row, tenant, text in zip(*columns, strict=True):
        redactor = redaction.redactor(tenant)
        redacted = redactor.attributes(text) if is_json else redactor.text(text)
        if redacted is not text:
            rows.append(row)
            texts.append(redacted)
    return pa.table({"row": pa.array(rows, pa.int64()), "text": pa.array(texts, pa.string())})


def _widest(settings: Settings) -> RedactionPolicy:
    """What any tenant wants: one expression serves an object of many tenants."""
    policies = [settings.redaction, *(settings.redaction_of(tenant) for tenant in settings.tenants)]
    return RedactionPolicy(
        **{f.name: any(getattr(policy, f.name) for policy in policies) for f in fields(RedactionPolicy)}
    )
