"""Trend rows as evidence: what the services of an incident logged before it and in it, with the query that gives them.

Whoever doubts a number asks the lake the same: `logsight sql` over `service_trend_minute`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logsight_assets.incidents.hours_before import TimeRead
from logsight_assets.lake import Lake, held_uris, minute_key
from logsight_assets.sqltext import literal, stored_sql, timestamp
from logsight_assets.tables import TRENDS
from resources.query_engine import Session

_TABLE = "service_trend_minute"
_MINUTE_NS = 60_000_000_000


@dataclass(frozen=True)
class TrendRows:
    """Rows of `sql` over the lake's tables; a service has one of before the incident (is_incident 0), one of it (1)."""

    sql: str
    rows: tuple[Mapping[str, Any], ...]

    def to_json(self) -> dict[str, Any]:
        return {"sql": self.sql, "rows": [dict(row) for row in self.rows]}


def trend_rows(
    session: Session,
    lake: Lake,
    tenants: Sequence[str],
    time: TimeRead,
    services: Collection[str],
) -> TrendRows:
    """What the trends hold of these services in the time read, up to the last whole minute before `as_of`."""
    window, hours = time.window, time.hours
    text = stored_sql(
        "incidents/trend_rows",
        rows=_TABLE,
        since=_minute(hours[0].start_nano),
        start=_minute(window.start),
        until=_minute(window.as_of),
        services=", ".join(literal(service) for service in sorted(services)) or "null",
        is_read=time.condition("minute_time", _minute),
    )
    name = _TABLE.removesuffix("_minute")
    keys = {tenant: [minute_key(name, tenant, hour) for hour in hours] for tenant in tenants}
    uris = {tenant: held_uris(lake.store, own) for tenant, own in keys.items()}
    session.define_tenants(_TABLE, TRENDS[_TABLE], {tenant: own for tenant, own in uris.items() if own})
    return TrendRows(text, tuple(_plain(row) for row in session.fetch(text).to_pylist()))


def _minute(nano: int) -> str:
    """The minute that holds it, as a SQL literal."""
    return timestamp(nano // _MINUTE_NS * _MINUTE_NS)


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    total = row["duration_sum_ns"]
    return {**row, "duration_sum_ns": None if total is None else int(total)}
