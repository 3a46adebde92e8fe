"""What rules would have done: each evaluated over the past as if it were now, and compared with known incidents.

Reads trend rows and nothing else; no alarm comes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, field_validator

from logsight_assets.alarm_rules.binding import BoundRule
from logsight_assets.alarm_rules.evaluate import ALARM, EXTRA_PERIODS, INSUFFICIENT_DATA, Point, evaluate
from logsight_assets.alarm_rules.points import MINUTE_NS, Minutes, measure_of
from logsight_assets.sections import Section
from logsight_assets.settings import read_yaml, validated

_HOUR_NS = 60 * MINUTE_NS
GRACE_NS = 30 * MINUTE_NS  # after the end of an incident its alarms may still come


class AlarmSpan(NamedTuple):
    """A time in alarm."""

    start_nano: int
    tenant: str
    service: str
    rule: str
    end_nano: int | None  # None: it went on at the end


class Label(Section):
    """An incident that is known to have been one."""

    name: str = Field(description="for people")
    start: datetime = Field(description="when it began, with its zone")
    end: datetime = Field(description="when it was over, with its zone")
    tenant: str | None = Field(None, description="whose it was; every tenant's when absent")
    services: tuple[str, ...] = Field((), description="services that showed it; any when empty")

    @field_validator("start", "end")
    @classmethod
    def _has_a_zone(cls, value: datetime) -> datetime:
        return value if value.tzinfo else value.replace(tzinfo=UTC)

    def explains(self, span: AlarmSpan) -> bool:
        """Whether an alarm is about this incident: it began in its time, at a service that showed it."""
        began, ended = (int(moment.timestamp()) * 10**9 for moment in (self.start, self.end))
        return (
            began <= span.start_nano <= ended + GRACE_NS
            and self.tenant in (None, span.tenant)
            and (not self.services or span.service in self.services)
        )


class Labels(Section):
    """A file of labels."""

    incidents: tuple[Label, ...] = Field((), description="what is known to have happened in the time of the backtest")


@dataclass(frozen=True)
class Result:
    """Figures of a backtest over some days."""

    days: float
    spans: tuple[AlarmSpan, ...]
    labels: tuple[Label, ...]

    @property
    def alarms_a_day(self) -> float:
        return len(self.spans) / self.days if self.days else 0.0

    @property
    def precision(self) -> float | None:
        """Share of the alarms that an incident explains; None without alarms."""
        right = sum(any(label.explains(span) for label in self.labels) for span in self.spans)
        return right / len(self.spans) if self.spans else None

    @property
    def recall(self) -> float | None:
        """Share of the incidents that an alarm told of; None without incidents."""
        return (len(self.labels) - len(self.missed)) / len(self.labels) if self.labels else None

    @property
    def missed(self) -> list[str]:
        """Incidents of which no alarm told."""
        return [label.name for label in self.labels if not any(label.explains(span) for span in self.spans)]

    def of_rule(self, rule: str) -> Result:
        return Result(self.days, tuple(span for span in self.spans if span.rule == rule), self.labels)


def read_labels(file: Path) -> tuple[Label, ...]:
    """Labels of a YAML file; ConfigurationError names file and field."""
    return validated(Labels, read_yaml(file), str(file)).incidents


def spans_of(
    bound: BoundRule, tenant: str, services: Mapping[str, Minutes], start_nano: int, end_nano: int
) -> list[AlarmSpan]:
    """Times in alarm of every service; minutes before `start_nano` are looked back at."""
    names = services if bound.service is None else {bound.service} & services.keys()
    return sorted(
        AlarmSpan(began, tenant, service, bound.rule.name, ended)
        for service in names
        for began, ended in _service_spans(bound, services[service], start_nano, end_nano)
    )


def _service_spans(
    bound: BoundRule, minutes: Minutes, start_nano: int, end_nano: int
) -> Iterable[tuple[int, int | None]]:
    """(began, ended) of each time in alarm of one service."""
    rule, measure = bound.rule, measure_of(bound.rule, bound.objective)
    length, reach = rule.period_minutes * MINUTE_NS, rule.evaluation_periods + EXTRA_PERIODS
    points: list[Point] = []
    state, began = INSUFFICIENT_DATA, 0
    for number in range(start_nano // length - reach, end_nano // length):
        points = [*points[-reach + 1 :], Point(number * length, measure(minutes, number * length))]
        if number * length < start_nano:
            continue
        new, moment = evaluate(rule, points, state).state, (number + 1) * length
        if new == ALARM != state:
            began = moment
        elif state == ALARM != new:
            yield began, moment
        state = new
    if state == ALARM:
        yield began, None


def result(spans: Sequence[AlarmSpan], labels: Iterable[Label], start_nano: int, end_nano: int) -> Result:
    """Figures over [start, end); labels that lie outside are left out."""
    inside = tuple(
        label
        for label in labels
        if label.end.timestamp() * 1e9 > start_nano and label.start.timestamp() * 1e9 < end_nano
    )
    return Result((end_nano - start_nano) / (24 * _HOUR_NS), tuple(sorted(spans)), inside)
