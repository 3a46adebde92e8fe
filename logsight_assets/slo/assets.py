"""Dagster's side of objectives: a day of every tenant."""

import dagster as dg

from logsight_assets.lake import Lake
from logsight_assets.partitions import CHUNK, is_replay, keeping_what_is_done
from logsight_assets.scratch import embedded_engine
from logsight_assets.slo.days import ObjectiveDay, refresh_objectives
from logsight_assets.slo.objective import FOLDER, LONGEST_WINDOW_DAYS, read_objectives
from logsight_assets.tables import SLO
from logsight_assets.trends.assets import table_metadata


def slo_asset(days: dg.DailyPartitionsDefinition) -> dg.AssetsDefinition:
    """The table `slo`: a day's hours, each with what its objectives' windows hold by then."""
    window = dg.TimeWindowPartitionMapping(
        start_offset=-LONGEST_WINDOW_DAYS, allow_nonexistent_upstream_partitions=True
    )

    @dg.asset(
        name=SLO.name,
        partitions_def=days,
        deps=[
            *(dg.AssetDep(name, partition_mapping=window) for name in ("service_trend_hour", "service_duration_hour")),
            "completeness",
        ],
        backfill_policy=CHUNK,
        description=SLO.description,
        metadata=table_metadata(SLO),
    )
    def slo(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        exhausted = 0
        with keeping_what_is_done(context, lake) as progress, embedded_engine(lake) as engine:
            for day in sorted(context.partition_keys):
                with progress.attempt(f"objectives of {day}"):
                    outcome = refresh_objectives(lake, engine, day, replay=is_replay(context))
                    progress.done(day, objective_metadata(outcome))
                    exhausted += outcome.exhausted
            read_objectives(lake.config / FOLDER).fail_each(progress.attempt)
        return dg.MaterializeResult(metadata={"exhausted_of_run": exhausted})

    return slo


def objective_metadata(outcome: ObjectiveDay) -> dict[str, dg.MetadataValue]:
    """Counts over the tenants."""
    return {
        "objectives": dg.MetadataValue.int(outcome.objectives),
        "exhausted": dg.MetadataValue.int(outcome.exhausted),
        "objects_published": dg.MetadataValue.int(len(outcome.published)),
    }
