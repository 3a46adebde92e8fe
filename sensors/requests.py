"""From waiting windows to run requests: coalesced into ranges, never while a run of ours works on the same window."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dagster as dg

from logsight_assets.partitions import contiguous, range_of_run, range_tags
from logsight_assets.timeline import Hour

# A backfill of the same window may run beside a sensor's run: both end in the same bytes. Only our own runs are waited
# for, so that a burst of arrivals becomes one run more, not one an object.
_IN_PROGRESS = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass(frozen=True)
class Busy:
    """Partition keys that sensors' runs are working on, by job."""

    keys: Mapping[str, frozenset[str]]

    def of(self, *jobs: str) -> frozenset[str]:
        return frozenset().union(*(self.keys.get(job, frozenset()) for job in jobs))


def busy_windows(instance: dg.DagsterInstance, sensors: Iterable[str]) -> Busy:
    """What runs of the given sensors are working on or are queued for."""
    found: dict[str, set[str]] = {}
    for sensor in sensors:
        filters = dg.RunsFilter(statuses=_IN_PROGRESS, tags={"dagster/sensor_name": sensor})
        for run in instance.get_runs(filters):
            found.setdefault(run.job_name, set()).update(range_of_run(run.tags))
    return Busy({job: frozenset(keys) for job, keys in found.items()})


def hour_requests(job: str, waiting: Mapping[Hour, Iterable[str]], busy: frozenset[str]) -> list[dg.RunRequest]:
    """Requests for hours, neighbours in one run. `waiting` names what waits in each hour.

    The run key is made of those names: a run that failed is not asked for again until something changes (the hourly
    safety net asks), so a broken object cannot fill the queue.
    """
    free = {hour: names for hour, names in waiting.items() if hour.partition_key not in busy}
    requests = []
    for first, last in contiguous(free):
        names = [name for hour in free if first <= hour <= last for name in free[hour]]
        key = f"{job}:{first}:{last}:{digest(names)}"
        requests.append(window_request(job, first.partition_key, last.partition_key, key))
    return requests


def window_request(job: str, first: str, last: str, run_key: str) -> dg.RunRequest:
    """One run over one partition, or over a range of them."""
    if first == last:
        return dg.RunRequest(run_key=run_key, job_name=job, partition_key=first)
    return dg.RunRequest(run_key=run_key, job_name=job, tags=range_tags(first, last))


def digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
