"""Small lakes with raw objects in them, and what intake makes of them."""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.quarantine import Entry, read_entries
from logsight_assets.intake.receipts import Receipt, read_receipts
from logsight_assets.intake.run import IntakeReport, read_objects, workbench
from logsight_assets.lake import Lake, open_lake, raw_prefix
from logsight_assets.timeline import Hour
from resources.object_store import FolderStore, ObjectStore

HOUR = Hour.parse("2025-06-01T10")
NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def make_lake(root: Path, flags: dict[str, Any] | None = None) -> Lake:
    return open_lake(str(root), {}, flags, lambda: NOW)


def with_store(lake: Lake, store: ObjectStore) -> Lake:
    return dataclasses.replace(lake, store=store)


def flat_line(**fields: Any) -> bytes:
    """A line of the flat format; `minute` and `second` place it in HOUR, `tenant` and `service` go to the resource."""
    minute, second = fields.pop("minute", 0), fields.pop("second", 0)
    resource = {"service.name": fields.pop("service", "checkout")} | fields.pop("resource", {})
    if tenant := fields.pop("tenant", "acme"):
        resource["tenant.id"] = tenant
    line = {
        "timeUnixNano": str(HOUR.start_nano + minute * 60_000_000_000 + second * 1_000_000_000),
        "severityNumber": 9,
        "severityText": "INFO",
        "body": "order 17 placed",
        "attributes": {},
        "resource": resource,
    }
    return json.dumps({k: v for k, v in (line | fields).items() if v is not None}, separators=(",", ":")).encode()


def put_raw(
    lake: Lake,
    lines: Iterable[bytes] | bytes,
    name: str = "a.gz",
    *,
    source: str = "shop",
    tenant: str = "_mixed",
    hour: Hour = HOUR,
    compress: bool = True,
) -> str:
    """Put a raw object; lines are joined by line feeds, bytes are put as they are."""
    data = lines if isinstance(lines, bytes) else b"".join(line + b"\n" for line in lines)
    key = raw_prefix(tenant, source, hour) + name
    lake.store.put(key, gzip.compress(data, mtime=0) if compress else data)
    return key


def define_source(lake: Lake, name: str, **fields: Any) -> None:
    folder = lake.config / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(fields))


def read_all(lake: Lake, *, replay: bool = False) -> IntakeReport:
    """One run of intake over everything that waits."""
    with workbench(lake) as bench:
        return read_objects(bench, waiting(lake, bench.declared.by_name, replay=replay))


def events(lake: Lake, tenant: str | None = None) -> list[dict[str, Any]]:
    """Every stored event with its tenant and hour from the path, in file and row order."""
    found = []
    for entry in lake.store.list("events/"):
        parts = dict(part.split("=", 1) for part in entry.key.split("/") if "=" in part)
        if tenant in (None, parts["tenant"]):
            rows = pq.read_table(pa.BufferReader(lake.store.get(entry.key))).to_pylist()
            found += [row | {"tenant": parts["tenant"], "hour": f"{parts['dt']}T{parts['hour']}"} for row in rows]
    return found


def receipts(lake: Lake) -> list[Receipt]:
    return list(read_receipts(lake))


def refused(lake: Lake) -> list[Entry]:
    return list(read_entries(lake))


def published(root: Path) -> dict[str, bytes]:
    """Everything that a run publishes, by key.

    All objects but raw, the markers, whose names are random, and what is remembered of receipts, which names the
    versions of objects.
    """
    left_out = ("raw/", "pending/", "sources/", "streams/")
    return {key: data for key, data in everything(root).items() if not key.startswith(left_out)}


def everything(root: Path) -> dict[str, bytes]:
    """Every object, by key."""
    store = FolderStore(root)
    return {entry.key: store.get(entry.key) for entry in store.list("")}
