"""`logsight deliveries`, and the doctor's lines of channels."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.cli.main import main
from logsight_assets.doctor import examine
from tests.delivery.lakes import Clock, alarm, make_lake

PAGER = {"pager": {"type": "pagerduty", "routing_key": "env:NOT_SET"}}


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_what_was_told_is_listed_and_sending_again_tells_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = str(tmp_path / "lake")
    name = alarm(make_lake(tmp_path / "lake", Clock()))
    sent = told(capsys, "deliveries", "send", "--lake", root)
    assert sent == {"told": 1, "later": 0, "dead": 0, "withheld": 0, "incidents": [name]}
    assert told(capsys, "deliveries", "send", "--lake", root)["told"] == 0
    (row,) = told(capsys, "deliveries", "list", "--lake", root)["deliveries"]
    assert (row["name"], row["channel"], row["state"], row["revision"]) == (name, "outbox", "told", 3)
    assert told(capsys, "deliveries", "list", name[-6:], "--lake", root)["deliveries"] == [row]
    assert told(capsys, "deliveries", "list", "another", "--lake", root) == {"deliveries": []}
    assert told(capsys, "deliveries", "list", "--dead", "--lake", root) == {"deliveries": []}
    assert main(["deliveries", "list", "--lake", root]) == 0
    assert f"told     incident {name} in outbox, revision 3 of 3" in capsys.readouterr().out


def test_a_dead_letter_says_why_and_is_redriven(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = str(tmp_path / "lake")
    alarm(make_lake(tmp_path / "lake", Clock(), channels=PAGER, routing=[{"channels": ["pager"]}]))
    assert told(capsys, "deliveries", "send", "--lake", root)["dead"] == 1
    assert main(["deliveries", "list", "--dead", "--lake", root]) == 0
    assert "given up after 1 failure; ConfigurationError: secret env:NOT_SET: is empty" in capsys.readouterr().out
    assert main(["deliveries", "redrive", "--channel", "other", "--lake", root]) == 2
    assert told(capsys, "deliveries", "redrive", "--by", "jo", "--lake", root) == {"redriven": 1}
    assert told(capsys, "deliveries", "send", "--lake", root)["dead"] == 1


def test_the_doctor_has_a_line_for_each_channel_and_asks_nothing_that_sends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **_more: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    channels = {
        **PAGER,
        "chat": {"type": "slack", "channel": "C1", "token": "env:SLACK"},
        "hook": {"type": "webhook", "url": "https://hooks.acme.example/x", "secret": "env:HOOK"},
        "files": {"type": "file"},
    }
    monkeypatch.setenv("SLACK", "xoxb-1")
    monkeypatch.setenv("HOOK", "s")
    found = {check.name: check for check in examine(make_lake(tmp_path / "lake", Clock(), channels=channels))}
    states = {name: found[f"channel {name}"].is_ok for name in channels}
    assert states == {"pager": False, "chat": False, "hook": True, "files": True}
    assert "NOT_SET" in found["channel pager"].detail
    assert "slack.com has no address" in found["channel chat"].detail
