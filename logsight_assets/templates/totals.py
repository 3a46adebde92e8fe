"""How often each pattern occurred, over all time: by the pyramid of `template_trend`, a few dozen objects a tenant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from logsight_assets.errors import PublishConflict
from logsight_assets.lake import Lake
from logsight_assets.sqltext import literal, sql
from logsight_assets.tables import TRENDS
from logsight_assets.trends.parts import AllTime, Parts, day_parts
from resources.query_engine import QueryEngine

_TREND = "template_trend"
_LEVELS = {"day": "months", "hour": "days", "minute": "hours"}  # level of the rows → field of Parts
_TURNS = 5


@dataclass(frozen=True)
class Totals:
    """Rows of sql/templates/pattern_totals.sql of one tenant, and the objects that they come from."""

    rows: pa.Table
    objects: tuple[tuple[str, str], ...]  # key, version

    def is_current(self, lake: Lake, tenant: str) -> bool:
        return self.objects == _objects(day_parts(lake, _TREND, tenant, AllTime()))


def read_totals(lake: Lake, engine: QueryEngine, tenants: Iterable[str]) -> dict[str, Totals]:
    """Totals of tenants, all in one session: most of a question about few objects is planning it."""
    wanted = sorted(set(tenants))
    for _ in range(_TURNS):
        parts = {tenant: day_parts(lake, _TREND, tenant, AllTime()) for tenant in wanted}
        try:
            rows = _rows(lake, engine, parts)
        except Exception:
            # An object went while it was read, if the listing is another now.
            if all(_objects(day_parts(lake, _TREND, t, AllTime())) == _objects(part) for t, part in parts.items()):
                raise
            continue
        return {
            tenant: Totals(rows.filter(pc.equal(rows["tenant"], tenant)).drop_columns(["tenant"]), _objects(part))
            for tenant, part in parts.items()
        }
    raise PublishConflict(f"template_trend: objects changed {_TURNS} times in a row while they were read; run it again")


def _rows(lake: Lake, engine: QueryEngine, parts: dict[str, Parts]) -> pa.Table:
    with engine.session() as session:
        for level, field in _LEVELS.items():
            uris = {
                tenant: [lake.store.uri(entry.key) for entry in getattr(part, field)]
                for tenant, part in parts.items()
                if getattr(part, field)
            }
            session.define_tenants(f"{level}_rows", TRENDS[f"{_TREND}_{level}"], uris)
        return session.fetch(
            sql(
                "templates/pattern_totals",
                days="day_rows",
                hours="hour_rows",
                minutes="minute_rows",
                replaced=_replaced(parts),
            )
        )


def _replaced(parts: dict[str, Parts]) -> str:
    """Days of a month's object that are read from below instead."""
    pairs = [(tenant, day) for tenant, part in parts.items() for day in part.replaced_days]
    rows = [f"select {literal(tenant)} as tenant, timestamp {literal(day)} as day_time" for tenant, day in pairs]
    nothing = "select cast(null as varchar) as tenant, cast(null as timestamp) as day_time where false"
    return f"({' union all '.join(rows) or nothing})"


def _objects(parts: Parts) -> tuple[tuple[str, str], ...]:
    return tuple((entry.key, entry.version) for entry in parts.entries)
