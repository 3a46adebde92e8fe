"""Dagster's side of metrics: objects as delivered or fetched, and the hours of the table that is made of them."""

import dagster as dg

from logsight_assets.lake import Lake
from logsight_assets.metrics.hours import MetricHour, refresh_metrics
from logsight_assets.metrics.named_metric import FOLDER, read_metrics
from logsight_assets.partitions import CHUNK, hours_of, is_replay, keeping_what_is_done
from logsight_assets.tables import SERVICE_METRICS
from logsight_assets.trends.assets import table_metadata

RAW_METRICS = dg.AssetSpec(
    "raw_metrics",
    description="Metric objects as delivered (OTLP files) or fetched (CloudWatch); they are never changed.",
    kinds={"opentelemetry", "cloudwatch"},
)


def service_metrics_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The table `service_metrics`. A run makes rows of what is stored; it asks no live system, whoever starts it."""

    @dg.asset(
        name=SERVICE_METRICS.name,
        partitions_def=hours,
        deps=[RAW_METRICS],
        backfill_policy=CHUNK,
        description=SERVICE_METRICS.description,
        metadata=table_metadata(SERVICE_METRICS),
    )
    def service_metrics(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        points = 0
        with keeping_what_is_done(context, lake) as progress:
            for hour in sorted(hours_of(context)):
                with progress.attempt(f"metrics of hour {hour}"):
                    outcome = refresh_metrics(lake, hour, replay=is_replay(context))
                    progress.done(hour.partition_key, metric_metadata(outcome))
                    points += outcome.points
            read_metrics(lake.config / FOLDER).fail_each(progress.attempt)
        return dg.MaterializeResult(metadata={"points_of_run": points})

    return service_metrics


def metric_metadata(outcome: MetricHour) -> dict[str, dg.MetadataValue]:
    """Counts over the tenants."""
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(outcome.points),
        "series": dg.MetadataValue.int(outcome.series),
        "objects_published": dg.MetadataValue.int(len(outcome.published)),
    }
