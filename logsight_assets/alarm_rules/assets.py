"""Dagster's side of alarm rules: their backtest, as a backfill. What is live is a sensor, and no asset."""

import dagster as dg

from logsight_assets.alarm_rules.binding import read_bound_rules
from logsight_assets.alarm_rules.past_days import write_day
from logsight_assets.lake import Lake
from logsight_assets.partitions import CHUNK, keeping_what_is_done
from logsight_assets.scratch import embedded_engine
from logsight_assets.tables import BACKTEST_ALARMS
from logsight_assets.trends.assets import table_metadata


def backtest_asset(days: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The table `backtest_alarms`: made when somebody asks for it, after a change of rules."""

    @dg.asset(
        name=BACKTEST_ALARMS.name,
        partitions_def=days,
        deps=[dg.AssetDep(name) for name in ("service_trend_minute", "service_duration_minute", "anomalies")],
        backfill_policy=CHUNK,
        description=BACKTEST_ALARMS.description,
        metadata=table_metadata(BACKTEST_ALARMS),
    )
    def backtest_alarms(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        alarms = 0
        with keeping_what_is_done(context, lake) as progress, embedded_engine(lake) as engine:
            declared = read_bound_rules(lake)
            rules = list(declared.by_name.values())
            for day in context.partition_keys:
                with progress.attempt(f"backtest of {day}"):
                    found = write_day(lake, engine, day, rules)
                    figures = {"alarms": len(found.spans), "incidents": len(found.labels), "missed": len(found.missed)}
                    progress.done(day, {name: dg.MetadataValue.int(value) for name, value in figures.items()})
                    alarms += len(found.spans)
            declared.fail_each(progress.attempt)
        return dg.MaterializeResult(metadata={"alarms_of_run": alarms})

    return backtest_alarms
