"""What a format makes of an object's lines: records, refusals and lines ignored by a declared rule.

Every format in `formats/` yields these three and nothing else, so that conservation can be counted in one place:
lines = consumed + quarantined + ignored, records = events + quarantined.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias


class Record(NamedTuple):
    """One log record in the flat format's names (OpenTelemetry log data model).

    `fields` holds any of: timeUnixNano (int), observedTimeUnixNano (int), severityNumber (int 1..24), severityText,
    body (str), attributes (dict), resource (dict), traceId, spanId (lower-case hex), event_id (the record's own id,
    only where the format declares one). Absent means unknown: no format invents a value.
    """

    line: int  # physical line, from 1, at which the record begins
    line_count: int  # physical lines that it consumes and that no earlier record of the same lines has counted
    index: int  # type: ignore[assignment]  # position among the records that begin in the same line (a batch holds many)
    raw: bytes  # the record's own bytes: what its copies are recognised by
    fields: dict[str, Any]


class Refused(NamedTuple):
    """A line or record that its format cannot read. It goes to quarantine with its bytes and can be replayed."""

    line: int
    line_count: int  # 0 when only a record inside a line is refused, while the line itself is consumed
    index: int  # type: ignore[assignment]
    reason: str  # a snake_case word of QUARANTINE_REASONS
    raw: bytes


class Ignored(NamedTuple):
    """Lines that a declared rule leaves out: blank, header, control."""

    line: int
    line_count: int
    rule: str


Outcome: TypeAlias = Record | Refused | Ignored
Lines: TypeAlias = Iterable[tuple[int, bytes]]

QUARANTINE_REASONS: dict[str, str] = {
    "not_json": "the line holds JSON punctuation like its neighbours, but is no JSON",
    "not_an_object": "valid JSON, but no object",
    "wrong_structure": "an object of this format with a part of the wrong type",
    "not_utf8": "bytes that are no text in the object's encoding",
    "line_too_long": "longer than limits.max_line_bytes; kept as offset, length and hash, without its bytes",
    "too_deep": "nested deeper than limits.max_depth",
    "tenant_not_granted": "names a tenant that the source does not grant",
    "tenant_invalid": "names a tenant that is no valid name",
}


@dataclass(frozen=True)
class ParseContext:
    """What a format may know besides the lines: never a clock, never the environment."""

    arrival_hour: datetime  # start of the object's arrival hour, UTC; syslog's missing year is resolved against it
    max_depth: int = 64  # nesting of JSON
    pattern: str | None = None  # the source's own RE2 expression with named groups, for format "regex"
    field_map: dict[str, str] = field(default_factory=dict)  # our field name → the record's key, dotted paths allowed
    time_unit: str | None = None  # s, ms, us, ns: when the source states it
    time_zone: str | None = None  # IANA name or ±HH:MM, for times without an offset; UTC when None
    multiline_start: str | None = None  # RE2: a line that does not match continues the record before it


def numbered(lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Number lines from 1, as `formats` take them (line ends already removed)."""
    return enumerate(lines, start=1)
