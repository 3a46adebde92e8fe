"""Rules as a lake has them: each with the objective that it names."""

from __future__ import annotations

from dataclasses import dataclass

from logsight_assets.alarm_rules.rule import DURATIONS, AlarmRule, load_rules
from logsight_assets.errors import ConfigurationError
from logsight_assets.lake import Lake
from logsight_assets.slo.objective import LATENCY, Objective, load_objectives


@dataclass(frozen=True)
class BoundRule:
    """A rule with the objective that it names."""

    rule: AlarmRule
    objective: Objective | None = None

    @property
    def environment(self) -> str | None:
        return self.objective.environment if self.objective else self.rule.environment

    @property
    def service(self) -> str | None:
        """The only service that it watches; None for every one."""
        return self.objective.service if self.objective else self.rule.service

    @property
    def has_durations(self) -> bool:
        return self.rule.metric in DURATIONS or (self.objective is not None and self.objective.kind == LATENCY)

    def is_for(self, tenant: str) -> bool:
        return self.rule.tenant in (None, tenant) and (self.objective is None or self.objective.is_for(tenant))


def bound_rules(lake: Lake) -> list[BoundRule]:
    """The rules of a lake; ConfigurationError for one that names an objective which is not there."""
    objectives = load_objectives(lake.config / "objectives")
    found = []
    for rule in load_rules(lake.config / "alarm_rules").values():
        if rule.objective is not None and rule.objective not in objectives:
            file = lake.config / "alarm_rules" / f"{rule.name}.yaml"
            raise ConfigurationError(f"{file}: objective: there is no objectives/{rule.objective}.yaml")
        found.append(BoundRule(rule, objectives[rule.objective] if rule.objective else None))
    return found
