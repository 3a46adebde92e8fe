"""From waiting windows to run requests: coalesced into ranges, never while a run of ours works on the same window.

Live work (the hours around now) is asked for at once and goes first in the queue. Everything else is background: one
run at a time, so that an import of a year fills neither the queue nor the slots that live work needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import dagster as dg
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus

from logsight_assets.partitions import PRIORITY_TAG, contiguous, range_of_run, range_tags
from logsight_assets.timeline import Hour, hours_between

LANE_TAG = "logsight/lane"
LIVE = {LANE_TAG: "live", PRIORITY_TAG: "10"}
BACKGROUND = {LANE_TAG: "background", PRIORITY_TAG: "1"}  # before backfills, whose priority is 0
# Delivery streams name an object by the hour of its oldest record and put it a buffer later.
RECENT_HOURS = 3

# A backfill of the same window may run beside a sensor's run: both end in the same bytes. Only our own runs are waited
# for, so that a burst of arrivals becomes one run more, not one an object.
ON_THEIR_WAY = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
]
_IN_PROGRESS = [*ON_THEIR_WAY, dg.DagsterRunStatus.CANCELING]


@dataclass(frozen=True)
class Busy:
    """Partition keys that sensors' runs are working on, by job, and whether a background run is among them."""

    keys: Mapping[str, frozenset[str]]
    has_background: bool = False

    def of(self, *jobs: str) -> frozenset[str]:
        return frozenset().union(*(self.keys.get(job, frozenset()) for job in jobs))


@dataclass(frozen=True)
class Work:
    """A run that could be asked for: partitions `first` to `last` of a job, and names of what waits there."""

    job: str
    first: str
    last: str
    names: tuple[str, ...]

    def request(self, lane: Mapping[str, str]) -> dg.RunRequest:
        """The run key is made of what waits: a run that failed is not asked for again until something changes (the
        hourly safety net changes something), so a broken object cannot fill the queue.
        """
        key = f"{self.job}:{self.first}:{self.last}:{digest(self.names)}"
        if self.first == self.last:
            partition = self.first or None
            return dg.RunRequest(run_key=key, job_name=self.job, partition_key=partition, tags=dict(lane))
        return dg.RunRequest(run_key=key, job_name=self.job, tags=range_tags(self.first, self.last) | dict(lane))


def busy_windows(instance: dg.DagsterInstance, sensors: Iterable[str]) -> Busy:
    """What runs of the given sensors are working on or are queued for."""
    found: dict[str, set[str]] = {}
    has_background = False
    for sensor in sensors:
        filters = dg.RunsFilter(statuses=_IN_PROGRESS, tags={"dagster/sensor_name": sensor})
        for run in instance.get_runs(filters):
            found.setdefault(run.job_name, set()).update(range_of_run(run.tags))
            has_background |= run.tags.get(LANE_TAG) == BACKGROUND[LANE_TAG]
    return Busy({job: frozenset(keys) for job, keys in found.items()}, has_background)


def is_on_its_way(instance: dg.DagsterInstance, job: str) -> bool:
    """Whether a run of a job that deals with all that waits is going to deal with what waits now."""
    return bool(instance.get_runs(dg.RunsFilter(job_name=job, statuses=ON_THEIR_WAY), limit=1))


def left_to_backfills(instance: dg.DagsterInstance, asset: str) -> frozenset[str]:
    """Partitions of an asset that backfills under way are going to do: doing them too would cost all of it twice."""
    key, left = dg.AssetKey(asset), set[str]()
    for backfill in instance.get_backfills(BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED])):
        if data := backfill.asset_backfill_data:
            subsets = (data.target_subset, data.materialized_subset, data.failed_and_downstream_subset)
            held = [subset.partitions_subsets_by_asset_key.get(key) for subset in subsets]
            target, done, failed = (set(subset.get_partition_keys()) if subset else set() for subset in held)
            left |= target - done - failed
    return frozenset(left)


def recent_hours(now: Hour) -> set[Hour]:
    """Hours around now; the next one is among them, because clocks differ."""
    return set(hours_between(now - RECENT_HOURS, now + 2))


def hours_work(job: str, waiting: Mapping[Hour, Iterable[str]], busy: frozenset[str]) -> list[Work]:
    """Runs over hours, neighbours in one, the newest first. `waiting` names what waits in each hour."""
    free = {hour: names for hour, names in waiting.items() if hour.partition_key not in busy}
    return [
        Work(
            job,
            first.partition_key,
            last.partition_key,
            tuple(name for hour in hours_between(first, last + 1) for name in free[hour]),
        )
        for first, last in reversed(contiguous(free))
    ]


def requests_of(live: Iterable[Work], background: Iterable[Work], busy: Busy) -> list[dg.RunRequest]:
    """All live work, and the first of the background work if no background run is on its way."""
    requests = [work.request(LIVE) for work in live]
    if not busy.has_background:
        requests += [work.request(BACKGROUND) for work in list(background)[:1]]
    return requests


def digest(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16]
