"""The rows of a tenant's event hour: one deduplication, then three trend tables and the patterns, and their balance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from logsight_assets.errors import ConservationError
from logsight_assets.intake.mask import mask_sql
from logsight_assets.settings import Trends
from logsight_assets.sqltext import sql
from logsight_assets.tables import EVENTS, PATTERNS, TREND_NAMES
from resources.query_engine import QueryEngine, Session

OTHER = "_other"
_MINUTE = {"time": "minute_unix_nano", "time_name": "minute_unix_nano"}


@dataclass(frozen=True)
class Counts:
    """Promise 1 of a tenant's hour: events = counted + duplicates."""

    events: int  # rows in its files
    duplicates: int  # copies that do not count
    counted: int  # distinct events
    id_conflicts: int  # own ids under which more than one content arrived
    late: int  # rows that arrived after the hour that follows theirs


@dataclass(frozen=True)
class HourRows:
    """Rows by table: the minute level of each trend, and `patterns`."""

    tables: dict[str, pa.Table]
    counts: Counts


def compute_hour(engine: QueryEngine, uris: Sequence[str], late_uris: Sequence[str], caps: Trends) -> HourRows:
    """Count the events of these files; ConservationError when the sums do not hold."""
    with engine.session() as session:
        session.define("events", EVENTS, uris)
        session.define("late_events", EVENTS, late_uris)
        session.keep("repeated", sql("trends/repeated_events", events="events"))
        session.keep("distinct_events", sql("trends/deduplicated_events", events="events", repeated="repeated"))
        session.keep("measures", sql("trends/minute_measures", events="distinct_events"))
        session.keep("durations", sql("trends/minute_durations", events="distinct_events"))
        session.keep("services", sql("trends/kept_services", measures="measures", max_services=str(caps.max_services)))
        session.keep(
            "kept_patterns",
            sql("trends/kept_patterns", measures="measures", services="services", max_patterns=str(caps.max_patterns)),
        )
        tables = {**_trend_rows(session), PATTERNS.name: _pattern_rows(session)}
        repeats = session.fetch(sql("trends/duplicate_counts", repeated="repeated")).to_pylist()[0]
        counts = Counts(
            events=_count(session, "events"),
            duplicates=repeats["duplicates"],
            counted=event_count(tables["service_trend"]),
            id_conflicts=repeats["id_conflicts"],
            late=_count(session, "late_events"),
        )
    check_conservation(tables, counts)
    return HourRows(tables, counts)


def _trend_rows(session: Session) -> dict[str, pa.Table]:
    caps = {"services": "services"}
    session.keep(
        "capped_measures", sql("trends/capped_measures", measures="measures", patterns="kept_patterns", **caps)
    )
    session.keep("capped_durations", sql("trends/capped_durations", durations="durations", **caps))
    rows = {"service_duration": "capped_durations"}
    return {
        name: session.fetch(sql(f"trends/{name}", rows=rows.get(name, "capped_measures"), **_MINUTE))
        for name in TREND_NAMES
    }


def _pattern_rows(session: Session) -> pa.Table:
    session.keep("bodies", sql("trends/pattern_bodies", events="events"))
    rows = session.fetch(
        sql("trends/patterns", measures="measures", bodies="bodies", services="services", patterns="kept_patterns")
    )
    return rows.drop_columns(["mask_body"]).append_column("mask", masks_of(rows["mask_body"]))


def masks_of(bodies: pa.ChunkedArray) -> pa.ChunkedArray:
    """The coarse mask of each body; NULL, the body of what a cap joined, has the mask `_other`.

    Always by DuckDB, whichever engine counted: replacing by expression is what engines do differently, and these are a
    few rows.
    """
    source = pa.table({"body": bodies.cast(pa.string())})
    with _masker().cursor() as cursor:
        cursor.register("bodies", source)
        # Registered tables are scanned in order by one thread, so the answers come in order.
        masks = cursor.execute(f"select coalesce({mask_sql('body')}, '{OTHER}') as mask from bodies").to_arrow_table()
        cursor.unregister("bodies")
    return masks["mask"]


@cache
def _masker() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config={"threads": 1, "autoinstall_known_extensions": False})


def _count(session: Session, relation: str) -> int:
    return int(session.fetch(f"select count(*) as n from {relation}")["n"][0].as_py())


def event_count(rows: pa.Table) -> int:
    """Sum of a table's `event_count`."""
    return total(rows, "event_count")


def total(rows: pa.Table, column: str) -> int:
    return int(pc.sum(rows[column]).as_py() or 0)


def check_conservation(tables: dict[str, pa.Table], counts: Counts) -> None:
    """Every event of the files is counted once or is a duplicate, in every table alike."""
    sums = {name: event_count(rows) for name, rows in tables.items()}
    durations = total(tables["service_trend"], "duration_count")
    faults = []
    if counts.events != counts.counted + counts.duplicates:
        faults.append(f"{counts.events} events, but {counts.counted} counted + {counts.duplicates} duplicates")
    faults += [
        f"{counts.counted} counted in service_trend, but {sums[name]} in {name}"
        for name in ("template_trend", "patterns")
        if sums[name] != counts.counted
    ]
    if sums["service_duration"] != durations:
        faults.append(f"{durations} durations in service_trend, but {sums['service_duration']} in service_duration")
    if faults:
        raise ConservationError("; ".join(faults) + "; nothing of this tenant's hour was published")
