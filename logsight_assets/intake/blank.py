"""Erasure inside raw objects that hold lines of many tenants: the erased one's lines become empty.

The object keeps its id and its line numbers, so events of the others stay what they are. The receipt that names the
new content stands before the content does: a kill in between leaves either the old object, which the next erasure finds
again, or the new one under its old id.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import pyarrow.parquet as pq

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.quarantine import entries_of, packed_by_gzip
from logsight_assets.intake.receipts import Receipt, read_receipt, receipt_entries, receipt_hours
from logsight_assets.intake.unpack import PACKED, plain_chunks
from logsight_assets.lake import MIXED, Lake, quarantine_key
from logsight_assets.scratch import scratch_folder
from logsight_assets.timeline import Hour


@dataclasses.dataclass(frozen=True)
class Blank:
    """What one raw object lost."""

    raw_object: str
    lines: int


def mixed_receipts(lake: Lake, wanted: Iterable[str]) -> Iterator[Receipt]:
    """Receipts of the wanted object ids that belong to sources whose lines choose their tenant."""
    ids = set(wanted)
    for tenant, source, hour in receipt_hours(lake.store):
        if tenant == MIXED:
            for object_id, entry in receipt_entries(lake.store, tenant, source, hour).items():
                if object_id in ids:
                    yield read_receipt(lake.store, entry.key)


def blank_tenant(lake: Lake, tenant: str, lines: Mapping[str, frozenset[int]]) -> list[Blank]:
    """Empty these lines of raw objects (by id) of mixed sources; what is read in place is left alone."""
    done = []
    with scratch_folder(lake.state) as scratch:
        for receipt in mixed_receipts(lake, lines):
            whole = _with_continuations(lake, receipt, lines[receipt.raw_object])
            blanked = _blanked_file(lake, receipt, whole, scratch / "blanked")
            kept = _without_tenant(receipt, tenant)
            if blanked is not None:
                kept = dataclasses.replace(kept, erased_sha256=_sha256(blanked))
                lake.store.put(kept.key, kept.to_json())
                lake.store.put_file(receipt.raw_key, blanked)
            # Once more, also if nothing was rewritten: a receipt older than its raw object asks for a reading.
            lake.store.put(kept.key, kept.to_json())
            done.append(Blank(receipt.raw_object, len(whole)))
    return done


def _with_continuations(lake: Lake, receipt: Receipt, own: frozenset[int]) -> set[int]:
    """The tenant's lines, and those that continue them: everything up to the next line that begins a record."""
    begins = _record_lines(lake, receipt) | _refused_lines(lake, receipt)
    whole: set[int] = set()
    ordered = sorted(begins | own)
    for line, following in zip(ordered, [*ordered[1:], receipt.lines + 1], strict=True):
        if line in own:
            whole.update(range(line, following))
    return whole


def _record_lines(lake: Lake, receipt: Receipt) -> set[int]:
    found: set[int] = set()
    for key in receipt.files:
        try:
            with lake.store.open(key) as stream:
                found.update(pq.read_table(stream, columns=["raw_line"])["raw_line"].to_pylist())
        except ObjectMissing:  # of a tenant that was erased before, or past its retention
            continue
    return found


def _refused_lines(lake: Lake, receipt: Receipt) -> set[int]:
    key = quarantine_key(receipt.tenant, receipt.source, Hour.parse(receipt.arrival_hour), receipt.raw_object)
    return {entry["line"] for entry in entries_of(lake.store, key)}


def _blanked_file(lake: Lake, receipt: Receipt, lines: set[int], path: Path) -> Path | None:
    """The object with these lines emptied, packed as it was; None if it is not the lake's own or nothing changes."""
    try:
        with lake.store.open(receipt.raw_key) as stream:
            is_packed = stream.read(4).startswith(PACKED)
            stream.seek(0)
            with path.open("wb") as plain:
                if is_packed:
                    with packed_by_gzip(plain) as packed:
                        changed = _copy(stream, packed, lines)
                else:
                    changed = _copy(stream, plain, lines)
    except ObjectMissing:
        return None
    return path if changed else None


def _copy(stream: BinaryIO, out: BinaryIO, lines: set[int]) -> bool:
    """Copy plain content with the given lines emptied; whether anything was there to empty."""
    number, changed = 1, False
    for chunk in plain_chunks(stream):
        for part in _parts(chunk):
            is_end = part.endswith(b"\n")
            if number not in lines:
                out.write(part)
            else:
                changed = changed or part != b"\n"
                out.write(b"\n" if is_end else b"")
            number += is_end
    return changed


def _parts(chunk: bytes) -> Iterator[bytes]:
    """Pieces that end at line feeds alone; the last may be the beginning of a line that goes on in the next chunk."""
    start = 0
    while (end := chunk.find(b"\n", start)) >= 0:
        yield chunk[start : end + 1]
        start = end + 1
    if start < len(chunk):
        yield chunk[start:]


def _without_tenant(receipt: Receipt, tenant: str) -> Receipt:
    """The receipt as if the tenant's records had been left out: they are counted as erased."""
    hours = {
        hour: {name: count for name, count in tenants.items() if name != tenant}
        for hour, tenants in receipt.event_hours.items()
    }
    gone = sum(tenants.get(tenant, 0) for tenants in receipt.event_hours.values())
    return dataclasses.replace(
        receipt,
        event_hours={hour: tenants for hour, tenants in hours.items() if tenants},
        files=[key for key in receipt.files if f"/tenant={tenant}/" not in key],
        events=receipt.events - gone,
        erased=receipt.erased + gone,
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
