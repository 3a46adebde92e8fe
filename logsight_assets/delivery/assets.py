"""Dagster's side of delivery: one run delivers all that is due."""

import dagster as dg

from logsight_assets.delivery.channels import channels_of
from logsight_assets.delivery.outbox import Delivered, deliver_due
from logsight_assets.delivery.overview import OutboxState, outbox_state
from logsight_assets.failures import Failures, telling_only_what_may_be_told
from logsight_assets.incidents.assets import listed
from logsight_assets.lake import Lake

_DESCRIPTION = "Messages about incidents and reports in their channels: made, edited, resolved, re-opened."


def deliveries_asset() -> dg.AssetsDefinition:
    """The asset `deliveries`: unpartitioned, because one run delivers all that is due. A backfill has nothing due."""

    @dg.asset(
        name="deliveries",
        deps=["incidents", "summaries", "daily_report", "weekly_report"],
        description=_DESCRIPTION,
    )
    def deliveries(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        failures = Failures(lake)
        with telling_only_what_may_be_told(lake, "the delivery run"):
            done = deliver_due(lake, channels_of(lake), failures)
            context.add_asset_metadata(delivery_metadata(done, outbox_state(lake)))
            failures.check()
        return dg.MaterializeResult()

    return deliveries


def delivery_metadata(done: Delivered, state: OutboxState) -> dict[str, dg.MetadataValue]:
    """Counts, and ids of the incidents of which something was told."""
    counts = {
        "told": done.told,
        "later": done.later,
        "withheld": done.withheld,
        "waiting": state.waiting,
        "dead_letters": state.dead,
    }
    shown: dict[str, dg.MetadataValue] = {name: dg.MetadataValue.int(count) for name, count in counts.items()}
    return shown | {"incident_ids": dg.MetadataValue.text(listed(sorted(set(done.incidents))))}
