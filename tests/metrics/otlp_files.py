"""OTLP metric files as a collector writes them, and lakes that hold some."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from logsight_assets.lake import Lake, raw_metrics_prefix
from logsight_assets.timeline import Hour

HOUR = Hour.parse("2025-06-01T10")


def attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": name, "value": {"stringValue": value}} for name, value in values.items()]


def nano(seconds: float, hour: Hour = HOUR) -> str:
    """A time so many seconds after an hour began, as protobuf's JSON writes it."""
    return str(hour.start_nano + round(seconds * 10**9))


def value(seconds: float, number: float, start: float | None = None, **more: Any) -> dict[str, Any]:
    """A data point of a gauge or sum; `start` for what covers a time."""
    held: dict[str, Any] = {"timeUnixNano": nano(seconds), "asDouble": number}
    return held | ({} if start is None else {"startTimeUnixNano": nano(start)}) | more


def gauge(name: str, *points: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "gauge": {"dataPoints": list(points)}, **more}


def increase(name: str, *points: dict[str, Any], temporality: int = 2, monotonic: bool = True) -> dict[str, Any]:
    """A sum: temporality 1 is delta, 2 is cumulative."""
    held = {"dataPoints": list(points), "aggregationTemporality": temporality, "isMonotonic": monotonic}
    return {"name": name, "sum": held}


def histogram(name: str, *points: dict[str, Any], temporality: int = 1) -> dict[str, Any]:
    return {"name": name, "histogram": {"dataPoints": list(points), "aggregationTemporality": temporality}}


def request(*metrics: dict[str, Any], resource: Mapping[str, str] | None = None) -> dict[str, Any]:
    """One ExportMetricsServiceRequest."""
    held = {"attributes": attributes(resource or {"service.name": "checkout"})}
    return {
        "resourceMetrics": [{"resource": held, "scopeMetrics": [{"scope": {"name": "app"}, "metrics": list(metrics)}]}]
    }


def put_metrics(
    lake: Lake,
    documents: Iterable[dict[str, Any]] | bytes,
    name: str = "a.json.gz",
    *,
    tenant: str = "acme",
    hour: Hour = HOUR,
) -> str:
    """Put a metric object of an arrival hour, a document a line; bytes are put as they are."""
    data = documents if isinstance(documents, bytes) else lines(*documents)
    key = raw_metrics_prefix(tenant, "otlp", hour) + name
    lake.store.put(key, gzip.compress(data, mtime=0) if name.endswith(".gz") else data)
    return key


def lines(*documents: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def name_metric(lake: Lake, name: str, **fields: Any) -> None:
    """Declare a named metric."""
    folder = lake.config / "metrics"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.yaml").write_text(yaml.safe_dump({"service": "checkout"} | fields), encoding="utf-8")
