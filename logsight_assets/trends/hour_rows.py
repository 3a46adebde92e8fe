"""The rows of a tenant's event hour: one deduplication, then three trend tables and the patterns, and their balance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from logsight_assets.errors import ConservationError
from logsight_assets.intake.mask import mask_sql
from logsight_assets.settings import Trends
from logsight_assets.sqltext import literal, sql
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


@dataclass(frozen=True)
class TenantFiles:
    """Event files of a tenant's hour, as a query engine reads them."""

    uris: Sequence[str]
    late: frozenset[str] = frozenset()  # those of `uris` that arrived after the hour that follows theirs


def compute_hour(
    engine: QueryEngine, files: Mapping[str, TenantFiles], caps: Trends
) -> dict[str, HourRows | ConservationError]:
    """Count the events of these tenants' files, all in one session: twenty queries an hour, not twenty a tenant.

    (Measured on 66 tenants' hours of 4,500 events: 76 ms each alone, of which 60 were planning.) A tenant whose sums do
    not hold has the error in place of rows.
    """
    with engine.session() as session:
        session.define_tenants("events", EVENTS, {tenant: held.uris for tenant, held in files.items()})
        _keep_finest(session, caps)
        patterns = _pattern_rows(session)
        repeats = _by_tenant(session.fetch(sql("trends/duplicate_counts", repeated="repeated")))
        events = _by_tenant(session.fetch("select tenant, cast(sum(copies) as bigint) as n from bodies group by 1"))
        late = _late(session, files)
        found: dict[str, HourRows | ConservationError] = {}
        for tenant in files:
            tables = _trend_rows(session, tenant)
            tables[PATTERNS.name] = patterns.filter(pc.equal(patterns["tenant"], tenant)).drop_columns(["tenant"])
            counts = Counts(
                events=events.get(tenant, {}).get("n", 0),
                duplicates=repeats.get(tenant, {}).get("duplicates", 0),
                counted=event_count(tables["service_trend"]),
                id_conflicts=repeats.get(tenant, {}).get("id_conflicts", 0),
                late=late.get(tenant, 0),
            )
            try:
                check_conservation(tables, counts)
            except ConservationError as error:
                found[tenant] = error
            else:
                found[tenant] = HourRows(tables, counts)
        return found


def _keep_finest(session: Session, caps: Trends) -> None:
    """Events once, measured at the finest grain, under the names that the caps leave."""
    session.keep("countable", sql("trends/countable_events", events="events"))
    session.keep("repeated", sql("trends/repeated_events", events="countable"))
    once = f"({sql('trends/deduplicated_events', events='countable', repeated='repeated')}) as once"
    session.keep("measures", sql("trends/minute_measures", events=once))
    session.keep("durations", sql("trends/minute_durations", events=once))
    session.keep("services", sql("trends/kept_services", measures="measures", max_services=str(caps.max_services)))
    patterns = {"measures": "measures", "services": "services", "max_patterns": str(caps.max_patterns)}
    session.keep("kept_patterns", sql("trends/kept_patterns", **patterns))
    capped = {"measures": "measures", "services": "services", "patterns": "kept_patterns"}
    session.keep("capped_measures", sql("trends/capped_measures", **capped))
    session.keep("capped_durations", sql("trends/capped_durations", durations="durations", services="services"))


def _trend_rows(session: Session, tenant: str) -> dict[str, pa.Table]:
    rows = {"service_duration": "capped_durations"}
    return {
        name: session.fetch(
            sql(f"trends/{name}", rows=_of_tenant(rows.get(name, "capped_measures"), tenant), **_MINUTE)
        )
        for name in TREND_NAMES
    }


def _of_tenant(relation: str, tenant: str) -> str:
    return f"(select * from {relation} where tenant = {literal(tenant)}) as own"


def _pattern_rows(session: Session) -> pa.Table:
    session.keep("bodies", sql("trends/pattern_bodies", events="events"))
    rows = session.fetch(
        sql("trends/patterns", measures="measures", bodies="bodies", services="services", patterns="kept_patterns")
    )
    return rows.drop_columns(["mask_body"]).append_column("mask", masks_of(rows["mask_body"]))


def _late(session: Session, files: Mapping[str, TenantFiles]) -> dict[str, int]:
    late = {tenant: sorted(held.late) for tenant, held in files.items() if held.late}
    if not late:
        return {}
    session.define_tenants("late_events", EVENTS, late)
    counted = _by_tenant(session.fetch("select tenant, count(*) as n from late_events group by 1"))
    return {tenant: row["n"] for tenant, row in counted.items()}


def _by_tenant(rows: pa.Table) -> dict[str, dict[str, int]]:
    return {row["tenant"]: row for row in rows.to_pylist()}


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
