"""Ask the lake a question: guarded, scoped to a tenant, read-only, capped. `logsight sql`, API and questions use this."""

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
from logsight_assets.reader.process import ObjectsChanged, Request, Rows, run
from logsight_assets.reader.statement import Parameter, Statement, read_statement, refused
from logsight_assets.reader.views import Need, View, view
from logsight_assets.settings import TENANT_NAME, Reader
from logsight_assets.sqltext import literal
from logsight_assets.timeline import utc_now
from resources.object_store import ObjectInfo

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
    started = time.monotonic()
    limits = limits or lake.settings.reader
    # The engine's clock decides what now() is, so it is the machine's and not the lake's.
    statement = read_statement(query, parameters or {}, utc_now())
    for _ in range(_ATTEMPTS):
        try:
            found, entries = _attempt(lake, statement, tenant, limits)
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


def _attempt(lake: Lake, statement: Statement, tenant: str | None, limits: Reader) -> tuple[Rows, list[ObjectInfo]]:
    with tempfile.TemporaryDirectory(prefix="logsight-ask-") as name:
        folder = Path(name).resolve()
        (folder / "spill").mkdir()
        tables = {
            table: _provided(lake, table, constraint, tenant, folder)
            for table, constraint in statement.tables.items()
        }
        entries = list({entry.key: entry for each in tables.values() for entry in each.view.entries}.values())
        _check_size(entries, limits)
        request = Request(
            query=statement.sql,
            tables=list(tables),
            statements=[text for each in tables.values() for text in each.view.statements],
            files=[_locate(lake, folder, e.key) for e in entries] + [f for each in tables.values() for f in each.files],
            spill=str(folder / "spill"),
            memory_mb=limits.memory_mb,
            threads=lake.settings.engine.threads or os.cpu_count() or 1,
            seconds=limits.max_seconds,
            max_rows=limits.max_rows,
        )
        return run(request, folder), entries


@dataclass(frozen=True)
class _Provided:
    view: View
    files: list[str]  # written for this question


def _provided(lake: Lake, table: str, constraint: Constraint, tenant: str | None, folder: Path) -> _Provided:
    held = PROVIDERS[table]
    tenants = [name for name in tenants_of(lake, tenant, held.prefixes) if constraint.wants_tenant(name)]
    given = held.provide(Need(lake, tenants, constraint, lambda key: _locate(lake, folder, key)))
    if isinstance(given, View):
        return _Provided(given, [])
    return _written(table, given, folder)


def _written(table: str, rows: pa.Table, folder: Path) -> _Provided:
    """Rows that LogSight read itself reach the engine as a file of the question's own folder."""
    file = folder / f"{table}.parquet"
    pq.write_table(rows, file)
    select = f"select * from read_parquet({literal(str(file))}, hive_partitioning = false)"
    return _Provided(View([view(table, select)]), [str(file)])


def _locate(lake: Lake, folder: Path, key: str) -> str:
    """Where the child finds an object: through a link, so that a lake's path can hold any character.

    DuckDB takes `*` and `[` in a path for a pattern, and its messages name paths.
    """
    uri = lake.store.uri(key)
    if "://" in uri:
        return uri
    link = folder / "lake"
    if not link.is_symlink():
        link.symlink_to(uri.removesuffix(key), target_is_directory=True)
    return f"{link}/{key}"


def _check_size(entries: list[ObjectInfo], limits: Reader) -> None:
    size = sum(entry.size for entry in entries)
    remedy = "narrow it by dt, hour or tenant, or ask a *_trend_hour or *_trend_day table"
    if size > limits.max_scan_bytes:
        raise refused(
            f"a question over {size:,} bytes of objects, at most {limits.max_scan_bytes:,} (reader.max_scan_bytes): {remedy}"
        )
    if len(entries) > MAX_OBJECTS:
        raise refused(f"a question over {len(entries):,} objects, at most {MAX_OBJECTS:,}: {remedy}")
