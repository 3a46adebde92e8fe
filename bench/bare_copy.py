"""The limit: the least that any engine on DuckDB could do with these files: parse them, write one Parquet file.

    python -m bench.bare_copy FOLDER OUTPUT CORES

No line numbers, quarantine, receipts, redaction, partitions or trends. Prints what it took inside, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import duckdb

_COLUMNS = {
    "timeUnixNano": "VARCHAR",
    "observedTimeUnixNano": "VARCHAR",
    "severityNumber": "VARCHAR",
    "severityText": "VARCHAR",
    "body": "VARCHAR",
    "attributes": "JSON",
    "resource": "JSON",
    "traceId": "VARCHAR",
    "spanId": "VARCHAR",
    "event_id": "VARCHAR",
}


def main(folder: str, output: str, cores: str) -> None:
    """Copy all objects of a folder into `limit.parquet`."""
    started = time.perf_counter()
    Path(output).mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"{name}: '{kind}'" for name, kind in _COLUMNS.items())
    with duckdb.connect(config={"threads": int(cores)}) as connection:
        row = connection.execute(
            f"copy (select * from read_json('{folder}/raw/**/*.gz', format = 'newline_delimited', ignore_errors = true,"
            f" maximum_object_size = 33554432, columns = {{{columns}}}))"
            f" to '{output}/limit.parquet' (format parquet, compression zstd)"
        ).fetchone()
    print(json.dumps({"seconds": time.perf_counter() - started, "rows": row[0] if row else 0}))


if __name__ == "__main__":
    main(*sys.argv[1:])
