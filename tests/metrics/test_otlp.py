"""OTLP metric documents: what each kind of point says, what is left out, what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.intake.formats.json_stream import Parsed
from logsight_assets.intake.records import Refused
from logsight_assets.metrics.otlp import Left, Measurement, Outcome, measurements
from tests.metrics.otlp_files import HOUR, gauge, histogram, increase, request, value


def read(document: Any) -> list[Outcome]:
    raw = json.dumps(document).encode()
    return list(measurements(Parsed(1, 1, 0, raw, json.loads(raw))))


def only(document: Any) -> Measurement:
    (found,) = read(document)
    assert isinstance(found, Measurement)
    return found


def numbers(found: Measurement) -> tuple[Any, ...]:
    """(count, total, least, most), and how it is counted."""
    kinds = {"i": found.is_interval, "r": found.is_running, "h": found.is_histogram}
    kind = "".join(letter for letter, held in kinds.items() if held)
    return found.count, found.total, found.least, found.most, kind


TIME = {"timeUnixNano": str(HOUR.start_nano)}
BUCKETS = {"bucketCounts": ["1", "2"], "explicitBounds": [5.0]}


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        pytest.param(gauge("m", TIME | {"asDouble": 2.5}), (1, 2.5, 2.5, 2.5, ""), id="gauge"),
        pytest.param(gauge("m", TIME | {"asInt": "7"}), (1, 7.0, 7.0, 7.0, ""), id="int64 as text"),
        pytest.param(gauge("m", TIME | {"as_int": 7}), (1, 7.0, 7.0, 7.0, ""), id="snake case"),
        pytest.param(increase("m", value(0, 3.0), temporality=1), (1, 3.0, 3.0, 3.0, "i"), id="delta"),
        pytest.param(increase("m", value(0, 3.0)), (1, 3.0, 3.0, 3.0, "ir"), id="cumulative"),
        pytest.param(
            increase("m", value(0, 3.0), monotonic=False), (1, 3.0, 3.0, 3.0, ""), id="up and down is a level"
        ),
        pytest.param(
            histogram("m", TIME | {"count": "3", "sum": 9.0, "min": 1.0, "max": 6.0} | BUCKETS),
            (3, 9.0, 1.0, 6.0, "ih"),
            id="histogram",
        ),
        pytest.param(
            histogram("m", TIME | {"count": 3, "sum": 9.0}, temporality=2), (3, 9.0, None, None, "irh"), id="running"
        ),
        pytest.param(histogram("m", TIME | {"count": 3}), (3, None, None, None, "ih"), id="histogram without a sum"),
        pytest.param(
            {"name": "m", "exponentialHistogram": histogram("m", TIME | {"count": 1, "sum": 2})["histogram"]},
            (1, 2.0, None, None, "ih"),
            id="exponential",
        ),
    ],
)
def test_a_point_says(metric: dict[str, Any], expected: tuple[Any, ...]) -> None:
    assert numbers(only(request(metric))) == expected


def test_enums_may_come_by_name() -> None:
    metric = increase("m", value(0, 1.0))
    metric["sum"]["aggregationTemporality"] = "AGGREGATION_TEMPORALITY_DELTA"
    assert not only(request(metric)).is_running


def test_an_interval_counts_where_it_lies_and_not_where_the_next_begins() -> None:
    assert only(request(increase("m", value(60, 1.0), temporality=1))).at_nano == HOUR.start_nano + 60 * 10**9 - 1
    assert only(request(gauge("m", value(60, 1.0)))).at_nano == HOUR.start_nano + 60 * 10**9


def test_attributes_of_the_point_come_before_those_of_its_resource() -> None:
    point = value(
        0,
        1.0,
        attributes=[{"key": "route", "value": {"stringValue": "/pay"}}, {"key": "code", "value": {"intValue": "200"}}],
    )
    found = only(request(gauge("m", point), resource={"service.name": "checkout", "route": "of the resource"}))
    assert found.has((("code", "200"), ("route", "/pay"), ("service.name", "checkout")))
    assert not found.has((("route", "of the resource"),))
    assert not found.has((("absent", ""),))


@pytest.mark.parametrize(
    ("metric", "reason"),
    [
        (gauge("m", TIME | {"flags": 1}), "no_recorded_value"),
        (gauge("m", TIME | {"asDouble": "NaN"}), "not_finite"),
        (gauge("m", TIME | {"asDouble": "-Infinity"}), "not_finite"),
        (gauge("m", TIME | {"asDouble": 1e300}), "not_finite"),
        ({"name": "m", "summary": {"dataPoints": [TIME | {"count": 1, "sum": 2}]}}, "summary"),
    ],
)
def test_a_point_without_a_number_is_left_out_by_rule(metric: dict[str, Any], reason: str) -> None:
    assert read(request(metric)) == [Left(reason)]


@pytest.mark.parametrize(
    "metric",
    [
        gauge("m", {"asDouble": 1.0}),
        gauge("m", {"timeUnixNano": "0", "asDouble": 1.0}),
        gauge("m", {"timeUnixNano": "yesterday", "asDouble": 1.0}),
        gauge("m", {"timeUnixNano": "9" * 30, "asDouble": 1.0}),
        gauge("m", TIME),
        gauge("m", TIME | {"asDouble": "much"}),
        gauge("m", TIME | {"asInt": True}),
        gauge("m", TIME | {"asDouble": 1.0, "attributes": {"a": 1}}),
        gauge("m", "point"),  # type: ignore[arg-type]
        gauge("", value(0, 1.0)),
        increase("m", value(0, 1.0), temporality=0),
        histogram("m", TIME | {"sum": 1.0}),
        histogram("m", TIME | {"count": -1, "sum": 1.0}),
        {"name": "m", "gauge": []},
        {"gauge": {"dataPoints": []}},
        "metric",
    ],
)
def test_what_is_no_point_or_metric_is_refused_alone(metric: Any) -> None:
    found = read(request(metric, gauge("good", value(0, 1.0))))
    assert [type(each) for each in found] == [Refused, Measurement]
    assert isinstance(found[0], Refused)
    assert found[0].reason == "wrong_structure"


@pytest.mark.parametrize(
    "document",
    [
        {"resourceMetrics": {}},
        {"resourceMetrics": ["group"]},
        {"resourceMetrics": [{"scopeMetrics": 5}]},
        {"resourceMetrics": [{"resource": 5, "scopeMetrics": []}]},
        {"resourceMetrics": [{"scopeMetrics": [{"metrics": "all"}]}]},
    ],
)
def test_a_group_of_another_structure_is_refused_whole(document: Any) -> None:
    assert [type(each) for each in read(document)] == [Refused]


NAMES = st.sampled_from(
    ["resource", "scopeMetrics", "metrics", "name", "gauge", "sum", "histogram", "dataPoints", "timeUnixNano",
     "asDouble", "asInt", "count", "aggregationTemporality", "attributes", "key", "value", "flags"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=25,
)


@given(st.lists(JSON, max_size=4))
def test_reading_never_raises_and_loses_no_group(groups: list[Any]) -> None:
    found = list(measurements(Parsed(1, 1, 0, b"", {"resourceMetrics": groups})))
    refused = sum(isinstance(each, Refused) for each in found)
    assert refused >= sum(not isinstance(group, dict) for group in groups)
