"""Rows of a sealed hour with late events counted in: the merge of what is published and of what came late.

Counts and sums add, minima and maxima are compared, buckets add: as from an hour to its day. What a merge cannot do is
tell a late copy of an event that is gone. Copies of events that are still there are told, and count as duplicates; the
others are counted, and counted apart as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from logsight_assets.errors import ConservationError
from logsight_assets.parquet import parquet_bytes
from logsight_assets.settings import Trends
from logsight_assets.sqltext import sql
from logsight_assets.table_model import Table
from logsight_assets.tables import PATTERNS, TRENDS
from logsight_assets.trends.hour_rows import Counts, HourRows, TenantFiles, compute_hour, event_count
from resources.object_store import ObjectStore
from resources.query_engine import QueryEngine

OwnId: TypeAlias = tuple[str, int]
_IDENTITY = ["event_id", "record_hash"]


@dataclass(frozen=True)
class LateRows:
    """What some late files bring to an hour."""

    tables: dict[str, pa.Table]
    counts: Counts  # copies of events that are still there are among the duplicates
    possible_copies: int  # counted events with an id of their own: one of them may be a copy of an event that is gone


def late_rows(
    engine: QueryEngine,
    store: ObjectStore,
    files: Iterable[str],
    others: Iterable[str],
    caps: Trends,
    scratch: Path,
) -> LateRows:
    """Count late files of one tenant's hour by themselves; `others` hold events that were counted before.

    Keys of both are those of event files. `scratch` is an empty folder on the engine's disk. Raises ConservationError
    if a sum does not hold.
    """
    came = pa.concat_tables([_events(store, key) for key in files])
    known = {pair for key in others for pair in _own_ids(_events(store, key, _IDENTITY)) if pair}
    fresh = came.filter(pa.array([pair not in known for pair in _own_ids(came)], pa.bool_()))
    path = scratch / "late.parquet"
    pq.write_table(fresh, path)
    held = compute_hour(engine, {"": TenantFiles([str(path)], frozenset([str(path)]))}, caps)[""]
    if not isinstance(held, HourRows):
        raise held
    copies = came.num_rows - fresh.num_rows
    named = {pair for pair in _own_ids(fresh) if pair}
    counts = Counts(
        events=came.num_rows,
        duplicates=held.counts.duplicates + copies,
        counted=held.counts.counted,
        id_conflicts=_conflicts(known | named) - _conflicts(known),
        late=came.num_rows,
    )
    return LateRows(held.tables, counts, len(named))


def _events(store: ObjectStore, key: str, columns: list[str] | None = None) -> pa.Table:
    with store.open(key) as stream:
        return pq.read_table(stream, columns=columns)


def _own_ids(events: pa.Table) -> list[OwnId | None]:
    """(id, content) of each event that has an id of its own, else None: equal ones are copies."""
    pairs = events.select(_IDENTITY).to_pylist()
    return [None if row["record_hash"] is None else (row["event_id"], row["record_hash"]) for row in pairs]


def _conflicts(own_ids: set[OwnId]) -> int:
    """Ids that stand for more than one content."""
    contents = Counter(event_id for event_id, _ in own_ids)
    return sum(count > 1 for count in contents.values())


def merged(engine: QueryEngine, name: str, published: str, late: pa.Table, scratch: Path) -> pa.Table:
    """Rows of one of the hour's objects (its name as in `hour_keys`, its URI) and late rows of the same, as one.

    Raises ConservationError when the merge counts other events than the two.
    """
    table = minute_table(name)
    path = scratch / f"{name}.parquet"
    path.write_bytes(parquet_bytes(late, table, {}))
    question = "trends/merged_patterns" if table is PATTERNS else f"trends/{name}"
    grain = {} if table is PATTERNS else {"time": "minute_time", "time_name": "minute_time"}
    with engine.session() as session:
        session.define("published", table, [published])
        session.define("published_and_late", table, [published, str(path)])
        before = session.fetch("select event_count from published")
        rows = session.fetch(sql(question, rows="published_and_late", **grain))
    wanted = event_count(before) + event_count(late)
    if event_count(rows) != wanted:
        raise ConservationError(
            f"late events of {table.name}: {wanted} were to be counted, the merge counts {event_count(rows)};"
            " not published"
        )
    return rows.cast(table.arrow_schema)


def minute_table(name: str) -> Table:
    """The table of one of an hour's objects, by its name in `hour_keys`."""
    return PATTERNS if name == PATTERNS.name else TRENDS[f"{name}_minute"]
