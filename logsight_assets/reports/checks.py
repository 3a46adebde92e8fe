"""Checks of reports as they stand: whether what they were made from is still what there is."""

from collections import Counter

import dagster as dg

from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.lake import PLATFORM, Lake
from logsight_assets.reports.assets import DAILY, WEEKLY
from logsight_assets.reports.period import Kind, Period
from logsight_assets.reports.produce import drifts
from logsight_assets.reports.store import Drift, reported

# How far back late data is looked for; older reports say it when somebody asks for them.
LOOKED_AT: dict[Kind, int] = {"daily": 7, "weekly": 2}


def report_checks() -> list[dg.AssetChecksDefinition]:
    return [_inputs_unchanged(DAILY, "daily"), _inputs_unchanged(WEEKLY, "weekly")]


def _inputs_unchanged(asset: str, kind: Kind) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=asset,
        name="inputs_unchanged",
        description=f"The last {LOOKED_AT[kind]} periods' reports were made from what the lake holds now. Late data "
        "changes a report only when its partition is materialised again.",
    )
    def inputs_unchanged(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
        with telling_only_what_may_be_told(lake, f"check inputs_unchanged of {asset}"):
            found = {period: Counter(drifts(lake, period)) for period in _recent(lake, kind)}
        changed = [period.name for period, counts in found.items() if counts[Drift.CHANGED]]
        return dg.AssetCheckResult(
            passed=not changed,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={
                "periods_checked": len(found),
                "reports_changed": sum(counts[Drift.CHANGED] for counts in found.values()),
                "inputs_changed_since": dg.MetadataValue.json(changed),
            },
        )

    return inputs_unchanged


def _recent(lake: Lake, kind: Kind) -> list[Period]:
    return reported(lake.store, PLATFORM, kind)[-LOOKED_AT[kind] :]
