"""The tables of the lake and their columns, declared once.

DuckDB casts, Parquet schemas, Dagster column schemas, the reader's views and `docs/tables.md` derive from here.
Add a column here and in the SQL that fills it; raise the table's version in `versions.py` when rows change.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pyarrow as pa


class Type(Enum):
    """A column's type, by its name in DuckDB; Arrow and Athena names derive from it."""

    VARCHAR = "VARCHAR"
    BIGINT = "BIGINT"
    INTEGER = "INTEGER"
    TINYINT = "TINYINT"
    BOOLEAN = "BOOLEAN"
    DOUBLE = "DOUBLE"
    DECIMAL = "DECIMAL(38,0)"
    TIMESTAMP = "TIMESTAMP"

    @property
    def arrow(self) -> pa.DataType:
        return _ARROW[self]

    @property
    def athena(self) -> str:
        return {"VARCHAR": "string", "INTEGER": "int"}.get(self.value, self.value.lower())


_ARROW = {
    Type.VARCHAR: pa.string(),
    Type.BIGINT: pa.int64(),
    Type.INTEGER: pa.int32(),
    Type.TINYINT: pa.int8(),
    Type.BOOLEAN: pa.bool_(),
    Type.DOUBLE: pa.float64(),
    Type.DECIMAL: pa.decimal128(38, 0),
    Type.TIMESTAMP: pa.timestamp("us"),
}


@dataclass(frozen=True)
class Column:
    name: str
    type: Type
    description: str


@dataclass(frozen=True)
class Table:
    """A table by name; `partition` columns stand in the path, `key` columns identify and order a row within it."""

    name: str
    description: str
    partition: tuple[str, ...]
    key: tuple[str, ...]
    columns: tuple[Column, ...]

    @property
    def arrow_schema(self) -> pa.Schema:
        return pa.schema([(column.name, column.type.arrow) for column in self.columns])

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


_V, _B, _I, _T, _F, _D, _TS = (
    Type.VARCHAR,
    Type.BIGINT,
    Type.INTEGER,
    Type.TINYINT,
    Type.BOOLEAN,
    Type.DECIMAL,
    Type.TIMESTAMP,
)

EVENTS = Table(
    "events",
    "Typed, redacted log events; one file holds what one raw object brought to one tenant and event hour.",
    ("tenant", "dt", "hour"),
    ("raw_object", "raw_line", "raw_record"),
    (
        Column("event_time", _TS, "When it happened, UTC, to the microsecond; for people."),
        Column("time_unix_nano", _B, "When it happened, nanoseconds since 1970; for computing."),
        Column("observed_time", _TS, "When the collector saw it; the arrival hour's start if no one said."),
        Column("environment", _V, "deployment.environment, such as prod."),
        Column("service", _V, "service.name."),
        Column("host", _V, "host.name."),
        Column("severity_number", _T, "OpenTelemetry severity 1 to 24; NULL when the record has none."),
        Column("severity_text", _V, "The record's own word for its severity."),
        Column("body", _V, "The message, redacted."),
        Column("attributes", _V, "Attributes of the record, redacted, as a JSON object."),
        Column("resource", _V, "Attributes of what emitted it, as a JSON object."),
        Column("trace_id", _V, "32 hex digits."),
        Column("span_id", _V, "16 hex digits."),
        Column("event_id", _V, "The record's own id, else a hash of its place."),
        Column("record_hash", _B, "Keyed hash of the record's raw bytes; NULL when it has no id of its own."),
        Column("pattern_id", _B, "Hash of the body's coarse mask."),
        Column("duration_ns", _B, "Duration in nanoseconds; NULL when absent or outside 0 to 30 days."),
        Column("duration_bucket", _I, "Log-linear bucket of the duration, see docs/concepts.md."),
        Column("is_error", _F, "Matches the source's error rule."),
        Column("is_request", _F, "Matches the source's request rule."),
        Column("body_bytes", _B, "UTF-8 length of the stored body."),
        Column("sensitivity", _V, "The record's own label, else 'personal' if redaction changed it, else 'none'."),
        Column("sample_weight", _I, "n of a sampler that kept one in n; 1 without one."),
        Column("time_inferred", _F, "The record had no usable time: it took its neighbour's or the arrival hour's."),
        Column("source", _V, "Name of the source."),
        Column("raw_object", _V, "Id of the raw object."),
        Column("raw_line", _B, "Physical line in the raw object, from 1."),
        Column("raw_record", _I, "Index of the record within its line."),
    ),
)

_MEASURES = (
    Column("event_count", _B, "Distinct events."),
    Column("error_count", _B, "Events that match the error rule."),
    Column("request_count", _B, "Events that match the request rule."),
    Column("bytes", _B, "Sum of the bodies' UTF-8 lengths."),
    Column("duration_count", _B, "Events with a duration."),
    Column("duration_sum_ns", _D, "Sum of durations, nanoseconds."),
    Column("duration_min_ns", _B, "Shortest duration, nanoseconds."),
    Column("duration_max_ns", _B, "Longest duration, nanoseconds."),
    Column("weighted_event_count", _B, "Events, each counted sample_weight times."),
    Column("weighted_error_count", _B, "Errors, each counted sample_weight times."),
    Column("weighted_request_count", _B, "Requests, each counted sample_weight times."),
    Column("first_seen_unix_nano", _B, "Time of the earliest event."),
    Column("last_seen_unix_nano", _B, "Time of the latest event."),
    Column("exemplar_event_id", _V, "Smallest event id: an example that every recomputation picks again."),
)
_ENVIRONMENT = Column("environment", _V, "deployment.environment; '' when the events name none.")
_SERVICE = Column("service", _V, "service.name; '_other' beyond the cardinality cap.")
_SEVERITY = Column("severity_number", _T, "OpenTelemetry severity; 0 when the events have none.")
_PATTERN = Column("pattern_id", _B, "Hash of the coarse mask; 0 is '_other', beyond the cardinality cap.")
_BUCKET = Column("duration_bucket", _I, "Log-linear bucket, see docs/concepts.md.")

