"""Alarms that have arrived, and answers that late data makes due again: one run deals with all of them."""

import time
from typing import Any

import dagster as dg

from logsight_assets.delivery.overview import outbox_gauges, outbox_state
from logsight_assets.errors import LogSightError
from logsight_assets.failures import telling_only_what_may_be_told, told
from logsight_assets.incidents.assets import taken_events
from logsight_assets.incidents.checks import path_evaluation
from logsight_assets.incidents.heartbeat import PathState, gauges_of, path_gauges, path_state
from logsight_assets.incidents.inbox import alarm_queue
from logsight_assets.incidents.reanalysis import due_answers
from logsight_assets.incidents.waiting import take_in, waiting_keys
from logsight_assets.lake import Lake
from logsight_assets.partitions import PRIORITY_TAG
from resources.gauges import Gauges
from sensors.requests import LANE_TAG, ON_THEIR_WAY, digest

NAME = "alarms"
AGAIN = "late_answers"
JOB = "answer_alarms"
# Before all other work: somebody is waiting.
ALARM_LANE = {LANE_TAG: "alarms", PRIORITY_TAG: "20"}
# A run looks for what arrives meanwhile until nothing waits. One that is at work for longer may hang or be dead, and
# alarms wait for neither.
_TRUSTED_SECONDS = 120.0


def is_on_its_way(instance: dg.DagsterInstance, now: float) -> bool:
    """Whether a run is going to deal with what waits now (seconds since 1970)."""
    records = instance.get_run_records(dg.RunsFilter(job_name=JOB, statuses=ON_THEIR_WAY))
    return any(record.start_time is None or now - record.start_time < _TRUSTED_SECONDS for record in records)


def alarm_requests(lake: Lake, *, is_on_its_way: bool) -> list[dg.RunRequest]:
    """One run for all that waits, unless one is on its way.

    What failed is asked for again when something else arrives, or in the next hour.
    """
    names = [key for keys in waiting_keys(lake).values() for key in keys]
    if not names or is_on_its_way:
        return []
    tags = ALARM_LANE | {"logsight/alarms": str(len(names))}
    return [dg.RunRequest(run_key=f"{JOB}:{lake.now}:{digest(names)}", job_name=JOB, tags=tags)]


def alarm_sensors(job: Any) -> list[dg.SensorDefinition]:
    return [_alarms_sensor(job), _late_answers_sensor(job)]


def _alarms_sensor(job: Any) -> dg.SensorDefinition:
    """Waits for alarms; acknowledges a message in the tick that is given the cursor which names it.

    Only then the run that deals with it is known to be reserved: in the tick that received it, a kill loses it.
    """

    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Takes alarms out of the inbox or the queue; all that wait become one run.",
    )
    def alarms(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult:
        with telling_only_what_may_be_told(lake, f"sensor {NAME}"):
            # What a killed tick left is asked for at once.
            wait = 0.0 if waiting_keys(lake) else lake.settings.alarms.wait_seconds
            taken = take_in(lake, alarm_queue(lake), context.cursor, wait)
            requests = alarm_requests(lake, is_on_its_way=is_on_its_way(context.instance, time.time()))
        if taken.failed:
            context.log.warning("%d messages failed and come again; logs/failures.log says why", taken.failed)
        skipped = None if requests else dg.SkipReason("no alarm waits that no run is on its way for")
        return dg.SensorResult(
            run_requests=requests, skip_reason=skipped, cursor=taken.cursor, asset_events=taken_events([taken])
        )

    return alarms


def again_requests(lake: Lake) -> list[dg.RunRequest]:
    """One run for all answers that are due again. What failed is asked for again in the next hour."""
    names = [f"{due.incident_id} {due.reason}" for due in due_answers(lake)]
    if not names:
        return []
    return [dg.RunRequest(run_key=f"{AGAIN}:{lake.now}:{digest(names)}", job_name=JOB, tags=dict(ALARM_LANE))]


def tell_gauges(lake: Lake, gauges: Gauges | None, state: PathState) -> str:
    """Tell the numbers where settings want them; why it failed, or ''. A value that lacks outside says enough."""
    if gauges is None:
        return ""
    try:
        gauges.tell([*path_gauges(state), *outbox_gauges(outbox_state(lake))], lake.clock())
    except LogSightError as error:
        return told(error)
    return ""


def _late_answers_sensor(job: Any) -> dg.SensorDefinition:
    @dg.sensor(
        name=AGAIN,
        job=job,
        minimum_interval_seconds=30,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks for answers that are due again because late data is in, and tells whether alarms move.",
    )
    def late_answers(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult:
        with telling_only_what_may_be_told(lake, f"sensor {AGAIN}"):
            requests = again_requests(lake)
            state = path_state(lake)
            untold = tell_gauges(lake, gauges_of(lake), state)
        if untold:
            context.log.warning(untold)
        # Told when it changes and once an hour: each telling is a row of Dagster's storage.
        told = f"{lake.now} {state.is_moving}"
        events = [path_evaluation(state)] if told != context.cursor else []
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else dg.SkipReason("no answer is due again"),
            asset_events=events,
            cursor=told,
        )

    return late_answers
