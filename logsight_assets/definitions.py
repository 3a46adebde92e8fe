"""The code location: assembled here, in one place, for the UI, the command line and the tests alike.

Loading this module does nothing; calling `logsight` opens the lake that the environment names. Groups, owners, kinds
and freshness are given here once, by a map over the specs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import timedelta

import dagster as dg

from logsight_assets.intake.assets import RAW_LOGS, intake_asset
from logsight_assets.lake import Lake, open_lake
from logsight_assets.partitions import daily, hourly, monthly
from logsight_assets.trends.assets import events_asset, level_assets, minute_assets

OWNERS = ["team:platform"]


def build_defs(lake: Lake) -> dg.Definitions:
    """All definitions of a lake; tests and the command line pass their own."""
    hours = hourly(lake.partitions_start)
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        RAW_LOGS,
        intake_asset(hours),
        events_asset(hours),
        minute_assets(hours),
        *level_assets("hour", daily(lake.partitions_start)),
        *level_assets("day", monthly(lake.partitions_start)),
    ]
    dressed = dg.map_asset_specs(_dressed, assets)
    return dg.Definitions(
        assets=dressed,
        jobs=list(_jobs()),
        resources={"lake": lake},
        executor=dg.in_process_executor,
    )


@dg.definitions
def logsight() -> dg.Definitions:
    """The lake of `$LOGSIGHT_LAKE`, or ./lake."""
    return build_defs(open_lake(os.environ.get("LOGSIGHT_LAKE", "lake"), os.environ))


def _jobs() -> Iterable[dg.AssetsDefinition | object]:
    """Jobs by what asks for them; their assets share a partitioning."""
    live = dg.AssetSelection.assets("intake", "events", *_MINUTE)
    return (
        dg.define_asset_job("live", live, description="An arrival hour, read and counted in one run."),
        dg.define_asset_job("intake", dg.AssetSelection.assets("intake"), description="Reads arrival hours."),
        dg.define_asset_job(
            "trends", dg.AssetSelection.assets("events", *_MINUTE), description="Event hours whose files changed."
        ),
        dg.define_asset_job(
            "hour_trends", dg.AssetSelection.assets(*_HOUR), description="Days whose closed hours changed."
        ),
        dg.define_asset_job("day_trends", dg.AssetSelection.assets(*_DAY), description="Months whose days changed."),
    )


_MINUTE = ("service_trend_minute", "template_trend_minute", "service_duration_minute", "patterns")
_HOUR = ("service_trend_hour", "template_trend_hour", "service_duration_hour")
_DAY = ("service_trend_day", "template_trend_day", "service_duration_day")
# An hour without any arrival is normal in a small lake; a day without one is not.
_FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=3))
_KINDS = {"raw_logs": {"s3"}, "intake": {"python", "duckdb"}}


def _dressed(spec: dg.AssetSpec) -> dg.AssetSpec:
    name = spec.key.path[-1]
    group = "raw" if name == "raw_logs" else "intake" if name == "intake" else "trends"
    spec = spec.replace_attributes(group_name=group, owners=OWNERS, kinds=_KINDS.get(name, {"duckdb", "parquet"}))
    return spec if name == "raw_logs" else dg.apply_freshness_policy(spec, _FRESH)
