"""Rules as a lake has them: each with the objective that it names."""

from __future__ import annotations

from dataclasses import dataclass

from logsight_assets.alarm_rules.rule import DURATIONS, FOLDER, AlarmRule, read_rules
from logsight_assets.declarations import Declared, Refused
from logsight_assets.errors import ConfigurationError
from logsight_assets.lake import Lake
from logsight_assets.slo.objective import FOLDER as OBJECTIVES
from logsight_assets.slo.objective import LATENCY, Objective, read_objectives


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


def read_bound_rules(lake: Lake) -> Declared[BoundRule]:
    """The rules of a lake, by name, and those that are wrong: by themselves, or by the objective that they name."""
    rules, objectives = read_rules(lake.config / FOLDER), read_objectives(lake.config / OBJECTIVES)
    found, refused = {}, [*rules.refused]
    for name, rule in rules.by_name.items():
        if rule.objective is None or rule.objective in objectives.by_name:
            found[name] = BoundRule(rule, objectives.by_name[rule.objective] if rule.objective else None)
            continue
        file, is_there = lake.config / FOLDER / f"{name}.yaml", rule.objective in objectives.wrong
        why = (
            f"objectives/{rule.objective}.yaml is wrong"
            if is_there
            else f"there is no objectives/{rule.objective}.yaml"
        )
        refused.append(Refused(file, ConfigurationError(f"{file}: objective: {why}", ("objective",)), rule.tenant))
    return Declared(found, tuple(refused))


def bound_rules(lake: Lake) -> list[BoundRule]:
    """All of them, for whoever can correct a file; ConfigurationError names each that is wrong."""
    return list(read_bound_rules(lake).whole().values())
