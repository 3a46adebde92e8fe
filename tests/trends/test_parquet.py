"""The canonical writer: same rows, same bytes; anything else is refused before it is an object."""

from __future__ import annotations

import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from logsight_assets.errors import ConservationError
from logsight_assets.lake import Lake
from logsight_assets.parquet import parquet_bytes, published_inputs, read_facts
from logsight_assets.table_model import Column, Table, Type
from logsight_assets.tables import COMPLETENESS, TRENDS

TABLE = Table(
    "things",
    "",
    (),
    ("thing_time", "name"),
    (Column("thing_time", Type.TIMESTAMP, ""), Column("name", Type.VARCHAR, ""), Column("n", Type.TINYINT, "")),
)
MINUTE = 60 * 10**9


def _rows(*rows: tuple[int, str, int | None]) -> pa.Table:
    times, names, numbers = zip(*rows, strict=True)
    return pa.table({"n": pa.array(numbers, pa.int64()), "name": names, "thing_unix_nano": pa.array(times, pa.int64())})


def test_integers_become_times_and_types_those_of_the_table() -> None:
    data = parquet_bytes(_rows((0, "a", 1), (MINUTE, "a", None)), TABLE, {})
    read = pq.read_table(io.BytesIO(data))
    assert read.schema.equals(TABLE.arrow_schema)
    assert read["thing_time"].cast(pa.int64()).to_pylist() == [0, MINUTE // 1000]


def test_bytes_do_not_depend_on_how_rows_are_cut_into_chunks() -> None:
    rows = _rows(*((n * MINUTE, f"name {n}", n % 100) for n in range(5000)))
    pieces = pa.concat_tables([rows.slice(0, 7), rows.slice(7, 1000), rows.slice(1007)])
    assert parquet_bytes(rows, TABLE, {"a": "b"}) == parquet_bytes(pieces, TABLE, {"a": "b"})


@pytest.mark.parametrize("table", [*TRENDS.values(), COMPLETENESS], ids=lambda table: table.name)
def test_every_table_can_be_empty(table: Table) -> None:
    data = parquet_bytes(table.arrow_schema.empty_table(), table, {})
    assert pq.read_table(io.BytesIO(data)).schema.equals(table.arrow_schema)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (_rows((MINUTE, "a", 1), (0, "a", 1)), "out of order"),
        (_rows((0, "b", 1), (0, "a", 1)), "out of order"),
        (_rows((0, "a", 1), (0, "a", 2)), "share a key"),
        (_rows((0, "a", 1)).append_column("more", pa.array([1])), "columns that it does not"),
        (_rows((0, "a", 1)).set_column(1, "name", pa.array([None], pa.string())), "name is NULL"),
    ],
    ids=["order", "second key", "twice", "column", "null"],
)
def test_rows_that_are_not_the_tables_are_refused(rows: pa.Table, message: str) -> None:
    with pytest.raises(ConservationError, match=message):
        parquet_bytes(rows, TABLE, {})


def test_facts_are_read_from_the_footer(lake: Lake) -> None:
    lake.store.put("a.parquet", parquet_bytes(_rows((0, "a", 1)), TABLE, {"logsight.inputs": "abc"}))
    assert read_facts(lake.store, "a.parquet") == {"logsight.inputs": "abc", "logsight.table": "things"}
    assert published_inputs(lake.store, "a.parquet") == "abc"
    assert published_inputs(lake.store, "b.parquet") is None
