"""Messages that are due, the news of incidents and the reports that a schedule has made: one run delivers them."""

import json
from typing import Any

import dagster as dg

from logsight_assets.delivery.checks import is_well, outbox_evaluation
from logsight_assets.delivery.outbox import enqueue_reports
from logsight_assets.delivery.overview import is_anything_due, outbox_state
from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.lake import Lake
from logsight_assets.partitions import PRIORITY_TAG
from logsight_assets.reports.assets import period_of_day, period_of_week
from sensors.requests import LANE_TAG, is_on_its_way

NAME = "deliveries"
JOB = "deliver"
# After alarms, whose answers it tells, and before all other work.
DELIVERY_LANE = {LANE_TAG: "deliveries", PRIORITY_TAG: "15"}
_REPORT_JOBS = {"daily_reports": period_of_day, "weekly_reports": period_of_week}
_SCHEDULE_TAG, _PARTITION_TAG = "dagster/schedule_name", "dagster/partition"
# Runs of reports that are looked at: schedules make one a day and one a week, and a retry repeats one.
_LOOKED_AT = 3


def take_reports(lake: Lake, instance: dg.DagsterInstance, seen: dict[str, str]) -> dict[str, str]:
    """Put reports into the outbox that schedules have made; backfills, and whoever makes one by hand, tell nobody.

    `seen` is the newest run of each job that was looked at; the same again is returned with what is new.
    """
    found = dict(seen)
    finished = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]  # some tenants' reports may have failed
    for job, period_of in _REPORT_JOBS.items():
        filters = dg.RunsFilter(job_name=job, statuses=finished, tags={_SCHEDULE_TAG: job})
        runs = instance.get_runs(filters, limit=_LOOKED_AT)
        for run in runs:
            if run.run_id == seen.get(job):
                break
            if key := run.tags.get(_PARTITION_TAG):
                enqueue_reports(lake, period_of(key))
        if runs:
            found[job] = runs[0].run_id
    return found


def delivery_sensor(job: Any) -> dg.SensorDefinition:
    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=3,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for a run when a message is due, and tells whether the outbox moves.",
    )
    def deliveries(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult:
        held = json.loads(context.cursor or "{}")
        with telling_only_what_may_be_told(lake, f"sensor {NAME}"):
            seen = take_reports(lake, context.instance, held.get("reports", {}))
            state = outbox_state(lake)
            is_due = is_anything_due(lake, state)
        # Without a run key: what failed is asked for again when its time has come, and no run repeats what is told.
        requests = (
            [dg.RunRequest(tags=dict(DELIVERY_LANE))] if is_due and not is_on_its_way(context.instance, JOB) else []
        )
        # Told when it changes and once an hour: each telling is a row of Dagster's storage.
        told = f"{lake.now} {state.dead} {is_well(state)}"
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason("no message is due that no run is on its way for"),
            asset_events=[outbox_evaluation(state)] if told != held.get("told") else [],
            cursor=json.dumps({"reports": seen, "told": told}),
        )

    return deliveries
