"""A declaration that is wrong never keeps anybody from an answer: it is made without it, and says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.alarm_rules.changes import Watched, change_event
from logsight_assets.alarm_rules.evaluate import Point, Verdict
from logsight_assets.alarm_rules.rule import AlarmRule
from logsight_assets.cli import main
from logsight_assets.failures import Failures
from logsight_assets.incidents.handle import answer_again, handle_waiting
from logsight_assets.incidents.investigate import investigate
from logsight_assets.incidents.reanalysis import due_answers
from logsight_assets.incidents.records import find_incident
from logsight_assets.incidents.show import incident_text
from logsight_assets.incidents.waiting import known_tenants, put_waiting
from logsight_assets.lake import Lake
from tests.incidents.events import NOON, alarm_event, body
from tests.intake.lakes import HOUR, flat_line, make_lake, put_raw, read_all

Spoil = Callable[[Path], object]

# What an investigation reads of a folder: the file, and what of its text is wrong in the field that is named.
FOLDERS = {
    "metrics/errors.yaml": ("service: checkout\nmetric: 5xx\nperiod_seconds: 'a secret'\n", "period_seconds"),
    "objectives/up.yaml": ("service: checkout\nkind: availability\ntarget: 'a secret'\n", "target"),
    "change_rules/deploys.yaml": ("kind: deployment\npattern: [a secret]\n", "pattern"),
    "runbooks/pool.md": ("---\ntitle: [a secret]\n---\n1. Look.\n", "title"),
}
SPOILS: dict[str, Spoil] = {
    "no_yaml": lambda file: file.write_text(_front(file, "a: [secret")),
    "no_mapping": lambda file: file.write_text("- a secret\n"),
    "no_text": lambda file: file.write_bytes(b"\xff\xfe\x00secret"),
    "empty": lambda file: file.write_text(""),
    "a_folder": lambda file: file.mkdir(),
    "a_link_to_nothing": lambda file: file.symlink_to(file.parent / "gone"),
    "no_day": lambda file: file.write_text(_front(file, "a: 2025-13-45")),
}


def _front(file: Path, text: str) -> str:
    """YAML as a file of this name holds it."""
    return f"---\n{text}\n---\n1. Look.\n" if file.suffix == ".md" else text


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    made = make_lake(tmp_path / "lake")
    put_raw(made, [flat_line(minute=20)])
    read_all(made)
    return made


def spoil(lake: Lake, name: str, how: Spoil) -> None:
    file = lake.config / name
    file.parent.mkdir(exist_ok=True)
    how(file)


def answered(lake: Lake, event: bytes | None = None) -> dict[str, Any]:
    """The completeness of the answer to an alarm; nothing of the run failed."""
    put_waiting(lake, event or body(alarm_event()), known_tenants(lake))
    failures = Failures(lake)
    handle_waiting(lake, investigate, failures)
    failures.check()
    records = find_incident(lake, "20250601-1030")
    (answer,) = (record.body for record in records.all() if record.kind == "first_answer")
    assert answer["verdict"] in {"explained", "not_in_logs", "incomplete"}
    return dict(answer["completeness"])


@pytest.mark.parametrize("how", SPOILS.values(), ids=SPOILS)
@pytest.mark.parametrize("name", FOLDERS)
def test_an_answer_is_made_without_a_file_that_is_wrong_and_names_it_to_operators(
    lake: Lake, name: str, how: Spoil
) -> None:
    spoil(lake, name, how)
    (missing,) = answered(lake, of_nobody())["missing"]
    assert missing.startswith(f"{name} could not be read")
    assert "secret" not in missing
    assert str(lake.config) not in missing


@pytest.mark.parametrize("how", SPOILS.values(), ids=SPOILS)
@pytest.mark.parametrize("name", FOLDERS)
def test_of_a_file_that_does_not_say_whose_it_is_a_tenant_is_told_the_folder_alone(
    lake: Lake, name: str, how: Spoil
) -> None:
    for file in (name, name.replace(".", "-of-bigcorp.")):
        spoil(lake, file, how)
    assert answered(lake)["missing"] == [f"a file of {name.partition('/')[0]}/ could not be read"]


@pytest.mark.parametrize("name", FOLDERS)
def test_fields_that_are_wrong_are_named_without_what_stands_in_them(lake: Lake, name: str) -> None:
    text, wrong = FOLDERS[name]
    spoil(lake, name, lambda file: file.write_text(text.replace("\n---\n1.", "\ncolour: red\n---\n1.")))
    (missing,) = answered(lake, of_nobody())["missing"]
    assert missing.startswith(f"{name} could not be read: ")
    assert wrong in missing
    assert "secret" not in missing
    assert missing in incident_text(find_incident(lake, "20250601-1030"))


def test_without_a_wrong_file_nothing_is_missing(lake: Lake) -> None:
    assert answered(lake)["missing"] == []


def of_nobody() -> bytes:
    """An alarm that names no tenant: its incident is the platform's."""
    return body(alarm_event(tenant=None))


