"""Redaction of an object's records, before anything is made of them.

Texts come out of SQL in blocks, joined; one search tells which of them may hold something, Python redacts those, and
only what changed is written back. A function called by DuckDB would be the shorter way, but is none: its Arrow
functions return freed memory where the result is not copied at once (seen with 1.5.5), its native ones cost 64 µs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import lru_cache

import duckdb
import pyarrow as pa

from logsight_assets.intake.reading import FACTS
from logsight_assets.intake.redact import Redactor
from logsight_assets.intake.redaction.nomination import Nomination
from logsight_assets.intake.redaction.policy import RedactionPolicy
from logsight_assets.intake.redaction.tokens import KeyRing
from logsight_assets.settings import Settings

_BLOCK = 20_000  # rows looked at together: bounds memory
# Columns of text, and the rows in which they are looked at: an id that is a number, a UUID or a hash holds nothing, and
# neither does a short word for a severity.
_TEXTS = {
    "body": "body is not null",
    "own_id": "length(own_id) > 64 or regexp_matches(own_id, '[^0-9a-fA-F-]')",
    "severity_text": "length(severity_text) > 12",
}
# Columns of JSON: the same few resources stand in all records, and many attributes too. Each is looked at once.
_DOCUMENTS = ("attributes", "resource")


@dataclass(frozen=True)
class Redaction:
    """What is replaced for whom, in a lake."""

    redactor: Callable[[str], Redactor]  # of a tenant
    nomination: Nomination  # that any tenant's redaction is covered by


def redaction_of(settings: Settings, ring: KeyRing) -> Redaction:
    """The redaction of a lake's settings; redactors are made once a tenant."""

    @lru_cache(maxsize=4096)
    def redactor(tenant: str) -> Redactor:
        return Redactor(RedactionPolicy(**settings.redaction_of(tenant).model_dump()), ring, tenant)

    return Redaction(redactor, _nomination(_widest(settings)))


@lru_cache(maxsize=2)
def _nomination(policy: RedactionPolicy) -> Nomination:
    """Kept for the next run of the process, with what its automaton has learnt."""
    return Nomination(policy)


def redact_records(cursor: duckdb.DuckDBPyConnection, table: str, rows: int, redaction: Redaction) -> None:
    """Redact the records of a temporary table in place and mark the changed ones with `is_redacted`."""
    for column, condition in _TEXTS.items():
        _redact_texts(cursor, table, rows, column, condition, redaction)
    for column in _DOCUMENTS:
        _redact_documents(cursor, table, column, redaction)


def _redact_texts(
    cursor: duckdb.DuckDBPyConnection, table: str, rows: int, column: str, condition: str, redaction: Redaction
) -> None:
    lines = f"select rowid as place, tenant, {column} || chr(10) as line from {table} where is_plain and ({condition})"
    for changed in _changes(cursor, lines, rows, redaction, is_json=False):
        cursor.register("redacted", changed)
        cursor.execute(
            f"update {table} set {column} = text, is_redacted = true from redacted where {table}.rowid = place"
        )
        cursor.unregister("redacted")


def _redact_documents(cursor: duckdb.DuckDBPyConnection, table: str, column: str, redaction: Redaction) -> None:
    cursor.execute(
        f"create or replace temp table documents as select distinct tenant, {column} as document from {table}"
        f" where is_plain and {column} is not null"
    )
    (rows,) = cursor.execute("select count(*) from documents").fetchone() or (0,)
    lines = "select rowid as place, tenant, document || chr(10) as line from documents"
    facts = f", facts = from_json(text, '{FACTS}')" if column == "resource" else ""
    for changed in _changes(cursor, lines, rows, redaction, is_json=True):
        cursor.register("redacted", changed)
        cursor.execute(
            f"update {table} set {column} = text, is_redacted = true{facts}"
            " from (select tenant as owner, document, text from documents join redacted on documents.rowid = place)"
            f" where is_plain and tenant = owner and {column} = document"
        )
        cursor.unregister("redacted")


@dataclass
class _Changes:
    """Places and new texts of the lines that redaction changed; a line's own end is no part of its text."""

    places: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def redact(
        self, block: pa.Table, nominated: list[int], redaction: Redaction, how: Callable[[Redactor, str], str]
    ) -> None:
        picked = block.take(pa.array(nominated, pa.int32()))
        columns = (picked[name].to_pylist() for name in ("place", "tenant", "line"))
        for place, tenant, line in zip(*columns, strict=True):
            text = line[:-1]
            redacted = how(redaction.redactor(tenant), text)
            if redacted is not text:
                self.places.append(place)
                self.texts.append(redacted)

    def table(self) -> pa.Table:
        return pa.table({"place": pa.array(self.places, pa.int64()), "text": pa.array(self.texts, pa.string())})


def _changes(
    cursor: duckdb.DuckDBPyConnection, lines: str, rows: int, redaction: Redaction, *, is_json: bool
) -> Iterator[pa.Table]:
    """Places and new texts of the lines that redaction changes, of some blocks together: each write-back is a scan."""
    changes = _Changes()
    for start in range(0, rows, _BLOCK):
        block = cursor.execute(
            f"select * from ({lines}) where place >= {start} and place < {start + _BLOCK}"
        ).to_arrow_table()
        nominated = redaction.nomination.of(block["line"].combine_chunks())
        changes.redact(block, nominated.mixed, redaction, Redactor.attributes if is_json else Redactor.text)
        changes.redact(block, nominated.addresses, redaction, Redactor.attributes if is_json else Redactor.addresses)
        if changes.places and (len(changes.places) >= _BLOCK or start + _BLOCK >= rows):
            yield changes.table()
            changes = _Changes()


def _widest(settings: Settings) -> RedactionPolicy:
    """What any tenant wants: one expression serves an object of many tenants."""
    policies = [settings.redaction, *(settings.redaction_of(tenant) for tenant in settings.tenants)]
    return RedactionPolicy(
        **{f.name: any(getattr(policy, f.name) for policy in policies) for f in fields(RedactionPolicy)}
    )
