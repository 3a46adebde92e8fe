"""What an event hour holds, seen from the listing alone: files, rows, how many came late."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.parquet as pq

from logsight_assets.lake import Lake, events_prefix, values
from logsight_assets.timeline import Hour
from logsight_assets.trends.hour_inputs import is_late
from logsight_assets.trends.remembered import Remembered
from resources.object_store import ObjectStore


@dataclass(frozen=True)
class EventHour:
    """An hour over all tenants."""

    hour: Hour
    tenants: int = 0
    files: int = 0
    bytes: int = 0
    events: int = 0
    late_events: int = 0  # arrived after the hour that follows theirs
    unreadable_files: int = 0  # damaged after they were written: their hour cannot be counted

    @property
    def late_ratio(self) -> float:
        return self.late_events / self.events if self.events else 0.0


def survey_hour(lake: Lake, hour: Hour) -> EventHour:
    """List the hour's files and read their row counts from the footers."""
    tenants = files = size = events = late = unreadable = 0
    for tenant in values(lake.store, "events/", "tenant"):
        entries = list(lake.store.list(events_prefix(tenant, hour)))
        tenants += bool(entries)
        for entry in entries:
            try:
                rows = rows_of(lake.store, entry)
            except pa.ArrowInvalid:
                # Said, not raised: the other hours of a run are to be counted all the same.
                rows, unreadable = 0, unreadable + 1
            files, size, events = files + 1, size + entry.size, events + rows
            late += rows if is_late(entry.key.rpartition("/")[2], hour) else 0
    return EventHour(hour, tenants, files, size, events, late, unreadable)


def _rows(store: ObjectStore, key: str) -> int:
    with store.open(key) as stream:
        return int(pq.read_metadata(stream).num_rows)


# Rows of a Parquet object: an asset and its checks ask for the same footers in one run.
rows_of = Remembered(_rows, 65_536)
