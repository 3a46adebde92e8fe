"""What was changed: told by people, by EventBridge, by lines of logs; the same change told twice is one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from logsight_assets.errors import ConfigurationError, MalformedChange
from logsight_assets.incidents.change_rules import FOLDER, ChangeRule, find_changes, load_rules
from logsight_assets.incidents.changes import Change, add_changes, changes_between, read_change
from logsight_assets.incidents.records import find_incident
from logsight_assets.incidents.show import incident_text
from logsight_assets.incidents.waiting import known_tenants, put_waiting, take_in
from logsight_assets.lake import PLATFORM, Lake
from logsight_assets.reader.ask import ask
from resources.queue import FolderQueue
from tests.incidents.events import CLOUDFORMATION, CODEDEPLOY, ECS, alarm_event, at, body, handle
from tests.intake.lakes import HOUR, flat_line, put_raw, read_all

ALWAYS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def change(minute: float = 0, **fields: Any) -> Change:
    micro = int((HOUR.start + timedelta(minutes=minute)).timestamp() * 1_000_000)
    return Change(micro, **({"kind": "deployment", "source": "ann", "service": "payment", "version": "2"} | fields))


def test_a_change_told_twice_is_one_and_is_read_as_it_was_told(lake: Lake) -> None:
    told = [change(5), change(1, version="1"), change(5)]
    assert (add_changes(lake, "acme", told), add_changes(lake, "acme", told)) == (2, 0)
    assert changes_between(lake, "acme", *ALWAYS) == [told[1], told[0]]
    assert changes_between(lake, "acme", HOUR.start, HOUR.start + timedelta(minutes=5)) == [told[1]]
    rows = ask(lake, "select change_time, kind, service, version, source from changes order by 1", "acme").rows
    assert rows[0] == {
        "change_time": "2025-06-01T10:01:00Z",
        "kind": "deployment",
        "service": "payment",
        "version": "1",
        "source": "ann",
    }
    assert ask(lake, "select * from changes", "globex").rows == []


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        pytest.param(ECS, ("deployment", "ecs", None, "payment", "ecs-svc/1"), id="ecs"),
        pytest.param(CODEDEPLOY, ("deployment", "codedeploy", "prod", "payment", "d-1"), id="codedeploy"),
        pytest.param(
            CLOUDFORMATION,
            ("configuration", "cloudformation", None, "payment-stack", CLOUDFORMATION["detail"]["stack-id"]),
            id="cloudformation",
        ),
    ],
)
def test_events_of_deployments_come_the_way_of_alarms(
    lake: Lake, tmp_path: Path, event: dict[str, Any], expected: tuple[str | None, ...]
) -> None:
    queue = FolderQueue(tmp_path / "queue")
    queue.send(json.dumps(event).encode())
    assert take_in(lake, queue, None).set_aside == 0
    (found,) = changes_between(lake, PLATFORM, *ALWAYS)
    assert (found.kind, found.source, found.environment, found.service, found.ref) == expected
    assert found.time == datetime(2025, 6, 1, 10, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize("without", ["detail", "time", "detail-type"])
def test_an_event_that_lacks_what_makes_it_a_change_is_none(without: str) -> None:
    with pytest.raises(MalformedChange):
        read_change(json.dumps({key: value for key, value in ECS.items() if key != without}).encode())


def define(lake: Lake, **fields: Any) -> None:
    folder = lake.config / "change_rules"
    folder.mkdir(exist_ok=True)
    (folder / "deploys.yaml").write_text(yaml.safe_dump(fields))


def find(lake: Lake) -> int:
    return find_changes(lake, "acme", HOUR.start, HOUR.end, load_rules(lake.config / FOLDER))


def test_a_rule_finds_changes_in_lines_and_fills_columns_from_its_groups(lake: Lake) -> None:
    define(lake, kind="deployment", pattern=r"deployed (?P<service>\w+) v(?P<version>[0-9.]+) \(was [0-9.]+\)")
    put_raw(lake, [flat_line(body="deployed cart v1.2.0 (was 1.1.9)", minute=3), flat_line(body="order placed")])
    read_all(lake)
    assert find(lake) == 1
    assert find(lake) == 0
    (found,) = changes_between(lake, "acme", *ALWAYS)
    assert (found.service, found.version, found.source) == ("cart", "1.2.0", "rule:deploys")
    assert found.time == HOUR.start + timedelta(minutes=3)


def test_without_a_group_the_line_speaks_for_its_own_service(lake: Lake) -> None:
    define(lake, kind="configuration", service="cart", pattern="config reloaded")
    put_raw(lake, [flat_line(service="cart", body="config reloaded"), flat_line(body="config reloaded")])
    read_all(lake)
    find(lake)
    assert [(c.service, c.kind) for c in changes_between(lake, "acme", *ALWAYS)] == [("cart", "configuration")]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"kind": "deployment", "pattern": "("}, "no RE2 expression"),
        ({"kind": "deployment", "pattern": "(?P<who>a)"}, "group 'who' is none of"),
        ({"kind": "party", "pattern": "a"}, "kind"),
        ({"kind": "deployment"}, "pattern"),
    ],
)
def test_a_wrong_rule_is_an_error_that_names_file_and_field(lake: Lake, fields: dict[str, str], fault: str) -> None:
    define(lake, **fields)
    with pytest.raises(ConfigurationError, match=r"deploys\.yaml.*" + fault.replace("(", r"\(")):
        load_rules(lake.config / FOLDER)


def test_changes_of_the_day_before_are_evidence(lake: Lake) -> None:
    define(lake, kind="deployment", pattern=r"deployed v(?P<version>[0-9.]+)")
    put_raw(lake, [flat_line(body="deployed v7", minute=1)])
    read_all(lake)
    add_changes(lake, "acme", [change(-60), change(-60 * 48), change(58)])
    add_changes(lake, PLATFORM, [change(2)])
    put_waiting(lake, body(alarm_event()), known_tenants(lake))
    (incident,) = handle(lake).incidents
    records = find_incident(lake, incident)
    held = records.find("evidence:1")
    assert held
    assert [(c["version"], c["time_unix_micro"]) for c in held.body["changes"]] == [
        ("7", change(1).time_unix_micro),
        ("2", change(-60).time_unix_micro),
    ], "not what is older, later than the alarm, or another tenant's"
    assert "Changed before" in incident_text(records)
    assert at(0) > change(1).time


def test_the_schema_of_a_rule_names_its_fields() -> None:
    assert set(ChangeRule.model_fields) == {"name", "description", "kind", "service", "pattern"}


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("deploys.yml", r"deploys\.yml: a change rule's file ends in \.yaml; rename it"),
        ("other.yaml", r"other\.yaml: name: 'deploys' must be the file's own name, 'other'"),
        ("Wrong Name.yaml", r"Wrong Name\.yaml: name"),
    ],
)
def test_a_rule_in_a_file_of_another_name_is_an_error_and_is_not_passed_over(lake: Lake, file: str, said: str) -> None:
    folder = lake.config / "change_rules"
    folder.mkdir()
    named = "" if file == "Wrong Name.yaml" else "name: deploys\n"
    (folder / file).write_text(f"{named}kind: deployment\npattern: deployed\n")
    with pytest.raises(ConfigurationError, match=said):
        load_rules(folder)
