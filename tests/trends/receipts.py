"""Receipts as intake would leave them, from a few words."""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.receipts import Receipt
from logsight_assets.lake import Lake

from .event_files import HOUR

MINUTE = 60 * 10**9
_COUNTS = ("raw_bytes", "plain_bytes", "lines", "consumed_lines", "quarantined_lines", "records", "events")
_COUNTS += ("quarantined", "refused_records", "late", "erased")


def put_receipt(lake: Lake, **changed: Any) -> Receipt:
    """Put one receipt, of an object of HOUR whose newest event is of the hour after it; returns it."""
    held: dict[str, Any] = {
        "raw_object": "o1",
        "raw_key": "k",
        "tenant": "acme",
        "source": "app",
        "arrival_hour": str(HOUR),
        "format": "flat",
        "content_sha256": "",
        "newest_event_unix_nano": HOUR.start_nano + 90 * MINUTE,
        "event_hours": {str(HOUR): {"acme": 1}},
        "ignored_lines": {},
        "faults": [],
        "files": [],
        "counts": {},
        "versions": {},
    }
    receipt = Receipt(**(dict.fromkeys(_COUNTS, 0) | held | changed))
    lake.store.put(receipt.key, receipt.to_json())
    return receipt
