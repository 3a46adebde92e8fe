"""The sample's metric files: the connection pool of the payment service, as a collector exports it, minute by minute.

In use are a few of its connections, until a deployment leaks them: then the gauge climbs to the pool's size and stays.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from logsight_assets.lake import raw_metrics_prefix
from logsight_assets.sample.delivery import SampleObject
from logsight_assets.sample.dice import Dice
from logsight_assets.sample.encode import gzip_member
from logsight_assets.sample.scenario import Scenario
from logsight_assets.sample.spec import MINUTE_NS, ShopSpec
from logsight_assets.timeline import HOUR_NS, Hour

NAME = "payment-pool"
_SERVICE, _METRIC = "payment", "db.client.connection.count"
_POOL_SIZE = 20
_BUSY = (3, 8)  # connections in use on an ordinary minute


def metric_definition(spec: ShopSpec) -> dict[str, Any]:
    """The named metric's file."""
    return {
        "description": "Connections of the payment service that are in use",
        "tenant": spec.faulty_tenant,
        "service": _SERVICE,
        "metric": _METRIC,
        "dimensions": {"service.name": _SERVICE, "db.client.connection.state": "used"},
        "statistics": ["Average", "Maximum"],
        "unit": "{connections}",
    }


def metric_objects(spec: ShopSpec) -> Iterator[SampleObject]:
    """One object an hour, in the hour in which it was measured."""
    scenario, dice = Scenario(spec), Dice(spec.seed, "metrics", spec.end_ns)
    for start in range(spec.start_ns, spec.end_ns, HOUR_NS):
        times = range(start, start + HOUR_NS, MINUTE_NS)
        points = [_point(time, _in_use(scenario, time, dice.between(*_BUSY))) for time in times]
        key = raw_metrics_prefix(spec.faulty_tenant, "collector", Hour.of_nano(start)) + "metrics.json.gz"
        yield SampleObject(key, gzip_member(json.dumps(_request(points)).encode() + b"\n"))


def _in_use(scenario: Scenario, time: int, ordinary: int) -> int:
    leak = next((each.time_ns for each in scenario.deployments if each.service == _SERVICE), None)
    if leak is None or time < leak:
        return ordinary
    leaked = (_POOL_SIZE - ordinary) * (time - leak) // max(scenario.fault_start_ns - leak, 1)
    return min(_POOL_SIZE, ordinary + leaked)


def _point(time: int, in_use: int) -> dict[str, Any]:
    state = {"key": "db.client.connection.state", "value": {"stringValue": "used"}}
    return {"timeUnixNano": str(time), "asInt": str(in_use), "attributes": [state]}


def _request(points: list[dict[str, Any]]) -> dict[str, Any]:
    metric = {"name": _METRIC, "unit": "{connections}", "gauge": {"dataPoints": points}}
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": _SERVICE}}]}
    return {"resourceMetrics": [{"resource": resource, "scopeMetrics": [{"scope": {}, "metrics": [metric]}]}]}
