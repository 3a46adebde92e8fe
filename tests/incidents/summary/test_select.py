"""What a model is shown: what was counted first, within a budget, in one block that nothing in it can end."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.incidents.summary.facts import facts_of
from logsight_assets.incidents.summary.prompt import make_prompt, prompt_text, versions
from logsight_assets.incidents.summary.schema import Answer, schema_of
from logsight_assets.incidents.summary.select import select
from tests.incidents.summary.cases import RUNBOOK, evidence


def test_counts_come_before_lines_and_what_does_not_fit_is_counted() -> None:
    facts = facts_of(evidence())
    assert [fact.id for fact in select(facts, 100_000).facts] == ["A1", "K1", "S1", "S2", "T1", "E2", "E1", "C1", "P1"]
    small = select(facts, 900)
    assert [fact.kind for fact in small.facts][:4] == ["A", "K", "S", "S"]
    assert dict(small.left_out)["E"] >= 1
    assert json.loads(small.text.splitlines()[-1]) == {"left_out": dict(small.left_out)}


def test_the_first_error_comes_with_the_lines_of_its_trace() -> None:
    found = evidence()
    events = [dict(found["evidence"][0]) for _ in range(8)]
    for number, event in enumerate(events, 1):
        severe, trace = ("ERROR" if number == 5 else "INFO"), ("aa" * 16 if number in (2, 5) else "")
        event |= {"number": number, "severity_text": severe, "trace_id": trace}
        event["time_unix_nano"] += number * 10**9
    found["evidence"] = events
    ids = [fact.id for fact in select(facts_of(found), 100_000).facts if fact.kind == "E"]
    assert ids[:2] == ["E5", "E2"]
    assert sorted(ids) == sorted(f"E{number}" for number in range(1, 9))


def test_numbers_of_a_line_are_no_numbers_of_its_fact() -> None:
    facts = {fact.id: fact for fact in facts_of(evidence("failed 77 times"))}
    assert facts["E1"].numbers == frozenset()
    assert {Decimal(0), Decimal(1340)} == facts["T1"].numbers


@given(st.text(max_size=300))
def test_no_line_can_leave_its_place(body: str) -> None:
    selected = select(facts_of(evidence(body)), 40_000)
    lines = selected.text.split("\n")
    assert len(lines) == len(selected.facts)
    assert [json.loads(line)["id"] for line in lines] == [fact.id for fact in selected.facts]


def test_a_prompt_is_what_its_version_facts_and_nonce_say() -> None:
    selected = select(facts_of(evidence()), 40_000)
    one, same, other = (
        make_prompt(selected, [RUNBOOK], "high", "1", nonce) for nonce in ("a" * 32, "a" * 32, "b" * 32)
    )
    assert one.digest == same.digest != other.digest
    assert "a" * 32 in one.system
    assert "{nonce}" not in one.system
    assert one.before.endswith(f"DATA {'a' * 32}\n")
    assert "Look at the pool's size." in one.data


@pytest.mark.parametrize("name", ["incident_summary", "runbook_draft"])
def test_every_version_of_a_prompt_names_its_block(name: str) -> None:
    assert versions(name)[0] == "1"
    texts = [prompt_text(version, name) for version in versions(name)]
    assert all("DATA {nonce}" in text and "END {nonce}" in text for text in texts)


def test_the_schema_is_one_that_grammars_take() -> None:
    def walk(node: object) -> None:
        if isinstance(node, list):
            for each in node:
                walk(each)
        if isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert sorted(node["required"]) == sorted(node["properties"])
            assert not {"maxItems", "minLength", "maxLength", "minimum", "default"} & set(node)
            for each in node.values():
                walk(each)

    walk(schema_of(Answer))
