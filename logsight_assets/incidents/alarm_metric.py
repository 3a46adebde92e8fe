"""The alarm's own metric as evidence: its values before the alarm and up to `as_of`, with the query that gives them.

Of an alarm of CloudWatch it comes from the table `service_metrics`; `fetch_alarm_metric` asks CloudWatch first, where
the settings say so, and stores the answer. Of an alarm of LogSight's own rules it comes from the trend tables that the
rule was measured on (`own_series.py`). Every value is a row of the query, which `logsight sql` answers alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median
from typing import Any

from logsight_assets.alarm_rules.changes import NAMESPACE
from logsight_assets.alarm_rules.rule import AlarmRule
from logsight_assets.incidents.alarm import Alarm, Metric
from logsight_assets.incidents.metric_declarations import MetricDeclarations
from logsight_assets.incidents.own_series import OwnSeries, Span
from logsight_assets.incidents.windows import NS, Window
from logsight_assets.incidents.wrong_files import told_of
from logsight_assets.lake import Lake, is_erased, service_metrics_key
from logsight_assets.metrics.arrivals import Place, take_in_at
from logsight_assets.metrics.fetch import FOR_ALARMS, Fetched, fetch_series, metric_source
from logsight_assets.metrics.hours import due_hours, refresh_metrics
from logsight_assets.metrics.named_metric import NamedMetric, own_name
from logsight_assets.parquet import read_rows
from logsight_assets.sqltext import literal, stored_sql
from logsight_assets.tables import SERVICE_METRICS
from logsight_assets.timeline import Hour, nano_of
from resources.metrics import MetricSource, Series, is_statistic
from resources.query_engine import Session

_MOST_POINTS = 1_500  # a day and more of minutes; of shorter periods less time is looked back at


@dataclass(frozen=True)
class MetricPoint:
    """A value of one period."""

    start_unix_nano: int
    value: float


@dataclass(frozen=True)
class MetricSeries:
    """The alarm's metric, oldest point first: whole periods that were over by `as_of`, and no later ones.

    The baseline are the periods that were over when the incident's window began.
    """

    metric: str  # name in the table, or the rule's metric; the alarm's own words for it stay with the alarm
    statistic: str
    period_seconds: int
    unit: str | None
    points: tuple[MetricPoint, ...]
    threshold: float | None
    value_at_alarm: float | None  # of the last period that was over when the state changed
    baseline_points: int
    baseline_median: float | None
    baseline_max: float | None
    sql: str

    def to_json(self) -> dict[str, Any]:
        """Plain lists and dictionaries, as evidence is stored."""
        held = {name: getattr(self, name) for name in self.__dataclass_fields__}
        points = [{"start_unix_nano": each.start_unix_nano, "value": each.value} for each in self.points]
        return held | {"points": points}


@dataclass(frozen=True)
class Looked:
    """What is stored of the alarm's metric, and what the look for it had to do without, in words."""

    series: MetricSeries | None
    missing: tuple[str, ...] = ()


def alarm_metric(session: Session, lake: Lake, alarm: Alarm, tenants: Sequence[str], window: Window) -> Looked:
    """The alarm's metric from what is stored, of the first of these tenants that has it; None where none does.

    Pure: nothing is fetched. `tenants` are those that the investigation may read.
    """
    # The files once: an alarm of the platform is looked for in every tenant.
    declared = MetricDeclarations.of(lake, alarm)
    missing = tuple(told_of(declared.refused, tenants))
    for tenant in (name for name in tenants if not is_erased(lake.store, name)):
        for metric in alarm.metrics:
            if metric.namespace == NAMESPACE:
                found = _of_own_rule(session, lake, alarm, metric, declared.rule, tenant, window)
            else:
                found = _of_table(session, lake, alarm, metric, declared.about(metric), tenant, window)
            if found:
                return Looked(found, missing)
    return Looked(None, missing)


def fetch_alarm_metric(
    lake: Lake, alarm: Alarm, tenant: str, window: Window, source: MetricSource | None = None
) -> Fetched:
    """Ask the live source for the alarm's metrics, store what it says as the tenant's, and make the hours' rows.

    For live investigations alone; nothing happens where the settings name no live source, and for our own rules. What
    the source raises (StoreUnavailable within `metrics.timeout_seconds`, ConfigurationError) is raised: the answer is
    then made without it, and says so.
    """
    source = source or metric_source(lake)
    if source is None or is_erased(lake.store, tenant):
        return Fetched()
    declared = MetricDeclarations.of(lake, alarm)
    wanted = list(dict.fromkeys(series for metric in alarm.metrics for series in _live_series(declared, alarm, metric)))
    if not wanted:
        return Fetched()
    start = _since(window, min(series.period_seconds for series in wanted))
    fetched = fetch_series(lake, source, tenant, wanted, _moment(start), _moment(window.as_of), FOR_ALARMS)
    take_in_at(lake, [Place(tenant, FOR_ALARMS, hour) for hour in (lake.now - 1, lake.now)])
    span = Hour.of_nano(start), Hour.of_nano(window.as_of)
    for hour in sorted(hour for hour in due_hours(lake) if span[0] <= hour <= span[1]):
        refresh_metrics(lake, hour)
    return fetched


