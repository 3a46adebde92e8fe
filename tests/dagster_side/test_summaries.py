"""The summary run through Dagster: asked for when an answer waits, once, and of no weight without a model."""

from __future__ import annotations

import json
import os
from pathlib import Path

import dagster as dg

from logsight_assets.definitions import build_defs
from logsight_assets.incidents.records import find_incident
from logsight_assets.lake import Lake
from sensors.summaries import JOB, NAME
from tests.contracts.bedrock_double import BedrockDouble, bedrock_server
from tests.incidents.summary.cases import answered
from tests.incidents.summary.test_summaries import lake_with, with_incident


def tick(lake: Lake, instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    definitions = build_defs(lake)
    context = dg.build_sensor_context(instance=instance, resources={"lake": lake})
    told = definitions.resolve_sensor_def(NAME).evaluate_tick(context)
    return list(told.run_requests or [])


def test_an_answer_that_waits_becomes_one_run_that_tells_aggregates_alone(tmp_path: Path) -> None:
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    with bedrock_server(BedrockDouble(lambda _: json.dumps(answered()))) as url, dg.instance_for_test() as instance:
        lake = lake_with(tmp_path / "lake", endpoint_url=url, region="eu-central-1")
        assert tick(lake, instance) == []
        records = with_incident(lake)
        (request,) = tick(lake, instance)
        assert (request.job_name, request.tags["dagster/priority"]) == (JOB, "12")
        done = build_defs(lake).resolve_job_def(JOB).execute_in_process(instance=instance)
        (materialization,) = done.asset_materializations_for_node("summaries")
        told = {name: value.value for name, value in materialization.metadata.items()}
        assert (told["by_model"], told["incident_ids"]) == (1, records.incident_id)
        assert "payment" not in json.dumps(told, default=str)
        assert tick(lake, instance) == []
    assert find_incident(lake, records.incident_id).all()[-1].kind == "summary"
