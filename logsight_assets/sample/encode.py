"""The raw formats: how a line looks on the wire. Bytes are the same everywhere for the same input."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

from logsight_assets.sample.catalogue import SERVICES, SEVERITY_TEXT
from logsight_assets.sample.journal import Access, Line
from logsight_assets.sample.spec import NS

# Written here, because Python's gzip has changed its header (flags, system byte) between versions. Deflate is zlib's:
# another build of it may give other bytes for the same text.
_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_DEFLATE_LEVEL = 6
# Syslog's severity for ours, as OpenTelemetry's appendix B maps them.
_SYSLOG_SEVERITY = {5: 7, 9: 6, 13: 4, 17: 3, 21: 0}
_SYSLOG_DAEMON = 3
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Resource(NamedTuple):
    """Who speaks: what lines of one pod share."""

    tenant: str
    service: str
    version: str
    replica: int


def gzip_member(data: bytes) -> bytes:
    """`data` as one gzip member without name or time."""
    packer = zlib.compressobj(_DEFLATE_LEVEL, zlib.DEFLATED, -15)
    body = packer.compress(data) + packer.flush()
    return _GZIP_HEADER + body + zlib.crc32(data).to_bytes(4, "little") + len(data).to_bytes(8, "little")[:4]


@lru_cache(maxsize=512)
def pod_name(service: str, version: str, replica: int) -> str:
    """A pod's name as a replica set gives it: another version, another name."""
    text = hashlib.blake2b(f"{service} {version} {replica}".encode(), digest_size=5).hexdigest()
    return f"{service}-{hashlib.blake2b(version.encode(), digest_size=5).hexdigest()}-{text[:5]}"


def _attributes_of(resource: Resource) -> dict[str, str]:
    pod = pod_name(resource.service, resource.version, resource.replica)
    return {
        "service.name": resource.service,
        "service.version": resource.version,
        "service.namespace": "shop",
        "deployment.environment": "production",
        "tenant.id": resource.tenant,
        "host.name": f"ip-10-0-{resource.replica}-{17 + len(resource.service)}",
        "k8s.namespace.name": f"shop-{resource.tenant}",
        "k8s.pod.name": pod,
        "telemetry.sdk.language": SERVICES[resource.service].language,
        "cloud.region": "eu-central-1",
    }


@lru_cache(maxsize=2048)
def _flat_resource(resource: Resource) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps(_attributes_of(resource)))


def flat_line(line: Line, resource: Resource, observed_ns: int, event_id: str) -> bytes:
    """One JSON object in OpenTelemetry's names, as the log router writes it."""
    record: dict[str, object] = {
        "timeUnixNano": line.time_ns,
        "observedTimeUnixNano": observed_ns,
        "severityNumber": line.severity,
        "severityText": SEVERITY_TEXT[line.severity],
        "body": line.body,
        "attributes": line.attributes,
        "resource": _flat_resource(resource),
    }
    if line.trace_id:
        record["traceId"] = line.trace_id
        record["spanId"] = line.span_id
    record["event_id"] = event_id
    return orjson.dumps(record)


def _otlp_value(value: object) -> dict[str, object]:
    """An AnyValue of OTLP/JSON: 64-bit integers are decimal strings there."""
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    return {"stringValue": str(value)}


def _otlp_attributes(attributes: Iterable[tuple[str, object]]) -> list[dict[str, object]]:
    return [{"key": key, "value": _otlp_value(value)} for key, value in attributes]


def otlp_record(line: Line, observed_ns: int, event_id: str) -> bytes:
    """One logRecord of an export request; its id is the attribute log.record.uid."""
    record: dict[str, object] = {
        "timeUnixNano": str(line.time_ns),
        "observedTimeUnixNano": str(observed_ns),
        "severityNumber": line.severity,
        "severityText": SEVERITY_TEXT[line.severity],
        "body": {"stringValue": line.body},
        "attributes": _otlp_attributes([*line.attributes.items(), ("log.record.uid", event_id)]),
    }
    if line.trace_id:
        record |= {"flags": 1, "traceId": line.trace_id, "spanId": line.span_id}
    return orjson.dumps(record)


@lru_cache(maxsize=1024)
def _otlp_resource(resource: Resource) -> orjson.Fragment:
    return orjson.Fragment(orjson.dumps({"attributes": _otlp_attributes(_attributes_of(resource).items())}))


def otlp_request(groups: Sequence[tuple[Resource, Sequence[bytes]]]) -> bytes:
    """An ExportLogsServiceRequest of records grouped by resource."""
    return orjson.dumps(
        {
            "resourceLogs": [
                {
                    "resource": _otlp_resource(resource),
                    "scopeLogs": [
                        {"scope": {"name": "shop"}, "logRecords": [orjson.Fragment(record) for record in records]}
                    ],
                }
                for resource, records in groups
            ]
        }
    )


def access_line(request: Access) -> bytes:
    """nginx's combined format, and $request_time behind it."""
    at = datetime.fromtimestamp(request.time_ns // NS, UTC)
    when = f"{at.day:02d}/{_MONTHS[at.month - 1]}/{at.year}:{at.hour:02d}:{at.minute:02d}:{at.second:02d} +0000"
    seconds = f"{request.duration_us // 1_000_000}.{request.duration_us // 1000 % 1000:03d}"
    return (
        f'{request.client} - - [{when}] "{request.method} {request.target} HTTP/1.1" {request.status} {request.size} '
        f'"-" "{request.agent}" {seconds}'
    ).encode()


def syslog_line(line: Line) -> bytes:
    """RFC 5424 without structured data."""
    at = datetime.fromtimestamp(line.time_ns // NS, UTC)
    priority = 8 * _SYSLOG_DAEMON + _SYSLOG_SEVERITY[line.severity]
    when = f"{at:%Y-%m-%dT%H:%M:%S}.{line.time_ns // 1000 % 1_000_000:06d}Z"
    return f"<{priority}>1 {when} ip-10-0-9-{20 + line.pod} {line.service} {900 + line.pod} - - {line.body}".encode()


def audit_record(time_ns: int, record: dict[str, Any]) -> bytes:
    """One record of CloudTrail, with its time."""
    at = datetime.fromtimestamp(time_ns // NS, UTC)
    return orjson.dumps(record | {"eventTime": f"{at:%Y-%m-%dT%H:%M:%SZ}"})


def audit_file(records: Sequence[bytes]) -> bytes:
    """A CloudTrail file: one line."""
    return orjson.dumps({"Records": [orjson.Fragment(record) for record in records]})
