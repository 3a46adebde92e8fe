"""Lakes with steady hours: event files, their trends, and how complete they are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from logsight_assets.anomalies.hours import due_hours, refresh_anomalies
from logsight_assets.lake import Lake, anomalies_key, completeness_key
from logsight_assets.parquet import parquet_bytes, read_rows
from logsight_assets.tables import COMPLETENESS
from logsight_assets.timeline import Hour, hours_between
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.trends.event_files import event, put_events

FIRST = Hour.parse("2025-05-31T00")
LAST = Hour.parse("2025-05-31T09")  # ten hours
HOURS = list(hours_between(FIRST, LAST + 1))


def put_hour(lake: Lake, hour: Hour, count: int, *, name: str = "o1", tenant: str = "acme", **of: Any) -> None:
    put_events(
        lake, [event(n, "order placed", hour, **of) for n in range(count)], hour=hour, tenant=tenant, raw_object=name
    )


def complete(lake: Lake, hours: Iterable[Hour], tenant: str = "acme") -> None:
    """Say that these hours, and no others, are complete."""
    rows = [
        {"source": "app", "event_hour": hour.start.replace(tzinfo=None), "watermark": None, "state": "complete"}
        for hour in sorted(hours)
    ]
    table = pa.Table.from_pylist(rows, COMPLETENESS.arrow_schema)
    lake.store.put(completeness_key(tenant), parquet_bytes(table, COMPLETENESS, {}))


def fill(lake: Lake, engine: DuckDBEngine, *, last: int = 40, tenant: str = "acme") -> None:
    """Forty events in each hour; in the last one, so many. Not judged yet."""
    for hour in HOURS:
        put_hour(lake, hour, last if hour == LAST else 40, tenant=tenant)
    complete(lake, HOURS, tenant)
    refresh(lake, engine, HOURS).check()


def judge_all(lake: Lake, engine: DuckDBEngine) -> int:
    """Work on what is due until nothing is; how many hours were looked at."""
    looked = 0
    while due := due_hours(lake):
        for hour in due:
            refresh_anomalies(lake, engine, hour)
            looked += 1
    return looked


def judged(lake: Lake) -> dict[str, bytes]:
    return {entry.key: lake.store.get(entry.key) for entry in lake.store.list("anomalies/")}


def row(lake: Lake, hour: Hour, metric: str = "event_count", tenant: str = "acme") -> dict[str, Any]:
    rows: list[dict[str, Any]] = read_rows(lake.store, anomalies_key(tenant, hour)).to_pylist()
    return next(r for r in rows if r["metric"] == metric and not r["template_id"])
