"""Dagster's side of trends: an hour's events, its minute tables, and the hour and day levels above them."""

from collections.abc import Callable, Iterator

import dagster as dg

from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.intake.run import declared_sources
from logsight_assets.lake import Lake, markers, unmark
from logsight_assets.observers import saw_hour
from logsight_assets.partitions import CHUNK, FIRST, hours_of, is_replay, keeping_what_is_done, newest
from logsight_assets.scratch import embedded_engine, workers
from logsight_assets.table_model import Table
from logsight_assets.tables import COMPLETENESS, EVENTS, PATTERNS, TREND_NAMES, TRENDS
from logsight_assets.trends.completeness import refresh_completeness
from logsight_assets.trends.event_hours import EventHour, survey_hour
from logsight_assets.trends.hours import HourOutcome
from logsight_assets.trends.published_hours import TableSize, table_sizes
from logsight_assets.trends.pyramid import RollupOutcome, refresh_day, refresh_month
from logsight_assets.trends.refresh import refresh_hours

MINUTE_TABLES = [*(TRENDS[f"{name}_minute"] for name in TREND_NAMES), PATTERNS]
# Objects of an arrival hour hold events of that hour, and late ones of the hour before; what comes later still is found
# by the late-hours sensor, so that an hour does not wait for all hours behind it.
_FROM_INTAKE = dg.TimeWindowPartitionMapping(start_offset=0, end_offset=1)


