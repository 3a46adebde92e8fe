"""Quarantine: every refused line and record with its bytes, place and reason, so that it can be replayed.

It is part of the vault: bytes are as delivered, unredacted. What people are shown is an excerpt, redacted on the way.
"""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import orjson
from isal import igzip

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.records import Refused
from logsight_assets.intake.unpack import LongLine
from logsight_assets.lake import Lake, hours_below, values
from resources.object_store import ObjectStore


@dataclass(frozen=True)
class Entry:
    """One refused line or record."""

    reason: str
    tenant: str  # of the raw path, or _mixed
    source: str
    arrival_hour: str
    raw_object: str
    line: int
    record: int
    raw: bytes | None  # None for a line over the limit, which is kept as offset, length and hash


class QuarantineWriter:
    """Writes entries to a gzip file that is the same bytes for the same entries."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: BinaryIO | None = None  # opened by the first entry: an object without refusals leaves no file
        self._open = contextlib.ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def refuse(self, refused: Refused) -> None:
        entry = {"line": refused.line, "record": refused.index, "reason": refused.reason}
        try:
            entry["text"] = refused.raw.decode()
        except UnicodeDecodeError:
            entry["base64"] = base64.b64encode(refused.raw).decode()
        self._write(entry)

    def refuse_long(self, line: LongLine) -> None:
        entry = {"line": line.line, "record": 0, "reason": "line_too_long"}
        self._write(entry | {"offset": line.offset, "length": line.length, "sha256": line.sha256})

    def _write(self, entry: dict[str, Any]) -> None:
        if self._file is None:
            plain = self._open.enter_context(self.path.open("wb"))
            self._file = self._open.enter_context(packed_by_gzip(plain))
        self._file.write(json.dumps(entry).encode() + b"\n")
        self.count += 1


def packed_by_gzip(file: BinaryIO) -> Any:
    """A gzip stream into a file: the same bytes for the same content, under one lock file."""
    return igzip.IGzipFile(filename="", mode="wb", fileobj=file, compresslevel=2, mtime=0)  # type: ignore[no-untyped-call]


def read_entries(lake: Lake) -> Iterator[Entry]:
    """Every entry in quarantine, in key order."""
    for tenant in values(lake.store, "quarantine/", "tenant"):
        for source in values(lake.store, f"quarantine/tenant={tenant}/", "source"):
            prefix = f"quarantine/tenant={tenant}/source={source}/"
            for hour in hours_below(lake.store, prefix):
                for found in lake.store.list(f"{prefix}{hour.path}/"):
                    object_id = found.key.rpartition("/")[2].removesuffix(".jsonl.gz")
                    for held in entries_of(lake.store, found.key):
                        yield _entry(held, tenant, source, str(hour), object_id)


def entries_of(store: ObjectStore, key: str) -> Iterator[dict[str, Any]]:
    """What one object of quarantine holds; nothing if it is absent."""
    # Line by line: where all lines of an object were refused, this is larger than the object.
    with (
        contextlib.suppress(ObjectMissing),
        store.open(key) as packed,
        igzip.IGzipFile(fileobj=packed, mode="rb") as plain,  # type: ignore[no-untyped-call]
    ):
        yield from map(orjson.loads, plain)


def raw_of(held: dict[str, Any]) -> bytes | None:
    """The bytes of a stored entry; None for a line over the limit."""
    if "text" in held:
        return str(held["text"]).encode()
    return base64.b64decode(held["base64"]) if "base64" in held else None


def _entry(held: dict[str, Any], tenant: str, source: str, hour: str, object_id: str) -> Entry:
    return Entry(held["reason"], tenant, source, hour, object_id, held["line"], held["record"], raw_of(held))
