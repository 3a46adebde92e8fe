"""The demo as people see it first: sample logs with a known fault end in a delivered incident that names its cause."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from logsight_assets.cli import main


def test_the_demo_ends_in_a_delivered_incident_that_names_the_service_at_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--lake", str(tmp_path / "demo"), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["alarms"] > 0
    assert document["first_answer"]["verdict"] == "explained"
    assert document["first_answer"]["suspects"][0]["service"] == "payment"
    assert {told["state"] for told in document["deliveries"]} == {"told"}
    assert list((tmp_path / "demo" / "outbox").rglob("message.html"))
    assert Path(document["report"]).is_file()
