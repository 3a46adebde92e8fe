"""One raw object is one transaction: events, quarantine and receipt appear so that a kill at any moment loses nothing.

Order: intent (every file that this object has or will have) → event files → quarantine → files of an older reading
go → markers of the touched hours → receipt → intent goes. Each step repeats with the same bytes, so whoever comes next
simply does all of it again.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from logsight_assets.errors import ConservationError, ObjectMissing, PermanentError
from logsight_assets.intake.arrivals import INTENTS
from logsight_assets.intake.convert import Tally
from logsight_assets.intake.event_files import (
    EventFile,
    EventRules,
    Timing,
    Written,
    settle_times,
    write_event_files,
)
from logsight_assets.intake.imports import ImportName
from logsight_assets.intake.keys import LakeKeys
from logsight_assets.intake.quarantine import QuarantineWriter
from logsight_assets.intake.reading import Reading, parse_context, read_records
from logsight_assets.intake.receipts import Receipt, key_digest, object_id
from logsight_assets.intake.redact_records import Redaction, redact_records
from logsight_assets.intake.sources import SourceDefinition, automatic_source
from logsight_assets.intake.tenancy import tenancy_of
from logsight_assets.intake.unpack import Unpacked, unpack
from logsight_assets.lake import (
    Lake,
    RawObject,
    event_file_name,
    events_prefix,
    late_prefix,
    mark,
    quarantine_key,
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
    sources: Mapping[str, SourceDefinition]
    is_sealed: Callable[[str, Hour], bool]
    erased: frozenset[str]
    redaction_fingerprint: str
    scratch: Path

    def source_of(self, raw: RawObject) -> SourceDefinition:
        return self.sources.get(raw.source) or automatic_source(raw.source)

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
        _commit(bench.lake, raw, receipt, read, earlier)
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


def _commit(lake: Lake, raw: RawObject, receipt: Receipt, read: _Read, previous: list[Receipt]) -> None:
    store = lake.store
    intent_key = f"{INTENTS}{receipt.raw_object}.json"
    interrupted = _intent(lake, intent_key)
    older = {file for r in previous for file in r.files} | set(interrupted.get("files", ()))
    intent = {
        "raw_key": raw.identity,
        "tenant": raw.tenant,
        "source": raw.source,
        "arrival_hour": str(raw.arrival_hour),
        "files": sorted(older | set(receipt.files)),
    }
    store.put(intent_key, json.dumps(intent, sort_keys=True).encode())
    paths = {file.path: _target(receipt, file) for file in read.written.files}
    for path, key in paths.items():
        store.put_file(key, path)
    vault = quarantine_key(raw.tenant, raw.source, raw.arrival_hour, receipt.raw_object)
    if read.quarantine.count:
        store.put_file(vault, read.quarantine.path)
    elif previous or interrupted:
        store.delete(vault)
    for file in sorted(older - set(receipt.files)):
        store.delete(file)
    touched = set(receipt.event_hours).union(*(r.event_hours for r in previous), _hours_of(older))
    for hour in sorted(touched):
        mark(store, "hours", hour, receipt.raw_object)
    store.put(receipt.key, receipt.to_json())
    for superseded in previous:
        if superseded.raw_object != receipt.raw_object:
            arrival = Hour.parse(superseded.arrival_hour)
            store.delete(quarantine_key(superseded.tenant, superseded.source, arrival, superseded.raw_object))
            store.delete(superseded.key)
    store.delete(intent_key)


def _target(receipt: Receipt, file: EventFile) -> str:
    """The file's key: the one of the receipt's files that lies in its tenant and hour."""
    place = f"/tenant={file.tenant}/{file.hour.path}/"
    return next(key for key in receipt.files if place in key)


def _intent(lake: Lake, key: str) -> dict[str, Any]:
    try:
        held: dict[str, Any] = json.loads(lake.store.get(key))
    except ObjectMissing:
        return {}
    return held


def _hours_of(files: Iterable[str]) -> set[str]:
    """Event hours in the keys of event files."""
    found = set()
    for key in files:
        parts = dict(part.split("=", 1) for part in key.split("/") if "=" in part)
        if key.startswith("events/"):
            found.add(f"{parts['dt']}T{parts['hour']}")
    return found
