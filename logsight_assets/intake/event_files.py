"""Records become event files in a scratch folder: one a (tenant, event hour), rows in the object's order."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logsight_assets.intake.mask import pattern_id_sql
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.sqltext import literal, sql, sql_folder
from logsight_assets.tables import EVENTS
from logsight_assets.timeline import Hour

BLOCK = 65_536  # rows that are sorted into files at a time
_MOST_BUFFERED = 4 * BLOCK  # rows that wait in memory before they are written as row groups
# Late events make most files of an object: thirty of 36, of thirty rows each. Packing one by zstd takes 0.68 ms, by
# snappy 0.33 for two kilobytes more.
_FEW_ROWS = 1000
_SMALL: dict[str, Any] = {"compression": "snappy"}
_LARGE: dict[str, Any] = {"compression": "zstd", "compression_level": 1}
# Only columns that repeat: building a dictionary of ids costs time and is thrown away.
_DICTIONARY = ["environment", "service", "host", "severity_text", "resource", "sensitivity", "source", "raw_object"]
# What readers prune by; minima of ids prune nothing and cost 0.6 µs a row.
_STATISTICS = ["event_time", "time_unix_nano", "severity_number", "service", "environment"]


@dataclass(frozen=True)
class EventFile:
    """A written file and where its events belong."""

    tenant: str
    hour: Hour
    rows: int
    path: Path


@dataclass(frozen=True)
class Written:
    """What the records of an object became."""

    files: list[EventFile]
    durations_out_of_range: int  # events whose duration was no time up to 30 days: theirs is NULL
    weights_out_of_range: int  # events whose weight was no integer up to a million: theirs is NULL


@dataclass(frozen=True)
class EventRules:
    """What of a source and an object takes part in making events of records."""

    source: SourceDefinition
    object_id: str
    arrival_hour: Hour
    service: str | None
    environment: str | None


@dataclass(frozen=True)
class Timing:
    """How many records had no usable time."""

    missing: int
    future: int


def settle_times(cursor: duckdb.DuckDBPyConnection, table: str, arrival_hour: Hour) -> tuple[str, Timing]:
    """Name of a relation in which every record has a time, and what was wanting."""
    row = cursor.execute(
        "select count(*) filter (time_unix_nano is null), count(*) filter (time_unix_nano >= ?)"
        f" from {table} where is_plain",
        [(arrival_hour + 2).start_nano],
    ).fetchone()
    timing = Timing(*(row or (0, 0)))
    records = f"(select * exclude (is_plain) from {table} where is_plain)"
    if timing.missing or timing.future:
        rows = sql("intake/timed_records", records=f"{records} as r", arrival_nano=str(arrival_hour.start_nano))
        cursor.execute(f"create or replace temp table {table}_timed as {rows}")
        return f"{table}_timed", timing
    plain = f"select *, false as is_time_inferred, cast(null as bigint) as claimed_unix_nano from {records} as r"
    return f"({plain})", timing


def write_event_files(cursor: duckdb.DuckDBPyConnection, records: str, rules: EventRules, folder: Path) -> Written:
    """Write the events of all records, which are redacted; every (tenant, event hour) becomes a file of its own."""
    groups: dict[tuple[str, int], _Group] = {}
    buffered = durations = weights = 0
    reader = cursor.execute(_events_sql(records, rules)).to_arrow_reader(BLOCK)
    for block in _blocks(reader):
        durations += pc.sum(block["is_duration_out_of_range"]).as_py()
        weights += pc.sum(block["is_weight_out_of_range"]).as_py()
        for key, rows in _split(block):
            group = groups.get(key)
            if group is None:
                group = groups[key] = _Group(folder / f"{len(groups)}.parquet")
            group.rows.append(rows)
        buffered += block.num_rows
        if buffered >= _MOST_BUFFERED:
            for group in groups.values():
                group.flush()
            buffered = 0
    files = [EventFile(tenant, Hour(hour), group.end(), group.path) for (tenant, hour), group in groups.items()]
    return Written(files, durations, weights)


class _Group:
    """One file in the making: rows wait until enough have come for a row group."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: list[pa.Table] = []
        self._count = 0
        self._writer: pq.ParquetWriter | None = None

    def flush(self) -> None:
        if not self.rows:
            return
        if self._writer is None:
            self._writer = pq.ParquetWriter(
                self.path,
                EVENTS.arrow_schema,
                **(_SMALL if sum(rows.num_rows for rows in self.rows) < _FEW_ROWS else _LARGE),
                use_dictionary=_DICTIONARY,
                write_statistics=_STATISTICS,
                store_schema=False,
            )
        table = pa.concat_tables(self.rows)
        self._writer.write_table(table, max(table.num_rows, 1))
        self._count += table.num_rows
        self.rows = []

    def end(self) -> int:
        """Close the file; returns its rows."""
        self.flush()
        if self._writer is not None:
            self._writer.close()
        return self._count


def _blocks(reader: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Exactly BLOCK rows at a time, however the engine cuts its batches: bytes must not depend on it."""
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in reader:
        held.append(batch)
        count += batch.num_rows
        if count >= BLOCK:
            table = pa.Table.from_batches(held)
            for start in range(0, count - BLOCK + 1, BLOCK):
                yield table.slice(start, BLOCK)
            rest = table.slice(count - count % BLOCK)
            held, count = rest.to_batches(), rest.num_rows
    if count:
        yield pa.Table.from_batches(held)


def _split(block: pa.Table) -> Iterator[tuple[tuple[str, int], pa.Table]]:
    """Rows of each (tenant, event hour), in the order of the object's lines.

    Sorting indices and gathering once costs half of what ORDER BY over the whole rows does in the engine.
    """
    tenants = block["tenant"].combine_chunks().dictionary_encode()
    hours = block["event_hour"].to_numpy()
    group = tenants.indices.to_numpy().astype(np.int64) << 32 | hours
    order = np.lexsort((block["raw_record"].to_numpy(), block["raw_line"].to_numpy(), group))
    schema = EVENTS.arrow_schema
    rows = block.select(schema.names).cast(schema).take(pa.array(order)).combine_chunks()
    ordered = group[order]
    starts = np.flatnonzero(np.diff(ordered, prepend=-1))
    for start, end in zip(starts, [*starts[1:], len(ordered)], strict=True):
        key = int(ordered[start])
        yield (tenants.dictionary[key >> 32].as_py(), key & 0xFFFFFFFF), rows.slice(start, end - start)


def _events_sql(records: str, rules: EventRules) -> str:
    marks = [name for name in dict.fromkeys(rules.source.request.attributes) if name not in _known_marks()]
    keys = "".join(f',"{name}":"VARCHAR"' for name in marks)
    request = " or ".join(f'marks."{name}" is not null' for name in rules.source.request.attributes) or "false"
    return sql(
        "intake/events",
        records=f"{records} as r",
        arrival_nano=str(rules.arrival_hour.start_nano),
        object_id=rules.object_id,
        source=rules.source.name,
        service=literal(rules.service or "unknown_service"),
        environment=f"cast({literal(rules.environment)} as varchar)",
        error_severity=str(rules.source.error.severity_at_least),
        error_status=str(rules.source.error.status_at_least),
        is_request=f"({request})",
        request_keys=keys.replace("'", "''"),
        pattern_id=pattern_id_sql("body"),
    )


@cache
def _known_marks() -> frozenset[str]:
    """Attributes that sql/intake/events.sql extracts anyway; asked for twice, the engine refuses them."""
    return frozenset(re.findall(r'"([^"]+)":"VARCHAR"', (sql_folder() / "intake/events.sql").read_text("utf-8")))
