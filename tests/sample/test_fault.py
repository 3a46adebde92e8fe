"""The injected fault is in the logs as the truth tells it: new lines, a stopped one, slow and failing callers."""

from __future__ import annotations

from collections import defaultdict
from statistics import median

import pytest

from logsight_assets.sample.shop import truth
from logsight_assets.sample.spec import ShopSpec
from logsight_assets.sample.truth import FaultTruth

from .conftest import END, Delivered
from .recount import Event


@pytest.fixture(scope="session")
def fault(delivered: Delivered) -> FaultTruth:
    assert delivered.truth.fault
    return delivered.truth.fault


def _time(event: Event) -> int:
    return int(event.fields["timeUnixNano"])


def _lines(delivered: Delivered, service: str, constant: str) -> list[Event]:
    return [it for it in delivered.seen.distinct if it.service == service and constant in it.body]


def test_it_begins_in_the_last_hour_but_one_after_a_deployment(delivered: Delivered, fault: FaultTruth) -> None:
    assert delivered.spec.end_ns - 2 * 3600 * 10**9 < fault.deployment_time < fault.start_time
    assert fault.start_time < delivered.spec.end_ns - 3600 * 10**9
    told = _lines(delivered, fault.service, f"deployment finished version={fault.version} previous=")
    assert {it.tenant for it in told} == set(delivered.spec.tenants)
    assert all(fault.deployment_time < _time(it) < fault.start_time for it in told)


def test_new_templates_come_with_it_and_never_before(delivered: Delivered, fault: FaultTruth) -> None:
    assert {it["service"] for it in fault.templates} == {"payment", "checkout"}
    for template in fault.templates:
        lines = _lines(delivered, template["service"], template["constant"])
        assert len(lines) > 5
        assert min(map(_time, lines)) >= fault.start_time


def test_one_tenant_s_expected_line_stops_and_the_others_goes_on(delivered: Delivered, fault: FaultTruth) -> None:
    captured: defaultdict[str, list[int]] = defaultdict(list)
    for it in _lines(delivered, fault.stopped["service"], fault.stopped["constant"]):
        captured[it.tenant].append(_time(it))
    stopped = captured.pop(fault.stopped["tenant"])
    assert len(stopped) > 30
    assert max(stopped) < fault.start_time
    assert all(sum(at > fault.start_time for at in times) > 5 for times in captured.values())


def test_failures_reach_the_callers_through_the_trace(delivered: Delivered, fault: FaultTruth) -> None:
    services: defaultdict[str, set[str]] = defaultdict(set)
    for it in delivered.seen.distinct:
        if it.severity == 17 and "traceId" in it.fields:
            services[it.fields["traceId"]].add(it.service)
    failed = [found for found in services.values() if "payment" in found]
    assert len(failed) > 20
    assert sum(found >= {"payment", "checkout", "frontend"} for found in failed) > len(failed) / 2
    edge = [it for it in delivered.seen.distinct if it.source == "edge-nginx" and it.fields["status"] == 502]
    assert len(edge) > 20
    assert fault.affected_services == ("checkout", "frontend", "edge")


def test_errors_and_latency_of_the_callers_rise(delivered: Delivered, fault: FaultTruth) -> None:
    durations: dict[bool, list[float]] = {True: [], False: []}
    for it in delivered.seen.distinct:
        if it.service == "frontend" and it.body.startswith("POST /api/checkout "):
            durations[_time(it) >= fault.start_time].append(it.fields["attributes"]["duration_ms"])
    assert median(durations[True]) > 5 * median(durations[False])


def test_without_a_fault_no_such_line_is_written() -> None:
    healthy = truth(ShopSpec(end=END, hours=3, events_per_hour=500, fault=False))
    assert healthy.fault is None
    assert "payment" not in {it["service"] for it in healthy.deployments}
