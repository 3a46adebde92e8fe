"""What rules would have done: each evaluated over the past as if it were now, and compared with known incidents.

Reads trend rows and nothing else; no alarm comes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import Field, field_validator

from logsight_assets.alarm_rules.binding import BoundRule
from logsight_assets.alarm_rules.evaluate import ALARM, EXTRA_PERIODS, INSUFFICIENT_DATA, Point, evaluate
from logsight_assets.alarm_rules.points import MINUTE_NS, Known, Minutes, measure_of, score_points
from logsight_assets.alarm_rules.rule import AlarmRule
from logsight_assets.sections import Section
from logsight_assets.settings import read_yaml, validated
from logsight_assets.timeline import HOUR_NS

GRACE_NS = 30 * MINUTE_NS  # after the end of an incident its alarms may still come
WITHIN_HOUR_NS = HOUR_NS - 1  # what is found by the hour began somewhere in it

Scores = Sequence[tuple[int, float]]  # (start of an hour, score), the oldest first
_Look = tuple[int, Sequence[Point]]  # a moment, and the points that are seen then


class AlarmSpan(NamedTuple):
    """A time in alarm."""

    start_nano: int
    tenant: str
    service: str
    rule: str
    end_nano: int | None  # None: it went on at the end
    within_nano: int = 0  # it began so much later at most


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
        """Whether an alarm is about this incident: it began, or may have begun, in its time, where it showed."""
        began, ended = (int(moment.timestamp()) * 10**9 for moment in (self.start, self.end))
        return (
            began <= span.start_nano + span.within_nano
            and span.start_nano <= ended + GRACE_NS
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
    tried: tuple[str, ...] = ()  # rules that were evaluated, also those that raised nothing

    @property
    def rules(self) -> list[str]:
        """Names of all that was tried, or raised an alarm."""
        return sorted({*self.tried, *(span.rule for span in self.spans)})

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
        return Result(self.days, tuple(span for span in self.spans if span.rule == rule), self.labels, (rule,))


def read_labels(file: Path) -> tuple[Label, ...]:
    """Labels of a YAML file; ConfigurationError names file and field."""
    return validated(Labels, read_yaml(file), str(file)).incidents


def spans_of(
    bound: BoundRule, tenant: str, services: Mapping[str, Minutes], start_nano: int, end_nano: int
) -> list[AlarmSpan]:
    """Times in alarm of every service; minutes before `start_nano` are looked back at."""
    return sorted(
        AlarmSpan(began, tenant, service, bound.rule.name, ended)
        for service in _chosen(bound, services)
        for began, ended in _times_in_alarm(bound.rule, _minute_looks(bound, services[service], start_nano, end_nano))
    )


def score_spans_of(
    bound: BoundRule, tenant: str, scores: Mapping[str, Scores], start_nano: int, end_nano: int
) -> list[AlarmSpan]:
    """The same of a rule on scores of anomalies, which are there by the hour."""
    return sorted(
        AlarmSpan(began, tenant, service, bound.rule.name, ended, WITHIN_HOUR_NS)
        for service in _chosen(bound, scores)
        for began, ended in _times_in_alarm(bound.rule, _score_looks(bound.rule, scores[service], start_nano, end_nano))
    )


def _chosen(bound: BoundRule, names: Mapping[str, object]) -> Iterable[str]:
    return names if bound.service is None else {bound.service} & names.keys()


def _times_in_alarm(rule: AlarmRule, looks: Iterable[_Look]) -> Iterator[tuple[int, int | None]]:
    """(began, ended) of each time in alarm, by looks at a series that follow one another."""
    state, began = INSUFFICIENT_DATA, 0
    for moment, points in looks:
        new = evaluate(rule, points, state).state
        if new == ALARM != state:
            began = moment
        elif state == ALARM != new:
            yield began, moment
        state = new
    if state == ALARM:
        yield began, None


def _minute_looks(bound: BoundRule, minutes: Minutes, start_nano: int, end_nano: int) -> Iterator[_Look]:
    """A look at the end of each period."""
    rule, measure = bound.rule, measure_of(bound.rule, bound.objective)
    length, reach = rule.period_minutes * MINUTE_NS, rule.evaluation_periods + EXTRA_PERIODS
    points: list[Point] = []
    for number in range(start_nano // length - reach, end_nano // length):
        points = [*points[-reach + 1 :], Point(number * length, measure(minutes, number * length))]
        if number * length >= start_nano:
            yield (number + 1) * length, points


def _score_looks(rule: AlarmRule, scores: Scores, start_nano: int, end_nano: int) -> Iterator[_Look]:
    """A look at each hour that was judged: it stands for all of its time, as the open hour is judged while it fills."""
    for start, _ in scores:
        if start_nano <= start < end_nano:
            yield start, score_points(rule, scores, Known(None, start))


def result(
    spans: Sequence[AlarmSpan], labels: Iterable[Label], start_nano: int, end_nano: int, tried: Iterable[str] = ()
) -> Result:
    """Figures over [start, end); labels that lie outside are left out."""
    inside = tuple(
        label
        for label in labels
        if label.end.timestamp() * 1e9 > start_nano and label.start.timestamp() * 1e9 < end_nano
    )
    return Result((end_nano - start_nano) / (24 * HOUR_NS), tuple(sorted(spans)), inside, tuple(tried))
