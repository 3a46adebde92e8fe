"""Backtests over days of a lake: minutes are read day by day, and what goes on over midnight is one alarm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import pyarrow as pa

from logsight_assets.alarm_rules.backtest import (
    WITHIN_HOUR_NS,
    AlarmSpan,
    Label,
    Result,
    read_labels,
    result,
    score_spans_of,
    spans_of,
)
from logsight_assets.alarm_rules.binding import BoundRule, bound_rules
from logsight_assets.alarm_rules.live import minutes_back
from logsight_assets.alarm_rules.measure import Span, minutes_of, scores_of, tenants_of
from logsight_assets.alarm_rules.points import MINUTE_NS
from logsight_assets.anomalies.episodes import anomalies_between
from logsight_assets.lake import Lake, backtest_key
from logsight_assets.parquet import parquet_bytes
from logsight_assets.tables import BACKTEST_ALARMS
from logsight_assets.timeline import HOUR_NS, Hour, hours_between, parse_day
from resources.query_engine import QueryEngine

LABELS_FILE = "backtest_labels.yaml"
EPISODES = "anomalies"  # the name under which episodes of anomalies are counted
_BY_THE_HOUR = "anomaly_score"  # the metric that is there by the hour; all others are there by the minute


def labels_of(lake: Lake) -> tuple[Label, ...]:
    """Labels of the lake's own file; none without it."""
    file = lake.config / LABELS_FILE
    return read_labels(file) if file.is_file() else ()


def backtest(
    lake: Lake, engine: QueryEngine, days: Sequence[str], labels: Iterable[Label], tenant: str | None = None
) -> Result:
    """Today's rules over days that follow one another; nothing is written."""
    rules = bound_rules(lake)
    spans: list[AlarmSpan] = []
    for day in days:
        spans = joined(spans, day_spans(lake, engine, day, rules, tenant), Hour.of(parse_day(day)).start_nano)
    start, end = (Hour.of(parse_day(day)).start_nano for day in (days[0], days[-1]))
    return result(spans, labels, start, end + 24 * HOUR_NS, [EPISODES, *(bound.rule.name for bound in rules)])


def day_spans(
    lake: Lake, engine: QueryEngine, day: str, rules: Sequence[BoundRule], tenant: str | None = None
) -> list[AlarmSpan]:
    """Times in alarm of a day, by rule, and episodes of anomalies that are running in it."""
    tenants = [name for name in tenants_of(lake) if tenant in (None, name)]
    start = Hour.of(parse_day(day))
    by_the_hour = [bound for bound in rules if bound.rule.metric == _BY_THE_HOUR]
    by_the_minute = [bound for bound in rules if bound.rule.metric != _BY_THE_HOUR]
    found = _by_the_minute(lake, engine, start, by_the_minute, tenants)
    for name in tenants:
        found += _by_the_score(lake, start, [bound for bound in by_the_hour if bound.is_for(name)], name)
        found += _episodes(lake, name, start)
    return sorted(found)


def _by_the_minute(
    lake: Lake, engine: QueryEngine, start: Hour, rules: Iterable[BoundRule], tenants: Iterable[str]
) -> list[AlarmSpan]:
    """Times in alarm of the rules on minutes, for each tenant."""
    found: list[AlarmSpan] = []
    for spanned, own in _by_span(start, rules).items():
        minutes = minutes_of(lake, engine, tenants, spanned)
        for bound in own:
            for name in (each for each in tenants if bound.is_for(each)):
                services = minutes.get(name, {})
                found += spans_of(bound, name, services, start.start_nano, (start + 24).start_nano)
    return found


def _by_the_score(lake: Lake, start: Hour, rules: Sequence[BoundRule], tenant: str) -> list[AlarmSpan]:
    """Times in alarm of the rules on scores of anomalies, for one tenant."""
    scores = scores_of(lake, tenant, _hours_looked_at(start, rules)) if rules else {}
    return [
        span
        for bound in rules
        for span in score_spans_of(bound, tenant, scores, start.start_nano, (start + 24).start_nano)
    ]


def _hours_looked_at(start: Hour, rules: Iterable[BoundRule]) -> tuple[Hour, ...]:
    """Hours of the day, and those before it that the rules look back to."""
    return tuple(hours_between(start - 1 - max(minutes_back(bound.rule) for bound in rules) // 60, start + 24))


def joined(before: Iterable[AlarmSpan], after: Iterable[AlarmSpan], midnight: int) -> list[AlarmSpan]:
    """Spans of two stretches of time: one that was on at midnight and still is goes on."""
    running = {(s.tenant, s.service, s.rule): s for s in before if s.end_nano is None}
    found = [span for span in before if span.end_nano is not None]
    for span in after:
        earlier = running.get((span.tenant, span.service, span.rule))
        if earlier is not None and span.start_nano <= midnight + HOUR_NS:
            del running[span.tenant, span.service, span.rule]
            span = span._replace(start_nano=earlier.start_nano)
        found.append(span)
    return sorted([*found, *(span._replace(end_nano=midnight) for span in running.values())])


def write_day(lake: Lake, engine: QueryEngine, day: str, rules: Sequence[BoundRule]) -> Result:
    """Put the rows of a day for every tenant that has alarms; the same again puts the same."""
    labels, start = labels_of(lake), Hour.of(parse_day(day))
    spans = day_spans(lake, engine, day, rules)
    for tenant in tenants_of(lake):
        rows = [_row(span, labels) for span in spans if span.tenant == tenant]
        rows.sort(key=lambda row: (row["rule"], row["service"], row["alarm_time"]))
        table = pa.Table.from_pylist(rows, BACKTEST_ALARMS.arrow_schema)
        lake.store.put(backtest_key(tenant, day), parquet_bytes(table, BACKTEST_ALARMS, {}))
    return result(spans, labels, start.start_nano, (start + 24).start_nano)


def _by_span(start: Hour, rules: Iterable[BoundRule]) -> Mapping[Span, list[BoundRule]]:
    by_environment: dict[str | None, list[BoundRule]] = {}
    for bound in rules:
        by_environment.setdefault(bound.environment, []).append(bound)
    return {
        Span(_hours_looked_at(start, own), environment, any(each.has_durations for each in own)): own
        for environment, own in by_environment.items()
    }


def _episodes(lake: Lake, tenant: str, start: Hour) -> list[AlarmSpan]:
    """Episodes by service: however many series left their range in an hour, they are one finding."""
    found: dict[tuple[str, int], AlarmSpan] = {}
    for each in anomalies_between(lake, tenant, start.start, (start + 24).start):
        end = None if each.last == start + 23 else (each.last + 1).start_nano
        span = AlarmSpan(each.since.start_nano, tenant, each.series.service, EPISODES, end, WITHIN_HOUR_NS)
        found.setdefault((span.service, span.start_nano), span)
    return list(found.values())


def _row(span: AlarmSpan, labels: Iterable[Label]) -> dict[str, object]:
    return {
        "rule": span.rule,
        "service": span.service,
        "alarm_time": _moment(span.start_nano),
        "ok_time": None if span.end_nano is None else _moment(span.end_nano),
        "incident": next((label.name for label in labels if label.explains(span)), None),
    }


def _moment(nano: int) -> datetime:
    return datetime.fromtimestamp(nano // MINUTE_NS * 60, UTC).replace(tzinfo=None)