LEVELS = ("minute", "hour", "day")
_PARTITIONS = {"minute": ("tenant", "dt", "hour"), "hour": ("tenant", "dt"), "day": ("tenant", "month")}
_TIME = {level: Column(f"{level}_time", _TS, f"Start of the {level}, UTC.") for level in LEVELS}


def _pyramid(name: str, description: str, dimensions: tuple[Column, ...], measures: tuple[Column, ...]) -> list[Table]:
    return [
        Table(
            f"{name}_{level}",
            f"{description}, by {level}.",
            _PARTITIONS[level],
            (_TIME[level].name, *(column.name for column in dimensions)),
            (_TIME[level], *dimensions, *measures),
        )
        for level in LEVELS
    ]


TREND_NAMES = ("service_trend", "template_trend", "service_duration")

TRENDS = {
    table.name: table
    for table in (
        *_pyramid(
            "service_trend",
            "Counts and durations by environment, service and severity",
            (_ENVIRONMENT, _SERVICE, _SEVERITY),
            _MEASURES,
        ),
        *_pyramid(
            "template_trend",
            "Counts and durations by environment, service, severity and pattern",
            (_ENVIRONMENT, _SERVICE, _SEVERITY, _PATTERN),
            _MEASURES,
        ),
        *_pyramid(
            "service_duration",
            "Histogram of durations by environment, service and severity: exact counts of logarithmic buckets",
            (_ENVIRONMENT, _SERVICE, _SEVERITY, _BUCKET),
            (
                Column("event_count", _B, "Distinct events in the bucket."),
                Column("weighted_event_count", _B, "Events, each counted sample_weight times."),
            ),
        ),
    )
}

PATTERNS = Table(
    "patterns",
    "Coarse masks of an hour: what a pattern_id stands for, with two samples.",
    ("tenant", "dt", "hour"),
    ("service", "pattern_id"),
    (
        _SERVICE,
        _PATTERN,
        Column("mask", _V, "First line of the body with numbers and hex words replaced by 0."),
        Column("sample_min", _V, "Smallest body of the pattern, at most 1,000 characters."),
        Column("sample_max", _V, "Largest body of the pattern, at most 1,000 characters."),
        Column("first_seen_unix_nano", _B, "Time of the earliest event in the hour."),
        Column("event_count", _B, "Distinct events in the hour."),
    ),
)

QUARANTINE = Table(
    "quarantine",
    "Lines and records that could not become events: reason, place and a redacted excerpt.",
    ("tenant", "source", "dt", "hour"),
    ("raw_object", "raw_line", "raw_record"),
    (
        Column("reason", _V, "Why, one of the reasons in docs/sources.md."),
        Column("raw_object", _V, "Id of the raw object."),
        Column("raw_line", _B, "Physical line, from 1."),
        Column("raw_record", _I, "Index of the record within its line."),
        Column("excerpt", _V, "Beginning of the line, redacted."),
    ),
)

RECEIPTS = Table(
    "receipts",
    "One a raw object, written last: what became of it.",
    ("tenant", "source", "dt", "hour"),
    ("raw_object",),
    (
        Column("raw_object", _V, "Id of the raw object."),
        Column("raw_key", _V, "Its key in the lake or below the source's prefix."),
        Column("format", _V, "Format that read it."),
        Column("raw_bytes", _B, "Size as delivered."),
        Column("lines", _B, "Physical lines."),
        Column("consumed_lines", _B, "Lines that became events."),
        Column("quarantined_lines", _B, "Lines in quarantine."),
        Column("ignored_lines", _B, "Lines left out by a declared rule."),
        Column("records", _B, "Records read."),
        Column("events", _B, "Events written."),
        Column("quarantined", _B, "Lines and records in quarantine."),
        Column("late", _B, "Events for sealed hours."),
        Column("erased", _B, "Records of erased tenants."),
        Column("faults", _V, "Faults of the object itself, comma-separated."),
        Column("newest_event_unix_nano", _B, "Newest event time in it."),
    ),
)

COMPLETENESS = Table(
    "completeness",
    "How complete the inputs of a tenant's hour are: the one truth for reports, objectives and incidents.",
    ("tenant",),
    ("source", "event_hour"),
    (
        Column("source", _V, "Name of the source."),
        Column("event_hour", _TS, "Start of the hour, UTC."),
        Column("watermark", _TS, "Newest event time of the source minus its lateness; NULL before the first object."),
        Column("state", _V, "complete, open (still expected), or behind (raw objects without a receipt)."),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table for table in (EVENTS, PATTERNS, *TRENDS.values(), QUARANTINE, RECEIPTS, COMPLETENESS)
}
