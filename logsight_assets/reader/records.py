"""Tables whose objects are no Parquet, or lie under several layouts: LogSight reads them and hands the rows over.

Of the wanted tenants only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

import pyarrow as pa

from logsight_assets.incidents.summary.ledger import day_use, days_of
from logsight_assets.intake.receipts import Receipt, read_receipt, receipt_entries
from logsight_assets.lake import hours_below, values
from logsight_assets.parquet import read_rows
from logsight_assets.reader.views import Need
from logsight_assets.table_model import Table
from logsight_assets.tables import MODEL_USE, QUARANTINE, RECEIPTS, REPORT_NUMBERS
from logsight_assets.timeline import Hour

Row = Mapping[str, Any]
_BLOCK = 10_000  # rows


def receipts(need: Need) -> pa.Table:
    """What became of each raw object, of the arrival hours that are wanted."""
    return _table(RECEIPTS, _receipt_rows(need))


def _receipt_rows(need: Need) -> Iterator[Row]:
    store = need.lake.store
    for tenant, source, hour in arrival_hours(need, "receipts/"):
        for entry in receipt_entries(store, tenant, source, hour).values():
            yield _receipt_row(read_receipt(store, entry.key), hour)


def _receipt_row(receipt: Receipt, hour: Hour) -> Row:
    held = {column.name: getattr(receipt, column.name) for column in RECEIPTS.columns}
    return held | {
        "ignored_lines": sum(receipt.ignored_lines.values()),
        "faults": ",".join(receipt.faults),
        "tenant": receipt.tenant,
        "source": receipt.source,
        "dt": hour.day,
        "hour": hour.hh,
    }


def quarantine(need: Need) -> pa.Table:
    """Reason and place of what was refused, and a redacted excerpt; the bytes are the vault's."""
    return _table(QUARANTINE, _quarantine_rows(need))


def _quarantine_rows(need: Need) -> Iterator[Row]:
    # Every other question does without formats and detectors.
    from logsight_assets.intake.excerpts import excerpt  # noqa: PLC0415
    from logsight_assets.intake.keys import load_keys  # noqa: PLC0415
    from logsight_assets.intake.quarantine import entries_of, raw_of  # noqa: PLC0415
    from logsight_assets.intake.redact_records import redaction_of  # noqa: PLC0415

    store = need.lake.store
    redactor = redaction_of(need.lake.settings, load_keys(need.lake.state).ring).redactor
    for tenant, source, hour in arrival_hours(need, "quarantine/"):
        for entry in store.list(f"quarantine/tenant={tenant}/source={source}/{hour.path}/"):
            object_id = entry.key.rpartition("/")[2].removesuffix(".jsonl.gz")
            for held in entries_of(store, entry.key):
                yield {
                    "reason": held["reason"],
                    "raw_object": object_id,
                    "raw_line": held["line"],
                    "raw_record": held["record"],
                    "excerpt": excerpt(raw_of(held), redactor(tenant)),
                    "tenant": tenant,
                    "source": source,
                    "dt": hour.day,
                    "hour": hour.hh,
                }


def report_numbers(need: Need) -> pa.Table:
    """The numbers of daily and weekly reports; each row says its period."""
    tables = [_empty(REPORT_NUMBERS)]
    for tenant in need.tenants:
        for entry in need.lake.store.list(f"reports/tenant={tenant}/"):
            if entry.key.endswith(".parquet"):
                rows = read_rows(need.lake.store, entry.key).cast(REPORT_NUMBERS.arrow_schema)
                tables.append(rows.append_column("tenant", pa.array([tenant] * rows.num_rows, pa.string())))
    return pa.concat_tables(tables)


def model_use(need: Need) -> pa.Table:
    """What models cost, by tenant and day."""
    rows = (
        {**row, "tenant": tenant, "dt": day}
        for tenant in need.tenants
        for day in days_of(need.lake, tenant)
        for row in day_use(need.lake, tenant, day)
    )
    return _table(MODEL_USE, rows)


def arrival_hours(need: Need, area: str) -> Iterator[tuple[str, str, Hour]]:
    """(tenant, source, arrival hour) below an area of the lake that a question can need."""
    store = need.lake.store
    for tenant in need.tenants:
        for source in values(store, f"{area}tenant={tenant}/", "source"):
            for hour in hours_below(store, f"{area}tenant={tenant}/source={source}/"):
                if need.constraint.wants_hour(hour):
                    yield tenant, source, hour


def _table(table: Table, rows: Iterable[Row]) -> pa.Table:
    schema, left = _empty(table).schema, iter(rows)
    # Some at a time: as objects of Python rows take five times as much as in a table.
    blocks = iter(lambda: list(islice(left, _BLOCK)), [])
    return pa.Table.from_batches((pa.RecordBatch.from_pylist(block, schema) for block in blocks), schema)


def _empty(table: Table) -> pa.Table:
    """No rows, with what the path says as columns."""
    fields = [pa.field(name, pa.string()) for name in table.partition]
    return pa.schema([*table.arrow_schema, *fields]).empty_table()
