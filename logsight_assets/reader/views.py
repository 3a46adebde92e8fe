"""SQL of the views that a question sees: rows of chosen objects, with what their path says as columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from logsight_assets.lake import Lake
from logsight_assets.reader.constraint import Constraint
from logsight_assets.sqltext import literal
from logsight_assets.table_model import Column, Table, Type
from resources.object_store import ObjectInfo


@dataclass(frozen=True)
class Need:
    """What a question can need of one table, and where its process finds an object."""

    lake: Lake
    tenants: Sequence[str]  # that it may see and asks about
    constraint: Constraint
    locate: Callable[[str], str]  # key → path or URI


@dataclass(frozen=True)
class View:
    """A table of a question: statements that define it, the last one under its name, and all that they read."""

    statements: Sequence[str]
    entries: Sequence[ObjectInfo] = field(default_factory=list)


# Either a view over objects, or the rows themselves where LogSight has to read the objects (JSON, vault).
Provider = Callable[[Need], View | pa.Table]


def view(name: str, select: str) -> str:
    return f"create temp view {quoted(name)} as {select}"


def rows_of(table: Table, entries: Sequence[ObjectInfo], need: Need) -> str:
    """A subquery, in parentheses: the rows of these objects of a table, partition columns last; typed without any."""
    if not entries:
        columns = [*table.columns, *(Column(name, Type.VARCHAR, "") for name in table.partition)]
        nulls = ", ".join(f"cast(null as {column.type.value}) as {quoted(column.name)}" for column in columns)
        return f"(select {nulls} where false)"
    own = [quoted(column.name) for column in table.columns]
    parts = [
        f"regexp_extract(filename, {literal(_pattern(table))}, {index}) as {quoted(name)}"
        for index, name in enumerate(table.partition, 1)
    ]
    files = ", ".join(literal(need.locate(entry.key)) for entry in entries)
    # Not hive_partitioning: it takes the *first* `tenant=` of a path, which may be a folder above the lake; and in
    # 1.5.5 min() of a partition column is an internal error (duckdb#25629, fixed by #25766 for 1.5.6).
    source = f"read_parquet([{files}], hive_partitioning = false, filename = true)"
    return f"(select {', '.join(own + parts)} from {source})"


def _pattern(table: Table) -> str:
    """Finds the partition values at the end of a path; a single object's path may have fewer folders than others."""
    return "".join(f"/{name}=([^/]+)" for name in table.partition) + "/[^/]+$"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
