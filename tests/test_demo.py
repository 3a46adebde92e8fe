"""The demo as people see it first: sample logs with a known fault end in a delivered incident that names its cause."""

from __future__ import annotations

import json
from pathlib import Path

import dagster as dg
import pytest

from logsight_assets.cli import main
from logsight_assets.lake import open_lake
from logsight_assets.progress import dagster_instance


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
    lake = open_lake(str(tmp_path / "demo"), {})
    with dagster_instance(lake) as instance:
        told = {name: told_of(instance, name) for name in ("alarms", "incidents", "deliveries")}
    assert (told["alarms"]["taken"], told["alarms"]["set_aside"]) == (document["alarms"], 0)
    assert told["incidents"]["alarm_changes"] == document["alarms"]
    made, delivered = (set(str(told[name]["incident_ids"]).split()) for name in ("incidents", "deliveries"))
    assert document["incident_id"] in made
    assert delivered == made


def told_of(instance: dg.DagsterInstance, asset: str) -> dict[str, object]:
    """What Dagster shows of an asset's latest materialization."""
    event = instance.get_latest_materialization_event(dg.AssetKey(asset))
    assert event, f"{asset} was never told of"
    assert event.asset_materialization
    return {name: value.value for name, value in event.asset_materialization.metadata.items()}
