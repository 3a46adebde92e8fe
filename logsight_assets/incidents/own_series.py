"""What an alarm of LogSight's own rules was measured on: a query over the trend tables or the anomalies, by its metric.

A burn rate has none: it is made of two windows of an objective, whose rows are evidence of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from logsight_assets.alarm_rules.rule import COUNTS, DURATIONS, AlarmRule
from logsight_assets.anomalies.series import FLAGGED
from logsight_assets.incidents.alarm import Metric
from logsight_assets.lake import Lake, anomalies_key, held_uris, minute_key
from logsight_assets.sqltext import literal, stored_sql, timestamp
from logsight_assets.table_model import Table
from logsight_assets.tables import ANOMALIES, TRENDS
from logsight_assets.timeline import Hour, hours_between
from resources.query_engine import Session

_TREND, _DURATION = "service_trend", "service_duration"


@dataclass(frozen=True)
class Span:
    """Whole periods, nanoseconds since 1970; the end is exclusive."""

    start: int
    end: int
    period_seconds: int

    @property
    def bounds(self) -> Mapping[str, str]:
        """Placeholders of the span, as SQL."""
        return {"since": timestamp(self.start), "until": timestamp(self.end)}

    @property
    def hours(self) -> list[Hour]:
        return list(hours_between(Hour.of_nano(self.start), Hour.of_nano(self.end - 1) + 1))


@dataclass(frozen=True)
class OwnSeries:
    """A rule's series: what the query is made of."""

    lake: Lake
    tenant: str
    metric: Metric
    least: int  # events, or durations, without which a period has no value

    @classmethod
    def of(cls, lake: Lake, tenant: str, metric: Metric, rule: AlarmRule | None) -> OwnSeries | None:
        """None for a metric that has no rows of its own; without its rule every period with an event has a value."""
        known = metric.name in {*COUNTS, *DURATIONS, "error_ratio", "silence_minutes", "anomaly_score"}
        if not known or "Service" not in dict(metric.dimensions):
            return None
        return cls(lake, tenant, metric, max(rule.least_count if rule else 0, 1))

    def define(self, session: Session, span: Span) -> str:
        """Name the rows that the query reads, and give the query."""
        name = self.metric.name
        if name == "anomaly_score":
            self._rows(session, ANOMALIES, lambda hour: anomalies_key(self.tenant, hour), span)
            flagged = ", ".join(literal(state) for state in sorted(FLAGGED))
            return stored_sql("incidents/own_scores", flagged=flagged, **self._who, **span.bounds)
        trend = _DURATION if name in DURATIONS else _TREND
        self._rows(session, TRENDS[f"{trend}_minute"], lambda hour: minute_key(trend, self.tenant, hour), span)
        minutes = f"interval '{span.period_seconds // 60} minutes'"
        where = {"minutes": minutes, "environment": self._environment, **self._who, **span.bounds}
        if name in DURATIONS:
            share = str(round(DURATIONS[name] * 100))
            return stored_sql("incidents/own_durations", share=share, least=str(self.least), **where)
        if name == "silence_minutes":
            return stored_sql("incidents/own_silence", **where)
        if name in COUNTS:
            return stored_sql("incidents/own_counts", measure=f"sum({name})", least="1", **where)
        measure = "sum(error_count) / sum(event_count)"
        return stored_sql("incidents/own_counts", measure=measure, least=str(self.least), **where)

    @property
    def _who(self) -> Mapping[str, str]:
        return {"tenant": literal(self.tenant), "service": literal(dict(self.metric.dimensions)["Service"])}

    @property
    def _environment(self) -> str:
        name = dict(self.metric.dimensions).get("Environment")
        return "true" if name is None else f"environment = {literal(name)}"

    def _rows(self, session: Session, table: Table, key_of: Callable[[Hour], str], span: Span) -> None:
        held = held_uris(self.lake.store, map(key_of, span.hours))
        session.define_tenants(table.name, table, {self.tenant: held} if held else {})
