"""The check that delivery neither stands still nor has given anything up; a sensor tells it without a run."""

import dagster as dg

from logsight_assets.delivery.overview import OutboxState, outbox_state
from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.lake import Lake

CHECK = dg.AssetCheckKey(dg.AssetKey("deliveries"), "outbox")


def outbox_check() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset="deliveries",
        name=CHECK.name,
        description="No message was given up, and none is due for long. `logsight deliveries list` names them.",
    )
    def outbox(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
        with telling_only_what_may_be_told(lake, "check outbox"):
            state = outbox_state(lake)
        return dg.AssetCheckResult(passed=is_well(state), severity=severity_of(state), metadata=outbox_metadata(state))

    return outbox


def outbox_evaluation(state: OutboxState) -> dg.AssetCheckEvaluation:
    """What the check would say, for whoever has looked already."""
    return dg.AssetCheckEvaluation(
        asset_key=CHECK.asset_key,
        check_name=CHECK.name,
        passed=is_well(state),
        severity=severity_of(state),
        metadata=outbox_metadata(state),
    )


def is_well(state: OutboxState) -> bool:
    return state.dead == 0 and state.is_moving


def severity_of(state: OutboxState) -> dg.AssetCheckSeverity:
    """A message that was given up is one that nobody has."""
    return dg.AssetCheckSeverity.ERROR if state.dead or not state.is_moving else dg.AssetCheckSeverity.WARN


def outbox_metadata(state: OutboxState) -> dict[str, dg.MetadataValue]:
    shown: dict[str, dg.MetadataValue] = {
        "waiting": dg.MetadataValue.int(state.waiting),
        "dead_letters": dg.MetadataValue.int(state.dead),
    }
    if state.oldest_due_seconds is not None:
        shown["oldest_due_seconds"] = dg.MetadataValue.float(state.oldest_due_seconds)
    return shown
