"""Where raw objects lie: found by arrival hour, and no folder below `raw/` is passed over without a word."""

from __future__ import annotations

import pytest

from logsight_assets.intake.raw import misnamed, raw_hours, raw_objects
from logsight_assets.lake import Lake, raw_prefix
from tests.intake.lakes import HOUR, events, flat_line, put_raw, read_all


def test_raw_objects_are_found_by_their_arrival_hour_in_key_order(lake: Lake) -> None:
    for tenant, source, hour, name in [
        ("globex", "own", HOUR, "z.gz"),
        ("_mixed", "shop", HOUR, "b.gz"),
        ("_mixed", "shop", HOUR, "a.gz"),
        ("_mixed", "shop", HOUR + 1, "later.gz"),
    ]:
        lake.store.put(raw_prefix(tenant, source, hour) + name, b"123")
    found = list(raw_objects(lake, HOUR))
    assert [(raw.tenant, raw.source, raw.key.rpartition("/")[2]) for raw in found] == [
        ("_mixed", "shop", "a.gz"),
        ("_mixed", "shop", "b.gz"),
        ("globex", "own", "z.gz"),
    ]
    assert all(raw.identity == raw.key and raw.size == 3 and raw.arrival_hour == HOUR for raw in found)
    assert raw_hours(lake.store) == {HOUR, HOUR + 1}


@pytest.mark.parametrize(
    "wrong",
    [
        "acme",
        "tenant=ACME",
        "tenant=_other",
        "tenant=acme/shop",
        "tenant=acme/source=It's mine",
        "tenant=acme/source=shop/2025",
        "tenant=acme/source=shop/dt=2025-6-1",
        "tenant=acme/source=shop/dt=9999-12-31",
        "tenant=acme/source=shop/dt=2025-06-01/hour=24",
        "tenant=acme/source=shop/dt=2025-06-01/hour=7",
    ],
)
def test_a_folder_that_nothing_reads_is_named_and_stops_nothing(lake: Lake, wrong: str) -> None:
    put_raw(lake, [flat_line()])
    lake.store.put(f"raw/{wrong}/dt=2025-06-01/hour=10/a.json", flat_line())
    assert misnamed(lake.store) == [f"raw/{wrong}"]
    assert read_all(lake).objects == 1
    assert len(events(lake)) == 1


def test_a_lake_whose_folders_are_right_has_none_to_name(lake: Lake) -> None:
    assert misnamed(lake.store) == []
    for tenant in ("_mixed", "_platform", "acme"):
        put_raw(lake, [flat_line()], tenant=tenant)
    lake.store.put("raw/.snapshots/1/a", b"")
    assert misnamed(lake.store) == []
