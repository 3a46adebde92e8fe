"""Dagster's partitions of a lake, and how a run over several of them keeps what it has done.

Tenant is never a Dagster dimension. Windows outside the partitions (old imports) are computed by the same functions
without one; see `outside.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import dagster as dg

from logsight_assets.failures import Failures, WindowsFailed, telling_only_what_may_be_told
from logsight_assets.lake import Lake
from logsight_assets.timeline import Hour, hours_between

REPLAY_TAG = "logsight/replay"
# Dagster's own tags; it exports no names for them.
PARTITION_TAG = "dagster/partition"
PRIORITY_TAG = "dagster/priority"
_RANGE_START, _RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
# A backfill of 720 hours becomes 30 runs: measured 90 s against 180 s for a run an hour, and a failure costs a day.
CHUNK_HOURS = 24
CHUNK = dg.BackfillPolicy.multi_run(max_partitions_per_run=CHUNK_HOURS)
# Within a run: rows first, then what only tells about them.
FIRST = {PRIORITY_TAG: "10"}
_RETRIES, _RETRY_SECONDS = 2, 2.0


def hourly(start: str) -> dg.HourlyPartitionsDefinition:
    """Hours from `start`; the open hour and the next are partitions, because events arrive in them."""
    return dg.HourlyPartitionsDefinition(start_date=f"{start}-00:00", timezone="UTC", end_offset=2)


def daily(start: str) -> dg.DailyPartitionsDefinition:
    return dg.DailyPartitionsDefinition(start_date=start, timezone="UTC", end_offset=1)


def monthly(start: str) -> dg.MonthlyPartitionsDefinition:
    return dg.MonthlyPartitionsDefinition(start_date=f"{start[:7]}-01", timezone="UTC", end_offset=1)


def weekly(start: str) -> dg.WeeklyPartitionsDefinition:
    """ISO weeks from the first Monday on; a week's key is its Monday."""
    return dg.WeeklyPartitionsDefinition(start_date=start, day_offset=1, timezone="UTC", end_offset=1)


def newest(*names: str) -> list[dg.AssetDep]:
    """What an asset without partitions reads of assets that have some.

    Dagster looks up the keys that a step depends on, and all of 400 days cost 70 ms for each name: it is told the last.
    """
    return [dg.AssetDep(name, partition_mapping=dg.LastPartitionMapping()) for name in names]


def month_key(month: str) -> str:
    """Dagster's key of a month."""
    return f"{month}-01"


def hour_is_inside(hour: Hour, start: str, now: Hour) -> bool:
    """Whether an hour is one of the partitions."""
    return Hour.parse(f"{start}T00") <= hour <= now + 1


def range_tags(first: str, last: str) -> dict[str, str]:
    """Tags of a run over the partitions from `first` to `last`, both included."""
    return {PARTITION_TAG: first} if first == last else {_RANGE_START: first, _RANGE_END: last}


def range_of_run(tags: Mapping[str, str]) -> set[str]:
    """Partition keys that a run works on; of a range of months also keys between them that are none."""
    if key := tags.get(PARTITION_TAG):
        return {key}
    first, last = tags.get(_RANGE_START), tags.get(_RANGE_END)
    if first is None or last is None:
        return set()
    if len(first) < len("YYYY-MM-DD-HH:00"):
        days = range(Hour.parse(f"{first}T00").index, Hour.parse(f"{last}T00").index + 1, 24)
        return {Hour(index).day for index in days}
    return {hour.partition_key for hour in hours_between(Hour.parse(first), Hour.parse(last) + 1)}


def is_replay(context: dg.AssetExecutionContext) -> bool:
    """Whether the run was asked to do again what is up to date."""
    return REPLAY_TAG in context.run.tags


def hours_of(context: dg.AssetExecutionContext) -> list[Hour]:
    return [Hour.parse(key) for key in context.partition_keys]


class Progress:
    """What a run over partitions has finished, by asset and partition, and what failed."""

    def __init__(self, context: dg.AssetExecutionContext, lake: Lake) -> None:
        self._context = context
        self._done: dict[tuple[dg.AssetKey, str], Mapping[str, Any]] = {}
        self._failures = Failures(lake)

    def attempt(self, window: str) -> AbstractContextManager[None]:
        """Work on one window: if it fails, the next ones are worked on all the same, and the step fails at its end."""
        return self._failures.attempt(window)

    def done(self, partition: str, metadata: Mapping[str, Any], asset: str | None = None) -> None:
        """Say that a partition of an asset is finished; its metadata shows in the UI."""
        key = dg.AssetKey(asset) if asset else self._context.asset_key
        self._done[key, partition] = metadata

    def check(self) -> None:
        """Raise WindowsFailed if a window failed."""
        self._failures.check()

    def keep(self) -> None:
        """On failure: mark what is done, or Dagster counts every partition of the run as failed."""
        for (key, partition), metadata in self._done.items():
            self._context.log_event(dg.AssetMaterialization(key, partition=partition, metadata=dict(metadata)))

    def report(self) -> None:
        """On success: attach each partition's metadata to the materialization that Dagster makes."""
        for (key, partition), metadata in self._done.items():
            self._context.add_asset_metadata(dict(metadata), asset_key=key, partition_key=partition)


@contextmanager
def keeping_what_is_done(context: dg.AssetExecutionContext, lake: Lake) -> Iterator[Progress]:
    """Run over partitions so that a failure keeps the finished ones and "re-execute from failure" runs the rest.

    What may pass by itself is tried again in the same run; what is done by then is up to date and costs little.
    """
    progress = Progress(context, lake)
    try:
        with telling_only_what_may_be_told(lake, "the run"):
            yield progress
            progress.check()
    except WindowsFailed as failed:
        progress.keep()
        if failed.is_transient:
            raise dg.RetryRequested(_RETRIES, _RETRY_SECONDS) from failed
        raise
    except BaseException:
        progress.keep()
        raise
    progress.report()


def contiguous(hours: Iterable[Hour], longest: int = CHUNK_HOURS) -> list[tuple[Hour, Hour]]:
    """Runs of neighbouring hours as (first, last), none longer than `longest`: one Dagster run each."""
    spans: list[tuple[Hour, Hour]] = []
    for hour in sorted(hours):
        if spans and hour == spans[-1][1] + 1 and hour.index - spans[-1][0].index < longest:
            spans[-1] = (spans[-1][0], hour)
        else:
            spans.append((hour, hour))
    return spans


def contiguous_days(days: Iterable[str], longest: int = CHUNK_HOURS) -> list[tuple[str, str]]:
    """Runs of neighbouring days as (first, last), none longer than `longest` days."""
    spans: list[tuple[str, str]] = []
    size = 0
    for day in sorted(days):
        size = size + 1 if spans and (Hour.parse(f"{spans[-1][1]}T00") + 24).day == day and size < longest else 1
        if size > 1:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
    return spans
