"""What a table and its columns are; the tables themselves are declared in `tables.py`.

A type is named by DuckDB's word for it; what Arrow and Athena call it derives from that, here and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pyarrow as pa


class Type(Enum):
    """A column's type, by its name in DuckDB; Arrow and Athena names derive from it."""

    VARCHAR = "VARCHAR"
    BIGINT = "BIGINT"
    INTEGER = "INTEGER"
    TINYINT = "TINYINT"
    BOOLEAN = "BOOLEAN"
    DOUBLE = "DOUBLE"
    DECIMAL = "DECIMAL(38,0)"
    TIMESTAMP = "TIMESTAMP"

    @property
    def arrow(self) -> pa.DataType:
        return _ARROW[self]

    @property
    def athena(self) -> str:
        return {"VARCHAR": "string", "INTEGER": "int"}.get(self.value, self.value.lower())


_ARROW = {
    Type.VARCHAR: pa.string(),
    Type.BIGINT: pa.int64(),
    Type.INTEGER: pa.int32(),
    Type.TINYINT: pa.int8(),
    Type.BOOLEAN: pa.bool_(),
    Type.DOUBLE: pa.float64(),
    Type.DECIMAL: pa.decimal128(38, 0),
    Type.TIMESTAMP: pa.timestamp("us"),
}


@dataclass(frozen=True)
class Column:
    name: str
    type: Type
    description: str


@dataclass(frozen=True)
class Table:
    """A table by name; `partition` columns stand in the path, `key` columns identify and order a row within it."""

    name: str
    description: str
    partition: tuple[str, ...]
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.type.arrow) for column in self.columns])

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)
