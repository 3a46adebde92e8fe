"""Outcomes of a format become lines that SQL reads, entries of quarantine, and counts."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import orjson

from logsight_assets.intake.emptied import is_emptied
from logsight_assets.intake.quarantine import QuarantineWriter
from logsight_assets.intake.records import Ignored, Outcome, Record, Refused
from logsight_assets.intake.tenancy import Tenancy


@dataclass
class Tally:
    """What became of an object's lines and records so far."""

    consumed_lines: int = 0
    quarantined_lines: int = 0
    ignored_lines: Counter[str] = field(default_factory=Counter)
    records: int = 0  # read, whether they become events or not
    refused_records: int = 0
    erased: int = 0  # records that an erasure emptied

    @property
    def lines(self) -> int:
        return self.consumed_lines + self.quarantined_lines + self.ignored_lines.total()


@dataclass
class Converter:
    """Sorts outcomes of one object: records to `out`, refusals to `quarantine`, all of them into `tally`."""

    tenancy: Tenancy
    record_key: bytes
    out: BinaryIO
    quarantine: QuarantineWriter
    tally: Tally
    is_blanked: bool = False  # an erasure has rewritten the object: elsewhere nobody can say that a record was erased
    longest_line: int = 1 << 20  # of what was written to `out`, or more

    def take(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            if isinstance(outcome, Record):
                self._record(outcome)
            elif isinstance(outcome, Refused):
                self._refuse(outcome)
            elif isinstance(outcome, Ignored):
                self.tally.ignored_lines[outcome.rule] += outcome.line_count

    def _refuse(self, refused: Refused) -> None:
        self.quarantine.refuse(refused)
        self.tally.quarantined_lines += refused.line_count
        if refused.line_count == 0:
            self.tally.records += 1
            self.tally.refused_records += 1

    def _record(self, record: Record) -> None:
        if self.is_blanked and is_emptied(record):
            self.tally.consumed_lines += record.line_count
            self.tally.records += 1
            self.tally.erased += 1
            return
        fields = record.fields
        resource = fields.get("resource") or {}
        tenant, reason = self.tenancy.of(resource)
        if reason is not None:
            # The record's lines are refused with it; a batch whose line stays consumed loses the record alone.
            self.quarantine.refuse(Refused(record.line, record.line_count, record.index, reason, record.raw))
            self.tally.quarantined_lines += record.line_count
            self.tally.records += 1
            self.tally.refused_records += 1
            return
        own_id = fields.get("event_id")
        self.tally.consumed_lines += record.line_count
        self.tally.records += 1
        line = to_json(
            {
                "l": record.line,
                "i": record.index,
                "h": record_hash(self.record_key, record.raw) if own_id is not None else None,
                "n": tenant,
                "t": fields.get("timeUnixNano"),
                "o": fields.get("observedTimeUnixNano"),
                "s": fields.get("severityNumber"),
                "x": fields.get("severityText"),
                "b": fields.get("body"),
                "a": fields.get("attributes") or None,
                "r": resource or None,
                "trace": fields.get("traceId"),
                "span": fields.get("spanId"),
                "e": None if own_id is None else str(own_id),
            }
        )
        self.longest_line = max(self.longest_line, len(line))
        self.out.write(line)


def record_hash(key: bytes, raw: bytes) -> int:
    """60 bits of the keyed SHA-1 of a record's bytes: what `sql/intake/flat_lines.sql` computes for plain lines.

    SHA-1 because it is the cheapest that DuckDB has (0.98 µs for 667 bytes, MD5 1.29); it tells copies from two
    contents, and authenticates nothing.
    """
    return int(hashlib.sha1(key + raw.strip(), usedforsecurity=False).hexdigest()[:15], 16)


def to_json(value: Any) -> bytes:
    """One line of JSON for anything that a format may yield: big integers, NaN, lone surrogates."""
    try:
        return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_APPEND_NEWLINE)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps(value, separators=(",", ":"), default=str, skipkeys=True)
        return text.encode("utf-8", "replace") + b"\n"
