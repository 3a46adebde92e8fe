"""Sources that are read where they lie: by the hour that a key says, or by the time at which a file was written."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from logsight_assets.intake.arrivals import unreachable
from logsight_assets.intake.run import declared_sources
from logsight_assets.lake import Lake
from tests.doubles import HookedStore
from tests.intake.lakes import HOUR, define_source, events, flat_line, put_raw, read_all, receipts, refused, with_store


@pytest.fixture
def folder(lake: Lake, tmp_path: Path) -> Path:
    """The location of the source `archive`."""
    place = tmp_path / "bucket"
    place.mkdir()
    define_source(lake, "archive", location=str(place), tenant="acme")
    return place


def write(path: Path, *lines: bytes, hour: int = 0) -> None:
    """Write whole lines, as if one minute after the start of an hour, counted from HOUR."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    written = (HOUR + hour).start.timestamp() + 60
    os.utime(path, (written, written))


def minutes(lake: Lake) -> list[int]:
    return sorted(event["event_time"].minute for event in events(lake))


@pytest.mark.parametrize("layout", ["2025/06/01/10/", "dt=2025-06-01/hour=10/", "some/where/"])
def test_an_existing_prefix_is_read_in_place(lake: Lake, folder: Path, layout: str) -> None:
    path = folder / layout / "part-1.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzip.compress(flat_line(tenant=None) + b"\n"))
    os.utime(path, (HOUR.start.timestamp() + 60, HOUR.start.timestamp() + 60))
    read_all(lake)
    (receipt,) = receipts(lake)
    assert (receipt.arrival_hour, receipt.raw_key) == (str(HOUR), f"archive/{layout}part-1.gz")
    assert [event["tenant"] for event in events(lake)] == ["acme"]
    assert read_all(lake).objects == 0


@pytest.mark.parametrize("name", ["app.log", "2025/06/01/10/app.log"], ids=["by_time", "by_key"])
def test_a_file_that_grows_replaces_what_it_had_brought(lake: Lake, folder: Path, name: str) -> None:
    write(folder / name, flat_line(minute=1), b'{"cut')
    read_all(lake)
    assert (minutes(lake), len(refused(lake))) == ([1], 1)
    newer = max(entry.modified for entry in lake.store.list("receipts/")) + 3600
    write(folder / name, flat_line(minute=1), flat_line(minute=2), flat_line(minute=3))
    os.utime(folder / name, (newer, newer))
    read_all(lake)
    assert (minutes(lake), refused(lake)) == ([1, 2, 3], [])
    (receipt,) = receipts(lake)
    assert receipt.events == 3


def test_of_logs_that_are_rotated_each_line_counts_once(lake: Lake, folder: Path) -> None:
    write(folder / "app.log.1", flat_line(minute=1))
    write(folder / "app.log", flat_line(minute=2), flat_line(minute=3), hour=1)
    read_all(lake)
    (folder / "app.log.1").rename(folder / "app.log.2")
    (folder / "app.log").rename(folder / "app.log.1")
    write(folder / "app.log", flat_line(minute=4))
    newer = max(entry.modified for entry in lake.store.list("receipts/")) + 3600
    os.utime(folder / "app.log", (newer, newer))
    read_all(lake)
    assert minutes(lake) == [1, 2, 3, 4]
    assert len(receipts(lake)) == 3


def test_what_is_written_while_a_file_is_read_is_read_by_the_next_run(lake: Lake, folder: Path) -> None:
    path = folder / "app.log"
    write(path, flat_line(minute=1))

    def append(operation: str, key: str) -> None:
        if operation == "put" and key.startswith("receipts/"):
            with path.open("ab") as file:
                file.write(flat_line(minute=2) + b"\n")
            os.utime(path, (HOUR.start.timestamp() + 120, HOUR.start.timestamp() + 120))

    read_all(with_store(lake, HookedStore(lake.store, before=append)))
    assert minutes(lake) == [1]
    assert read_all(lake).objects == 1
    assert minutes(lake) == [1, 2]
    assert read_all(lake).objects == 0


def test_a_source_that_cannot_be_listed_is_named_and_stops_no_other(lake: Lake, folder: Path, tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.log"))
    write(odd, flat_line())
    define_source(lake, "unmounted", location=str(tmp_path / "nothing"))
    put_raw(lake, [flat_line()])
    assert read_all(lake).objects == 1
    why = unreachable(declared_sources(lake).by_name)
    assert why["unmounted"] == f"{tmp_path / 'nothing'} is no folder"
    assert "is no UTF-8; rename the file" in why["archive"]


def test_a_pipe_is_no_object_and_nobody_waits_for_it(lake: Lake, folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    write(folder / "app.log", flat_line())
    assert read_all(lake).objects == 1
