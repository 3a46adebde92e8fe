"""`logsight add`: any file of a machine at once, again without doubling, grown without losing."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from logsight_assets.errors import UsageError
from logsight_assets.intake.add import Defaults, add
from logsight_assets.lake import Lake
from logsight_assets.timeline import Hour
from tests.intake.lakes import HOUR, define_source, events, flat_line, make_lake, put_raw, read_all, receipts

SYSLOG = "Jun  1 10:{minute:02d}:00 web-1 sshd[812]: session opened for user app\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "auth.log"
    path.write_text("".join(SYSLOG.format(minute=m) for m in range(3)))
    return path


def test_a_log_of_the_machine_works_at_once(lake: Lake, log: Path) -> None:
    add(lake, [log], Defaults())
    read_all(lake)
    found = events(lake)
    assert [(e["tenant"], e["service"], e["host"]) for e in found] == [("default", "sshd", "web-1")] * 3
    assert [e["hour"] for e in found] == [str(HOUR)] * 3, "the year comes from the arrival hour"


def test_the_same_file_again_adds_nothing(lake: Lake, log: Path) -> None:
    assert len(add(lake, [log], Defaults())) == 1
    assert add(lake, [log], Defaults()) == []


def test_a_grown_file_adds_its_new_whole_lines(lake: Lake, log: Path) -> None:
    add(lake, [log], Defaults())
    with log.open("a") as file:
        file.write(SYSLOG.format(minute=7) + SYSLOG.format(minute=8)[:-9])
    add(lake, [log], Defaults())
    read_all(lake)
    assert len(events(lake)) == 4, "the line in the making waits"
    with log.open("a") as file:
        file.write(SYSLOG.format(minute=8)[-9:])
    add(lake, [log], Defaults())
    read_all(lake)
    assert sorted(e["event_time"].minute for e in events(lake)) == [0, 1, 2, 7, 8]


def test_a_rotated_file_is_read_from_its_beginning(lake: Lake, log: Path) -> None:
    add(lake, [log], Defaults())
    log.write_text(SYSLOG.format(minute=30))
    add(lake, [log], Defaults())
    read_all(lake)
    assert len(events(lake)) == 4


def test_a_grown_file_keeps_the_header_that_its_lines_need(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "u_ex.log"
    head = "#Software: IIS\n#Fields: date time cs-method cs-uri-stem sc-status\n"
    path.write_text(head + "2025-06-01 10:00:01 GET /a 200\n")
    add(lake, [path], Defaults())
    with path.open("a") as file:
        file.write("2025-06-01 10:00:02 GET /b 500\n")
    add(lake, [path], Defaults())
    read_all(lake)
    assert sorted((e["event_time"].second, e["is_error"]) for e in events(lake)) == [(1, False), (2, True)]


def test_a_changed_compressed_file_is_a_new_object(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "app.json.gz"
    path.write_bytes(gzip.compress(flat_line(minute=1)))
    add(lake, [path], Defaults())
    path.write_bytes(gzip.compress(flat_line(minute=2)))
    assert len(add(lake, [path], Defaults())) == 1
    assert add(lake, [path], Defaults()) == []


def test_options_are_defaults_for_lines_that_say_nothing(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "mixed.json"
    path.write_bytes(flat_line(tenant="acme", service="cart") + b"\n" + flat_line(tenant=None, service="") + b"\n")
    add(lake, [path], Defaults("mine", "globex", "search api", "stage"), Hour.parse("2025-06-01T11"))
    read_all(lake)
    found = sorted((e["tenant"], e["service"], e["environment"]) for e in events(lake))
    assert found == [("acme", "cart", "stage"), ("globex", "search api", "stage")]
    assert receipts(lake)[0].arrival_hour == "2025-06-01T11"


def test_a_folder_in_the_raw_layout_keeps_its_hours(lake: Lake, tmp_path: Path) -> None:
    other = make_lake(tmp_path / "other")
    put_raw(other, [flat_line()], hour=Hour.parse("2024-02-29T23"))
    assert len(add(lake, [tmp_path / "other" / "raw"], Defaults())) == 1
    assert add(lake, [tmp_path / "other"], Defaults()) == []
    read_all(lake)
    assert receipts(lake)[0].arrival_hour == "2024-02-29T23"


def test_a_missing_path_or_a_bad_tenant_is_a_clear_error(lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        add(lake, [tmp_path / "nothing.log"], Defaults())
    with pytest.raises(UsageError, match="--tenant"):
        Defaults(tenant="No Tenant")


@pytest.mark.parametrize("layout", ["2025/06/01/10/", "dt=2025-06-01/hour=10/", "some/where/"])
def test_an_existing_prefix_is_read_in_place(lake: Lake, tmp_path: Path, layout: str) -> None:
    object_path = tmp_path / "bucket" / layout / "part-1.gz"
    object_path.parent.mkdir(parents=True)
    object_path.write_bytes(gzip.compress(flat_line(tenant=None) + b"\n"))
    os.utime(object_path, (HOUR.start.timestamp() + 60, HOUR.start.timestamp() + 60))
    define_source(lake, "archive", location=str(tmp_path / "bucket"), tenant="acme")
    read_all(lake)
    (receipt,) = receipts(lake)
    assert (receipt.arrival_hour, receipt.raw_key) == (str(HOUR), f"archive/{layout}part-1.gz")
    assert [e["tenant"] for e in events(lake)] == ["acme"]
    assert read_all(lake).objects == 0
