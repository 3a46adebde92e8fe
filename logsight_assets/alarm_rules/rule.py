"""An alarm rule: one YAML file that says what is watched and from when on somebody is to be woken.

`alarm_rules/<name>.yaml` in the lake, or beside `$LOGSIGHT_CONFIG`. The words are CloudWatch's wherever it has one, so
that the same file can become an alarm there. Some rules hold without a file, see `DEFAULTS`; a file of the same name
replaces one, and `enabled: false` turns it off. Add a field here, to `docs/alarm-rules.md`, and where it takes effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from logsight_assets.declarations import Declaration, Declared, DeclaredName, TenantName, read_declarations

Metric = Literal[
    "event_count",
    "error_count",
    "error_ratio",
    "request_count",
    "duration_p50_ms",
    "duration_p95_ms",
    "duration_p99_ms",
    "silence_minutes",
    "anomaly_score",
    "burn_rate",
]
Comparison = Literal[
    "GreaterThanOrEqualToThreshold", "GreaterThanThreshold", "LessThanThreshold", "LessThanOrEqualToThreshold"
]
Treatment = Literal["missing", "ignore", "breaching", "notBreaching"]
DURATIONS: Mapping[str, float] = {"duration_p50_ms": 0.5, "duration_p95_ms": 0.95, "duration_p99_ms": 0.99}
FOLDER = "alarm_rules"
COUNTS = frozenset({"event_count", "error_count", "request_count"})
_LONGEST_MINUTES = 24 * 60  # of all periods of an evaluation together; CloudWatch's own limit for periods of an hour


class AlarmRule(Declaration):
    """The whole of a rule's file."""

    name: DeclaredName = Field(description="name of the rule: the file's own")
    description: str = Field("", description="for people; part of the alarm")
    enabled: bool = Field(True, description="false turns it off")
    tenant: TenantName | None = Field(None, description="only this tenant; every one, each by itself, when absent")
    environment: str | None = Field(None, description="only this environment; all together when absent")
    service: str | None = Field(None, description="only this service; every one, each by itself, when absent")
    metric: Metric = Field(description="what is measured in each period")
    objective: str | None = Field(None, description="the objective whose budget burns, for metric burn_rate")
    long_window_minutes: int = Field(60, ge=5, le=1440, description="longer window of a burn rate")
    short_window_minutes: int = Field(5, ge=1, le=1440, description="shorter window, which must burn as well")
    comparison: Comparison = Field("GreaterThanOrEqualToThreshold", description="when a datapoint is breaching")
    threshold: float = Field(allow_inf_nan=False, description="what it is compared with")
    period_minutes: int = Field(5, ge=1, le=60, description="length of a period; one datapoint each")
    evaluation_periods: int = Field(3, ge=1, le=100, description="N: the latest datapoints that are looked at")
    datapoints_to_alarm: int = Field(2, ge=1, le=100, description="M: how many of them must be breaching")
    treat_missing_data: Treatment = Field("missing", description="what a period without a datapoint counts as")
    least_count: int = Field(0, ge=0, description="a ratio or duration of fewer events is no datapoint")
    overdue_minutes: int = Field(
        45, ge=1, le=1440, description="what is not complete this long after a period is not waited for any more"
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.datapoints_to_alarm > self.evaluation_periods:
            raise ValueError("datapoints_to_alarm must not be more than evaluation_periods")
        if self.period_minutes * self.evaluation_periods > _LONGEST_MINUTES:
            raise ValueError(f"evaluation_periods of period_minutes must not be more than {_LONGEST_MINUTES} minutes")
        if 60 % self.period_minutes:
            raise ValueError("period_minutes must divide an hour: 1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30 or 60")
        if self.metric == "anomaly_score" and self.period_minutes != 60:
            raise ValueError("period_minutes must be 60 for anomaly_score, which is there by the hour")
        if (self.metric == "burn_rate") != (self.objective is not None):
            raise ValueError("objective belongs to metric burn_rate, and to no other")
        if self.short_window_minutes > self.long_window_minutes:
            raise ValueError("short_window_minutes must not be more than long_window_minutes")
        return self

    @property
    def is_upward(self) -> bool:
        """Whether more is worse: then what is there of an open period can be enough."""
        return self.comparison.startswith("Greater")

    def is_breaching(self, value: float) -> bool:
        """Whether a datapoint is on the wrong side of the threshold."""
        match self.comparison:
            case "GreaterThanOrEqualToThreshold":
                return value >= self.threshold
            case "GreaterThanThreshold":
                return value > self.threshold
            case "LessThanThreshold":
                return value < self.threshold
            case "LessThanOrEqualToThreshold":
                return value <= self.threshold


# Few, and such that an ordinary day raises none; which values do so was tried, see docs/decisions/0012.
DEFAULTS: tuple[AlarmRule, ...] = (
    AlarmRule(
        name="error-ratio",
        description="A fifth of the events of a service are errors",
        metric="error_ratio",
        threshold=0.20,
        period_minutes=5,
        evaluation_periods=3,
        datapoints_to_alarm=2,
        least_count=10,
        treat_missing_data="notBreaching",
    ),
    AlarmRule(
        name="error-surge",
        description="Far more of a service's events are errors, for half an hour",
        metric="error_ratio",
        threshold=0.08,
        period_minutes=15,
        evaluation_periods=3,
        datapoints_to_alarm=2,
        least_count=20,
        treat_missing_data="notBreaching",
    ),
)


def read_rules(folder: Path) -> Declared[AlarmRule]:
    """The default rules and every `*.yaml` of a folder, by name, and those that are wrong.

    A default rule does not hold in place of a file that is wrong: that may be what turns it off.
    """
    own = read_declarations(folder, AlarmRule, "an alarm rule")
    found = {rule.name: rule for rule in DEFAULTS} | own.by_name
    held = {name: rule for name, rule in sorted(found.items()) if rule.enabled and name not in own.wrong}
    return Declared(held, own.refused)
