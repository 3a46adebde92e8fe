"""The metrics port over CloudWatch's GetMetricData. Credentials are the SDK's own; nothing is ever written there.

CloudWatch keeps values of a minute for 15 days, of five minutes for 63, of an hour for 455, and refuses periods that do
not fit the age of what is asked for. So a period is lengthened to what is still there, and each point says its own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
)

from logsight_assets.errors import ConfigurationError, StoreUnavailable
from logsight_assets.timeline import Clock, utc_now
from resources.cloudwatch import cloudwatch_client, refused
from resources.metrics import Point, Read, Series

_QUERIES = 500  # GetMetricData's own limit of one call
_DATAPOINTS = 100_800  # likewise
# (age of the oldest value that is asked for, shortest period that is still there), the oldest first.
_KEPT = ((timedelta(days=63), 3600), (timedelta(days=15), 300), (timedelta(hours=3), 60))
# What CloudWatch says of one series, and what we call it.
_FAULTS = {"InternalError": "unavailable", "Forbidden": "forbidden", "PartialData": "partial"}


def metrics_client(region: str | None, endpoint_url: str | None, timeout_seconds: float) -> Any:
    """A client whose calls end: who investigates an alarm waits no longer than that, twice at most.

    ConfigurationError names the setting without which there is none.
    """
    config = Config(
        connect_timeout=min(5.0, timeout_seconds),
        read_timeout=timeout_seconds,
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    try:
        return cloudwatch_client(region, endpoint_url, config)
    except NoRegionError as error:
        raise ConfigurationError("metrics.region: no region for CloudWatch; name one here or to the SDK") from error
    except ValueError as error:
        raise ConfigurationError(f"metrics.endpoint_url: {endpoint_url!r} is no address; correct it") from error


class CloudWatchMetrics:
    """Metrics of the account and region that the client is of."""

    def __init__(self, client: Any, clock: Clock = utc_now) -> None:
        self._client = client
        self._clock = clock

    def read(self, wanted: Sequence[Series], start_nano: int, end_nano: int) -> Read:
        points: dict[Series, tuple[Point, ...]] = {}
        faults: dict[Series, str] = {}
        oldest = self._clock() - _moment(start_nano)
        different = list(dict.fromkeys(wanted))
        for first in range(0, len(different), _QUERIES):
            chunk = different[first : first + _QUERIES]
            periods = [kept_period(series.period_seconds, oldest) for series in chunk]
            answer = self._answer(chunk, periods, start_nano, end_nano)
            for series, period, result in zip(chunk, periods, answer, strict=True):
                if found := tuple(_points(series, period, result.values, start_nano, end_nano)):
                    points[series] = found
                if result.fault:
                    faults[series] = result.fault
        return Read(points, faults)

    def _answer(self, chunk: list[Series], periods: list[int], start_nano: int, end_nano: int) -> list[_Result]:
        """What all pages say of each series; a page may go on with a series of the page before."""
        longest = max(periods)
        asked = {
            "MetricDataQueries": [
                _query(number, *pair) for number, pair in enumerate(zip(chunk, periods, strict=True))
            ],
            # Whole periods: of a cut one CloudWatch would answer what is inside, and another call something else.
            "StartTime": _moment(start_nano // 10**9 // longest * longest * 10**9),
            "EndTime": _moment(-(-end_nano // 10**9 // longest) * longest * 10**9),
            "ScanBy": "TimestampAscending",
            "MaxDatapoints": _DATAPOINTS,
        }
        results = [_Result() for _ in chunk]
        token: str | None = None
        while True:
            with _faults():
                page = self._client.get_metric_data(**asked, **({"NextToken": token} if token else {}))
            for told in page.get("MetricDataResults", ()):
                results[int(told["Id"][1:])].add(told)
            before, token = token, page.get("NextToken")
            if not token or token == before:
                return results


class _Result:
    """One series over the pages of an answer."""

    def __init__(self) -> None:
        self.values: dict[datetime, float] = {}
        self.fault = ""

    def add(self, told: dict[str, Any]) -> None:
        self.values.update(zip(told.get("Timestamps", ()), told.get("Values", ()), strict=True))
        # PartialData on a page says that the next one goes on; on the last one it says that something is missing.
        self.fault = _FAULTS.get(told.get("StatusCode", "Complete"), "")


def kept_period(period_seconds: int, age: timedelta) -> int:
    """The period in which values of this age are kept: a multiple of the one that is asked for, where it is longer."""
    for older_than, shortest in _KEPT:
        if age >= older_than:
            return -(-period_seconds // shortest) * shortest
    return period_seconds


def _query(number: int, series: Series, period: int) -> dict[str, Any]:
    metric = {
        "Namespace": series.namespace,
        "MetricName": series.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in series.dimensions],
    }
    stat = {"Metric": metric, "Period": period, "Stat": series.statistic}
    unit = {"Unit": series.unit} if series.unit else {}
    return {"Id": f"q{number}", "MetricStat": stat | unit, "ReturnData": True}


def _points(series: Series, period: int, values: dict[datetime, float], start: int, end: int) -> Iterator[Point]:
    for moment, value in sorted(values.items()):
        at = int(moment.timestamp()) * 10**9
        if start <= at < end:
            count = round(value) if series.statistic == "SampleCount" else None
            yield Point(at, period, float(value), count)


def _moment(nano: int) -> datetime:
    return datetime.fromtimestamp(nano // 10**9, UTC)


@contextlib.contextmanager
def _faults() -> Iterator[None]:
    """Faults without the SDK's text, which quotes what was asked for."""
    try:
        yield
    except ClientError as error:
        raise refused(error, "metrics.adapter", "GetMetricData") from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise ConfigurationError(
            f"metrics.adapter: no credentials for CloudWatch ({type(error).__name__}); give the SDK some"
        ) from error
    except BotoCoreError as error:
        raise StoreUnavailable(f"metrics: CloudWatch: {type(error).__name__}") from error
