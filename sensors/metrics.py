"""Metrics while things happen: one sensor asks the live source, another takes in what has arrived.

They are two, so that a source that cannot be reached keeps no file waiting.
"""

from typing import Any

import dagster as dg

from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.lake import Lake
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.fetch import due_series, fetch_named, metric_source
from logsight_assets.metrics.hours import due_hours
from logsight_assets.partitions import hour_is_inside
from sensors.requests import Busy, busy_windows, hours_work, recent_hours, requests_of

NAME, FETCH_NAME = "metrics", "metrics_fetch"
JOB = "refresh_metrics"
_BYTES_A_TICK = 64 * 1024**2  # read in a few seconds; a tick may take a minute


def metric_requests(lake: Lake, busy: Busy) -> list[dg.RunRequest]:
    """Recent hours at once, everything else in the background; nothing where no metric is stored."""
    due = {h: names for h, names in due_hours(lake).items() if hour_is_inside(h, lake.partitions_start, lake.now)}
    recent, taken = recent_hours(lake.now), busy.of(JOB)
    live = hours_work(JOB, {hour: names for hour, names in due.items() if hour in recent}, taken)
    background = hours_work(JOB, {hour: names for hour, names in due.items() if hour not in recent}, taken)
    return requests_of(live, background, busy)


def metrics_sensor(job: Any) -> dg.SensorDefinition:
    @dg.sensor(
        name=NAME,
        job=job,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Takes in metric objects that have arrived around now, and asks for the hours that they touch.",
    )
    def metrics(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SensorResult | dg.SkipReason:
        with telling_only_what_may_be_told(lake, f"sensor {NAME}"):
            taken = take_in(lake, recent_hours(lake.now), _BYTES_A_TICK)
            requests = metric_requests(lake, busy_windows(context.instance, [NAME]))
        context.log.info("%s objects taken in, %s of their parts refused", taken.objects, taken.refused)
        return dg.SensorResult(run_requests=requests) if requests else dg.SkipReason("no hour is due")

    return metrics


def metrics_fetch_sensor() -> dg.SensorDefinition:
    """Asks for no run: what it stores is taken in like a file that arrives."""

    @dg.sensor(
        name=FETCH_NAME,
        asset_selection=dg.AssetSelection.assets("raw_metrics"),
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Asks CloudWatch for named metrics that are due, where the settings say so.",
    )
    def metrics_fetch(context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]) -> dg.SkipReason:
        with telling_only_what_may_be_told(lake, f"sensor {FETCH_NAME}"):
            source = metric_source(lake) if due_series(lake) else None
            if source is None:
                return dg.SkipReason("no metric is due")
            fetched = fetch_named(lake, source)
        context.log.info("%s series, %s points, %s faults", fetched.series, fetched.points, fetched.faults)
        return dg.SkipReason(f"{fetched.points} points of {fetched.series} series fetched; {fetched.faults} faults")

    return metrics_fetch
