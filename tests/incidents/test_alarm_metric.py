"""The alarm's own metric: from the table or the trends, never later than may be known, by its own query."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import yaml

from logsight_assets.alarm_rules.changes import Watched, change_event
from logsight_assets.alarm_rules.evaluate import Point, Verdict
from logsight_assets.alarm_rules.measure import Span, minutes_of
from logsight_assets.alarm_rules.points import value_of
from logsight_assets.alarm_rules.rule import COUNTS, AlarmRule
from logsight_assets.errors import StoreUnavailable
from logsight_assets.incidents.alarm import Alarm, parse_alarm, read_alarm
from logsight_assets.incidents.alarm_metric import MetricSeries, alarm_metric, fetch_alarm_metric
from logsight_assets.incidents.windows import NS, Window
from logsight_assets.lake import PLATFORM, Lake, tombstone_key
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.hours import due_hours, refresh_metrics
from logsight_assets.reader.ask import ask
from logsight_assets.trends.refresh import refresh
from resources.cloudwatch_metrics import CloudWatchMetrics
from resources.query_engine import DuckDBEngine, Session
from tests.anomalies.lakes import FIRST, LAST, fill, judge_all
from tests.contracts.cloudwatch_double import CloudWatchDouble, client_of
from tests.incidents.events import NOON, alarm_event
from tests.intake.lakes import HOUR, NOW
from tests.metrics.otlp_files import attributes, increase, name_metric, put_metrics, request, value
from tests.trends.event_files import event, put_events

DIMENSIONS = {"ServiceName": "checkout", "tenant": "acme"}
REASON = {"version": "1.0", "statistic": "Sum", "period": 60, "threshold": 5.0, "recentDatapoints": [9.0]}


@pytest.fixture
def session(engine: DuckDBEngine) -> Iterator[Session]:
    with engine.session() as opened:
        yield opened


def alarm() -> Alarm:
    """At half past ten, of a metric that was above 5 in the minute before."""
    found = alarm_event()
    found["detail"]["state"]["reasonData"] = json.dumps(REASON)
    return parse_alarm(found)


def put_errors(lake: Lake) -> None:
    """Two errors a minute, nine in the minute before the alarm, fifty in the one in which it goes off and after."""
    counts = [2.0] * 29 + [9.0] + [50.0] * 30
    dimensions = attributes(DIMENSIONS)
    points = [value(60 * n + 30, count, 60 * n, attributes=dimensions) for n, count in enumerate(counts)]
    put_metrics(lake, [request(increase("5xx", *points, temporality=1))])
    take_in(lake)
    for hour in sorted(due_hours(lake)):
        refresh_metrics(lake, hour)


def found_by(session: Session, lake: Lake, of: Alarm, *tenants: str) -> MetricSeries | None:
    return alarm_metric(session, lake, of, tenants or ("acme",), Window.of(of)).series


def again(lake: Lake, series: MetricSeries) -> list[tuple[int, float]]:
    """What the guarded reader answers to the series' query."""
    answer = ask(lake, series.sql).rows
    return [(_nano(row["point_time"]), row["value"]) for row in answer]


