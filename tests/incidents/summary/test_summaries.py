"""Summaries over real lakes and a Bedrock on loopback: each rung of the ladder ends in an answer with its reason."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from logsight_assets.doctor import CHECKS
from logsight_assets.failures import Failures
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.forget import forget_tenant
from logsight_assets.incidents.once import answer_document
from logsight_assets.incidents.records import IncidentRecords, find_incident
from logsight_assets.incidents.show import incident_text
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.summary.due import due_summaries
from logsight_assets.incidents.summary.replay import replay
from logsight_assets.incidents.summary.summaries import Summarised, summarize_due
from logsight_assets.incidents.summary.words import REASONS
from logsight_assets.incidents.waiting import known_tenants, put_waiting
from logsight_assets.lake import Lake
from logsight_assets.reader.ask import ask
from resources.bedrock import BedrockModel, Guardrail, bedrock_client
from resources.model import Model
from tests.contracts.bedrock_double import BLOCKED, DEAD, BedrockDouble, Fault, bedrock_server, stopped
from tests.incidents.events import alarm_event, body, handle
from tests.incidents.summary.cases import answered, evidence, said
from tests.intake.lakes import flat_line, make_lake, put_raw, read_all

SONNET, HAIKU = "eu.anthropic.claude-sonnet-5-5", "eu.anthropic.claude-haiku-5-5"
_RUNBOOK = """---
title: Pool of payment is exhausted
services: [payment]
approved_by: Ada
approved: 2025-05-01
---
# Steps
1. Look at the pool's size.
2. Restart one instance
   of payment.
