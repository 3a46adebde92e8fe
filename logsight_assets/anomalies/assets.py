"""Dagster's side of anomalies: an hour judged by its past, for every tenant."""

import dagster as dg

from logsight_assets.anomalies.hours import AnomalyHour, refresh_anomalies
from logsight_assets.lake import Lake
from logsight_assets.partitions import CHUNK, hours_of, is_replay, keeping_what_is_done
from logsight_assets.scratch import embedded_engine
from logsight_assets.tables import ANOMALIES, TREND_NAMES
from logsight_assets.trends.assets import table_metadata


def anomalies_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The table `anomalies`. An hour is compared with up to five weeks before it, so hours are done oldest first."""

    @dg.asset(
        name=ANOMALIES.name,
        partitions_def=hours,
        deps=[*(f"{name}_minute" for name in TREND_NAMES), "templates", "template_patterns", "completeness"],
        backfill_policy=CHUNK,
        description=ANOMALIES.description,
        metadata=table_metadata(ANOMALIES),
    )
    def anomalies(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        found = 0
        with keeping_what_is_done(context, lake) as progress, embedded_engine(lake) as engine:
            for hour in sorted(hours_of(context)):
                with progress.attempt(f"anomalies of hour {hour}"):
                    outcome = refresh_anomalies(lake, engine, hour, replay=is_replay(context))
                    progress.done(hour.partition_key, anomaly_metadata(outcome))
                    found += outcome.anomalies
        return dg.MaterializeResult(metadata={"anomalies_of_run": found})

    return anomalies


def anomaly_metadata(outcome: AnomalyHour) -> dict[str, dg.MetadataValue]:
    """Counts over the tenants."""
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(outcome.series),
        "anomalies": dg.MetadataValue.int(outcome.anomalies),
        "running_episodes": dg.MetadataValue.int(outcome.running),
        "objects_published": dg.MetadataValue.int(len(outcome.published)),
    }
