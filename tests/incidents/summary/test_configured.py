"""The model of the settings as runs use it: each builds its own, and all keep one pace."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from logsight_assets.doctor import CHECKS, Check
from logsight_assets.errors import ConfigurationError, ModelBusy
from logsight_assets.incidents.summary.configured import model_of
from logsight_assets.lake import Lake
from tests.contracts.bedrock_double import BedrockDouble, Fault, bedrock_server
from tests.contracts.test_model import question
from tests.incidents.summary.test_summaries import HAIKU, SONNET, lake_with


def reason_of_a_run(lake: Lake, model: str) -> str:
    """Why a question of a new run was not answered; '' if it was."""
    paced = model_of(lake)
    assert paced is not None
    try:
        paced.ask(question(model))
    except ModelBusy as busy:
        return busy.reason
    return ""


def doctor(lake: Lake) -> Check:
    return CHECKS["model"](lake)


def test_a_model_that_failed_in_three_runs_rests_in_the_fourth_and_the_doctor_says_so(tmp_path: Path) -> None:
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    double = BedrockDouble(lambda _: Fault(408, "ModelTimeoutException"))
    with bedrock_server(double) as url:
        lake = lake_with(tmp_path / "lake", endpoint_url=url, region="eu-central-1")
        assert "rests" not in doctor(lake).detail
        assert [reason_of_a_run(lake, SONNET) for _ in range(4)] == ["timeout"] * 3 + ["resting"]
        assert len(double.requests) == 3
        assert reason_of_a_run(lake, HAIKU) == "timeout"
    assert doctor(lake).is_ok
    assert f"; {SONNET} rests until " in doctor(lake).detail
    assert f"{HAIKU} rests" not in doctor(lake).detail


def test_the_doctor_says_that_the_pace_cannot_be_shared(tmp_path: Path) -> None:
    lake = lake_with(tmp_path / "lake")
    (lake.state / "model-pace.json").mkdir()
    with pytest.raises(ConfigurationError, match=r"model-pace\.json: Is a directory; let whoever runs LogSight write"):
        doctor(lake)
