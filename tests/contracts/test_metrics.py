"""What every source of metrics keeps to; adapters join by a line in SOURCES."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from botocore.exceptions import NoCredentialsError

from logsight_assets.errors import ConfigurationError, LogSightError, PermanentError, StoreUnavailable
from logsight_assets.lake import Lake
from logsight_assets.metrics.arrivals import take_in
from logsight_assets.metrics.files import FileMetrics
from resources.cloudwatch_metrics import CloudWatchMetrics, kept_period, metrics_client
from resources.metrics import MetricSource, Point, Series
from tests.contracts.cloudwatch_double import CloudWatchDouble, client_of
from tests.intake.lakes import NOW, make_lake
from tests.metrics.otlp_files import HOUR, attributes, gauge, put_metrics, request, value

QUEUE = (("QueueName", "orders"),)
# Seconds after the hour began → value, by dimensions.
Values = Mapping[tuple[tuple[str, str], ...], list[tuple[float, float]]]
Opened = Callable[[Path, str, Values], AbstractContextManager[MetricSource]]


@contextmanager
def files(root: Path, metric: str, values: Values) -> Iterator[MetricSource]:
    lake: Lake = make_lake(root)
    points = [
        value(seconds, number, attributes=attributes(dict(dimensions)))
        for dimensions, own in values.items()
        for seconds, number in own
    ]
    put_metrics(lake, [request(gauge(metric, point)) for point in points])
    take_in(lake)
    yield FileMetrics(lake, "acme")


@contextmanager
def cloudwatch(root: Path, metric: str, values: Values) -> Iterator[MetricSource]:
    double = CloudWatchDouble(NOW, page=3 if len(values) < 10 else 300)
    for dimensions, own in values.items():
        for seconds, number in own:
            double.put(("App", metric, dimensions), HOUR.start + timedelta(seconds=seconds), number)
    with client_of(double) as client:
        yield CloudWatchMetrics(client, lambda: NOW)


SOURCES: dict[str, Opened] = {"files": files, "cloudwatch": cloudwatch}


@pytest.fixture(params=SOURCES)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Values], AbstractContextManager[MetricSource]]:
    return lambda values: SOURCES[request.param](tmp_path / "lake", "depth", values)


def series(statistic: str = "Average", period: int = 60, metric: str = "depth", dimensions: object = QUEUE) -> Series:
    return Series("App", metric, dimensions, statistic, period)  # type: ignore[arg-type]


def at(seconds: int) -> int:
    return HOUR.start_nano + seconds * 10**9


def values_of(source: MetricSource, wanted: Series, start: int = 0, end: int = 3600) -> list[tuple[int, float]]:
    """(seconds after the hour, value) of a series."""
    points = source.read([wanted], at(start), at(end)).points.get(wanted, ())
    return [((point.start_nano - HOUR.start_nano) // 10**9, point.value) for point in points]


Open = Callable[[Values], AbstractContextManager[MetricSource]]


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [("Sum", 7.0), ("Average", 3.5), ("Minimum", 3.0), ("Maximum", 4.0), ("SampleCount", 2.0)],
)
def test_a_statistic_is_made_of_the_values_of_its_period(opened: Open, statistic: str, expected: float) -> None:
    with opened({QUEUE: [(60, 3.0), (119, 4.0), (120, 9.0)]}) as source:
        found = values_of(source, series(statistic))
    assert found == [(60, expected), (120, 1.0 if statistic == "SampleCount" else 9.0)]


def test_a_period_without_a_value_has_no_point(opened: Open) -> None:
    with opened({QUEUE: [(0, 1.0), (600, 2.0)]}) as source:
        assert values_of(source, series()) == [(0, 1.0), (600, 2.0)]


def test_periods_begin_at_multiples_of_their_length(opened: Open) -> None:
    with opened({QUEUE: [(299, 1.0), (301, 2.0), (599, 4.0)]}) as source:
        assert values_of(source, series("Sum", 300)) == [(0, 1.0), (300, 6.0)]


def test_the_start_belongs_to_what_is_asked_for_and_the_end_does_not(opened: Open) -> None:
    with opened({QUEUE: [(0, 1.0), (60, 2.0), (120, 3.0), (180, 4.0)]}) as source:
        assert values_of(source, series(), 60, 180) == [(60, 2.0), (120, 3.0)]


def test_other_dimensions_and_other_metrics_are_other_series(opened: Open) -> None:
    with opened({QUEUE: [(0, 1.0)], (("QueueName", "mail"),): [(0, 50.0)]}) as source:
        wanted = [series(), series(dimensions=(("QueueName", "mail"),)), series(metric="age")]
        found = source.read(wanted, at(0), at(3600)).points
    assert {each.dimensions: points[0].value for each, points in found.items()} == {
        QUEUE: 1.0,
        (("QueueName", "mail"),): 50.0,
    }


def test_what_nobody_measured_has_no_points_and_is_no_fault(opened: Open) -> None:
    with opened({}) as source:
        assert not source.read([series()], at(0), at(3600)).points


def test_each_of_many_series_gets_its_own_points(opened: Open) -> None:
    many = {(("QueueName", f"q{number}"),): [(0, float(number)), (60, 0.0)] for number in range(510)}
    with opened(many) as source:
        wanted = [series(dimensions=dimensions) for dimensions in many]
        found = source.read(wanted, at(0), at(3600)).points
    assert [found[each][0].value for each in wanted] == [float(number) for number in range(510)]


def test_points_come_oldest_first_however_they_lie(opened: Open) -> None:
    with opened({QUEUE: [(600, 3.0), (0, 1.0), (300, 2.0)]}) as source:
        assert values_of(source, series()) == [(0, 1.0), (300, 2.0), (600, 3.0)]


# CloudWatch -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "period", "kept"),
    [
        (timedelta(hours=1), 1, 1),
        (timedelta(hours=3), 1, 60),
        (timedelta(hours=3), 60, 60),
        (timedelta(days=14), 60, 60),
        (timedelta(days=15), 60, 300),
        (timedelta(days=16), 900, 900),
        (timedelta(days=63), 60, 3600),
        (timedelta(days=400), 86_400, 86_400),
    ],
)
def test_a_period_is_lengthened_to_what_is_kept_of_that_age(age: timedelta, period: int, kept: int) -> None:
    assert kept_period(period, age) == kept


def ask(double: CloudWatchDouble, *wanted: Series, start: datetime = HOUR.start) -> object:
    with client_of(double) as client:
        source = CloudWatchMetrics(client, lambda: double.now)
        return source.read(list(wanted), int(start.timestamp()) * 10**9, at(3600))


def test_old_values_come_in_the_period_in_which_they_are_kept() -> None:
    double = CloudWatchDouble(HOUR.start + timedelta(days=20))
    for minute in range(10):
        double.put(("App", "depth", QUEUE), HOUR.start + timedelta(minutes=minute), 1.0)
    found = ask(double, series("Sum"))
    assert found.points[series("Sum")] == (Point(at(0), 300, 5.0, None), Point(at(300), 300, 5.0, None))  # type: ignore[attr-defined]


def test_a_call_holds_five_hundred_series_at_most_and_goes_on_page_by_page() -> None:
    double = CloudWatchDouble(NOW, page=400)
    wanted = [series(dimensions=(("QueueName", f"q{number}"),)) for number in range(501)]
    for each in wanted:
        double.put(("App", "depth", each.dimensions), HOUR.start, 1.0)
    ask(double, *wanted)
    assert [(len(call["MetricDataQueries"]), call.get("NextToken")) for call in double.calls] == [
        (500, None),
        (500, "400"),
        (1, None),
    ]


def test_a_unit_is_asked_for_only_where_one_is_named() -> None:
    double = CloudWatchDouble(NOW)
    ask(double, series(), Series("App", "depth", QUEUE, "Sum", 60, "Count"))
    first, second = double.calls[0]["MetricDataQueries"]
    assert "Unit" not in first["MetricStat"]
    assert second["MetricStat"]["Unit"] == "Count"


@pytest.mark.parametrize(
    ("state", "fault"), [("Forbidden", "forbidden"), ("InternalError", "unavailable"), ("PartialData", "partial")]
)
def test_a_series_that_fails_leaves_the_others_and_says_so(state: str, fault: str) -> None:
    double = CloudWatchDouble(NOW, states={"depth": state})
    double.put(("App", "age", ()), HOUR.start, 1.0)
    found = ask(double, series(), series(metric="age", dimensions=()))
    assert dict(found.faults) == {series(): fault}  # type: ignore[attr-defined]
    assert len(found.points) == 1  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "Throttling", StoreUnavailable),
        (400, "ThrottlingException", StoreUnavailable),
        (500, "InternalServiceError", StoreUnavailable),
        (503, "SomethingNew", StoreUnavailable),
        (403, "AccessDenied", ConfigurationError),
        (403, "ExpiredToken", ConfigurationError),
        (400, "ValidationError", PermanentError),
    ],
)
def test_a_fault_says_whether_trying_again_helps_without_what_was_asked(
    status: int, code: str, kind: type[LogSightError]
) -> None:
    with pytest.raises(kind, match=code) as caught:
        ask(CloudWatchDouble(NOW, faults=[(status, code)]), series())
    assert "quotes" not in str(caught.value)


def test_without_credentials_the_setting_is_named() -> None:
    class Client:
        def get_metric_data(self, **_: object) -> None:
            raise NoCredentialsError

    with pytest.raises(ConfigurationError, match=r"metrics\.adapter: no credentials"):
        CloudWatchMetrics(Client(), lambda: NOW).read([series()], at(0), at(60))


@pytest.mark.parametrize(
    ("region", "endpoint", "told"),
    [(None, None, r"metrics\.region"), ("eu-central-1", "nowhere", "metrics.endpoint_url")],
)
def test_a_setting_without_which_there_is_no_client_is_named(
    region: str | None, endpoint: str | None, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(ConfigurationError, match=told):
        metrics_client(region, endpoint, 1.0)


def test_nobody_who_listens_is_a_fault_that_may_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client = metrics_client("eu-central-1", "http://127.0.0.1:1", 1.0)
    with pytest.raises(StoreUnavailable, match="EndpointConnectionError"):
        CloudWatchMetrics(client, lambda: NOW).read([series()], at(0), at(60))
    client.close()
