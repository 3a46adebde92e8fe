"""A tenant's erasure through all stages, at the level of the promise: nothing of it is left, nothing else changes."""

from __future__ import annotations

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.declarations import Declared
from logsight_assets.intake.transaction import check_conservation
from logsight_assets.lake import Lake, values
from logsight_assets.scratch import embedded_engine
from logsight_assets.trends.completeness import refresh_completeness
from logsight_assets.trends.refresh import refresh
from logsight_assets.upkeep import erase_tenant
from tests.intake.lakes import (
    HOUR,
    define_source,
    events,
    flat_line,
    make_lake,
    published,
    put_raw,
    read_all,
    receipts,
    refused,
)
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


# Lines that hold records of several tenants ---------------------------------------------------------------------------


def _otlp(*groups: tuple[str | None, list[str]]) -> dict[str, Any]:
    """A request for logs: bodies by tenant."""
    return {
        "resourceLogs": [
            {
                "resource": {"attributes": [_attribute("tenant.id", tenant)] if tenant else []},
                "scopeLogs": [
                    {
                        "scope": {"name": f"of-{tenant}"},
                        "logRecords": [
                            {"timeUnixNano": str(HOUR.start_nano + n), "body": {"stringValue": body}}
                            for n, body in enumerate(bodies)
                        ],
                    }
                ],
            }
            for tenant, bodies in groups
        ]
    }


def _attribute(key: str, value: str) -> dict[str, Any]:
    return {"key": key, "value": {"stringValue": value}}


def _subscription(*lines: bytes) -> dict[str, Any]:
    events = [{"id": f"cw-{n}", "timestamp": 1748772000000 + n, "message": m.decode()} for n, m in enumerate(lines)]
    held = {"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s"}
    return held | {"subscriptionFilters": ["f"], "logEvents": events}


_REQUEST = _otlp(("acme", ["one", "two"]), ("globex", [SECRET, SECRET]), ("initech", ["three"]), ("globex", [SECRET]))
_OF_ACME, _OF_GLOBEX = flat_line(tenant="acme", minute=7, body="kept"), flat_line(tenant="globex", body=SECRET)
BATCHES = {
    "an OTLP request": [json.dumps(_REQUEST).encode()],
    "an OTLP request over lines": [*json.dumps(_REQUEST, indent=1).encode().split(b"\n"), b""],
    "two OTLP requests in a line": [json.dumps(_REQUEST).encode() + json.dumps(_otlp(("acme", ["x"]))).encode()],
    "a subscription": [json.dumps(_subscription(_OF_ACME, _OF_GLOBEX, _OF_ACME)).encode()],
    "an array": [b"[" + b",".join([_OF_GLOBEX, _OF_ACME, _OF_GLOBEX]) + b"]"],
    "documents in a line": [_OF_ACME + _OF_GLOBEX + _OF_ACME],
}


@pytest.mark.parametrize("batch", BATCHES)
def test_a_record_in_a_batch_goes_and_the_others_of_the_batch_stay(tmp_path: Path, batch: str) -> None:
    lake = make_lake(tmp_path / "lake")
    put_raw(lake, BATCHES[batch])
    read_all(lake)
    _refresh(lake)
    kept = [event for event in events(lake) if event["tenant"] != "globex"]
    gone = len(events(lake)) - len(kept)
    assert kept
    assert gone
    certificate = erase_tenant(lake, "globex")
    blanked = certificate.blanked
    assert (certificate.events, blanked.objects, blanked.records, blanked.shared_lines) == (gone, 1, gone, 0)
    assert SECRET.encode() not in _everything(lake)
    assert b"globex" not in _everything(lake).replace(b"tombstones/tenant=globex.json", b"")
    assert events(lake) == kept
    for _ in range(2):
        read_all(lake, replay=True)
        assert events(lake) == kept
        assert [receipt.erased for receipt in receipts(lake)] == [gone]
        assert refused(lake) == []


