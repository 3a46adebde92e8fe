"""One raw object is one transaction: read into scratch, its sums checked, then committed (see `commit.py`)."""

from __future__ import annotations

import dataclasses
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from logsight_assets.declarations import Declared
from logsight_assets.errors import ConservationError, PermanentError
from logsight_assets.intake.commit import commit
from logsight_assets.intake.convert import Tally
from logsight_assets.intake.event_files import (
    EventRules,
    Timing,
    Written,
    settle_times,
    write_event_files,
)
from logsight_assets.intake.imports import ImportName
from logsight_assets.intake.keys import LakeKeys
from logsight_assets.intake.quarantine import QuarantineWriter
from logsight_assets.intake.raw import RawObject
from logsight_assets.intake.reading import Reading, parse_context, read_records
from logsight_assets.intake.receipts import Receipt, key_digest, object_id
from logsight_assets.intake.redact_records import Redaction, redact_records
from logsight_assets.intake.sources import SourceDefinition, source_of
from logsight_assets.intake.tenancy import tenancy_of
from logsight_assets.intake.unpack import Unpacked, unpack
from logsight_assets.lake import (
    Lake,
    event_file_name,
    events_prefix,
    late_prefix,
)
from logsight_assets.sqltext import literal
from logsight_assets.timeline import Hour
from logsight_assets.versions import EVENTS_VERSION, MASK_VERSION
from resources.query_engine import DuckDBEngine


@dataclass(frozen=True)
class Workbench:
    """What a run needs to read raw objects; shared by its threads."""

    lake: Lake
    engine: DuckDBEngine
    redaction: Redaction
    keys: LakeKeys
    declared: Declared[SourceDefinition]
    is_sealed: Callable[[str, Hour], bool]
    erased: frozenset[str]
    redaction_fingerprint: str
    scratch: Path

    def source_of(self, raw: RawObject) -> SourceDefinition:
        """By what rules an object is read; ConfigurationError while the file that says it is wrong."""
        if wrong := self.declared.wrong.get(raw.source):
            raise wrong.error
        return source_of(self.declared.by_name, raw.source)

    def versions(self, source: SourceDefinition) -> dict[str, Any]:
        return reading_rules(source, self.redaction_fingerprint) | {"redaction_key": self.keys.ring.current}


def reading_rules(source: SourceDefinition, redaction_fingerprint: str) -> dict[str, Any]:
    """What an object's events depend on besides its bytes; another value makes it stale."""
    return {
        "events": EVENTS_VERSION,
        "mask": MASK_VERSION,
        "redaction": redaction_fingerprint,
        "source": source.fingerprint,
    }


@dataclass(frozen=True)
class _Read:
    """An object, read: what is in scratch and what is known of it."""

    format: str
    unpacked: Unpacked
    tally: Tally
    timing: Timing
    written: Written
    erased: int
    newest: int | None
    quarantine: QuarantineWriter


def take_in(bench: Workbench, raw: RawObject, previous: Iterable[Receipt] = ()) -> Receipt:
    """Read one raw object and commit it; `previous` are the receipts of the same raw key."""
    scratch = bench.scratch / f"{raw.arrival_hour}-{key_digest(raw.identity)}"
    scratch.mkdir(parents=True)
    try:
        with raw.store.open(raw.key) as stream:
            unpacked = unpack(stream, scratch / "plain", bench.lake.settings.limits)
        earlier = list(previous)
        name = _identify(raw, unpacked, earlier)
        with QuarantineWriter(scratch / "quarantine.jsonl.gz") as quarantine:
            try:
                read = _read(bench, raw, name, unpacked, quarantine, scratch)
            except (duckdb.Error, pa.ArrowException) as error:
                # Their messages quote what they could not read, and messages end up in Dagster's storage.
                raise PermanentError(
                    f"raw object {name}: reading it failed in the engine ({type(error).__name__}); nothing of it was"
                    " published, its bytes are as they were"
                ) from None
        erased_sha256 = unpacked.content_sha256 if name != object_id(raw, unpacked.content_sha256) else None
        receipt = dataclasses.replace(_receipt(bench, raw, name, read), erased_sha256=erased_sha256)
        commit(bench.lake, raw, receipt, read.written.files, quarantine, earlier)
        return receipt
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _identify(raw: RawObject, unpacked: Unpacked, previous: list[Receipt]) -> str:
    """The object's id; content that an erasure left behind keeps the id that it had before."""
    for receipt in previous:
        if receipt.erased_sha256 == unpacked.content_sha256:
            return receipt.raw_object
    return object_id(raw, unpacked.content_sha256)


