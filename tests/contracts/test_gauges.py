"""The gauges over CloudWatch: what is asked for is checked by the SDK's own model of the service."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from botocore.exceptions import NoCredentialsError
from botocore.stub import Stubber

from logsight_assets.errors import ConfigurationError, LogSightError, PermanentError, StoreUnavailable
from resources.cloudwatch_gauges import CloudWatchGauges, gauges_client
from resources.gauges import Gauge

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


@pytest.fixture
def stubbed() -> Iterator[tuple[CloudWatchGauges, Stubber]]:
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    client = gauges_client("eu-central-1", None)
    with Stubber(client) as stubber:
        yield CloudWatchGauges(client, "LogSight/prod"), stubber
    client.close()


def test_gauges_are_metrics_of_the_namespace_without_any_dimension(
    stubbed: tuple[CloudWatchGauges, Stubber],
) -> None:
    gauges, stubber = stubbed
    told = [Gauge("AlarmPathAgeSeconds", 12.5, "Seconds"), Gauge("AlarmsWaiting", 3, "Count")]
    data = [
        {"MetricName": "AlarmPathAgeSeconds", "Timestamp": NOW, "Value": 12.5, "Unit": "Seconds"},
        {"MetricName": "AlarmsWaiting", "Timestamp": NOW, "Value": 3, "Unit": "Count"},
    ]
    stubber.add_response("put_metric_data", {}, {"Namespace": "LogSight/prod", "MetricData": data})
    gauges.tell(told, NOW)
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "kind", "says"),
    [
        ("AccessDenied", 403, ConfigurationError, "allow cloudwatch:PutMetricData"),
        ("ExpiredToken", 403, ConfigurationError, "ExpiredToken"),
        ("Throttling", 400, StoreUnavailable, "Throttling"),
        ("InternalServiceFault", 500, StoreUnavailable, "InternalServiceFault"),
        ("InvalidParameterValue", 400, PermanentError, "refuses PutMetricData"),
    ],
)
def test_a_fault_says_whether_trying_again_helps_and_what_to_do(
    stubbed: tuple[CloudWatchGauges, Stubber], code: str, status: int, kind: type[LogSightError], says: str
) -> None:
    gauges, stubber = stubbed
    stubber.add_client_error("put_metric_data", code, "quotes what was sent", status)
    with pytest.raises(kind, match=says) as caught:
        gauges.tell([Gauge("AlarmsWaiting", 0, "Count")], NOW)
    assert "LogSight/prod" in str(caught.value)
    assert "quotes" not in str(caught.value)


def test_without_credentials_the_setting_is_named() -> None:
    class Client:
        def put_metric_data(self, **_: object) -> None:
            raise NoCredentialsError

    with pytest.raises(ConfigurationError, match=r"heartbeat\.namespace 'X': NoCredentialsError; give the SDK"):
        CloudWatchGauges(Client(), "X").tell([], NOW)


def test_nobody_who_listens_is_a_fault_that_may_pass() -> None:
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    client = gauges_client("eu-central-1", "http://127.0.0.1:1")
    with pytest.raises(StoreUnavailable, match="EndpointConnectionError"):
        CloudWatchGauges(client, "X").tell([Gauge("AlarmsWaiting", 0, "Count")], NOW)
    client.close()
