"""`logsight incidents replay`, as a program calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from logsight_assets.cli import main
from tests.incidents.summary.test_summaries import good, lake_with, summarised, with_incident


def test_replay_prints_each_part_and_fails_where_one_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake)
    summarised(lake, good)
    code = main(["incidents", "replay", records.incident_id, "--lake", str(tmp_path / "lake"), "--json"])
    document = json.loads(capsys.readouterr().out)
    found = {part["name"]: part["result"] for part in document["parts"]}
    # The stored evidence is a test's own, so the lake's logs say something else.
    assert (code, document["is_equal"]) == (1, False)
    assert found == {"first_answer": "differs", "prompt": "equal", "check": "equal"}
