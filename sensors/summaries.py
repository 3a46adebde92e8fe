"""Answers that wait for a model's summary: one run makes all of them, behind alarms and deliveries."""

from typing import Any

import dagster as dg

from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.incidents.summary.due import due_summaries
from logsight_assets.lake import Lake
from logsight_assets.partitions import PRIORITY_TAG
from sensors.requests import LANE_TAG, digest, is_on_its_way

NAME = "summaries"
JOB = "summarize_incidents"
# Whoever is woken has the first answer by then.
SUMMARY_LANE = {LANE_TAG: "summaries", PRIORITY_TAG: "12"}


def summary_requests(lake: Lake, *, is_on_its_way: bool) -> list[dg.RunRequest]:
    """One run for all that wait, unless one is at work: two at once would ask the model twice.

    What failed is asked for again in the next hour.
    """
    notes = [note for _, _, note in due_summaries(lake)]
    if not notes or is_on_its_way:
        return []
    return [dg.RunRequest(run_key=f"{JOB}:{lake.now}:{digest(notes)}", job_name=JOB, tags=dict(SUMMARY_LANE))]


def summaries_sensor(job: Any) -> dg.SensorDefinition:
    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=2,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for the summaries that are due; none is where no model is configured.",
    )
    def summaries(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult:
        with telling_only_what_may_be_told(lake, f"sensor {NAME}"):
            requests = summary_requests(lake, is_on_its_way=is_on_its_way(context.instance, JOB))
        skipped = None if requests else dg.SkipReason("no summary is due that no run is on its way for")
        return dg.SensorResult(run_requests=requests, skip_reason=skipped)

    return summaries
