"""Rows that may not change by accident: a change is a new TRENDS_VERSION, so that older objects show as stale."""

from __future__ import annotations

import hashlib
import json

from logsight_assets.lake import Lake
from logsight_assets.trends.refresh import refresh
from logsight_assets.versions import TRENDS_VERSION
from resources.query_engine import DuckDBEngine

from .conftest import published, rows_of
from .event_files import HOUR, event, put_events

# The version and what its rows hash to. If this fails: raise TRENDS_VERSION in versions.py, then put both here.
GOLDEN = (1, "5a325c9ba835b443")


def test_rows_change_only_with_their_version(lake: Lake, engine: DuckDBEngine) -> None:
    rows = [
        event(
            n * 37 % 3600,
            f"order {n} took {n * 3} ms\ntrace {n}",
            own_id=f"id-{n % 40}" if n % 3 else None,
            content=str(n % 40),
            service=("shop", "cart", "pay")[n % 3],
            environment=(None, "prod")[n % 2],
            severity_number=(None, 9, 17)[n % 3],
            is_error=n % 3 == 2,
            is_request=n % 2 == 0,
            duration_ns=n * n * 977 if n % 4 else None,
            sample_weight=1 + n % 5,
        )
        for n in range(60)
    ]
    put_events(lake, rows + rows[:7])
    refresh(lake, engine, [HOUR]).check()
    held = {key: rows_of(lake, key) for key in sorted(published(lake))}
    found = hashlib.sha256(json.dumps(held, sort_keys=True, default=str).encode()).hexdigest()[:16]
    assert (TRENDS_VERSION, found) == GOLDEN