def own_alarm(rule: str) -> bytes:
    """An alarm of a rule of ours, as the inbox gets it."""
    declared = AlarmRule(name=rule, metric="error_count", threshold=1.0)
    verdict = Verdict("ALARM", "three", (Point(HOUR.start_nano, 3.0),))
    return change_event(declared, Watched("acme", "checkout"), "OK", verdict, int(NOON.timestamp()) * 10**9)


def test_an_alarm_of_a_rule_whose_file_is_wrong_says_so_and_other_rules_are_none_of_its_business(lake: Lake) -> None:
    text = "tenant: acme\nmetric: error_count\nthreshold: a secret\n"
    spoil(lake, "alarm_rules/mine.yaml", lambda file: file.write_text(text))
    spoil(lake, "alarm_rules/other.yaml", lambda file: file.write_text("a: ["))
    assert answered(lake, own_alarm("mine"))["missing"] == ["alarm_rules/mine.yaml could not be read: threshold"]


@pytest.mark.parametrize("name", ["sources/shop.yaml", "alarm_rules/mine.yaml"])
def test_what_an_investigation_has_no_need_of_is_not_missed(lake: Lake, name: str) -> None:
    spoil(lake, name, lambda file: file.write_text("a: ["))
    assert answered(lake)["missing"] == []


def test_a_file_of_another_tenant_is_not_named(lake: Lake) -> None:
    spoil(lake, "metrics/globex-pool.yaml", lambda file: file.write_text("tenant: globex\nservice: [a]\nmetric: m\n"))
    spoil(lake, "objectives/acme-up.yaml", lambda file: file.write_text("tenant: acme\ntarget: 2\n"))
    assert answered(lake)["missing"] == ["objectives/acme-up.yaml could not be read: service, kind, target"]


def test_one_wrong_file_stops_no_other_of_its_folder(lake: Lake) -> None:
    put_raw(lake, [flat_line(body="deployed cart v1.2.0", minute=21)], name="deploys.jsonl")
    read_all(lake)
    right = {
        "change_rules/right.yaml": "kind: deployment\npattern: deployed (?P<service>\\w+) v(?P<version>[0-9.]+)\n",
        "runbooks/right.md": "---\ntitle: T\nalarms: ['*']\napproved_by: jo\napproved: 2025-01-01\n---\n1. Look.\n",
    }
    for name, text in right.items():
        spoil(lake, name, partial(Path.write_text, data=text))
        spoil(lake, name.replace("right", "wrong"), lambda file: file.mkdir())
    answered(lake)
    (evidence,) = (r.body for r in find_incident(lake, "20250601-1030").all() if r.kind == "evidence")
    assert [change["version"] for change in evidence["changes"]] == ["1.2.0"]
    assert [runbook["name"] for runbook in evidence["runbooks"]] == ["right"]


def test_neither_the_verb_nor_an_answer_that_is_due_again_fails(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [*FOLDERS, "alarm_rules/mine.yaml", "sources/other.yaml"]:
        spoil(lake, name, SPOILS["no_yaml"])
    (tmp_path / "alarm.json").write_bytes(body(alarm_event()))
    assert main(["investigate", str(tmp_path / "alarm.json"), "--json", "--lake", str(lake.config)]) == 0
    told = json.loads(capsys.readouterr().out)["completeness"]["missing"]
    folders = ("metrics", "runbooks", "change_rules", "objectives")
    assert told == [f"a file of {folder}/ could not be read" for folder in folders]
    assert due_answers(lake) == []
    failures = Failures(lake)
    answer_again(lake, investigate, failures)
    failures.check()
