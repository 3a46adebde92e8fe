"""An unpacked object becomes a table of records, by the fastest way that is right.

Flat JSON is read by DuckDB; rows that it does not find plain are nominated, and Python reads those lines alone. Every
other format is read in Python and handed over as lines of the same shape. Whichever way, one table results.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb

from logsight_assets.intake.convert import Converter, Tally
from logsight_assets.intake.formats import detect, parse_object
from logsight_assets.intake.quarantine import QuarantineWriter
from logsight_assets.intake.records import ParseContext
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.intake.tenancy import Tenancy
from logsight_assets.intake.unpack import Unpacked
from logsight_assets.sqltext import literal, sql
from logsight_assets.timeline import Hour

FLAT = "flat"
# What is taken out of `resource`, in the notation of DuckDB's from_json: once a record, for tenant and event alike.
FACTS = (
    '{"tenant.id":"VARCHAR","service.name":"VARCHAR","deployment.environment":"VARCHAR",'
    '"deployment.environment.name":"VARCHAR","host.name":"VARCHAR"}'
)
_HEAD_LINES = 200
_HEAD_BYTES = 256 << 10
# Above this share of nominated lines DuckDB's pass was wasted, and one pass in Python is cheaper than picking lines.
_MOST_NOMINATED = 0.2


@dataclass(frozen=True)
class Reading:
    """What is read with what: the rules of one object, and where its parts go."""

    source: SourceDefinition
    context: ParseContext
    tenancy: Tenancy
    record_key: str
    table: str  # name of the temporary table of records
    scratch: Path
    is_blanked: bool = False  # an erasure has rewritten the object


def parse_context(source: SourceDefinition, arrival_hour: Hour, max_depth: int) -> ParseContext:
    """What a format may know of an object of a source."""
    own_id = {"event_id": source.id_field} if source.id_field else {}
    return ParseContext(
        arrival_hour=arrival_hour.start,
        max_depth=max_depth,
        pattern=source.pattern,
        field_map=source.fields | own_id,
        time_unit=source.time_unit,
        time_zone=source.time_zone,
        multiline_start=source.multiline_start,
    )


def read_records(
    cursor: duckdb.DuckDBPyConnection, unpacked: Unpacked, reading: Reading, quarantine: QuarantineWriter
) -> tuple[str, Tally, int]:
    """Fill the table of records, of which rows with `is_plain` count.

    Returns the format, what became of the lines, and the rows of the table, whether they count or not.
    """
    tally = Tally()
    for line in unpacked.long_lines:
        quarantine.refuse_long(line)
    tally.quarantined_lines += len(unpacked.long_lines)
    name = reading.source.format
    if name == "auto":
        name = detect(_head(unpacked.path))
    nominated: list[int] | None = None
    if name == FLAT and not reading.source.fields and not unpacked.long_lines and unpacked.lines:
        nominated = _read_flat(cursor, unpacked, reading, tally)
    converted = reading.scratch / "converted.json"
    with converted.open("wb") as out:
        converter = Converter(
            reading.tenancy, reading.record_key.encode(), out, quarantine, tally, is_blanked=reading.is_blanked
        )
        if nominated is None:
            converter.take(parse_object(_lines(unpacked), name, reading.context))
        else:
            for numbered in _lines_at(unpacked.path, nominated):
                # One at a time: a cut line must not be joined with one that stood elsewhere.
                converter.take(parse_object([numbered], name, reading.context))
    rows = sql(
        "intake/converted_records", file=_quoted(converted), longest=_buffer(converter.longest_line), facts=FACTS
    )
    if nominated is None:
        cursor.execute(f"create or replace temp table {reading.table} as {rows}")
    elif nominated:
        cursor.execute(f"insert into {reading.table} {rows}")
    (count,) = cursor.execute(f"select count(*) from {reading.table}").fetchone() or (0,)
    return name, tally, count


def _read_flat(
    cursor: duckdb.DuckDBPyConnection, unpacked: Unpacked, reading: Reading, tally: Tally
) -> list[int] | None:
    """Read plain rows by DuckDB. Returns the lines to be read in Python; None if the whole object is."""
    rows = sql(
        "intake/flat_lines",
        file=_quoted(unpacked.path),
        longest=_buffer(unpacked.longest_line),
        record_key=reading.record_key,
        tenant=reading.tenancy.sql(),
        facts=FACTS,
    )
    table = reading.table
    cursor.execute(f"create or replace temp table {table} as {rows}")
    tenants = [name for (name,) in cursor.execute(f"select distinct tenant from {table} where is_plain").fetchall()]
    if refused := [literal(name) for name in tenants if reading.tenancy.refuses(name)]:
        cursor.execute(f"update {table} set is_plain = false where tenant in ({', '.join(refused)})")
    odd = cursor.execute(f"select raw_line from {table} where not is_plain order by 1").fetchall()
    nominated = [line for (line,) in odd]
    (found,) = cursor.execute(f"select count(*) from {table}").fetchone() or (0,)
    # DuckDB makes no row for a blank line, and may make too few of damaged ones: then its line numbers say nothing.
    if found != unpacked.lines or len(nominated) > _MOST_NOMINATED * found:
        return None
    tally.consumed_lines += found - len(nominated)
    tally.records += found - len(nominated)
    return nominated


def _head(path: Path) -> list[bytes]:
    with path.open("rb") as file:
        block = file.read(_HEAD_BYTES)
    return [line.removesuffix(b"\r") for line in block.split(b"\n")[:_HEAD_LINES]]


def _lines(unpacked: Unpacked) -> Iterator[tuple[int, bytes]]:
    """Physical lines without their ends; long ones are left out, as they are accounted for."""
    long = {line.line for line in unpacked.long_lines}
    with unpacked.path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if number not in long:
                yield number, line.removesuffix(b"\n").removesuffix(b"\r")


def _lines_at(path: Path, numbers: Iterable[int]) -> Iterator[tuple[int, bytes]]:
    wanted = set(numbers)
    if wanted:
        with path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if number in wanted:
                    yield number, line.removesuffix(b"\n").removesuffix(b"\r")


def _buffer(longest_line: int) -> str:
    """What DuckDB takes as its limit of a line; it allocates twice as much for each thread, whatever the file holds."""
    return str(longest_line + 1024)


def _quoted(path: Path) -> str:
    return literal(str(path))[1:-1]
