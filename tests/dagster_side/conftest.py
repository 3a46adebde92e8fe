"""Lakes whose clock stands, and Dagster instances that go with the test."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import dagster as dg
import pytest

from logsight_assets.definitions import build_defs
from logsight_assets.lake import Lake
from logsight_assets.partitions import range_tags
from logsight_assets.timeline import Hour


@pytest.fixture(autouse=True)
def dagsters_own_warnings() -> Iterator[None]:
    """Code of Dagster warns of its own unstable parts when it runs; ours may not warn when it loads (test_graph)."""
    with warnings.catch_warnings():
        for category in (dg.BetaWarning, dg.PreviewWarning):
            warnings.simplefilter("ignore", category)
        yield


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def at(lake: Lake, moment: datetime) -> Lake:
    """The lake under another clock."""
    return dataclasses.replace(lake, clock=lambda: moment)


def run(
    lake: Lake,
    instance: dg.DagsterInstance,
    job: str,
    first: Hour | str,
    last: Hour | str | None = None,
    tags: Mapping[str, str] | None = None,
) -> dg.ExecuteInProcessResult:
    """A job over the partitions from first to last, in this process."""
    keys = [key.partition_key if isinstance(key, Hour) else key for key in (first, last or first)]
    return execute(lake, instance, job, range_tags(*keys) | dict(tags or {}))


def execute(lake: Lake, instance: dg.DagsterInstance, job: str, tags: Mapping[str, Any]) -> dg.ExecuteInProcessResult:
    return (
        build_defs(lake)
        .resolve_job_def(job)
        .execute_in_process(
            instance=instance,
            tags=tags,
            raise_on_error=False,
            run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        )
    )


def succeeded(result: dg.ExecuteInProcessResult) -> bool:
    """Whether a run did; says why not."""
    for event in result.all_events:
        if event.is_failure:
            sys.stderr.write(f"{event.step_key} {event.event_specific_data}\n")
    return result.success


def materialized(instance: dg.DagsterInstance, asset: str) -> set[str]:
    return set(instance.get_materialized_partitions(dg.AssetKey(asset)))


def keys(*hours: Hour) -> set[str]:
    return {hour.partition_key for hour in hours}
