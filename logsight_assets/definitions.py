"""The code location: assembled here, in one place, for the UI, the command line and the tests alike.

Loading this module does nothing; calling `logsight` opens the lake that the environment names. Groups, owners, kinds
and freshness are given here once, by a map over the specs.
"""

from __future__ import annotations

import os
import warnings
from datetime import timedelta
from typing import Any

import dagster as dg

from logsight_assets.intake.assets import RAW_LOGS, intake_asset
from logsight_assets.intake.checks import intake_checks
from logsight_assets.lake import Lake, open_lake
from logsight_assets.partitions import daily, hourly, monthly
from logsight_assets.trends.assets import completeness_asset, events_asset, level_assets, minute_assets
from logsight_assets.trends.checks import trend_checks
from sensors.arrivals import arrivals_sensor
from sensors.late_hours import late_hours_sensor
from sensors.upkeep import upkeep_jobs, upkeep_schedules

OWNERS = ["team:platform"]


def build_defs(lake: Lake) -> dg.Definitions:
    """All definitions of a lake; tests and the command line pass their own."""
    with warnings.catch_warnings():
        # Ranged backfills and partitioned checks are beta in 1.13; pyproject.toml holds the line that was tested.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        return _definitions(lake)


@dg.definitions
def logsight() -> dg.Definitions:
    """The lake of `$LOGSIGHT_LAKE`, or ./lake."""
    return build_defs(open_lake(os.environ.get("LOGSIGHT_LAKE", "lake"), os.environ))


def _definitions(lake: Lake) -> dg.Definitions:
    hours, days, months = (make(lake.partitions_start) for make in (hourly, daily, monthly))
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        RAW_LOGS,
        intake_asset(hours),
        completeness_asset(),
        events_asset(hours),
        minute_assets(hours),
        *level_assets("hour", days),
        *level_assets("day", months),
    ]
    jobs, upkeep = _asset_jobs(), upkeep_jobs()
    by_name = {job.name: job for job in (*jobs, *upkeep)}
    return dg.Definitions(
        assets=dg.map_asset_specs(_dressed, assets),
        asset_checks=[*intake_checks(hours), *trend_checks(hours)],
        jobs=[*jobs, *upkeep],
        sensors=[
            arrivals_sensor([by_name["live"], by_name["outside"]]),
            late_hours_sensor([by_name[name] for name in ("refresh_hours", "refresh_days", "refresh_months", "outside")]),
        ],
        schedules=upkeep_schedules(upkeep),
        resources={"lake": lake},
        executor=dg.in_process_executor,
    )


_MINUTE = ("service_trend_minute", "template_trend_minute", "service_duration_minute", "patterns")
_HOUR = ("service_trend_hour", "template_trend_hour", "service_duration_hour")
_DAY = ("service_trend_day", "template_trend_day", "service_duration_day")


def _asset_jobs() -> list[Any]:
    """Jobs by what asks for them; their assets share a partitioning."""
    return [
        _job("live", "An arrival hour, read and counted in one run.", "intake", "completeness", "events", *_MINUTE),
        _job("read_hours", "Reads arrival hours.", "intake", "completeness"),
        _job("refresh_hours", "Event hours whose files changed.", "events", *_MINUTE),
        _job("refresh_days", "Days whose closed hours changed.", *_HOUR),
        _job("refresh_months", "Months whose days changed.", *_DAY),
    ]


def _job(name: str, description: str, *assets: str) -> Any:
    # In one process: a process for each step would cost more than most steps do (measured 1.2 s).
    selection = dg.AssetSelection.assets(*assets)
    return dg.define_asset_job(name, selection, description=description, executor_def=dg.in_process_executor)


# An hour without any arrival is normal in a small lake; a day without one is not.
_FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=3))
_GROUPS = {"raw_logs": "raw", "intake": "intake", "completeness": "intake"}
_KINDS = {"raw_logs": {"s3"}, "intake": {"python", "duckdb"}}


def _dressed(spec: dg.AssetSpec) -> dg.AssetSpec:
    """What every asset has, said once."""
    name = spec.key.path[-1]
    spec = spec.replace_attributes(
        group_name=_GROUPS.get(name, "trends"), owners=OWNERS, kinds=_KINDS.get(name, {"duckdb", "parquet"})
    )
    return spec if name == "raw_logs" else dg.apply_freshness_policy(spec, _FRESH)
