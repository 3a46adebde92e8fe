"""The canonical Parquet writer: rows of a declared table become the same bytes wherever and whenever they are made.

Whichever engine computed the rows, they pass through here: the table's own columns and types, the order of its key,
one set of writer settings, and facts about the rows as key-value metadata in the footer. Reading those facts back
costs the footer alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logsight_assets.errors import ConservationError, ObjectMissing
from logsight_assets.table_model import Column, Table, Type
from resources.object_store import ObjectStore

INPUTS = "logsight.inputs"  # hash of what the rows were made from
TABLE = "logsight.table"
VERSION = "logsight.version"

# DuckDB's own row group size: one morsel a group when it reads in parallel.
_ROW_GROUP_ROWS = 122_880
# Level 1 is as small as 3 on our rows and 16 % cheaper.
_ZSTD_LEVEL = 1


def parquet_bytes(rows: pa.Table, table: Table, metadata: Mapping[str, str]) -> bytes:
    """The bytes of a table's rows, which must come ordered by the table's key, each key once.

    A column `x_time` may come as `x_unix_nano` integers: engines disagree on making timestamps, not on integers.
    Raises ConservationError when rows are out of order, share a key, or have columns that the table does not.
    """
    conformed = _conformed(rows, table)
    _require_order(conformed, table)
    sink = pa.BufferOutputStream()
    with pq.ParquetWriter(
        sink,
        table.arrow_schema,
        compression="zstd",
        compression_level=_ZSTD_LEVEL,
        version="2.6",
        # Arrow's own copy of the schema says nothing that Parquet's does not, and adds a kilobyte to each object.
        store_schema=False,
    ) as writer:
        writer.write_table(conformed, _ROW_GROUP_ROWS)
        writer.add_key_value_metadata({TABLE: table.name, **metadata})
    return bytes(sink.getvalue())


def _conformed(rows: pa.Table, table: Table) -> pa.Table:
    taken = [_source_name(rows, column) for column in table.columns]
    if extra := set(rows.column_names) - set(taken):
        raise ConservationError(f"table {table.name}: rows have columns that it does not: {sorted(extra)}")
    columns = [_cast(rows[name], column) for name, column in zip(taken, table.columns, strict=True)]
    # One chunk a column: chunk borders would otherwise decide where pages end, and with it the bytes.
    return pa.Table.from_arrays(columns, schema=table.arrow_schema).combine_chunks()


def _source_name(rows: pa.Table, column: Column) -> str:
    if column.name in rows.column_names or column.type is not Type.TIMESTAMP:
        return column.name
    return column.name.removesuffix("_time") + "_unix_nano"


def _cast(values: pa.ChunkedArray, column: Column) -> pa.ChunkedArray:
    if column.type is Type.TIMESTAMP and pa.types.is_integer(values.type):
        values = values.cast(pa.int64()).cast(pa.timestamp("ns"))
    return values.cast(column.type.arrow)


def _require_order(rows: pa.Table, table: Table) -> None:
    for name in table.key:
        if rows[name].null_count:
            raise ConservationError(f"table {table.name}: key column {name} is NULL in {rows[name].null_count} rows")
    if rows.num_rows < 2:
        return
    ascends: pa.ChunkedArray | pa.BooleanScalar = pa.scalar(False)
    for name in reversed(table.key):
        before, after = rows[name].slice(0, rows.num_rows - 1), rows[name].slice(1)
        ascends = pc.or_(pc.less(before, after), pc.and_(pc.equal(before, after), ascends))
    if not pc.all(ascends).as_py():
        at = pc.index(ascends, False).as_py()
        raise ConservationError(f"table {table.name}: rows {at} and {at + 1} share a key or are out of order")


def read_facts(store: ObjectStore, key: str) -> dict[str, str] | None:
    """The key-value metadata of an object, from its footer; None if there is no such object."""
    try:
        with store.open(key) as stream:
            held = pq.read_metadata(stream).metadata or {}
    except ObjectMissing:
        return None
    return {name.decode(): value.decode() for name, value in held.items()}


def published_inputs(store: ObjectStore, key: str) -> str | None:
    """Hash of the inputs that an object was made from; None if it is absent or not ours."""
    return (read_facts(store, key) or {}).get(INPUTS)


def read_rows(store: ObjectStore, key: str, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of an object, with these columns or all of them; ObjectMissing if absent."""
    # Not `read_table`: that makes a data set of the one file, and for it imports 40 ms of code.
    with store.open(key) as stream, pq.ParquetFile(stream) as file:
        return file.read(columns)