def _nano(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS


def pairs(series: MetricSeries) -> list[tuple[int, float]]:
    return [(point.start_unix_nano, point.value) for point in series.points]


@pytest.fixture
def named(lake: Lake) -> Lake:
    name_metric(lake, "errors", namespace="Shop", metric="5xx", dimensions=DIMENSIONS, statistics=["Sum", "Maximum"])
    return lake


# From the table -------------------------------------------------------------------------------------------------------


def test_the_series_ends_with_what_was_known_and_its_numbers_are_those_of_its_rows(
    named: Lake, session: Session
) -> None:
    put_errors(named)
    series = found_by(session, named, alarm())
    assert series
    assert (series.metric, series.statistic, series.period_seconds, series.threshold) == ("errors", "Sum", 60, 5.0)
    assert [point.value for point in series.points] == [2.0] * 29 + [9.0]
    assert (series.value_at_alarm, series.baseline_points) == (9.0, 29)
    assert (series.baseline_median, series.baseline_max) == (2.0, 2.0)
    assert again(named, series) == pairs(series)


def test_no_point_is_later_than_as_of(named: Lake, session: Session) -> None:
    put_errors(named)
    late = alarm_event(minute=5)
    window = Window.of(parse_alarm(late))
    series = found_by(session, named, parse_alarm(late))
    assert series
    assert all(point.start_unix_nano + 60 * NS <= window.as_of for point in series.points)
    assert series.points[-1].start_unix_nano == HOUR.start_nano + 34 * 60 * NS


def test_it_can_be_stored(named: Lake, session: Session) -> None:
    put_errors(named)
    series = found_by(session, named, alarm())
    assert series
    held = json.loads(json.dumps(series.to_json()))
    assert held["points"][0] == {"start_unix_nano": HOUR.start_nano, "value": 2.0}
    assert held["sql"].startswith("select")


def test_a_metric_without_a_namespace_is_the_alarms_by_name_and_dimensions(lake: Lake, session: Session) -> None:
    name_metric(lake, "errors", metric="5xx", dimensions=DIMENSIONS, statistics=["Sum"])
    put_errors(lake)
    assert found_by(session, lake, alarm())


@pytest.mark.parametrize(
    "fields",
    [
        {"metric": "4xx", "dimensions": DIMENSIONS, "statistics": ["Sum"]},
        {"metric": "5xx", "dimensions": {"ServiceName": "checkout"}, "statistics": ["Sum"]},
        {"metric": "5xx", "dimensions": DIMENSIONS, "statistics": ["Average"]},
        {"metric": "5xx", "dimensions": DIMENSIONS, "statistics": ["Sum"], "namespace": "Other"},
        {"metric": "5xx", "dimensions": DIMENSIONS, "statistics": ["Sum"], "tenant": "globex"},
    ],
)
def test_another_metric_is_not_taken_for_it(lake: Lake, session: Session, fields: dict[str, Any]) -> None:
    name_metric(lake, "errors", **fields)
    put_errors(lake)
    assert found_by(session, lake, alarm()) is None


def test_only_tenants_that_may_be_read_are_looked_at(named: Lake, session: Session) -> None:
    put_errors(named)
    assert found_by(session, named, alarm(), "globex") is None
    assert found_by(session, named, alarm(), "globex", "acme")
    named.store.put(tombstone_key("acme"), b"{}")
    assert found_by(session, named, alarm(), "acme") is None


def test_nothing_stored_is_no_series(lake: Lake, session: Session) -> None:
    assert found_by(session, lake, alarm()) is None


# Fetched --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def double() -> CloudWatchDouble:
    found = CloudWatchDouble(NOW)
    for minute in range(60):
        found.put(
            ("Shop", "5xx", tuple(sorted(DIMENSIONS.items()))), HOUR.start + timedelta(minutes=minute), float(minute)
        )
    return found


def fetch(lake: Lake, double: CloudWatchDouble, tenant: str = "acme") -> int:
    with client_of(double) as client:
        of = alarm()
        return fetch_alarm_metric(lake, of, tenant, Window.of(of), CloudWatchMetrics(client, lambda: double.now)).points


def test_what_is_fetched_is_stored_and_then_found_without_asking_again(
    lake: Lake, session: Session, double: CloudWatchDouble
) -> None:
    assert fetch(lake, double) == 31, "the minute in which it goes off too; as evidence it comes too late"
    series = found_by(session, lake, alarm())
    assert series
    assert series.metric.startswith("unnamed-"), "no word of the alarm"
    assert series.points[-1].value == series.value_at_alarm == 29.0
    assert again(lake, series) == pairs(series)
    assert len(double.calls) == 1


def test_what_is_fetched_of_a_named_metric_has_its_name(
    named: Lake, session: Session, double: CloudWatchDouble
) -> None:
    fetch(named, double)
    series = found_by(session, named, alarm())
    assert series
    assert series.metric == "errors"
    assert len(double.calls[0]["MetricDataQueries"]) == 1, "the alarm's statistic alone"


def test_what_is_fetched_for_the_platform_stays_with_it(lake: Lake, session: Session, double: CloudWatchDouble) -> None:
    fetch(lake, double, PLATFORM)
    assert found_by(session, lake, alarm(), "acme") is None
    assert found_by(session, lake, alarm(), "acme", PLATFORM)


def test_a_source_that_fails_stores_nothing_and_says_so(lake: Lake, double: CloudWatchDouble) -> None:
    double.faults.append((400, "Throttling"))
    with pytest.raises(StoreUnavailable):
        fetch(lake, double)
    assert list(lake.store.list("raw_metrics/")) == []


def test_nobody_is_asked_where_only_files_are_read_or_the_tenant_is_erased(
    lake: Lake, double: CloudWatchDouble
) -> None:
    of = alarm()
    assert fetch_alarm_metric(lake, of, "acme", Window.of(of)).series == 0
    lake.store.put(tombstone_key("acme"), b"{}")
    assert fetch(lake, double) == 0
    assert double.calls == []


# Our own rules --------------------------------------------------------------------------------------------------------


def rule(metric: str, **fields: Any) -> AlarmRule:
    return AlarmRule(name="watch", metric=metric, threshold=1.0, **{"period_minutes": 5} | fields)  # type: ignore[arg-type]


def raised(lake: Lake, of: AlarmRule, moment: datetime = NOON) -> Alarm:
    """The alarm of a rule of this lake, as the inbox gets it."""
    folder = lake.config / "alarm_rules"
    folder.mkdir(parents=True, exist_ok=True)
    held = of.model_dump(mode="json", exclude_defaults=True, exclude={"name"})
    (folder / "watch.yaml").write_text(yaml.safe_dump(held), encoding="utf-8")
    nano = int(moment.timestamp()) * NS
    point = Point(nano - of.period_minutes * 60 * NS, 2.0)
    return read_alarm(change_event(of, Watched("acme", "shop"), "OK", Verdict("ALARM", "because", (point,)), nano))


@pytest.fixture
def counted(lake: Lake, engine: DuckDBEngine) -> Lake:
    """An hour of a service: three events a minute, ever slower, ever more of them errors, none from 10:20 to 10:25."""
    rows = [
        event(60 * m + s, "order", HOUR, is_error=s == 1 and m % 7 < m // 10, duration_ns=1_000_003 * (m + s) + s)
        for m in range(60)
        for s in (1, 21, 41)
        if not 20 <= m < 25
    ]
    put_events(lake, rows, hour=HOUR)
    refresh(lake, engine, [HOUR]).check()
    return lake


@pytest.mark.parametrize(
    "of",
    [
        rule("event_count"),
        rule("error_count"),
        rule("error_ratio"),
        rule("error_ratio", least_count=16),
        rule("request_count"),
        rule("duration_p50_ms"),
        rule("duration_p95_ms"),
        rule("duration_p99_ms", least_count=15),
        rule("silence_minutes"),
        rule("error_ratio", environment="prod", period_minutes=3),
    ],
    ids=lambda of: f"{of.metric} {of.least_count or ''}",
)
def test_the_query_of_a_rule_gives_what_the_rule_measures(
    counted: Lake, engine: DuckDBEngine, session: Session, of: AlarmRule
) -> None:
    series = found_by(session, counted, raised(counted, of))
    minutes = minutes_of(counted, engine, ["acme"], Span((HOUR,), of.environment, of.metric.startswith("duration")))
    length = of.period_minutes * 60 * NS
    starts = range(HOUR.start_nano, HOUR.start_nano + 30 * 60 * NS, length)
    measured = [(start, value_of(of, minutes["acme"]["shop"], start)) for start in starts]
    silent = HOUR.start_nano + 20 * 60 * NS  # a count of 0 is no row
    wanted = [
        (start, each) for start, each in measured if each is not None and (of.metric not in COUNTS or start != silent)
    ]
    assert (pairs(series) if series else []) == [(start, pytest.approx(each, rel=1e-12)) for start, each in wanted]
    assert not series or again(counted, series) == pairs(series)


def test_a_score_is_that_of_the_hours_episodes(lake: Lake, engine: DuckDBEngine, session: Session) -> None:
    fill(lake, engine, last=400)
    judge_all(lake, engine)
    of = raised(lake, rule("anomaly_score", period_minutes=60), (LAST + 1).start)
    series = found_by(session, lake, of)
    assert series
    scores = [value for _, value in pairs(series)]
    assert series.points[0].start_unix_nano == FIRST.start_nano
    assert scores[-1] == series.value_at_alarm > max(scores[:-1])
    assert again(lake, series) == pairs(series)


def test_a_rule_of_another_tenant_or_of_a_burn_rate_has_no_series(counted: Lake, session: Session) -> None:
    assert found_by(session, counted, raised(counted, rule("error_ratio")), "globex") is None
    assert found_by(session, counted, raised(counted, rule("burn_rate", objective="up"))) is None