def _live_series(declared: MetricDeclarations, alarm: Alarm, metric: Metric) -> list[Series]:
    """What to ask for: the series as its file says it, so that it gets its name, else as the alarm does."""
    if metric.namespace in ("", NAMESPACE) or not is_statistic(metric.statistic):
        return []
    named = [series for each in declared.about(metric) if each.namespace for series in each.series]
    own = Series(metric.namespace, metric.name, metric.dimensions, metric.statistic, alarm.period_seconds)
    return [series for series in named if series.statistic == metric.statistic] or [own]


# From the table -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class _Held:
    """A series that the table has."""

    metric: str
    statistic: str
    period_seconds: int
    unit: str


def _of_table(
    session: Session,
    lake: Lake,
    alarm: Alarm,
    metric: Metric,
    named: Sequence[NamedMetric],
    tenant: str,
    window: Window,
) -> MetricSeries | None:
    own = Series(metric.namespace, metric.name, metric.dimensions, "", 0)
    names = [each.name for each in named if each.is_for(tenant)] + [own_name(own)]
    span = _span(window, alarm.period_seconds)
    keys = [key for hour in span.hours if lake.store.head(key := service_metrics_key(tenant, hour))]
    held = {each for key in keys for each in _series_of(lake, key) if each.metric in names}
    held = {each for each in held if each.statistic == metric.statistic} or (set() if metric.statistic else held)
    if not held:
        return None
    # As the alarm measures it, else as finely as there is.
    chosen = min(held, key=lambda each: (each.period_seconds != alarm.period_seconds, names.index(each.metric), each))
    span = _span(window, chosen.period_seconds)
    session.define_tenants(SERVICE_METRICS.name, SERVICE_METRICS, {tenant: [lake.store.uri(key) for key in keys]})
    text = stored_sql(
        "incidents/alarm_metric",
        tenant=literal(tenant),
        metric=literal(chosen.metric),
        statistic=literal(chosen.statistic),
        period=str(chosen.period_seconds),
        **span.bounds,
    )
    return _summed(session, alarm, window, chosen, text)


def _series_of(lake: Lake, key: str) -> set[_Held]:
    rows = read_rows(lake.store, key, ["metric", "statistic", "period_s", "unit"]).to_pylist()
    return {_Held(row["metric"], row["statistic"], row["period_s"], row["unit"] or "") for row in rows}


def _of_own_rule(
    session: Session,
    lake: Lake,
    alarm: Alarm,
    metric: Metric,
    rule: AlarmRule | None,
    tenant: str,
    window: Window,
) -> MetricSeries | None:
    if dict(metric.dimensions).get("Tenant") != tenant:
        return None
    series = OwnSeries.of(lake, tenant, metric, rule)
    if series is None:
        return None
    text = series.define(session, _span(window, alarm.period_seconds))
    named = _Held(metric.name, metric.statistic, alarm.period_seconds, "")
    return _summed(session, alarm, window, named, text)


# Numbers --------------------------------------------------------------------------------------------------------------


def _summed(session: Session, alarm: Alarm, window: Window, series: _Held, text: str) -> MetricSeries | None:
    """The series with what its rows come to; None without any row."""
    rows = session.fetch(text).to_pylist()
    points = tuple(MetricPoint(nano_of(row["point_time"]), row["value"]) for row in rows)
    if not points:
        return None
    length = series.period_seconds * NS
    at_alarm = [each.value for each in points if each.start_unix_nano + length <= window.state_change]
    before = [each.value for each in points if each.start_unix_nano + length <= window.start]
    return MetricSeries(
        series.metric,
        series.statistic,
        series.period_seconds,
        series.unit or None,
        points,
        alarm.threshold,
        at_alarm[-1] if at_alarm else None,
        len(before),
        median(before) if before else None,
        max(before) if before else None,
        text,
    )


def _span(window: Window, period_seconds: int) -> Span:
    """Whole periods from the baseline's start to `as_of`: a period that is over later holds later state."""
    length = period_seconds * NS
    return Span(_since(window, period_seconds), window.as_of // length * length, period_seconds)


def _since(window: Window, period_seconds: int) -> int:
    length = period_seconds * NS
    first = max(window.earlier_hours[-1].start_nano, window.as_of - _MOST_POINTS * length)
    return -(-first // length) * length


def _moment(nano: int) -> datetime:
    return datetime.fromtimestamp(nano // NS, UTC)
