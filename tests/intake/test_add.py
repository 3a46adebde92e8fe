"""`logsight add`: any file of a machine at once, again without doubling, grown without losing."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

import pytest

from logsight_assets.errors import PermanentError, UsageError
from logsight_assets.intake.add import Defaults, add
from logsight_assets.lake import Lake
from logsight_assets.timeline import Hour
from tests.doubles import HookedStore
from tests.intake.lakes import HOUR, events, flat_line, make_lake, put_raw, read_all, receipts, with_store

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


def test_a_line_in_the_making_is_read_again_when_it_is_whole(lake: Lake, log: Path) -> None:
    whole, half = SYSLOG.format(minute=7), len(SYSLOG) // 2
    log.write_text(SYSLOG.format(minute=6) + whole[:half])
    add(lake, [log], Defaults())
    with log.open("a") as file:
        file.write(whole[half:] + SYSLOG.format(minute=8))
    add(lake, [log], Defaults())
    assert add(lake, [log], Defaults()) == []
    read_all(lake)
    bodies = [event["body"] for event in events(lake) if event["event_time"].minute in (7, 8)]
    assert bodies.count("session opened for user app") == 2, "no line is known by its end alone"
    with log.open("a") as file:
        file.write(SYSLOG.format(minute=9))
    (added,) = add(lake, [log], Defaults())
    assert added.size == len(SYSLOG.format(minute=9)), "and what was whole is not read again"


def test_a_file_that_cannot_be_opened_is_named_and_keeps_no_other_from_being_added(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    for name in ("a.log", "b.log", "c.log"):
        (folder / name).write_text(f"{name} started\n")

    def rotate(operation: str, key: str) -> None:
        (folder / "b.log").unlink(missing_ok=True)

    hooked = with_store(lake, HookedStore(lake.store, before=rotate))
    with pytest.raises(PermanentError, match=r"2 added; 1 not, .*\n  .*/logs/b\.log: No such file"):
        add(hooked, [folder], Defaults())
    read_all(lake)
    assert sorted(event["body"] for event in events(lake)) == ["a.log started", "c.log started"]


def test_a_pipe_is_neither_file_nor_folder_and_one_in_a_folder_is_passed_over(lake: Lake, tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    (folder / "nowhere").symlink_to(tmp_path / "nothing")
    with pytest.raises(UsageError, match="pipe: is neither a file nor a folder"):
        add(lake, [folder / "pipe"], Defaults())
    assert add(lake, [folder], Defaults()) == []


def test_the_lake_itself_is_no_log(lake: Lake, tmp_path: Path, log: Path) -> None:
    """`logsight add .` where the lake is `./lake`."""
    assert len(add(lake, [tmp_path], Defaults())) == 1
    read_all(lake)
    assert add(lake, [tmp_path], Defaults()) == []


def test_a_folder_of_the_raw_layout_with_a_wrong_name_is_refused_whole(lake: Lake, tmp_path: Path) -> None:
    other = make_lake(tmp_path / "other")
    put_raw(other, [flat_line()])
    other.store.put("raw/tenant=ACME/source=shop/dt=2025-06-01/hour=10/a.json", flat_line())
    with pytest.raises(UsageError, match="other/raw/tenant=ACME: is no folder of the layout"):
        add(lake, [tmp_path / "other"], Defaults())
    assert list(lake.store.list("")) == []
