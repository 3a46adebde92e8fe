"""Actions of runbooks: off by default, approved by somebody who is named, carried out once, told on the timeline."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from logsight_assets.errors import ConfigurationError, UsageError
from logsight_assets.incidents.actions import approve
from logsight_assets.incidents.proposals import ToldAction, proposals, told_actions
from logsight_assets.incidents.records import IncidentRecords, find_incident
from logsight_assets.incidents.runbooks import load_runbooks
from logsight_assets.incidents.show import incident_text
from logsight_assets.incidents.state import fold
from logsight_assets.lake import Lake
from resources.actions import Act, DryRun
from tests.incidents.summary.test_summaries import with_incident
from tests.intake.lakes import flat_line, make_lake, put_raw, read_all

_NAME = "pool/scale"


class Counted:
    """An actor that counts what it does."""

    def __init__(self, *, fails: bool = False) -> None:
        self.acts: list[Act] = []
        self.fails = fails

    def do(self, act: Act) -> str:
        self.acts.append(act)
        if self.fails:
            raise OSError("no such cluster")
        return "scaled"


def runbook(folder: Path, **changed: object) -> None:
    front = {
        "title": "Pool",
        "services": ["payment"],
        "approved_by": "Ada",
        "approved": "2025-05-01",
        "actions": [{"name": "scale", "step": 1, "type": "scale_service", "service": "payment", "count": 3}],
    } | changed
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pool.md").write_text(f"---\n{yaml.safe_dump(front)}---\n1. Scale it.\n")


def incident(root: Path, *, actions: bool = True) -> tuple[Lake, IncidentRecords]:
    root.mkdir(parents=True, exist_ok=True)
    (root / "logsight.yaml").write_text(yaml.safe_dump({"incidents": {"actions": actions}}))
    runbook(root / "runbooks")
    lake = make_lake(root)
    put_raw(lake, [flat_line()])
    read_all(lake)
    return lake, with_incident(lake)


def stages(records: IncidentRecords) -> list[str]:
    return [record.body["stage"] for record in records.all() if record.kind == "action"]


def test_an_action_is_carried_out_once_and_told_on_the_timeline(tmp_path: Path) -> None:
    lake, records = incident(tmp_path / "lake")
    assert [each.stage for each in proposals(fold(records.all()))] == ["proposed"]
    assert "pool/scale, scale payment to 3: proposed" in incident_text(records), "whoever approves it sees what it does"
    actor = Counted()
    assert approve(lake, records, _NAME, actor, "ada", "it helps") == "done: scaled"
    with pytest.raises(UsageError, match="carried out once"):
        approve(lake, find_incident(lake, records.incident_id), _NAME, actor, "bob")
    assert [(act.type, act.service, act.count) for act in actor.acts] == [("scale_service", "payment", 3)]
    assert stages(records) == ["approved", "begun", "done"]
    assert "action by ada: scale of runbook pool: approved" in incident_text(records)
    assert "scale of runbook pool: done, scaled" in incident_text(records)
    assert "pool/scale, scale payment to 3: done, approved by ada: scaled" in incident_text(records)
    assert [each.stage for each in proposals(fold(records.all()))] == ["done"]


def test_what_was_done_is_shown_when_a_later_answer_has_another_runbook(tmp_path: Path) -> None:
    lake, records = incident(tmp_path / "lake")
    approve(lake, records, _NAME, Counted(), "ada")
    state = replace(fold(records.all()), evidence={})
    assert list(told_actions(state)) == [ToldAction("pool/scale: done, approved by ada", "scaled")]


def test_two_who_approve_at_once_have_it_done_once(tmp_path: Path) -> None:
    lake, records = incident(tmp_path / "lake")
    inner = Counted()

    class Meanwhile:
        def do(self, _: Act) -> str:
            with pytest.raises(UsageError, match="carried out once"):
                approve(lake, find_incident(lake, records.incident_id), _NAME, inner, "bob")
            return "scaled"

    assert approve(lake, records, _NAME, Meanwhile(), "ada") == "done: scaled"
    assert inner.acts == []


def test_what_fails_is_told_and_not_tried_again(tmp_path: Path) -> None:
    lake, records = incident(tmp_path / "lake")
    assert approve(lake, records, _NAME, Counted(fails=True), "ada").startswith("failed: OSError")
    assert stages(records) == ["approved", "begun", "failed"]
    with pytest.raises(UsageError, match="carried out once"):
        approve(lake, records, _NAME, Counted(), "ada")


def test_embedded_it_is_a_dry_run(tmp_path: Path) -> None:
    lake, records = incident(tmp_path / "lake")
    assert approve(lake, records, _NAME, DryRun(), "ada") == "done: dry run: would scale payment to 3"


def test_nothing_is_done_where_actions_are_off_nobody_is_named_or_the_runbook_is_another(tmp_path: Path) -> None:
    lake, records = incident(tmp_path / "off", actions=False)
    with pytest.raises(UsageError, match="actions are off"):
        approve(lake, records, _NAME, Counted(), "ada")
    lake, records = incident(tmp_path / "on")
    for name, who, found in ((_NAME, " ", "name who"), ("pool/evil", "ada", "proposes"), ("x", "ada", "proposes")):
        with pytest.raises(UsageError, match=found):
            approve(lake, records, name, Counted(), who)
    for changed in ({"title": "Other"}, {"approved_by": ""}):
        runbook(tmp_path / "on" / "runbooks", **changed)
        with pytest.raises(UsageError, match="has changed"):
            approve(lake, records, _NAME, Counted(), "ada")
    assert stages(records) == []


def test_a_draft_proposes_nothing_and_a_wrong_file_names_its_field(tmp_path: Path) -> None:
    runbook(tmp_path, approved_by="")
    assert [each.is_approved for each in load_runbooks(tmp_path)] == [False]
    runbook(tmp_path, actions=[{"name": "x", "step": 1, "type": "shell", "service": "payment"}])
    with pytest.raises(ConfigurationError, match=r"pool\.md.*type"):
        load_runbooks(tmp_path)
    (tmp_path / "pool.md").write_text("1. No front matter.\n")
    with pytest.raises(ConfigurationError, match="front matter"):
        load_runbooks(tmp_path)


def test_a_runbook_whose_file_is_wrong_keeps_back_its_own_actions_and_no_others(tmp_path: Path) -> None:
    lake, records = incident(tmp_path / "lake")
    (lake.config / "runbooks" / "other.md").write_text("no front matter")
    assert approve(lake, records, _NAME, Counted(), "ada") == "done: scaled"
    lake, records = incident(tmp_path / "own")
    (lake.config / "runbooks" / "pool.md").write_text("no front matter")
    with pytest.raises(UsageError, match=r"pool\.md.*correct it"):
        approve(lake, records, _NAME, Counted(), "ada")
    assert stages(records) == []
