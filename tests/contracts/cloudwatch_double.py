"""A small CloudWatch behind a real client of the SDK: what is asked is checked by the SDK's own model of the service.

What it does as the real one: statistics of whole periods from single values, pages with a token, at most 500 queries a
call, and no period that is shorter than what is kept of that age.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.awsrequest import AWSResponse

from resources.cloudwatch_metrics import metrics_client

Key = tuple[str, str, tuple[tuple[str, str], ...]]  # namespace, metric, dimensions

_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "SampleCount": len,
    "Sum": sum,
    "Average": lambda values: sum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
}


@dataclass
class CloudWatchDouble:
    """Single values by metric; `faults` are answered instead of the next calls, `states` say how a metric stands."""

    now: datetime
    values: dict[Key, list[tuple[datetime, float]]] = field(default_factory=lambda: defaultdict(list))
    page: int = 100_000  # points a page
    faults: list[tuple[int, str]] = field(default_factory=list)  # HTTP status, code
    states: dict[str, str] = field(default_factory=dict)  # metric's name → StatusCode
    calls: list[dict[str, Any]] = field(default_factory=list)

    def put(self, key: Key, moment: datetime, value: float) -> None:
        self.values[key].append((moment, value))

    def answer(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Status and body of GetMetricData."""
        self.calls.append(asked)
        if self.faults:
            return _fault(*self.faults.pop(0))
        if len(asked["MetricDataQueries"]) > 500 or any(
            self._is_too_short(asked, q) for q in asked["MetricDataQueries"]
        ):
            return _fault(400, "ValidationError")
        found = [(query, point) for query in asked["MetricDataQueries"] for point in self._points(asked, query)]
        first = int(asked.get("NextToken", "0"))
        shown = found[first : first + self.page]
        results = [self._result(query, shown) for query in asked["MetricDataQueries"]]
        more = {"NextToken": str(first + self.page)} if first + self.page < len(found) else {}
        return 200, {"MetricDataResults": results, "Messages": [], **more}

    def _is_too_short(self, asked: dict[str, Any], query: dict[str, Any]) -> bool:
        age, period = self.now - asked["StartTime"], query["MetricStat"]["Period"]
        kept = ((timedelta(days=63), 3600), (timedelta(days=15), 300), (timedelta(hours=3), 60))
        return any(age > older and period % shortest for older, shortest in kept)

    def _points(self, asked: dict[str, Any], query: dict[str, Any]) -> Iterator[tuple[datetime, float]]:
        stat = query["MetricStat"]
        metric = stat["Metric"]
        dimensions = tuple(sorted((each["Name"], each["Value"]) for each in metric["Dimensions"]))
        periods: dict[datetime, list[float]] = defaultdict(list)
        for moment, value in self.values.get((metric["Namespace"], metric["MetricName"], dimensions), ()):
            if asked["StartTime"] <= moment < asked["EndTime"]:
                start = int(moment.timestamp()) // stat["Period"] * stat["Period"]
                periods[datetime.fromtimestamp(start, UTC)].append(value)
        for start, held in sorted(periods.items()):
            yield start, float(_STATISTICS[stat["Stat"]](held))

    def _result(
        self, query: dict[str, Any], shown: list[tuple[dict[str, Any], tuple[datetime, float]]]
    ) -> dict[str, Any]:
        own = [point for each, point in shown if each is query]
        return {
            "Id": query["Id"],
            "Label": "of no use",
            "Timestamps": [moment for moment, _ in own],
            "Values": [value for _, value in own],
            "StatusCode": self.states.get(query["MetricStat"]["Metric"]["MetricName"], "Complete"),
        }


@contextmanager
def client_of(double: CloudWatchDouble) -> Iterator[Any]:
    """A client that asks the double and no network."""
    os.environ["AWS_ACCESS_KEY_ID"] = os.environ["AWS_SECRET_ACCESS_KEY"] = "test"
    client = metrics_client("eu-central-1", None, 5.0)
    asked: dict[str, Any] = {}

    def keep(params: dict[str, Any], **_: Any) -> None:
        asked.clear()
        asked.update(params)

    def answer(**_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        status, body = double.answer(dict(asked))
        return AWSResponse("", status, {}, None), body

    client.meta.events.register_first("before-parameter-build.cloudwatch.GetMetricData", keep)
    client.meta.events.register("before-call.cloudwatch.GetMetricData", answer)
    try:
        yield client
    finally:
        client.close()


def _fault(status: int, code: str) -> tuple[int, dict[str, Any]]:
    error = {"Code": code, "Message": "quotes what was asked for"}
    return status, {"Error": error, "ResponseMetadata": {"HTTPStatusCode": status}}