"""


class Found:
    """An investigation that found the evidence of cases.py."""

    def __init__(self, line: str | None = None) -> None:
        self._held = evidence(line) if line else evidence()

    def to_json(self) -> dict[str, Any]:
        return self._held


def lake_with(root: Path, tenants: dict[str, Any] | None = None, **model: Any) -> Lake:
    """A lake that names models, and in which an incident of `acme` has its first answer."""
    root.mkdir(parents=True)
    prices = [
        {"model": name, "since": "2025-01-01", "input_usd": 3, "output_usd": 15}
        for name in ("anthropic.claude-sonnet-5-5", "anthropic.claude-haiku-5-5", DEAD)
    ]
    settings = {"model": {"primary": SONNET, "smaller": HAIKU, **model}, "prices": prices, "tenants": tenants or {}}
    (root / "logsight.yaml").write_text(yaml.safe_dump(settings))
    (root / "runbooks").mkdir()
    (root / "runbooks" / "payment-pool.md").write_text(_RUNBOOK)
    lake = make_lake(root)
    put_raw(lake, [flat_line()])
    read_all(lake)
    return lake


def with_incident(lake: Lake, line: str | None = None, tenant: str | None = "acme") -> IncidentRecords:
    put_waiting(lake, body(alarm_event(tenant=tenant)), known_tenants(lake))

    def investigated(_lake: Lake, _alarm: Alarm) -> Any:
        return Found(line)

    (name,) = handle(lake, investigated).incidents
    return find_incident(lake, name)


@contextmanager
def bedrock(double: BedrockDouble, guardrail: Guardrail | None = None) -> Iterator[Model]:
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    with bedrock_server(double) as url, closing(bedrock_client("eu-central-1", url, 5)) as client:
        yield BedrockModel(client, guardrail)


def summarised(lake: Lake, answering: Callable[[str], Any], guardrail: Guardrail | None = None) -> Summarised:
    """One summary run; what fails in it is raised."""
    failures = Failures(lake)
    with bedrock(BedrockDouble(answering), guardrail) as model:
        done = summarize_due(lake, model, failures)
    failures.check()
    return done


def good(_: str) -> str:
    return json.dumps(answered())


def last(records: IncidentRecords) -> dict[str, Any]:
    record = IncidentRecords(records._lake, records.tenant, records.incident_id).all()[-1]
    assert record.kind == "summary"
    return dict(record.body)


def test_an_answer_that_stands_is_stored_with_all_that_a_replay_needs_and_shown(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake)
    assert len(list(due_summaries(lake))) == 1
    done = summarised(lake, good)
    assert (done.by_model, done.first_answers) == ([records.incident_id], {})
    assert list(due_summaries(lake)) == []
    held = last(records)
    assert (held["kind"], held["model"], held["removed"]) == ("model", SONNET, 0)
    assert json.loads(held["raw"]) == answered()
    document = answer_document(find_incident(lake, records.incident_id))
    assert document["summary"]["summary"]["probable_cause"]["service"] == "payment"
    assert {verdict["verdict"] for verdict in document["checks"]} == {"kept"}
    text = incident_text(find_incident(lake, records.incident_id))
    assert "Cause: payment (confidence high): Its pool was exhausted. [E1, T1]" in text
    assert "> E1: pool exhausted" in text
    assert "Runbook payment-pool, step 1: Look at the pool's size." in text
    assert "2. Restart one instance of payment." in text


def test_a_second_run_asks_nobody(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    with_incident(lake)
    summarised(lake, good)
    assert summarised(lake, lambda _: Fault(500, "InternalServerException")) == Summarised()


def test_what_the_evidence_does_not_hold_is_removed_counted_and_shown(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake)
    answer = answered(claims=[said("It rose to 9999 lines.", "T1"), said("See https://x.", "T1")])
    summarised(lake, lambda _: json.dumps(answer))
    held = last(records)
    assert (held["kind"], held["removed"], held["summary"]["claims"]) == ("model", 2, [])
    text = incident_text(find_incident(lake, records.incident_id))
    assert "2 statements were removed" in text
    assert "9999" not in text


def test_without_a_cause_left_the_first_answer_stands(tmp_path: Path) -> None:
    for number, (cause, reason) in enumerate(
        [({"service": "payment", "statement": said("It rose to 9999 lines.", "T1")}, "unsupported"), (None, "no_cause")]
    ):
        lake = lake_with(tmp_path / str(number))
        records = with_incident(lake)
        answer = json.dumps(answered(probable_cause=cause))
        assert summarised(lake, lambda _, answer=answer: answer).first_answers == {records.incident_id: reason}  # type: ignore[misc]
        text = incident_text(find_incident(lake, records.incident_id))
        assert f"the first answer stands, because {REASONS[reason]}" in text
        assert "Cause: payment" not in text


@pytest.mark.parametrize(
    ("said_first", "reason"),
    [
        (Fault(429, "ThrottlingException"), "throttled"),
        (Fault(503, "ServiceUnavailableException"), "unavailable"),
        (Fault(408, "ModelTimeoutException"), "timeout"),
        (Fault(403, "AccessDeniedException"), "denied"),
        (Fault(404, "ResourceNotFoundException"), "gone"),
        (stopped("guardrail_intervened"), "intervened"),
        (stopped("content_filtered"), "filtered"),
        (stopped("max_tokens"), "cut"),
        (stopped("refusal"), "refused"),
        (stopped("end_turn", "no json"), "malformed"),
        (stopped("end_turn", '{"summary": []}'), "malformed"),
        (stopped("end_turn", json.dumps(answered() | {"severity_override": "low"})), "malformed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_leads_to_the_smaller_model_and_then_to_the_first_answer(
    tmp_path: Path, said_first: Any, reason: str
) -> None:
    lake = lake_with(tmp_path / "one")
    records = with_incident(lake)
    calls: list[str] = []

    def first_fails(data: str) -> Any:
        calls.append(data)
        return said_first if len(calls) == 1 else good(data)

    assert summarised(lake, first_fails).by_model == [records.incident_id]
    held = last(records)
    assert [(step["model"], step["reason"]) for step in held["tried"]] == [(SONNET, reason), (HAIKU, "")]

    lake = lake_with(tmp_path / "both", smaller="")
    records = with_incident(lake)
    assert summarised(lake, lambda _: said_first).first_answers == {records.incident_id: reason}
    assert f"because {REASONS[reason]}" in incident_text(find_incident(lake, records.incident_id))


def test_a_model_that_reached_its_end_of_life_is_stepped_over(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake", primary=DEAD)
    records = with_incident(lake)
    assert summarised(lake, good).by_model == [records.incident_id]
    assert [step["reason"] for step in last(records)["tried"]] == ["gone", ""]


def test_what_the_guardrail_finds_in_a_log_line_leads_to_the_first_answer(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake, f"search failed: {BLOCKED}")
    done = summarised(lake, good, Guardrail("gr1", "1"))
    assert done.first_answers == {records.incident_id: "intervened"}


def test_a_bug_of_ours_leaves_the_first_answer_and_fails_the_run(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake", prompt="999")
    records = with_incident(lake)
    failures = Failures(lake)
    with bedrock(BedrockDouble(good)) as model:
        assert summarize_due(lake, model, failures).first_answers == {records.incident_id: "failed"}
    assert len(failures.held) == 1


def test_a_tenant_that_wants_no_summaries_is_shown_to_no_model_nor_is_the_platform(tmp_path: Path) -> None:
    for number, tenant in enumerate(("acme", None)):
        lake = lake_with(tmp_path / str(number), tenants={"acme": {"summaries": False}})
        records = with_incident(lake, tenant=tenant)
        double = BedrockDouble(good)
        with bedrock(double) as model:
            summarize_due(lake, model, Failures(lake))
        assert (last(records)["reason"], double.requests) == ("not_wanted", [])


def test_without_a_model_nothing_waits_and_the_document_says_why(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake", primary="", smaller="")
    records = with_incident(lake)
    assert list(due_summaries(lake)) == []
    summary = answer_document(records)["summary"]
    assert (summary["kind"], summary["why"]) == ("first_answer", "no model is configured")


# Budget ---------------------------------------------------------------------------------------------------------------


def test_each_call_is_in_the_ledger_with_its_price(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    with_incident(lake)
    calls: list[str] = []

    def first_is_throttled(data: str) -> Any:
        calls.append(data)
        return Fault(429, "ThrottlingException") if len(calls) == 1 else good(data)

    summarised(lake, first_is_throttled)
    columns = "dt, model, call_count, answered_count, input_tokens, output_tokens, cost_micro_usd"
    rows = ask(lake, f"select {columns} from model_use order by model", "acme").rows
    assert [tuple(row.values()) for row in rows] == [
        ("2025-06-01", HAIKU, 1, 1, 1200, 300, 1200 * 3 + 300 * 15),
        ("2025-06-01", SONNET, 1, 0, 0, 0, 0),
    ]
    assert ask(lake, "select * from model_use", "globex").rows == []


@pytest.mark.parametrize("limit", ["tenant_daily_usd", "daily_usd"])
def test_a_spent_budget_asks_nobody_and_says_so(tmp_path: Path, limit: str) -> None:
    lake = lake_with(tmp_path / "lake", **{limit: 0.001})
    records = with_incident(lake)
    double = BedrockDouble(good)
    with bedrock(double) as model:
        done = summarize_due(lake, model, Failures(lake))
    assert (done.first_answers, double.requests) == ({records.incident_id: "budget"}, [])
    assert ask(lake, "select * from model_use").rows == []


def test_a_call_that_was_killed_counts_at_the_most_that_it_could_cost(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake", smaller="")
    with_incident(lake)

    class Killed:
        def ask(self, _: Any) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        summarize_due(lake, Killed(), Failures(lake))
    assert len(list(due_summaries(lake))) == 1
    (row,) = ask(lake, "select call_count, answered_count, cost_micro_usd from model_use").rows
    assert (row["call_count"], row["answered_count"]) == (1, 0)
    assert row["cost_micro_usd"] > 4000 * 15


def test_a_model_without_a_price_is_not_asked(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake", primary="somebody.new-model", smaller="")
    records = with_incident(lake)
    assert summarised(lake, good).first_answers == {records.incident_id: "no_price"}
    check = CHECKS["model"](lake)
    assert (check.is_ok, "without a price: somebody.new-model" in check.detail) == (False, True)


# Severity, erasure ----------------------------------------------------------------------------------------------------


def test_no_model_changes_the_severity_of_an_incident(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake)
    before = fold(records.all()).severity
    worse = {"level": "critical", "statement": said("The failed payments are 1340.", "T1")}
    summarised(lake, lambda _: json.dumps(answered(severity=worse)))
    assert fold(find_incident(lake, records.incident_id).all()).severity == before
    assert "Severity: the model says critical" in incident_text(find_incident(lake, records.incident_id))


def test_an_erased_tenant_is_in_no_summary_of_the_platform(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake, tenant=None)
    summarised(lake, good)
    assert last(records)["raw"]
    forget_tenant(lake, "acme")
    held = last(records)
    assert (held["reason"], held["summary"], "raw" in held) == ("erased", None, False)


# Replay ---------------------------------------------------------------------------------------------------------------


def test_a_replay_makes_prompt_and_check_again_and_asks_nobody(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake)
    summarised(lake, good)
    before = {entry.key: entry.version for entry in lake.store.list("")}
    again = replay(lake, find_incident(lake, records.incident_id), lambda _lake, _alarm: Found())
    assert {part.name: part.result for part in again.parts} == dict.fromkeys(
        ("first_answer", "prompt", "check"), "equal"
    )
    assert {entry.key: entry.version for entry in lake.store.list("")} == before


def test_a_replay_says_that_older_rules_checked_a_summary(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake)
    summarised(lake, good)
    key = next(entry.key for entry in lake.store.list("incidents/") if entry.key.endswith("0004.json"))
    held = json.loads(lake.store.get(key))
    del held["body"]["check_version"]
    held["body"]["verdicts"][0] |= {"verdict": "removed", "reason": "nothing_to_check"}
    lake.store.put(key, json.dumps(held).encode())
    parts = replay(lake, find_incident(lake, records.incident_id), lambda _lake, _alarm: Found()).parts
    (check_part,) = (part for part in parts if part.name == "check")
    assert (check_part.result, "version 1 of the check made it" in check_part.why) == ("differs", True)


def test_a_replay_says_what_came_out_otherwise(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    records = with_incident(lake)
    summarised(lake, good)
    key = next(entry.key for entry in lake.store.list("incidents/") if entry.key.endswith("0004.json"))
    held = json.loads(lake.store.get(key))
    held["body"]["raw"] = held["body"]["raw"].replace("1340", "1341")
    lake.store.put(key, json.dumps(held).encode())
    again = replay(lake, find_incident(lake, records.incident_id), lambda _lake, _alarm: Found("another line"))
    found = {part.name: (part.result, part.why) for part in again.parts}
    assert not again.is_equal
    assert found["first_answer"][0] == found["check"][0] == "differs"
    assert "summary.0" in found["check"][1]
    assert "version" not in found["check"][1]
    put_raw(lake, [flat_line(minute=30)], "later.gz")
    read_all(lake)
    again = replay(lake, find_incident(lake, records.incident_id), lambda _lake, _alarm: Found())
    assert again.parts[0].result == "impossible"
