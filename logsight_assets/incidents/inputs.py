"""How complete the lake is for a window: without it, "the logs do not show it" would be a guess."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.windows import Window
from logsight_assets.lake import Lake, completeness_key
from logsight_assets.parquet import read_rows
from logsight_assets.tables import COMPLETENESS
from logsight_assets.timeline import Hour, nano_of
from logsight_assets.trends.completeness import BEHIND, COMPLETE


@dataclass(frozen=True)
class SourceState:
    """A source of a tenant, over the window."""

    tenant: str
    source: str
    state: str  # complete, open or behind
    watermark_unix_nano: int | None


@dataclass(frozen=True)
class Inputs:
    """All sources that spoke in the window or in the hours before it."""

    sources: tuple[SourceState, ...]

    @property
    def is_complete(self) -> bool:
        """Whether everything up to the window's end was read; not if nothing is known of any source."""
        return bool(self.sources) and all(source.state == COMPLETE for source in self.sources)

    def to_json(self) -> dict[str, Any]:
        """State and sources; tenants are left out, as an operator's view may name many."""
        return {
            "is_complete": self.is_complete,
            "sources": [
                {"source": each.source, "state": each.state, "watermark_unix_nano": each.watermark_unix_nano}
                for each in self.sources
            ],
        }


def inputs_of(lake: Lake, tenants: Sequence[str], window: Window, hours: Iterable[Hour]) -> Inputs:
    """From the table `completeness`: a source is complete when its watermark has reached the window's end."""
    looked_at = {*hours, *window.hours}
    found = []
    for tenant in tenants:
        by_source: dict[str, list[dict[str, Any]]] = {}
        for row in _rows(lake, tenant, looked_at):
            by_source.setdefault(row["source"], []).append(row)
        found += [_state(tenant, source, own, window) for source, own in sorted(by_source.items())]
    return Inputs(tuple(found))


def _rows(lake: Lake, tenant: str, hours: Iterable[Hour]) -> list[dict[str, Any]]:
    """Rows of a tenant's hours. The table has all that there ever were, so they are chosen before they reach Python."""
    try:
        rows = read_rows(lake.store, completeness_key(tenant)).cast(COMPLETENESS.arrow_schema)
    except ObjectMissing:
        return []
    wanted = pa.array([hour.start.replace(tzinfo=None) for hour in hours], rows["event_hour"].type)
    chosen: list[dict[str, Any]] = rows.filter(pc.is_in(rows["event_hour"], value_set=wanted)).to_pylist()
    return chosen


def _state(tenant: str, source: str, rows: Sequence[dict[str, Any]], window: Window) -> SourceState:
    marks = [row["watermark"] for row in rows]
    watermark = None if None in marks else nano_of(min(marks))
    within = {row["state"] for row in rows if Hour.of(row["event_hour"].replace(tzinfo=UTC)) in set(window.hours)}
    if BEHIND in within:
        return SourceState(tenant, source, BEHIND, watermark)
    reached = watermark is not None and watermark >= window.as_of
    return SourceState(tenant, source, COMPLETE if reached else "open", watermark)