def test_two_tenants_of_one_batch_can_go_one_after_the_other(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    put_raw(lake, [json.dumps(_REQUEST).encode()])
    read_all(lake)
    kept = events(lake, "initech")
    erase_tenant(lake, "globex")
    erase_tenant(lake, "acme")
    read_all(lake, replay=True)
    assert events(lake) == kept
    erase_tenant(lake, "initech")
    assert b"three" not in _everything(lake)
    assert read_all(lake, replay=True).events == 0


def test_a_batch_that_cannot_be_changed_stays_and_is_counted(tmp_path: Path) -> None:
    """A Lambda event holds its records packed: what is inside is not rewritten."""
    lake = make_lake(tmp_path / "lake")
    data = gzip.compress(json.dumps(_subscription(_OF_ACME, _OF_GLOBEX)).encode())
    key = put_raw(lake, [json.dumps({"awslogs": {"data": base64.b64encode(data).decode()}}).encode()], compress=False)
    before = lake.store.get(key)
    define_source(lake, "shop", format="cloudwatch", tenants="any")
    read_all(lake)
    assert erase_tenant(lake, "globex").blanked.shared_lines == 1
    assert lake.store.get(key) == before
    read_all(lake, replay=True)
    assert {event["tenant"] for event in events(lake)} == {"acme"}


def test_nobody_but_an_erasure_can_say_that_a_record_was_erased(lake: Lake) -> None:
    put_raw(lake, [flat_line(tenant="_erased", body="hidden?"), flat_line(tenant="acme")], "sly.gz")
    read_all(lake)
    assert [entry.reason for entry in refused(lake)] == ["tenant_invalid"]


# What no event file tells ---------------------------------------------------------------------------------------------


def test_lines_whose_events_retention_has_removed_go_too(lake: Lake) -> None:
    for entry in list(lake.store.list("events/tenant=globex/")):
        lake.store.delete(entry.key)
    assert erase_tenant(lake, "globex").blanked.lines == 2
    assert SECRET.encode() not in _everything(lake)


def test_refused_lines_that_name_the_tenant_go_with_their_entries(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "lake")
    define_source(lake, "shop", tenants=["acme"])
    cut = flat_line(body=SECRET, tenant="globex")[:-1]
    unnamed = b'{"body":"whose?","timeUnixNa'
    shared = json.dumps({"logs": [{"tenant.id": "globex"}, {"tenant.id": "acme"}]}).encode()[:-2]
    put_raw(lake, [flat_line(tenant="acme"), flat_line(tenant="globex", body=SECRET), cut, unnamed, shared, b""])
    read_all(lake)
    kept, (before,) = events(lake), receipts(lake)
    assert sorted(entry.line for entry in refused(lake)) == [2, 3, 4, 5]
    certificate = erase_tenant(lake, "globex")
    assert (certificate.blanked.quarantined, certificate.blanked.lines) == (2, 2)
    assert SECRET.encode() not in _everything(lake)
    (after,) = receipts(lake)
    check_conservation(after)
    assert (before.quarantined, after.quarantined, after.erased) == (4, 2, before.erased + 1)
    for _ in range(2):
        assert sorted(entry.line for entry in refused(lake)) == [4, 5]
        assert events(lake) == kept
        read_all(lake, replay=True)


def test_completeness_forgets_the_tenant(lake: Lake) -> None:
    refresh_completeness(lake, Declared({}))
    erase_tenant(lake, "globex")
    assert values(lake.store, "completeness/", "tenant") == ["acme"]
    assert b"globex" not in b"".join(lake.store.get(entry.key) for entry in lake.store.list("streams/"))


def test_a_second_erasure_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    first = erase_tenant(lake, "globex")
    before = published(tmp_path / "lake")
    assert erase_tenant(lake, "globex") == first
    assert published(tmp_path / "lake") == before
    assert json.loads(next(data for key, data in before.items() if key.startswith("certificates/")))["events"] == 3


def _erase_globex(lake: Lake) -> None:
    erase_tenant(lake, "globex")


def test_an_erasure_killed_anywhere_is_finished_by_the_next(lake: Lake, tmp_path: Path) -> None:
    put_raw(lake, [*BATCHES["an array"], flat_line(tenant="globex", body=SECRET)[:-1]], "batch.gz")
    read_all(lake)
    (tmp_path / "lake").rename(tmp_path / "template")
    assert kill_at_every_operation(tmp_path, _erase_globex) > 10
