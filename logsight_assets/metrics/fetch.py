"""Live fetching of metrics. Only the sensor and the investigation of an alarm come here, never a backfill or a replay.

What comes back is stored before anything is made of it, so the table can be made again without asking anybody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from logsight_assets.lake import Lake, is_erased, raw_metrics_prefix, values
from logsight_assets.metrics.fetched import fetched_bytes, fetched_name, fetched_time
from logsight_assets.metrics.named_metric import FOLDER, read_metrics
from logsight_assets.timeline import Hour
from resources.cloudwatch_metrics import CloudWatchMetrics, metrics_client
from resources.metrics import MetricSource, Point, Read, Series

SOURCE = "cloudwatch"
# Answers to alarms lie apart: the newest object of the other folder says when all named metrics were asked for.
FOR_ALARMS = "cloudwatch-alarms"
# CloudWatch's own advice for values that come late; what is asked for again replaces what was there.
_UNSETTLED = timedelta(minutes=15)
_FIRST_LOOK = timedelta(hours=3)
_LONGEST_GAP = timedelta(hours=24)  # that is filled after a pause


@dataclass(frozen=True)
class Fetched:
    """What asking brought."""

    series: int = 0  # that were asked for
    points: int = 0
    faults: int = 0  # series of which points may be missing

    def __add__(self, other: Fetched) -> Fetched:
        return Fetched(self.series + other.series, self.points + other.points, self.faults + other.faults)


def metric_source(lake: Lake, timeout_seconds: float | None = None) -> MetricSource | None:
    """The live source of the settings; None where files are all there is."""
    settings = lake.settings.metrics
    if settings.adapter != SOURCE:
        return None
    seconds = settings.timeout_seconds if timeout_seconds is None else timeout_seconds
    client = metrics_client(settings.region or None, settings.endpoint_url or None, seconds)
    return CloudWatchMetrics(client, lake.clock)


def fetch_named(lake: Lake, source: MetricSource) -> Fetched:
    """Ask for every named metric that is due, and store the answers; one call of the source a tenant."""
    done = Fetched()
    for tenant, series in due_series(lake).items():
        last = last_fetch(lake, tenant)
        start = max(last - _UNSETTLED, lake.clock() - _LONGEST_GAP) if last else lake.clock() - _FIRST_LOOK
        done += fetch_series(lake, source, tenant, series, start, lake.clock())
    return done


def due_series(lake: Lake) -> dict[str, list[Series]]:
    """What has a name and was not asked for lately, by tenant; empty where nothing is named, or only files are read.

    A metric whose file is wrong is not asked for; the runs that make the table's hours say so.
    """
    settings = lake.settings.metrics
    if settings.adapter != SOURCE:
        return {}
    due = lake.clock() - timedelta(seconds=settings.fetch_seconds)
    by_tenant: dict[str, list[Series]] = defaultdict(list)
    for metric in read_metrics(lake.config / FOLDER).by_name.values():
        if metric.namespace and not is_erased(lake.store, metric.owner):
            by_tenant[metric.owner] += metric.series
    return {
        tenant: own for tenant, own in by_tenant.items() if (last := last_fetch(lake, tenant)) is None or last <= due
    }


def fetch_series(
    lake: Lake,
    source: MetricSource,
    tenant: str,
    wanted: Sequence[Series],
    start: datetime,
    end: datetime,
    folder: str = SOURCE,
) -> Fetched:
    """Ask for the periods that are over by now, and store the answer as a raw object of the tenant.

    Raises what the source raises; then nothing is stored.
    """
    now = lake.clock()
    hour = Hour.of(now)
    first, last = Hour.of(start).start_nano, _nano(min(end, now))
    answer = _over(source.read(wanted, first, last), _nano(now))
    data = fetched_bytes(SOURCE, _nano(now), wanted, answer)
    lake.store.put(raw_metrics_prefix(tenant, folder, hour) + fetched_name(_nano(now), data), data)
    return Fetched(len(wanted), sum(map(len, answer.points.values())), len(answer.faults))


def last_fetch(lake: Lake, tenant: str) -> datetime | None:
    """When a tenant's metrics were asked for last, by the name of the newest object."""
    prefix = f"raw_metrics/tenant={tenant}/source={SOURCE}/"
    for day in reversed(values(lake.store, prefix, "dt")):
        for hour in reversed(values(lake.store, f"{prefix}dt={day}/", "hour")):
            names = [entry.key.rpartition("/")[2] for entry in lake.store.list(f"{prefix}dt={day}/hour={hour}/")]
            if times := [time for name in names if (time := fetched_time(name))]:
                return max(times)
    return None


def _over(answer: Read, now: int) -> Read:
    """Without periods that are not over: their values would still change."""
    kept = {series: tuple(p for p in points if _end(p) <= now) for series, points in answer.points.items()}
    return replace(answer, points={series: points for series, points in kept.items() if points})


def _end(point: Point) -> int:
    return point.start_nano + point.period_seconds * 10**9


def _nano(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9
