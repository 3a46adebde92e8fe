"""One raw object is one transaction: promises 1 and 2 at the level of a run over real files."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest

from logsight_assets.intake.arrivals import waiting
from logsight_assets.intake.run import read_objects, workbench
from logsight_assets.lake import Lake, marked
from resources.object_store import FolderStore
from tests.doubles import HookedStore
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
    with_store,
)
from tests.kills import kill_at_every_operation

LINES = [
    flat_line(minute=1, tenant="acme", event_id="e1"),
    flat_line(minute=2, tenant="globex", body="mail to anna@example.com"),
    b'{"body": "cut',
    flat_line(minute=-5, tenant="acme", body="of the hour before"),
    b"",
    flat_line(minute=3, tenant="../etc"),
    b'{"msg": "generic line", "level": "error", "service": "cart"}',
]


def test_every_line_and_record_is_accounted_for(lake: Lake) -> None:
    put_raw(lake, LINES)
    read_all(lake)
    (receipt,) = receipts(lake)
    assert (receipt.lines, receipt.consumed_lines, receipt.quarantined_lines) == (7, 4, 2)
    assert receipt.ignored_lines == {"blank": 1}
    assert (receipt.records, receipt.events, receipt.refused_records) == (5, 4, 1)
    assert len(events(lake)) == 4
    assert sorted((entry.reason, entry.line) for entry in refused(lake)) == [("not_json", 3), ("tenant_invalid", 6)]
    assert refused(lake)[0].raw == b'{"body": "cut'


def test_a_second_run_reads_nothing_and_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    put_raw(lake, LINES)
    read_all(lake)
    before = published(tmp_path / "lake")
    assert read_all(lake).objects == 0
    assert published(tmp_path / "lake") == before


def test_a_replay_writes_the_same_bytes(lake: Lake, tmp_path: Path) -> None:
    put_raw(lake, LINES)
    read_all(lake)
    before = published(tmp_path / "lake")
    assert read_all(lake, replay=True).objects == 1
    assert published(tmp_path / "lake") == before


def test_a_corrected_source_moves_events_without_a_lost_or_doubled_one(lake: Lake) -> None:
    put_raw(lake, [flat_line(minute=m, tenant=None) for m in range(5)])
    define_source(lake, "shop", tenant="wrong")
    read_all(lake)
    assert {event["tenant"] for event in events(lake)} == {"wrong"}
    define_source(lake, "shop", tenant="right")
    assert read_all(lake).objects == 0, "an edit changes history only by replay"
    read_all(lake, replay=True)
    assert [event["tenant"] for event in events(lake)] == ["right"] * 5
    assert set(marked(lake.store, "hours")) == {str(HOUR)}, "the hour that lost events is refreshed too"


def test_a_rewritten_raw_object_replaces_what_it_had_brought(lake: Lake) -> None:
    key = put_raw(lake, [flat_line(minute=1), flat_line(minute=2)])
    read_all(lake)
    newer = max(e.modified for e in lake.store.list("receipts/")) + 5
    put_raw(lake, [flat_line(minute=3)])
    os.utime(lake.store.uri(key), (newer, newer))
    read_all(lake)
    assert len(events(lake)) == 1
    assert len(receipts(lake)) == 1


def test_a_reading_that_was_killed_before_its_object_was_rewritten_leaves_nothing(lake: Lake) -> None:
    put_raw(lake, [flat_line(minute=1), flat_line(minute=-5), b'{"cut'])

    def stop(operation: str, key: str) -> None:
        if key.startswith("receipts/"):
            raise OSError("killed")

    with pytest.raises(OSError, match="killed"):
        read_all(with_store(lake, HookedStore(lake.store, before=stop)))
    assert len(events(lake)) == 2
    put_raw(lake, [flat_line(minute=2), flat_line(minute=3)])
    read_all(lake)
    assert sorted(event["event_time"].minute for event in events(lake)) == [2, 3]
    assert refused(lake) == []
    assert list(lake.store.list("intents/")) == []
    assert set(marked(lake.store, "hours")) == {str(HOUR - 1), str(HOUR)}, "also the hour that has nothing any more"


def test_two_runs_over_one_hour_at_once_end_in_the_same_bytes(tmp_path: Path) -> None:
    lake, alone = make_lake(tmp_path / "both"), make_lake(tmp_path / "alone")
    for each in (lake, alone):
        for number in range(3):
            put_raw(each, [*LINES, flat_line(body=f"object {number}")], f"{number}.gz")
    read_all(alone)
    share_keys(alone, lake)
    barrier = threading.Barrier(2)

    def meet(operation: str, key: str) -> None:
        if key.startswith("intents/") and operation == "put":
            barrier.wait(timeout=60)

    def run() -> None:
        single = make_lake(tmp_path / "both", {"engine.workers": 1})
        hooked = with_store(single, HookedStore(single.store, before=meet))
        with workbench(hooked) as bench:
            read_objects(bench, found)

    found = waiting(lake, {})
    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert published(tmp_path / "both") == published(tmp_path / "alone")


# Kills ----------------------------------------------------------------------------------------------------------------


def _replay(lake: Lake) -> None:
    read_all(lake, replay=True)


def share_keys(source: Lake, target: Lake) -> None:
    target.state.mkdir(parents=True, exist_ok=True)
    shutil.copy(source.state / "keys.json", target.state / "keys.json")


def test_a_killed_run_leaves_nothing_that_a_second_does_not_mend(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "template")
    put_raw(lake, LINES)
    with workbench(lake):
        pass  # makes the keys, which all copies share
    assert kill_at_every_operation(tmp_path, read_all) > 8


def test_a_killed_replay_leaves_nothing_that_a_second_does_not_mend(tmp_path: Path) -> None:
    lake = make_lake(tmp_path / "template")
    put_raw(lake, [flat_line(minute=m, tenant=None, service=s) for m in range(3) for s in ("a", "b")])
    define_source(lake, "shop", tenant="wrong")
    read_all(lake)
    define_source(lake, "shop", tenant="right")
    assert kill_at_every_operation(tmp_path, _replay) > 5


def test_a_failing_object_does_not_stop_the_others(lake: Lake) -> None:
    put_raw(lake, [flat_line()], "good.gz")
    put_raw(lake, [flat_line()], "worse.gz")

    def fail(operation: str, key: str) -> None:
        if operation == "put_file" and key.startswith("events/") and next(broken, False):
            raise OSError("disk full")

    broken = iter([True])
    hooked = with_store(lake, HookedStore(lake.store, before=fail))
    with pytest.raises(OSError, match="disk full"):
        read_all(hooked)
    assert len(receipts(lake)) == 1
    read_all(lake)
    assert len(receipts(lake)) == 2
    assert isinstance(lake.store, FolderStore)
