"""The check that the alarm path does not stand still; a sensor tells it without a run, and people may run it."""

import dagster as dg

from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.incidents.heartbeat import PathState, path_state
from logsight_assets.lake import Lake

CHECK = dg.AssetCheckKey(dg.AssetKey("alarms"), "alarm_path")


def alarm_path_check() -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset="alarms",
        name=CHECK.name,
        description="Alarms are looked for, none waits for long, and every alarm rule is evaluated.",
    )
    def alarm_path(lake: dg.ResourceParam[Lake]) -> dg.AssetCheckResult:
        with telling_only_what_may_be_told(lake, "check alarm_path"):
            state = path_state(lake)
        return dg.AssetCheckResult(
            passed=state.is_moving, severity=dg.AssetCheckSeverity.ERROR, metadata=path_metadata(state)
        )

    return alarm_path


def path_evaluation(state: PathState) -> dg.AssetCheckEvaluation:
    """What the check would say, for whoever has looked already."""
    return dg.AssetCheckEvaluation(
        asset_key=CHECK.asset_key,
        check_name=CHECK.name,
        passed=state.is_moving,
        severity=dg.AssetCheckSeverity.ERROR,
        metadata=path_metadata(state),
    )


def path_metadata(state: PathState) -> dict[str, dg.MetadataValue]:
    shown: dict[str, dg.MetadataValue] = {"alarms_waiting": dg.MetadataValue.int(state.waiting)}
    if state.looked_seconds_ago is not None:
        shown["looked_seconds_ago"] = dg.MetadataValue.float(state.looked_seconds_ago)
    if state.oldest_waits_seconds is not None:
        shown["oldest_waits_seconds"] = dg.MetadataValue.float(state.oldest_waits_seconds)
    if state.rules is not None:
        shown["rules_failed"] = dg.MetadataValue.int(state.rules.failed)
        if state.rules.looked_seconds_ago is not None:
            shown["rules_looked_seconds_ago"] = dg.MetadataValue.float(state.rules.looked_seconds_ago)
    return shown
