"""A tenant's erasure through all stages, at the level of the promise: nothing of it is left, nothing else changes."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from logsight_assets.lake import Lake
from logsight_assets.scratch import embedded_engine
from logsight_assets.trends.refresh import refresh
from logsight_assets.upkeep import erase_tenant
from tests.intake.lakes import define_source, events, flat_line, make_lake, published, put_raw, read_all, receipts
from tests.kills import kill_at_every_operation

SECRET = "only-globex-knows"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = make_lake(tmp_path / "lake")
    put_raw(
        lake,
        [
            flat_line(minute=1, tenant="acme", body="one of acme"),
            flat_line(minute=2, tenant="globex", body=SECRET),
            flat_line(minute=3, tenant="acme", body="two of acme"),
            flat_line(minute=4, tenant="globex", body=SECRET),
        ],
    )
    put_raw(lake, [flat_line(body=SECRET)], tenant="globex", source="own")
    read_all(lake)
    _refresh(lake)
    return lake


def _refresh(lake: Lake) -> None:
    with embedded_engine(lake) as engine:
        refresh(lake, engine)


def _everything(lake: Lake) -> bytes:
    found = []
    for entry in lake.store.list(""):
        data = lake.store.get(entry.key)
        found.append(entry.key.encode() + (gzip.decompress(data) if entry.key.endswith(".gz") else data))
    return b"\n".join(found)


def test_nothing_of_the_tenant_is_left_and_the_others_stay_as_they_were(lake: Lake, tmp_path: Path) -> None:
    kept = [event for event in events(lake) if event["tenant"] == "acme"]
    certificate = erase_tenant(lake, "globex")
    assert certificate.events == 3
    assert (certificate.blanked.objects, certificate.blanked.lines) == (1, 2)
    assert events(lake) == kept
    left = _everything(lake).replace(b"tombstones/tenant=globex.json", b"")
    assert SECRET.encode() not in left
    assert b"globex" not in left
    assert list(lake.store.list("pending/hours/")) == []


def test_mixed_objects_keep_their_id_and_their_line_numbers(lake: Lake, tmp_path: Path) -> None:
    before = events(lake, "acme")
    erase_tenant(lake, "globex")
    assert read_all(lake).objects == 0, "what was blanked is not taken for a new object"
    for _ in range(2):
        read_all(lake, replay=True)
        assert [(e["event_id"], e["raw_object"], e["raw_line"]) for e in events(lake)] == [
            (e["event_id"], e["raw_object"], e["raw_line"]) for e in before
        ]
    (receipt,) = receipts(lake)
    assert receipt.ignored_lines == {"blank": 2}


def test_what_still_arrives_of_an_erased_tenant_is_counted_and_not_kept(lake: Lake) -> None:
    erase_tenant(lake, "globex")
    put_raw(lake, [flat_line(tenant="globex", body=SECRET), flat_line(tenant="acme")], "later.gz")
    read_all(lake)
    assert {event["tenant"] for event in events(lake)} == {"acme"}
    assert sorted(receipt.erased for receipt in receipts(lake)) == [1, 2], "and two that were there before"


def test_what_is_read_in_place_is_hidden_and_not_touched(lake: Lake, tmp_path: Path) -> None:
    outside = tmp_path / "elsewhere" / "2025" / "06" / "01" / "10" / "object.json"
    outside.parent.mkdir(parents=True)
    outside.write_bytes(flat_line(tenant="globex", body=SECRET) + b"\n" + flat_line(tenant="acme") + b"\n")
    content = outside.read_bytes()
    define_source(lake, "elsewhere", location=str(tmp_path / "elsewhere"), tenants=["acme", "globex"])
    read_all(lake)
    erase_tenant(lake, "globex")
    assert outside.read_bytes() == content
    assert {event["tenant"] for event in events(lake)} == {"acme"}
    read_all(lake, replay=True)
    assert {event["tenant"] for event in events(lake)} == {"acme"}


def test_a_second_erasure_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    first = erase_tenant(lake, "globex")
    before = published(tmp_path / "lake")
    assert erase_tenant(lake, "globex") == first
    assert published(tmp_path / "lake") == before
    assert json.loads(next(data for key, data in before.items() if key.startswith("certificates/")))["events"] == 3


def _erase_globex(lake: Lake) -> None:
    erase_tenant(lake, "globex")


def test_an_erasure_killed_anywhere_is_finished_by_the_next(lake: Lake, tmp_path: Path) -> None:
    (tmp_path / "lake").rename(tmp_path / "template")
    assert kill_at_every_operation(tmp_path, _erase_globex) > 20
