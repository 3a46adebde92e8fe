"""Whether an engine's output is right: its counts by (tenant, hour, service, severity) against the profile's truth."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from bench.datasets import Cells

_TREND_CELLS = """
    select concat_ws('|', tenant, dt || 'T' || hour, service, severity_number) as cell, sum(event_count)::bigint as n
    from read_parquet('{folder}/trends/{table}_minute/tenant=*/dt=*/hour=*/*.parquet',
                      hive_partitioning = true, hive_types_autocast = false)
    group by 1"""
_COPY_CELLS = """
    select concat_ws('|', resource->>'$."tenant.id"',
                     strftime(make_timestamp(try_cast(timeUnixNano as bigint) // 1000), '%Y-%m-%dT%H'),
                     resource->>'$."service.name"', severityNumber) as cell,
           count(distinct event_id) as n
    from '{folder}/limit.parquet'
    where timeUnixNano is not null
    group by 1"""


@dataclass(frozen=True)
class Verdict:
    """How a table's counts compare with the truth."""

    cells: int
    wrong_cells: int
    missing_events: int
    extra_events: int

    def __str__(self) -> str:
        if not self.wrong_cells:
            return f"exact ({self.cells:,} cells)"
        return (
            f"{self.wrong_cells:,} of {self.cells:,} cells differ: {self.missing_events:,} events missing, "
            f"{self.extra_events:,} too many"
        )


def trend_cells(folder: Path, table: str) -> Cells:
    """Counts in the minute level of a trend table."""
    return _cells(_TREND_CELLS.format(folder=folder, table=table), folder)


def copy_cells(folder: Path) -> Cells:
    """Counts in the bare copy, each event id once."""
    return _cells(_COPY_CELLS.format(folder=folder), folder)


def compare(found: Cells, truth: Cells) -> Verdict:
    differences = {cell: found.get(cell, 0) - truth.get(cell, 0) for cell in found.keys() | truth.keys()}
    wrong = [difference for difference in differences.values() if difference]
    return Verdict(
        cells=len(truth),
        wrong_cells=len(wrong),
        missing_events=-sum(difference for difference in wrong if difference < 0),
        extra_events=sum(difference for difference in wrong if difference > 0),
    )


def _cells(query: str, folder: Path) -> Cells:
    # Whoever counts is not measured, but must not push the files out of the page cache.
    with duckdb.connect(config={"memory_limit": "2GB", "temp_directory": str(folder / "spill")}) as connection:
        return dict(connection.execute(query).fetchall())
