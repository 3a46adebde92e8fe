"""What is remembered of receipts: the same as reading all of them, at the cost of those that are new."""

from __future__ import annotations

import tempfile
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.declarations import Declared
from logsight_assets.lake import MIXED, Lake, open_lake, stream_key
from logsight_assets.trends.completeness import refresh_completeness
from logsight_assets.trends.streams import Stream, read_streams
from tests.doubles import HookedStore

from .event_files import HOUR
from .receipts import MINUTE, put_receipt

TENANTS = ("acme", "globex")


def _counting(lake: Lake) -> tuple[Lake, Counter[str]]:
    """The lake, and how often something of each of its areas was read."""
    reads: Counter[str] = Counter()

    def count(operation: str, key: str) -> None:
        reads[key.partition("/")[0]] += 1

    return replace(lake, store=HookedStore(lake.store, reading=count)), reads


def _receipts_read(lake: Lake) -> int:
    hooked, reads = _counting(lake)
    refresh_completeness(hooked, Declared({}))
    return reads["receipts"]


@pytest.mark.parametrize("there", [3, 30])
def test_one_more_object_costs_one_receipt_however_many_are_there(lake: Lake, there: int) -> None:
    for number in range(there):
        put_receipt(lake, raw_object=f"o{number}", arrival_hour=str(HOUR - number))
    assert _receipts_read(lake) == there
    assert _receipts_read(lake) == 0
    put_receipt(lake, raw_object="new")
    assert _receipts_read(lake) == 1
    put_receipt(lake, raw_object="new", arrival_hour=str(HOUR + 24))
    assert _receipts_read(lake) == 1, "a new day leaves the days before alone"


def test_a_receipt_that_changed_or_went_costs_its_day(lake: Lake) -> None:
    for number in range(5):
        put_receipt(lake, raw_object=f"o{number}")
        put_receipt(lake, raw_object=f"p{number}", arrival_hour=str(HOUR + 48))
    refresh_completeness(lake, Declared({}))
    gone = put_receipt(lake, raw_object="o1", newest_event_unix_nano=HOUR.start_nano)
    assert _receipts_read(lake) == 5
    lake.store.delete(gone.key)
    assert _receipts_read(lake) == 4


def test_a_receipt_that_is_replaced_while_it_is_read_is_read_again(lake: Lake) -> None:
    put_receipt(lake)
    newer = HOUR.start_nano + 300 * MINUTE

    def replace_it(operation: str, key: str) -> None:
        if key.startswith("receipts/") and newer not in done:
            done.append(newer)
            put_receipt(lake, newest_event_unix_nano=newer)

    done: list[int] = []
    read_streams(HookedStore(lake.store, reading=replace_it))
    assert done
    assert _receipts_read(lake) == 1
    assert read_streams(lake.store)["acme", "app"].newest == newer


def test_what_is_remembered_goes_with_the_last_receipt(lake: Lake) -> None:
    receipt = put_receipt(lake)
    refresh_completeness(lake, Declared({}))
    assert lake.store.head(stream_key("acme", "app"))
    lake.store.delete(receipt.key)
    refresh_completeness(lake, Declared({}))
    assert lake.store.head(stream_key("acme", "app")) is None


_STREAMS: list[Stream] = [("acme", "app"), (MIXED, "app"), (MIXED, "web")]
_RECEIPT = st.fixed_dictionaries(
    {
        "raw_object": st.sampled_from(["o1", "o2", "o3"]),
        "stream": st.sampled_from(_STREAMS),
        "arrival": st.sampled_from([0, 1, 20, 50]),
        "hours": st.dictionaries(st.integers(-30, 60), st.sets(st.sampled_from(TENANTS), min_size=1), max_size=3),
        "newest": st.one_of(st.none(), st.integers(-30 * 60, 60 * 60)),
        "imported": st.booleans(),
    }
)
_STEP = st.one_of(_RECEIPT, st.integers(0, 8), st.just("refresh"))  # a number: that receipt goes


@given(steps=st.lists(_STEP, max_size=14))
def test_any_arrivals_in_any_order_leave_the_table_of_a_full_reading(steps: list[object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        lake = open_lake(folder, {})
        for step in steps:
            _take(lake, step)
        refresh_completeness(lake, Declared({}))
        remembered = _table_bytes(lake)
        for entry in [*lake.store.list("streams/"), *lake.store.list("completeness/")]:
            lake.store.delete(entry.key)
        refresh_completeness(lake, Declared({}))
        assert remembered == _table_bytes(lake)


def _take(lake: Lake, step: object) -> None:
    if step == "refresh":
        refresh_completeness(lake, Declared({}))
    elif isinstance(step, int):
        for entry in list(lake.store.list("receipts/"))[step : step + 1]:
            lake.store.delete(entry.key)
    elif isinstance(step, dict):
        (tenant, source), newest = step["stream"], step["newest"]
        hours = {
            HOUR + hour: tenants & {tenant} if tenant != MIXED else tenants for hour, tenants in step["hours"].items()
        }
        put_receipt(
            lake,
            raw_object=step["raw_object"],
            tenant=tenant,
            source=source,
            arrival_hour=str(HOUR + step["arrival"]),
            newest_event_unix_nano=None if newest is None else HOUR.start_nano + newest * MINUTE,
            event_hours={str(hour): dict.fromkeys(sorted(tenants), 1) for hour, tenants in hours.items() if tenants},
            imported=step["imported"],
        )


def _table_bytes(lake: Lake) -> dict[str, bytes]:
    return {entry.key: lake.store.get(entry.key) for entry in lake.store.list("completeness/")}
