"""Dagster's side of reports: one a day and one a week, for every tenant and for the platform."""

import base64
from collections.abc import Callable
from datetime import date

import dagster as dg

from logsight_assets.lake import PLATFORM, Lake
from logsight_assets.partitions import CHUNK, keeping_what_is_done
from logsight_assets.reports.period import Period
from logsight_assets.reports.produce import make_reports
from logsight_assets.reports.store import Report
from logsight_assets.tables import TREND_NAMES

DAILY, WEEKLY = "daily_report", "weekly_report"
# A week is 336 hours of each tenant: four of them a run keep a backfill's progress.
_WEEKS = dg.BackfillPolicy.multi_run(max_partitions_per_run=4)


def period_of_day(key: str) -> Period:
    """The day of a daily partition."""
    return Period.day(key)


def period_of_week(key: str) -> Period:
    """The week of a weekly partition, whose key is its Monday."""
    return Period.week_of(date.fromisoformat(key))


def report_assets(
    days: dg.DailyPartitionsDefinition, weeks: dg.WeeklyPartitionsDefinition
) -> list[dg.AssetsDefinition]:
    """Materialising a partition makes its reports anew from what the lake holds then; nothing else does."""
    return [
        _asset(DAILY, "day", days, period_of_day, 7, CHUNK),
        _asset(WEEKLY, "week", weeks, period_of_week, 1, _WEEKS),
    ]


def _asset(
    name: str,
    what: str,
    partitions: dg.TimeWindowPartitionsDefinition,
    period_of: Callable[[str], Period],
    back: int,
    policy: dg.BackfillPolicy,
) -> dg.AssetsDefinition:
    """`back`: how many partitions before its own a report is compared with."""
    mapping = dg.TimeWindowPartitionMapping(start_offset=-back, allow_nonexistent_upstream_partitions=True)
    read = [*(f"{trend}_hour" for trend in TREND_NAMES), "patterns"]

    @dg.asset(
        name=name,
        partitions_def=partitions,
        deps=[
            *(dg.AssetDep(table, partition_mapping=mapping) for table in read),
            "completeness",
            "templates",
            "template_patterns",
        ],
        backfill_policy=policy,
        description=f"What changed in a {what}: a page and its numbers for each tenant, and for the platform. Stays as "
        "it was made; materialise a partition again to take in what came later.",
    )
    def reports(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        count = 0
        with keeping_what_is_done(context, lake) as progress:
            for key in context.partition_keys:
                with progress.attempt(f"{what} {key}"):
                    made = make_reports(lake, period_of(key), again=True)
                    progress.done(key, report_metadata(made))
                    count += len(made)
        return dg.MaterializeResult(metadata={"reports_of_run": count})

    return reports


def report_metadata(made: list[Report]) -> dict[str, dg.MetadataValue]:
    """Counts, and the platform's pictures, which hold counts alone: no tenant's name and no text of a line."""
    platform = next((each for each in made if each.tenant == PLATFORM), None)
    shown = [
        f"**{picture.title}**\n\n![{picture.alt}](data:image/png;base64,{base64.b64encode(picture.png).decode()})"
        for picture in (platform.pictures if platform else [])
    ]
    counts = {
        "reports": dg.MetadataValue.int(len(made)),
        "reports_made": dg.MetadataValue.int(sum(each.is_new for each in made)),
        "headlines": dg.MetadataValue.int(sum(len(each.lines) for each in made)),
    }
    if platform is None:
        return dict(counts)
    page = {"platform_page": dg.MetadataValue.text(platform.page_key)}
    return counts | page | ({"preview": dg.MetadataValue.md("\n\n".join(shown))} if shown else {})
