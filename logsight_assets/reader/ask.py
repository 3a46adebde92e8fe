"""Ask the lake a question: guarded, scoped to a tenant, read-only, capped. `logsight sql` and the API use this."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from logsight_assets.errors import ObjectMissing, StoreUnavailable, UsageError
from logsight_assets.lake import Lake
from logsight_assets.reader.catalogue import PROVIDERS, tenants_of
from logsight_assets.reader.constraint import Constraint
from logsight_assets.reader.instants import Constants
from logsight_assets.reader.process import Child, ObjectsChanged, Question, Rows, Sources
from logsight_assets.reader.references import tables_of
from logsight_assets.reader.refusal import Parameter, refused
from logsight_assets.reader.views import Need, View, view
from logsight_assets.settings import TENANT_NAME, Reader
from logsight_assets.sqltext import literal
from logsight_assets.timeline import utc_now
from resources.object_store import ObjectInfo

# A question is written by a person or a page.
MAX_CHARACTERS = 50_000
# Rows are held in memory twice, here and by whoever shows them.
MAX_RESULT_BYTES = 32 * 1024**2
# Each path is a rule of the engine and of the kernel, and a footer to read.
MAX_OBJECTS = 20_000
_ATTEMPTS = 3


@dataclass(frozen=True)
class Answer:
    """Rows of a question; every value can be written as JSON. `types` are DuckDB's."""

    columns: list[str]
    types: list[str]
    rows: list[dict[str, Any]]
    objects_read: int  # objects that the engine could open; rows need fewer
    bytes_read: int  # their size
    truncated: bool  # there were more rows, or more bytes, than the caps allow
    seconds: float


def ask(
    lake: Lake,
    query: str,
    tenant: str | None = None,
    *,
    parameters: Mapping[str, Parameter] | None = None,
    limits: Reader | None = None,
) -> Answer:
    """Answer one SELECT over the tables of `tables.py`; `$name` in it stands for `parameters["name"]`.

    Without a tenant all are read: that is an operator's view, and whoever passes None has made sure of it. Raises
    RefusedQuery with what is refused and the remedy, UsageError for a name that no tenant can have, StoreUnavailable
    if objects kept changing.
    """
    if tenant is not None and not TENANT_NAME.fullmatch(tenant):
        raise UsageError(f"tenant {tenant[:80]!r} must match {TENANT_NAME.pattern}")
    if len(query) > MAX_CHARACTERS:
        raise refused(f"a question of {len(query):,} characters: at most {MAX_CHARACTERS:,}")
    if "\0" in query:
        raise refused("a question with a NUL character, which would end it there")
    started = time.monotonic()
    for _ in range(_ATTEMPTS):
        try:
            with tempfile.TemporaryDirectory(prefix="logsight-ask-") as name:
                attempt = _Attempt(lake, tenant, limits or lake.settings.reader, Path(name).resolve())
                found, entries = attempt.run(query, parameters or {})
        except (ObjectsChanged, ObjectMissing):
            continue  # listed, then replaced or removed: list again
        return Answer(
            found.columns,
            found.types,
            [dict(zip(found.columns, row, strict=True)) for row in found.rows],
            len(entries),
            sum(entry.size for entry in entries),
            found.is_truncated,
            time.monotonic() - started,
        )
    raise StoreUnavailable(f"the lake changed {_ATTEMPTS} times while the question was read; ask again")


@dataclass(frozen=True)
class _Attempt:
    """One listing and one process; `folder` is the question's own and goes with it."""

    lake: Lake
    tenant: str | None
    limits: Reader
    folder: Path

    def run(self, query: str, parameters: Mapping[str, Parameter]) -> tuple[Rows, list[ObjectInfo]]:
        spill = self.folder / "spill"
        spill.mkdir()
        question = Question(
            query,
            parameters,
            spill=str(spill),
            memory_mb=self.limits.memory_mb,
            threads=self.lake.settings.engine.threads or os.cpu_count() or 1,
            seconds=self.limits.max_seconds,
            max_rows=self.limits.max_rows,
            max_bytes=MAX_RESULT_BYTES,
        )
        # The engine's clock decides what now() is, so it is the machine's and not the lake's.
        constants = Constants(utc_now(), parameters)
        with Child(question, self.folder) as child:
            try:
                wanted = tables_of(child.tree(), constants)
            except RecursionError:
                raise refused("so deep a nesting: split the question") from None
            tables = [self._provided(table, constraint) for table, constraint in wanted.items()]
            entries = list({entry.key: entry for each in tables for entry in each.view.entries}.values())
            _check_size(entries, self.limits)
            statements = [text for each in tables for text in each.view.statements]
            files = [self._locate(entry.key) for entry in entries] + [file for each in tables for file in each.files]
            return child.rows(Sources(statements, files)), entries

    def _provided(self, table: str, constraint: Constraint) -> _Provided:
        held = PROVIDERS[table]
        tenants = [t for t in tenants_of(self.lake, self.tenant, held.prefixes) if constraint.wants_tenant(t)]
        given = held.provide(Need(self.lake, tenants, constraint, self._locate))
        return _Provided(given, []) if isinstance(given, View) else self._written(table, given)

    def _written(self, table: str, rows: pa.Table) -> _Provided:
        """Rows that LogSight read itself reach the engine as a file of the question's own folder."""
        file = self.folder / f"{table}.parquet"
        pq.write_table(rows, file)
        select = f"select * from read_parquet({literal(str(file))}, hive_partitioning = false)"
        return _Provided(View([view(table, select)]), [str(file)])

    def _locate(self, key: str) -> str:
        """Where the child finds an object: through a link, so that a lake's path can hold any character.

        DuckDB takes `*` and `[` in a path for a pattern, and its messages name paths.
        """
        uri = self.lake.store.uri(key)
        if "://" in uri:
            return uri
        link = self.folder / "lake"
        if not link.is_symlink():
            link.symlink_to(uri.removesuffix(key), target_is_directory=True)
        return f"{link}/{key}"


@dataclass(frozen=True)
class _Provided:
    view: View
    files: list[str]  # written for this question


def _check_size(entries: list[ObjectInfo], limits: Reader) -> None:
    size = sum(entry.size for entry in entries)
    remedy = "narrow it by dt, hour or tenant, or ask a *_trend_hour or *_trend_day table"
    if size > limits.max_scan_bytes:
        raise refused(
            f"a question over {size:,} bytes of objects, at most {limits.max_scan_bytes:,} (reader.max_scan_bytes): "
            f"{remedy}"
        )
    if len(entries) > MAX_OBJECTS:
        raise refused(f"a question over {len(entries):,} objects, at most {MAX_OBJECTS:,}: {remedy}")
