"""What people declared of an alarm's metrics: named metrics, or the rule of ours by which it went off."""

from __future__ import annotations

from dataclasses import dataclass

from logsight_assets.alarm_rules.changes import NAMESPACE
from logsight_assets.alarm_rules.rule import FOLDER as RULES
from logsight_assets.alarm_rules.rule import AlarmRule, read_rules
from logsight_assets.declarations import Declared, Refused
from logsight_assets.incidents.alarm import Alarm, Metric
from logsight_assets.lake import Lake
from logsight_assets.metrics.named_metric import FOLDER as METRICS
from logsight_assets.metrics.named_metric import NamedMetric, read_metrics


@dataclass(frozen=True)
class MetricDeclarations:
    """As the files say it; `refused` are wrong ones that may say more of the alarm's metrics."""

    metrics: tuple[NamedMetric, ...]
    rule: AlarmRule | None  # None for an alarm of CloudWatch, and where the rule's file is gone or wrong
    refused: tuple[Refused, ...]

    @classmethod
    def of(cls, lake: Lake, alarm: Alarm) -> MetricDeclarations:
        spaces = {metric.namespace for metric in alarm.metrics}
        metrics: Declared[NamedMetric] = read_metrics(lake.config / METRICS) if spaces - {NAMESPACE} else Declared({})
        rules: Declared[AlarmRule] = read_rules(lake.config / RULES) if NAMESPACE in spaces else Declared({})
        name = _rule_name(alarm.arn)
        refused = (*metrics.refused, *(each for each in rules.refused if each.name == name))
        return cls(tuple(metrics.by_name.values()), rules.by_name.get(name), refused)

    def about(self, metric: Metric) -> list[NamedMetric]:
        return [each for each in self.metrics if each.is_about(metric.namespace, metric.name, metric.dimensions)]


def _rule_name(arn: str) -> str:
    """The rule in arn:logsight:alarm:TENANT:RULE:HASH; '' if there is none."""
    parts = arn.split(":")
    return parts[4] if len(parts) > 4 else ""