def events_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset `events`: event hours, as readers find them."""

    @dg.asset(
        name="events",
        partitions_def=hours,
        deps=[dg.AssetDep("intake", partition_mapping=_FROM_INTAKE)],
        backfill_policy=CHUNK,
        op_tags=FIRST,
        description="Events of the hour in which they happened: which files hold them, how many came late.",
        metadata=table_metadata(EVENTS),
    )
    def events(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        surveys = []
        with keeping_what_is_done(context, lake) as progress:
            for hour in hours_of(context):
                with progress.attempt(f"hour {hour}"):
                    surveys.append(survey_hour(lake, hour))
                    progress.done(hour.partition_key, events_metadata(surveys[-1]))
        return dg.MaterializeResult(metadata={"events_of_run": sum(survey.events for survey in surveys)})

    return events


def completeness_asset() -> dg.AssetsDefinition:
    """The table `completeness`: unpartitioned, because one object tells all hours of a source."""

    @dg.asset(
        name="completeness",
        deps=newest("intake"),
        description=COMPLETENESS.description,
        metadata=table_metadata(COMPLETENESS),
    )
    def completeness(lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        with telling_only_what_may_be_told(lake, "completeness"):
            told = markers(lake.store, "completeness", "table")
            changed = refresh_completeness(lake, declared_sources(lake))
            unmark(lake.store, told)
        return dg.MaterializeResult(metadata={"objects_changed": len(changed)})

    return completeness


def minute_assets(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The minute level of all trends, and the patterns: one computation, because events are counted once."""

    @dg.multi_asset(
        name="minute_trends",
        specs=[
            dg.AssetSpec(table.name, deps=["events"], description=table.description, metadata=table_metadata(table))
            for table in MINUTE_TABLES
        ],
        partitions_def=hours,
        backfill_policy=CHUNK,
        op_tags=FIRST,
    )
    def minute_trends(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> Iterator[dg.MaterializeResult[None]]:
        outcomes = []
        hours = hours_of(context)
        sharers = min(workers(lake), len(hours))
        with keeping_what_is_done(context, lake) as progress, embedded_engine(lake, sharers=sharers) as engine:
            for hour, refreshed in refresh_hours(lake, engine, hours, replay=is_replay(context)):
                with progress.attempt(f"hour {hour}"):
                    outcome = refreshed()
                    saw_hour(outcome)
                    outcomes.append(outcome)
                    outcome.check()
                    for name, size in table_sizes(lake.store, _standing(outcome), "minute").items():
                        progress.done(hour.partition_key, hour_metadata(outcome, size), name)
        for table in MINUTE_TABLES:
            yield dg.MaterializeResult(asset_key=table.name, metadata=hours_metadata(outcomes))

    return minute_trends


def level_assets(level: str, partitions: dg.TimeWindowPartitionsDefinition) -> list[dg.AssetsDefinition]:
    """The hour level (daily partitions) or the day level (monthly partitions) of all trends."""
    below, refresh, window = _LEVELS[level]

    @dg.multi_asset(
        name=f"{level}_trends",
        specs=[
            dg.AssetSpec(
                f"{name}_{level}",
                deps=[dg.AssetDep(f"{name}_{below}", partition_mapping=dg.TimeWindowPartitionMapping())],
                description=TRENDS[f"{name}_{level}"].description,
                metadata=table_metadata(TRENDS[f"{name}_{level}"]),
            )
            for name in TREND_NAMES
        ],
        partitions_def=partitions,
        backfill_policy=CHUNK,
        op_tags=FIRST,
    )
    def level_trends(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> Iterator[dg.MaterializeResult[None]]:
        with keeping_what_is_done(context, lake) as progress, embedded_engine(lake) as engine:
            for key in context.partition_keys:
                with progress.attempt(window(key)):
                    outcome = refresh(lake, engine, window(key), replay=is_replay(context))
                    outcome.check()
                    for table, size in table_sizes(lake.store, _standing(outcome), level).items():
                        progress.done(key, rollup_metadata(outcome, size), table)
        for name in TREND_NAMES:
            yield dg.MaterializeResult(asset_key=f"{name}_{level}")

    return [level_trends]


_Refresh = Callable[..., RollupOutcome]
_LEVELS: dict[str, tuple[str, _Refresh, Callable[[str], str]]] = {
    "hour": ("minute", refresh_day, lambda key: key),
    "day": ("hour", refresh_month, lambda key: key[:7]),
}


def table_metadata(table: Table) -> dict[str, object]:
    """Column schema and layout, as the Dagster UI shows them."""
    columns = [dg.TableColumn(c.name, c.type.value, description=c.description) for c in table.columns]
    return {
        "dagster/column_schema": dg.TableSchema(columns=columns),
        "dagster/table_name": table.name,
        "partitioned_by": dg.MetadataValue.text(", ".join(table.partition)),
    }


def events_metadata(survey: EventHour) -> dict[str, dg.MetadataValue]:
    return {
        "dagster/partition_row_count": dg.MetadataValue.int(survey.events),
        "files": dg.MetadataValue.int(survey.files),
        "bytes": dg.MetadataValue.int(survey.bytes),
        "late_events": dg.MetadataValue.int(survey.late_events),
        "late_ratio": dg.MetadataValue.float(survey.late_ratio),
        "tenants": dg.MetadataValue.int(survey.tenants),
        "unreadable_files": dg.MetadataValue.int(survey.unreadable_files),
    }


def _standing(outcome: HourOutcome | RollupOutcome) -> list[str]:
    """Keys of the objects that stand after a refresh."""
    return [*outcome.published, *outcome.skipped]


def hour_metadata(outcome: HourOutcome, size: TableSize) -> dict[str, dg.MetadataValue]:
    """Counts of one hour, over its tenants, and what one table holds of it."""
    events = outcome.total("events")
    return {
        **size_metadata(size),
        "events": dg.MetadataValue.int(events),
        "counted": dg.MetadataValue.int(outcome.total("counted")),
        "duplicates": dg.MetadataValue.int(outcome.total("duplicates")),
        "id_conflicts": dg.MetadataValue.int(outcome.total("id_conflicts")),
        "late_ratio": dg.MetadataValue.float(outcome.total("late") / events if events else 0.0),
        **change_metadata(outcome),
    }


def hours_metadata(outcomes: list[HourOutcome]) -> dict[str, dg.MetadataValue]:
    """Sums over the hours of a run."""
    return {
        "hours": dg.MetadataValue.int(len(outcomes)),
        "hours_changed": dg.MetadataValue.int(sum(outcome.is_changed for outcome in outcomes)),
    }


def rollup_metadata(outcome: RollupOutcome, size: TableSize) -> dict[str, dg.MetadataValue]:
    return {**size_metadata(size), **change_metadata(outcome)}


def size_metadata(size: TableSize) -> dict[str, dg.MetadataValue]:
    """Rows and bytes of a partition of one table."""
    return {"dagster/partition_row_count": dg.MetadataValue.int(size.rows), "bytes": dg.MetadataValue.int(size.bytes)}


def change_metadata(outcome: HourOutcome | RollupOutcome) -> dict[str, dg.MetadataValue]:
    """Objects of all tables of the level."""
    return {
        "objects_published": dg.MetadataValue.int(len(outcome.published)),
        "objects_up_to_date": dg.MetadataValue.int(len(outcome.skipped)),
        "objects_removed": dg.MetadataValue.int(len(outcome.removed)),
    }
