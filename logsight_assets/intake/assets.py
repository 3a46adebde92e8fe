"""Dagster's side of intake: raw objects as delivered, and their reading by arrival hour."""

from collections import defaultdict
from collections.abc import Iterable

import dagster as dg

from logsight_assets.intake.arrivals import Arrival, ready
from logsight_assets.intake.run import IntakeReport, read_hours, workbench
from logsight_assets.lake import Lake, mark, markers, unmark
from logsight_assets.observers import saw_intake, saw_receipt
from logsight_assets.partitions import CHUNK, FIRST, hours_of, is_replay, keeping_what_is_done
from logsight_assets.timeline import Hour

RAW_LOGS = dg.AssetSpec(
    "raw_logs",
    description="Raw log objects as delivered, immutable, of any format; LogSight only reads them.",
    kinds={"s3"},
)


def intake_asset(hours: dg.HourlyPartitionsDefinition) -> dg.AssetsDefinition:
    """The asset `intake`: arrival hours."""

    @dg.asset(
        name="intake",
        partitions_def=hours,
        deps=[RAW_LOGS],
        backfill_policy=CHUNK,
        op_tags=FIRST,
        description="Reads the raw objects of an arrival hour: events, quarantine, and a receipt an object.",
        metadata={"tables": dg.MetadataValue.json(["events", "quarantine", "receipts"])},
    )
    def intake(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        total, hours = IntakeReport(), hours_of(context)
        with keeping_what_is_done(context, lake) as progress, workbench(lake) as bench:
            # Before the listing: whoever puts an object afterwards leaves a marker of its own, which stays.
            told = {hour: markers(lake.store, "arrivals", str(hour)) for hour in hours}
            waits = ready(lake, bench.declared, hours, replay=is_replay(context))
            for hour, read in read_hours(bench, by_hour(hours, waits.arrivals), saw_receipt):
                with progress.attempt(f"arrival hour {hour}"):
                    report = read()
                    total.merge(report)
                    saw_intake(report)
                    if report.objects:
                        mark(lake.store, "completeness", "table", str(hour))
                    if hour not in waits.kept_hours:
                        unmark(lake.store, told[hour])
                    progress.done(hour.partition_key, intake_metadata(report))
        context.log.info("intake of %s objects: %s events", total.objects, total.events)
        return dg.MaterializeResult(metadata=intake_metadata(total))

    return intake


def by_hour(hours: Iterable[Hour], arrivals: Iterable[Arrival]) -> dict[Hour, list[Arrival]]:
    """What must be read, by arrival hour; hours with nothing to read are there with nothing."""
    found: dict[Hour, list[Arrival]] = defaultdict(list, {hour: [] for hour in hours})
    for arrival in arrivals:
        found[arrival.raw.arrival_hour].append(arrival)
    return dict(sorted(found.items()))


def intake_metadata(report: IntakeReport) -> dict[str, dg.MetadataValue]:
    """Aggregates only: bodies, keys and tenant names never go into Dagster's storage."""
    share = report.quarantined / report.lines if report.lines else 0.0
    return {
        "objects": dg.MetadataValue.int(report.objects),
        "lines": dg.MetadataValue.int(report.lines),
        "events": dg.MetadataValue.int(report.events),
        "quarantined": dg.MetadataValue.int(report.quarantined),
        "quarantined_ratio": dg.MetadataValue.float(share),
        "ignored_lines": dg.MetadataValue.int(report.ignored_lines),
        "late": dg.MetadataValue.int(report.late),
        "durations_out_of_range": dg.MetadataValue.int(report.durations_out_of_range),
        "weights_out_of_range": dg.MetadataValue.int(report.weights_out_of_range),
        "faults": dg.MetadataValue.int(len(report.faults)),
        "event_hours": dg.MetadataValue.int(len(report.event_hours)),
    }
