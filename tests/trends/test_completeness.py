"""When an hour is complete, by plain receipts; and that the table follows what lies in the lake."""

from __future__ import annotations

from typing import Any

import pytest

from logsight_assets.intake.receipts import Receipt
from logsight_assets.lake import MIXED, Lake, completeness_key, raw_prefix
from logsight_assets.timeline import Hour
from logsight_assets.trends.completeness import (
    BEHIND,
    COMPLETE,
    OPEN,
    PendingRaw,
    ReceiptSummary,
    completeness_rows,
    refresh_completeness,
    state_of,
)

from .conftest import rows_of
from .event_files import HOUR

MINUTE = 60 * 10**9
LONG_AGO = HOUR - 10_000


def _receipt(
    minute: float, *, tenant: str = "acme", raw_tenant: str = "acme", imported: bool = False
) -> ReceiptSummary:
    """A receipt whose newest event is `minute` minutes into HOUR."""
    newest = HOUR.start_nano + int(minute * MINUTE)
    return ReceiptSummary(raw_tenant, "app", newest, {tenant: frozenset({Hour.of_nano(newest)})}, imported)


def _states(
    receipts: list[ReceiptSummary], pending: list[PendingRaw] | None = None, tenant: str = "acme"
) -> dict[str, str]:
    tables = completeness_rows(receipts, pending or [], lambda _: 20, LONG_AGO)
    return {f"{row['event_hour']:%H}": row["state"] for row in tables[tenant].to_pylist()}


@pytest.mark.parametrize(
    ("watermark", "pending", "state"),
    [
        (None, [], OPEN),
        ((HOUR + 1).start_nano - 1, [], OPEN),
        ((HOUR + 1).start_nano, [], COMPLETE),
        ((HOUR + 1).start_nano, [HOUR + 1], COMPLETE),
        ((HOUR + 1).start_nano, [HOUR], BEHIND),
        ((HOUR + 1).start_nano, [HOUR - 5], BEHIND),
        (None, [HOUR], BEHIND),
    ],
)
def test_the_state_of_an_hour(watermark: int | None, pending: list[Hour], state: str) -> None:
    assert state_of(HOUR, watermark, pending) == state


@pytest.mark.parametrize(
    ("minute", "imported", "expected"),
    [
        (79.9, False, {"09": OPEN, "10": OPEN}),
        (80, False, {"09": COMPLETE, "10": OPEN}),
        (60, True, {"09": COMPLETE, "10": COMPLETE}),
    ],
    ids=["within its lateness", "past its lateness", "an import is whole"],
)
def test_an_hour_is_complete_when_the_watermark_reached_its_end(
    minute: float, imported: bool, expected: dict[str, str]
) -> None:
    assert _states([_receipt(1), _receipt(minute, imported=imported)]) == expected


def test_an_hour_without_events_is_known_to_be_empty() -> None:
    assert _states([_receipt(1), _receipt(260)]) == {
        "09": COMPLETE,
        "10": COMPLETE,
        "11": COMPLETE,
        "12": COMPLETE,
        "13": OPEN,
    }


def test_an_unread_object_re_opens_what_follows_it() -> None:
    pending = [PendingRaw("acme", "app", HOUR + 1)]
    assert _states([_receipt(1), _receipt(200)], pending) == {"09": COMPLETE, "10": BEHIND, "11": BEHIND, "12": BEHIND}


def test_the_slower_of_two_streams_of_a_source_decides() -> None:
    receipts = [_receipt(1), _receipt(200), _receipt(70, raw_tenant=MIXED)]
    assert _states(receipts) == {"09": OPEN, "10": OPEN, "11": OPEN, "12": OPEN}


def test_what_waits_in_a_mixed_source_concerns_every_tenant_of_it() -> None:
    receipts = [_receipt(200, raw_tenant=MIXED), _receipt(100, raw_tenant=MIXED, tenant="globex")]
    pending = [PendingRaw(MIXED, "app", HOUR)]
    assert set(_states(receipts, pending).values()) == {BEHIND}
    assert set(_states(receipts, pending, tenant="globex").values()) == {BEHIND}


def test_one_line_of_long_ago_does_not_make_a_row_an_hour() -> None:
    old = ReceiptSummary("acme", "app", HOUR.start_nano, {"acme": frozenset({HOUR - 200_000, HOUR})})
    tables = completeness_rows([old], [], lambda _: 20, HOUR - 3)
    assert [row["event_hour"].year for row in tables["acme"].to_pylist()] == [2002, 2025, 2025, 2025, 2025]


def _stored(lake: Lake, **changed: Any) -> Receipt:
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
    numbers = ("raw_bytes", "plain_bytes", "lines", "consumed_lines", "quarantined_lines", "records", "events")
    numbers += ("quarantined", "refused_records", "late", "erased")
    receipt = Receipt(**(dict.fromkeys(numbers, 0) | held | changed))
    lake.store.put(receipt.key, receipt.to_json())
    return receipt


def test_the_table_follows_receipts_and_raw_objects(lake: Lake) -> None:
    receipt = _stored(lake)
    key = completeness_key("acme")
    assert refresh_completeness(lake, {}) == [key]
    assert [row["state"] for row in rows_of(lake, key)] == [COMPLETE, OPEN]
    assert refresh_completeness(lake, {}) == []
    lake.store.put(raw_prefix("acme", "app", HOUR) + "new.json", b"{}\n")
    assert refresh_completeness(lake, {}) == [key]
    assert [row["state"] for row in rows_of(lake, key)] == [BEHIND, BEHIND]
    lake.store.delete(receipt.key)
    lake.store.delete(raw_prefix("acme", "app", HOUR) + "new.json")
    assert refresh_completeness(lake, {}) == [key]
    assert lake.store.head(key) is None
