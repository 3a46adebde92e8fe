"""Asset checks over partitions: the same verdict for one hour, and as a list of hours where a run covers several.

In a ranged run Dagster calls a partitioned check once, without a partition; the hours are in the run's tags. Checks of
a stage are one step, because they look at the same things and a step costs more than most of them.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import dagster as dg

from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.lake import Lake
from logsight_assets.partitions import range_of_run
from logsight_assets.timeline import Hour

_LISTED = 50  # hours that are named; more would swell the event log
_Seen = TypeVar("_Seen")


@dataclass(frozen=True)
class Verdict:
    """What a check found in one hour."""

    passed: bool
    figures: dict[str, int | float] = field(default_factory=dict)  # summed over hours; plotted by the UI


@dataclass(frozen=True)
class HourCheck(Generic[_Seen]):
    """One check of an hourly asset; `examine` judges an hour by what was seen of the run's hours."""

    asset: str
    name: str
    description: str
    examine: Callable[[_Seen, Hour], Verdict]
    severity: dg.AssetCheckSeverity = dg.AssetCheckSeverity.WARN

    @property
    def key(self) -> dg.AssetCheckKey:
        return dg.AssetCheckKey(dg.AssetKey(self.asset), self.name)


def hours_checked(context: dg.AssetCheckExecutionContext) -> list[Hour]:
    """The hours that the run covers."""
    keys = range_of_run(context.run.tags)
    return sorted(Hour.parse(key) for key in keys)


def hour_checks(
    name: str,
    checks: Sequence[HourCheck[_Seen]],
    hours: dg.HourlyPartitionsDefinition,
    see: Callable[[Lake], _Seen],
) -> dg.AssetChecksDefinition:
    """Checks that run as one step; `see` makes what they share, which reads each hour once."""
    specs = [
        dg.AssetCheckSpec(each.name, asset=each.asset, description=each.description, partitions_def=hours)
        for each in checks
    ]

    @dg.multi_asset_check(name=name, specs=specs, can_subset=True)
    def check(context: dg.AssetCheckExecutionContext, lake: dg.ResourceParam[Lake]) -> Iterator[dg.AssetCheckResult]:
        chosen, run_hours = context.op_execution_context.selected_asset_check_keys, hours_checked(context)
        seen = see(lake)
        for each in checks:
            if each.key in chosen:
                with telling_only_what_may_be_told(lake, f"check {each.name} of {each.asset}"):
                    verdicts = {hour: each.examine(seen, hour) for hour in run_hours}
                yield result_of(verdicts, each)

    return check


def result_of(verdicts: dict[Hour, Verdict], check: HourCheck[Any]) -> dg.AssetCheckResult:
    """One result of all hours: passed if each did, its figures summed, the hours that did not named."""
    failed = [hour for hour, verdict in sorted(verdicts.items()) if not verdict.passed]
    metadata: dict[str, Any] = {"hours_checked": len(verdicts), "hours_failed": len(failed)}
    metadata |= _summed(verdict.figures for verdict in verdicts.values())
    if failed:
        metadata["failed_hours"] = dg.MetadataValue.json([str(hour) for hour in failed[:_LISTED]])
    return dg.AssetCheckResult(
        passed=not failed, asset_key=check.asset, check_name=check.name, severity=check.severity, metadata=metadata
    )


def _summed(figures: Iterable[dict[str, int | float]]) -> dict[str, int | float]:
    total: dict[str, int | float] = {}
    for each in figures:
        for name, value in each.items():
            # Shares do not add up: the worst hour speaks.
            total[name] = max(total.get(name, 0), value) if name.endswith("_ratio") else total.get(name, 0) + value
    return total
