"""`logsight evaluate`: what people say of past incidents becomes cases, on which models and prompts are compared."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.cli import main
from logsight_assets.incidents.people import name_cause
from logsight_assets.reader.ask import ask
from tests.contracts.bedrock_double import BedrockDouble, bedrock_server, stopped
from tests.incidents.summary.cases import answered, evidence, said
from tests.incidents.summary.test_summaries import HAIKU, SONNET, good, lake_with, with_incident


def case(folder: Path, name: str, cause: str | None, line: str = "payment failed: pool exhausted") -> None:
    place = folder / name
    place.mkdir(parents=True)
    found = {"found": evidence(line), "severity": "high"}
    (place / "evidence.json").write_text(json.dumps(found))
    (place / "truth.json").write_text(json.dumps({"cause": cause}))


def scores(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert main(["evaluate", *arguments, "--json"]) == 0
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["scores"]
    return rows


def test_models_are_scored_by_the_cause_that_stands_beside_the_first_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case(tmp_path / "cases", "one", "payment")
    case(tmp_path / "cases", "other", None, "silent: pool exhausted")
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    nothing = json.dumps(answered(probable_cause=None, claims=[said("It rose to 9999.", "T1")]))

    def knows_better(data: str) -> Any:
        return nothing if "silent:" in data else good(data)

    with bedrock_server(BedrockDouble(knows_better)) as url:
        lake = lake_with(tmp_path / "lake", endpoint_url=url, region="eu-central-1")
        rows = scores(capsys, str(tmp_path / "cases"), "--lake", str(tmp_path / "lake"))
    assert [(row["model"], row["right_ratio"], row["wrong_cause_ratio"]) for row in rows] == [
        ("first answer", 0.5, 0.5),
        (SONNET, 1.0, 0.0),
        (HAIKU, 1.0, 0.0),
    ]
    assert rows[1]["kept_ratio"] < 1
    assert rows[1]["cost_micro_usd"] == 2 * (1200 * 3 + 300 * 15)
    spent = ask(lake, "select tenant, sum(call_count) as calls from model_use group by tenant").rows
    assert spent == [{"tenant": "_platform", "calls": 4}]


def test_a_model_that_does_not_answer_is_right_in_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case(tmp_path / "cases", "silent", None)
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    with bedrock_server(BedrockDouble(lambda _: stopped("refusal"))) as url:
        lake_with(tmp_path / "lake", endpoint_url=url, region="eu-central-1")
        rows = scores(capsys, str(tmp_path / "cases"), "--lake", str(tmp_path / "lake"), "--model", SONNET)
    assert [(row["answered_ratio"], row["right_ratio"]) for row in rows[1:]] == [(0.0, 0.0)]
    assert rows[1]["outcomes"][0]["reason"] == "refused"


def test_incidents_whose_cause_people_named_become_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lake = lake_with(tmp_path / "lake", primary="", smaller="")
    records = with_incident(lake)
    arguments = [str(tmp_path / "cases"), "--lake", str(tmp_path / "lake")]
    assert main(["evaluate", *arguments, "--export", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"cases": 0}
    assert main(["evaluate", *arguments]) == 2
    assert "--export" in capsys.readouterr().err
    name_cause(lake, records, "cart", "ada")
    name_cause(lake, records, "payment", "ada", "the pool")
    assert main(["evaluate", *arguments, "--export", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"cases": 1}
    (row,) = scores(capsys, *arguments)
    assert (row["model"], row["cases"], row["right_ratio"]) == ("first answer", 1, 1.0)
