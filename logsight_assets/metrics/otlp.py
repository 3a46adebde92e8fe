"""OTLP/JSON: ExportMetricsServiceRequest to measurements, one a data point. Pure; names and attributes are untrusted.

camelCase or snake_case, numbers as numbers or text, enums by number or name. A point of the wrong structure is refused
alone, a group whole; what is right and yet tells no number (no recorded value, NaN, a kind that has no sum over a time)
is left out by rule. Each is counted, so points = measurements + left out + refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeAlias

from logsight_assets.intake.formats.json_stream import Parsed
from logsight_assets.intake.formats.json_values import dumps
from logsight_assets.intake.formats.otlp_values import Malformed, attribute_map, get
from logsight_assets.intake.records import Refused

_EARLIEST, _LATEST = 31_536_000 * 10**9, 2**63 - 1  # 1971 up to what nanoseconds in 64 bits hold
_TEMPORALITY = {1: "delta", 2: "cumulative", "AGGREGATION_TEMPORALITY_DELTA": "delta",
                "AGGREGATION_TEMPORALITY_CUMULATIVE": "cumulative"}  # fmt: skip
_HISTOGRAMS = ("histogram", "exponentialHistogram", "exponential_histogram")
_NO_RECORDED_VALUE = 1  # bit of a point's flags
_LARGEST = 1e290

# Why a point tells nothing although it is as it should be.
LEFT_OUT = {
    "no_recorded_value": "the sender says that there is no value",
    "not_finite": "NaN, infinite, or so large that a sum could be",
    "summary": "quantiles, which cannot be added up",
}


class Left(NamedTuple):
    """A point that tells no number."""

    reason: str  # of LEFT_OUT


@dataclass(frozen=True)
class Measurement:
    """What one data point says: a value, an increase, or totals since a start."""

    name: str
    resource: Mapping[str, Any]
    scope: str
    attributes: Mapping[str, Any]
    start_nano: int | None  # of the time that it covers; None for a value at a moment, or unknown
    time_nano: int
    is_interval: bool  # it covers (start, time], else it was so at that time
    is_running: bool  # counted since the start, so that only differences tell
    is_histogram: bool
    count: int
    total: float | None  # None where the sender does not say
    least: float | None
    most: float | None

    @property
    def at_nano(self) -> int:
        """Where it counts: an interval that ends with a minute belongs to that minute, and not to the next."""
        return self.time_nano - 1 if self.is_interval else self.time_nano

    @cached_property
    def stream(self) -> str:
        """Tells points of one sender and one set of attributes from all others."""
        kind = [self.is_interval, self.is_running, self.is_histogram]
        told = dumps([_sorted(self.resource), self.scope, self.name, _sorted(self.attributes), kind])
        return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]

    def has(self, dimensions: tuple[tuple[str, str], ...]) -> bool:
        """Whether the point, or else its resource, has all these attributes."""
        return all(_text(self.attributes.get(name, self.resource.get(name))) == value for name, value in dimensions)


Outcome: TypeAlias = Measurement | Left | Refused


def is_metrics(value: Any) -> bool:
    """Whether a document is a request for metrics."""
    return isinstance(value, dict) and ("resourceMetrics" in value or "resource_metrics" in value)


def measurements(item: Parsed) -> Iterator[Outcome]:
    """Outcomes of one request, each refusal with its place in the line."""
    for at, outcome in enumerate(_request(item)):
        yield outcome._replace(index=item.index + at) if isinstance(outcome, Refused) else outcome


def _request(item: Parsed) -> Iterator[Outcome]:
    groups = get(item.value, "resourceMetrics", "resource_metrics")
    if not isinstance(groups, list):
        yield _refused(item, item.value)
        return
    for group in groups:
        try:
            scopes = _list(group, "scopeMetrics", "scope_metrics")
            resource = _attributes_of(group.get("resource"))
        except Malformed:
            yield _refused(item, group)
            continue
        for scope in scopes:
            yield from _scope(item, scope, resource)


def _scope(item: Parsed, group: Any, resource: dict[str, Any]) -> Iterator[Outcome]:
    try:
        metrics = _list(group, "metrics")
        scope = dumps(group.get("scope") or {})
    except Malformed:
        yield _refused(item, group)
        return
    for metric in metrics:
        try:
            shape = _shape(metric)
        except Malformed:
            yield _refused(item, metric)
            continue
        for point in shape.points:
            try:
                yield _measured(shape, point, resource, scope)
            except Malformed:
                # With its metric's name: alone it could not be told from others.
                yield _refused(item, {"name": shape.name, "dataPoints": [point]})


@dataclass(frozen=True)
class _Shape:
    """A metric as far as its points share it."""

    name: str
    kind: str  # value, increase, total, histogram, summary
    is_running: bool
    points: list[Any]


def _shape(metric: Any) -> _Shape:
    if not isinstance(metric, dict) or not isinstance(metric.get("name"), str) or not metric["name"]:
        raise Malformed
    name = metric["name"]
    if "gauge" in metric:
        return _Shape(name, "value", False, _points(metric["gauge"]))
    if "summary" in metric:
        return _Shape(name, "summary", False, _points(metric["summary"]))
    if "sum" in metric:
        held = metric["sum"]
        points, is_running = _points(held), _is_running(held)
        is_monotonic = get(held, "isMonotonic", "is_monotonic") or False
        if is_running and not is_monotonic:  # what goes up and down is a level: its value tells, not its difference
            return _Shape(name, "value", False, points)
        return _Shape(name, "increase", is_running, points)
    for kind in _HISTOGRAMS:
        if kind in metric:
            return _Shape(name, "histogram", _is_running(metric[kind]), _points(metric[kind]))
    return _Shape(name, "value", False, [])  # a metric may come without data


def _is_running(holder: Any) -> bool:
    temporality = get(holder, "aggregationTemporality", "aggregation_temporality") if isinstance(holder, dict) else None
    if isinstance(temporality, bool) or not isinstance(temporality, (int, str)) or temporality not in _TEMPORALITY:
        raise Malformed
    return _TEMPORALITY[temporality] == "cumulative"


def _points(holder: Any) -> list[Any]:
    return _list(holder, "dataPoints", "data_points")


def _measured(shape: _Shape, point: Any, resource: dict[str, Any], scope: str) -> Measurement | Left:
    if not isinstance(point, dict):
        raise Malformed
    time = _nano(get(point, "timeUnixNano", "time_unix_nano"))
    if time is None:
        raise Malformed
    if (_integer(point.get("flags")) or 0) & _NO_RECORDED_VALUE:
        return Left("no_recorded_value")
    if shape.kind == "summary":
        return Left("summary")
    is_histogram = shape.kind == "histogram"
    count, total, least, most = _histogram(point) if is_histogram else _number_point(point)
    # A NaN compares with nothing.
    if any(value is not None and not abs(value) <= _LARGEST for value in (total, least, most)):
        return Left("not_finite")
    return Measurement(
        shape.name,
        resource,
        scope,
        attribute_map(point.get("attributes") or []),
        _nano(get(point, "startTimeUnixNano", "start_time_unix_nano")),
        time,
        shape.kind != "value",
        shape.is_running,
        is_histogram,
        count,
        total,
        least,
        most,
    )


def _number_point(point: dict[str, Any]) -> tuple[int, float, float, float]:
    whole = _integer(get(point, "asInt", "as_int"))
    value = float(whole) if whole is not None else _double(get(point, "asDouble", "as_double"))
    if value is None:
        raise Malformed
    return 1, value, value, value


def _histogram(point: dict[str, Any]) -> tuple[int, float | None, float | None, float | None]:
    count = _integer(point.get("count"))
    if count is None or count < 0:
        raise Malformed
    total, least, most = (_double(point.get(name)) for name in ("sum", "min", "max"))
    return count, (0.0 if count == 0 and total is None else total), least, most


# Values ---------------------------------------------------------------------------------------------------------------


def _list(holder: Any, *names: str) -> list[Any]:
    found = get(holder, *names) if isinstance(holder, dict) else None
    if isinstance(holder, dict) and found is None:
        return []
    if not isinstance(found, list):
        raise Malformed
    return found


def _attributes_of(holder: Any) -> dict[str, Any]:
    if holder is None:
        return {}
    if not isinstance(holder, dict):
        raise Malformed
    return attribute_map(holder.get("attributes") or [])


def _integer(value: Any) -> int | None:
    """A 64-bit integer as number or text; None when absent."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
        value = int(value) if len(value) <= 20 else None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**64:
        raise Malformed
    return value


def _nano(value: Any) -> int | None:
    """A time; None when absent, 0 or none that can be."""
    number = _integer(value)
    return number if number is not None and _EARLIEST <= number <= _LATEST else None


def _double(value: Any) -> float | None:
    """A double as number or text ("NaN", "Infinity"); None when absent."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise Malformed
    try:
        return float(value)
    except (ValueError, OverflowError):
        raise Malformed from None


def _text(value: Any) -> str | None:
    """An attribute's value as a dimension says it."""
    if value is None or isinstance(value, str):
        return value
    return dumps(value)


def _sorted(attributes: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(attributes.items(), key=lambda pair: pair[0])


def _refused(item: Parsed, part: Any) -> Refused:
    return Refused(item.line, 0, 0, "wrong_structure", dumps(part).encode("utf-8", "replace"))
