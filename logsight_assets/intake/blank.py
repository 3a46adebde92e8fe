"""Erasure inside raw objects that hold lines of many tenants: the erased one's lines become empty.

A line that holds records of others too keeps these, and the erased one's record in it becomes one that says nothing but
that. Refused lines that name the tenant go with their entries in quarantine. The object keeps its id and its line
numbers, so events of the others stay what they are. The receipt that names the new content stands before the content
does: a kill in between leaves either the old object, which the next erasure finds again, or the new one under its old
id. What is read in place is left alone.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.inflate import PACKED
from logsight_assets.intake.quarantine import entries_of, packed_by_gzip, raw_of
from logsight_assets.intake.reading import parse_context
from logsight_assets.intake.receipts import Receipt, read_receipts_at, receipt_entries, receipt_hours
from logsight_assets.intake.sources import SourceDefinition, source_of
from logsight_assets.intake.tenancy import tenancy_of
from logsight_assets.intake.tenant_lines import Place, TenantLines, Whose, find, names_only
from logsight_assets.intake.unpack import plain_chunks
from logsight_assets.lake import MIXED, Lake, quarantine_key
from logsight_assets.scratch import scratch_folder
from logsight_assets.timeline import Hour


@dataclass(frozen=True)
class Blanked:
    """Counts of what an erasure does in raw objects of mixed sources, and in quarantine."""

    objects: int = 0
    lines: int = 0
    records: int = 0  # emptied in lines that also hold records of other tenants
    shared_lines: int = 0  # of other tenants too, which could not be changed without changing theirs: left as they are
    quarantined: int = 0  # entries that named the tenant

    def __add__(self, other: Blanked) -> Blanked:
        mine, theirs = dataclasses.astuple(self), dataclasses.astuple(other)
        return Blanked(*(a + b for a, b in zip(mine, theirs, strict=True)))


@dataclass(frozen=True)
class Blanking:
    """The erasure of one tenant inside mixed raw objects; again, it finds what is left."""

    lake: Lake
    sources: Mapping[str, SourceDefinition]
    tenant: str
    places: Mapping[str, frozenset[Place]]  # raw object → places of the tenant's stored events

    def survey(self) -> Blanked:
        """What would be done; nothing is changed."""
        return sum((self._counts(receipt, self._find(receipt)) for receipt in self._receipts()), Blanked())

    def apply(self) -> None:
        """Do it."""
        with scratch_folder(self.lake.state) as scratch:
            for receipt in list(self._receipts()):
                found = self._find(receipt)
                self._put_quarantine(receipt, found, scratch / "quarantine")
                self._put_object(receipt, found, scratch / "blanked")

    def _receipts(self) -> Iterator[Receipt]:
        """Receipts of mixed sources that have anything of the tenant."""
        store = self.lake.store
        mixed = [(source, hour) for tenant, source, hour in receipt_hours(store) if tenant == MIXED]
        keys = [entry.key for source, hour in mixed for entry in receipt_entries(store, MIXED, source, hour).values()]
        for receipt in read_receipts_at(store, keys):
            is_named = any(self.tenant in tenants for tenants in receipt.event_hours.values())
            is_named = is_named or any(f"/tenant={self.tenant}/" in key for key in receipt.files)
            if is_named or receipt.raw_object in self.places or any(self._named_entries(receipt)):
                yield receipt

    def _named_entries(self, receipt: Receipt) -> Iterator[dict[str, Any]]:
        for entry in entries_of(self.lake.store, _vault(receipt)):
            if names_only(raw_of(entry) or b"", self.tenant):
                yield entry

    def _find(self, receipt: Receipt) -> TenantLines:
        """The tenant's lines of an object; none where it is not the lake's own, or gone."""
        source = source_of(self.sources, receipt.source)
        limits = self.lake.settings.limits
        whose = Whose(
            self.tenant,
            tenancy_of(receipt.tenant, receipt.raw_key, source),
            receipt.format,
            parse_context(source, Hour.parse(receipt.arrival_hour), limits.max_depth),
            self.places.get(receipt.raw_object, frozenset()),
        )
        try:
            with self.lake.store.open(receipt.raw_key) as stream:
                return find(_lines(stream, limits.max_line_bytes), whose)
        except ObjectMissing:
            return TenantLines()

    def _counts(self, receipt: Receipt, found: TenantLines) -> Blanked:
        entries = sum(self._goes(entry, found) for entry in entries_of(self.lake.store, _vault(receipt)))
        changed = bool(found.changed)
        return Blanked(changed, found.blanked_lines, found.emptied_records, found.shared_lines, entries)

    def _goes(self, entry: dict[str, Any], found: TenantLines) -> bool:
        return (entry["line"], entry["record"]) in found.places or names_only(raw_of(entry) or b"", self.tenant)

    def _put_quarantine(self, receipt: Receipt, found: TenantLines, path: Path) -> None:
        entries = list(entries_of(self.lake.store, _vault(receipt)))
        left = [entry for entry in entries if not self._goes(entry, found)]
        if len(left) == len(entries):
            return
        if not left:
            self.lake.store.delete(_vault(receipt))
            return
        with path.open("wb") as plain, packed_by_gzip(plain) as packed:
            for entry in left:
                packed.write(json.dumps(entry).encode() + b"\n")
        self.lake.store.put_file(_vault(receipt), path)

    def _put_object(self, receipt: Receipt, found: TenantLines, path: Path) -> None:
        kept = _without_tenant(receipt, self.tenant)
        if found.changed:
            self._write(receipt, found.changed, path)
            new = _sha256(path)
            if receipt.erased_sha256 != new:  # else a killed erasure has put the receipt, and not yet the object
                kept = dataclasses.replace(_without_refused(kept, found), erased_sha256=new)
            self.lake.store.put(kept.key, kept.to_json())
            self.lake.store.put_file(receipt.raw_key, path)
        # Once more, also if nothing was rewritten: a receipt older than its raw object asks for a reading.
        self.lake.store.put(kept.key, kept.to_json())

    def _write(self, receipt: Receipt, changed: Mapping[int, bytes], path: Path) -> None:
        """The object with these lines changed, packed as it was."""
        with self.lake.store.open(receipt.raw_key) as stream, path.open("wb") as plain:
            is_packed = stream.read(4).startswith(PACKED)
            stream.seek(0)
            if is_packed:
                with packed_by_gzip(plain) as packed:
                    _copy(stream, packed, changed)
            else:
                _copy(stream, plain, changed)


def _vault(receipt: Receipt) -> str:
    return quarantine_key(receipt.tenant, receipt.source, Hour.parse(receipt.arrival_hour), receipt.raw_object)


def _lines(stream: BinaryIO, longest: int) -> Iterator[tuple[int, bytes]]:
    """Numbered lines of a packed or plain object; those over the limit, which nothing was read of, are left out."""
    number, held, size = 1, list[bytes](), 0
    for part in _parts(stream):
        size += len(part)
        if size <= longest + 2:
            held.append(part)
        if part.endswith(b"\n"):
            if size <= longest + 2:
                yield number, b"".join(held).removesuffix(b"\n").removesuffix(b"\r")
            number, held, size = number + 1, [], 0
    if held and size <= longest + 2:
        yield number, b"".join(held).removesuffix(b"\r")


def _copy(stream: BinaryIO, out: BinaryIO, changed: Mapping[int, bytes]) -> None:
    """Copy plain content with the given lines replaced."""
    number, is_begun = 1, False
    for part in _parts(stream):
        is_end = part.endswith(b"\n")
        if number not in changed:
            out.write(part)
        else:
            # A long line comes in parts: its replacement stands for all of them.
            out.write((b"" if is_begun else changed[number]) + (b"\n" if is_end else b""))
        number, is_begun = number + is_end, not is_end


def _parts(stream: BinaryIO) -> Iterator[bytes]:
    """Pieces that end at line feeds alone; one may be the beginning of a line that goes on in the next."""
    for chunk in plain_chunks(stream):
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


def _without_refused(receipt: Receipt, found: TenantLines) -> Receipt:
    """The receipt as if what was refused of the tenant had been left out: records are erased, their lines blank."""
    records = min(found.refused_records, receipt.refused_records)
    blank = min(found.refused_lines_blanked, receipt.quarantined_lines)
    consumed = min(found.refused_lines_consumed, receipt.quarantined_lines - blank)
    ignored = receipt.ignored_lines | ({"blank": receipt.ignored_lines.get("blank", 0) + blank} if blank else {})
    return dataclasses.replace(
        receipt,
        quarantined=max(receipt.quarantined - found.refused, 0),
        refused_records=receipt.refused_records - records,
        erased=receipt.erased + records,
        quarantined_lines=receipt.quarantined_lines - blank - consumed,
        consumed_lines=receipt.consumed_lines + consumed,
        ignored_lines=dict(sorted(ignored.items())),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