def _read(
    bench: Workbench, raw: RawObject, name: str, unpacked: Unpacked, quarantine: QuarantineWriter, scratch: Path
) -> _Read:
    source = bench.source_of(raw)
    said = ImportName.parse(raw.key.rpartition("/")[2])
    reading = Reading(
        source,
        parse_context(source, raw.arrival_hour, bench.lake.settings.limits.max_depth),
        tenancy_of(raw.tenant, raw.key, source),
        bench.keys.record,
        "records",
        scratch,
        is_blanked=name != object_id(raw, unpacked.content_sha256),
    )
    rules = EventRules(
        source,
        name,
        raw.arrival_hour,
        (said and said.service) or source.service or (said and said.file) or None,
        (said and said.environment) or source.environment,
    )
    cursor = bench.engine.cursor()
    try:
        format_name, tally, rows = read_records(cursor, unpacked, reading, quarantine)
        redact_records(cursor, "records", rows, bench.redaction)
        records, timing = settle_times(cursor, "records", raw.arrival_hour)
        records, erased = _without_erased(cursor, records, bench.erased)
        newest = cursor.execute(f"select max(time_unix_nano) from {records} as r where not is_time_inferred").fetchone()
        written = write_event_files(cursor, records, rules, scratch)
        erased += tally.erased
        return _Read(format_name, unpacked, tally, timing, written, erased, newest[0] if newest else None, quarantine)
    finally:
        cursor.close()


def _without_erased(cursor: duckdb.DuckDBPyConnection, records: str, erased: frozenset[str]) -> tuple[str, int]:
    """The records of tenants that still exist, and how many there were of the others."""
    if not erased:
        return records, 0
    names = ", ".join(literal(tenant) for tenant in sorted(erased))
    row = cursor.execute(f"select count(*) from {records} as r where tenant in ({names})").fetchone()
    return f"(select * from {records} as a where tenant not in ({names}))", row[0] if row else 0


def _receipt(bench: Workbench, raw: RawObject, name: str, read: _Read) -> Receipt:
    source = bench.source_of(raw)
    file_name = event_file_name(raw.source, raw.arrival_hour, name)
    hours: dict[str, dict[str, int]] = defaultdict(dict)
    files, late = [], 0
    for file in read.written.files:
        if bench.is_sealed(file.tenant, file.hour):
            late += file.rows
            files.append(late_prefix(file.tenant, file.hour) + file_name)
        else:
            hours[str(file.hour)][file.tenant] = file.rows
            files.append(events_prefix(file.tenant, file.hour) + file_name)
    receipt = Receipt(
        raw_object=name,
        raw_key=raw.identity,
        tenant=raw.tenant,
        source=raw.source,
        arrival_hour=str(raw.arrival_hour),
        format=read.format,
        content_sha256=read.unpacked.content_sha256,
        raw_bytes=read.unpacked.raw_bytes,
        plain_bytes=read.unpacked.plain_bytes,
        lines=read.unpacked.lines,
        consumed_lines=read.tally.consumed_lines,
        quarantined_lines=read.tally.quarantined_lines,
        ignored_lines=dict(sorted(read.tally.ignored_lines.items())),
        records=read.tally.records,
        events=sum(file.rows for file in read.written.files) - late,
        quarantined=read.quarantine.count,
        refused_records=read.tally.refused_records,
        late=late,
        erased=read.erased,
        faults=list(read.unpacked.faults),
        newest_event_unix_nano=read.newest,
        event_hours=dict(sorted(hours.items())),
        files=sorted(files),
        counts={"time_inferred": read.timing.missing + read.timing.future, "future_times": read.timing.future},
        versions=bench.versions(source),
        imported=ImportName.parse(raw.key.rpartition("/")[2]) is not None,
        durations_out_of_range=read.written.durations_out_of_range,
        weights_out_of_range=read.written.weights_out_of_range,
    )
    check_conservation(receipt)
    return receipt


def check_conservation(receipt: Receipt) -> None:
    """Promise 1 for one raw object; ConservationError says which sum does not hold."""
    ignored = sum(receipt.ignored_lines.values())
    accounted = receipt.consumed_lines + receipt.quarantined_lines + ignored
    if receipt.lines != accounted:
        raise ConservationError(
            f"raw object {receipt.raw_object}: {receipt.lines} lines, but {receipt.consumed_lines} consumed"
            f" + {receipt.quarantined_lines} quarantined + {ignored} ignored; nothing of it was published"
        )
    accounted = receipt.events + receipt.refused_records + receipt.late + receipt.erased
    if receipt.records != accounted:
        raise ConservationError(
            f"raw object {receipt.raw_object}: {receipt.records} records, but {receipt.events} events"
            f" + {receipt.refused_records} quarantined + {receipt.late} late + {receipt.erased} erased;"
            " nothing of it was published"
        )
