"""The doctor: every dependency has a line, a sick one says its remedy and does not hide the others."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from logsight_assets.doctor import CHECKS, Check, effective_values, examine
from logsight_assets.lake import Lake, open_lake
from logsight_assets.settings import scalar_fields
from tests.intake.lakes import NOW, define_source, make_lake


def checks_of(lake: Lake) -> dict[str, Check]:
    found = list(examine(lake))
    assert [check.name for check in found] == list(CHECKS), "every check has a line, whatever the others found"
    return {check.name: check for check in found}


def assert_only_fails(lake: Lake, name: str, *said: str) -> None:
    """Exactly this check fails, with these words in its detail or remedy."""
    found = checks_of(lake)
    assert [check.name for check in found.values() if not check.is_ok] == [name]
    for part in said:
        assert part in f"{found[name].detail} {found[name].remedy}"


def test_a_new_lake_is_healthy(lake: Lake) -> None:
    assert all(check.is_ok and check.detail for check in checks_of(lake).values())


def test_a_lake_whose_first_day_is_set_is_healthy_too(tmp_path: Path) -> None:
    (tmp_path / "logsight.yaml").write_text("partitions_start: 2025-06-01")
    assert all(check.is_ok for check in checks_of(make_lake(tmp_path)).values())


def test_an_examination_leaves_no_object_behind(lake: Lake) -> None:
    checks_of(lake)
    assert list(lake.store.list("")) == []


def test_nothing_is_sent_anywhere(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the embedded product needs no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    checks_of(lake)


def test_keys_that_others_can_read_say_how_to_close_them(lake: Lake) -> None:
    checks_of(lake)
    (lake.state / "keys.json").chmod(0o644)
    assert_only_fails(lake, "keys", f"chmod 600 {lake.state / 'keys.json'}")


def test_damaged_keys_are_a_failing_check_and_not_the_end(lake: Lake) -> None:
    (lake.state / "keys.json").write_text("{}")
    assert_only_fails(lake, "keys", "restore it from a backup")


@pytest.mark.parametrize("text", ["format: jsn", "a: b: c", "format: !!python/name:os.system"])
def test_a_wrong_source_is_named_with_file_and_field(lake: Lake, text: str) -> None:
    define_source(lake, "shop")
    (lake.config / "sources" / "shop.yaml").write_text(text)
    failing = {check.name: check for check in checks_of(lake).values() if not check.is_ok}
    assert "sources" in failing
    assert str(lake.config / "sources" / "shop.yaml") in failing["sources"].detail


@pytest.mark.parametrize(
    ("folder", "check"),
    [
        ("sources", "sources"),
        ("metrics", "metrics"),
        ("objectives", "objectives"),
        ("alarm_rules", "alarm rules"),
        ("change_rules", "change rules"),
        ("runbooks", "runbooks"),
    ],
)
def test_every_wrong_declaration_is_named(lake: Lake, folder: str, check: str) -> None:
    ending = "md" if folder == "runbooks" else "yaml"
    (lake.config / folder).mkdir()
    (lake.config / folder / f"bytes.{ending}").write_bytes(b"\xff")
    (lake.config / folder / f"folder.{ending}").mkdir()
    (lake.config / folder / f"field.{ending}").write_text(
        "---\ncolour: red\n---\n" if ending == "md" else "colour: red"
    )
    assert_only_fails(lake, check, f"bytes.{ending}", f"folder.{ending}", f"field.{ending}: colour")


def test_a_rule_without_its_objective_is_named(lake: Lake) -> None:
    (lake.config / "alarm_rules").mkdir()
    (lake.config / "alarm_rules" / "fast.yaml").write_text("metric: burn_rate\nobjective: up\nthreshold: 14\n")
    assert_only_fails(lake, "alarm rules", "fast.yaml: objective: there is no objectives/up.yaml")


def test_a_location_that_is_not_there_is_named(lake: Lake, tmp_path: Path) -> None:
    define_source(lake, "archive", location=str(tmp_path / "unmounted"))
    failing = {check.name: check for check in checks_of(lake).values() if not check.is_ok}
    assert str(tmp_path / "unmounted") in failing["sources"].detail


def test_folders_that_nothing_reads_are_named(lake: Lake) -> None:
    for number in range(7):
        lake.store.put(f"raw/tenant=Acme{number}/a.json", b"{}")
    assert_only_fails(lake, "raw", "raw/tenant=Acme0", "raw/tenant=Acme4, …: is no folder of the layout", "rename")


def test_a_store_that_cannot_be_written_is_a_failing_check(lake: Lake) -> None:
    (lake.config / "doctor").write_text("a file where the check puts its object")
    assert_only_fails(lake, "object store", "object doctor/")


def test_a_state_folder_that_is_gone_is_a_failing_check(lake: Lake) -> None:
    (lake.state / "lake.json").unlink()
    lake.state.rmdir()
    lake.state.write_text("a file in its place")
    failing = [check for check in checks_of(lake).values() if not check.is_ok]
    assert {"keys", "query engine"} <= {check.name for check in failing}
    assert all(check.detail and check.remedy for check in failing)


def test_checks_can_be_written_as_json(lake: Lake) -> None:
    for check in checks_of(lake).values():
        assert set(json.loads(json.dumps(check.to_json()))) == {"name", "is_ok", "detail", "remedy"}


def test_every_setting_has_its_value_and_where_it_came_from(tmp_path: Path) -> None:
    (tmp_path / "logsight.yaml").write_text("engine: {threads: 3}\nserve: {host: 127.0.0.2}")
    environment = os.environ | {"LOGSIGHT_ENGINE_WORKERS": "2"}
    lake = open_lake(str(tmp_path), environment, {"engine.memory_mb": 200}, lambda: NOW)
    found = {held["setting"]: (held["value"], held["origin"]) for held in effective_values(lake)}
    assert list(found) == [f"{section}.{field}" for section, field in scalar_fields()]
    assert found["engine.threads"] == (3, "file")
    assert found["serve.host"] == ("127.0.0.2", "file")
    assert found["engine.workers"] == (2, "environment")
    assert found["engine.memory_mb"] == (200, "flag")
    assert found["limits.max_depth"] == (64, "default")


def test_it_says_what_is_wrong_with_a_change_rule_and_what_was_set_aside(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    (tmp_path / "change_rules").mkdir()
    (tmp_path / "change_rules" / "deploys.yaml").write_text("kind: party\n")
    (tmp_path / "inbox" / "aside").mkdir(parents=True)
    (tmp_path / "inbox" / "aside" / "1").write_text("no alarm")
    found = checks_of(lake)
    assert "1 or more messages are set aside" in found["alarms"].detail
    assert not found["change rules"].is_ok
    assert "deploys.yaml: kind" in found["change rules"].detail
