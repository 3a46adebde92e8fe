"""OTLP/JSON: ExportLogsServiceRequest, camelCase or snake_case, one a line, pretty-printed, or several in an object.

Resource attributes → resource; scope name and version → attributes otel.scope.*. A malformed record is refused alone, a
request or group of wrong structure is refused whole; a bad id costs only the id, which is kept as attribute.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats import trace
from logsight_assets.intake.formats.flat_record import keep
from logsight_assets.intake.formats.json_lines import other_item
from logsight_assets.intake.formats.json_stream import Parsed, read_json
from logsight_assets.intake.formats.json_values import dumps
from logsight_assets.intake.formats.multiline import Fields
from logsight_assets.intake.formats.otlp_values import Malformed, any_value, attribute_map, get
from logsight_assets.intake.formats.severity import severity_number
from logsight_assets.intake.formats.times import in_range
from logsight_assets.intake.records import Ignored, Lines, Outcome, ParseContext, Record, Refused

_SEVERITY_PREFIX = "SEVERITY_NUMBER_"  # protobuf's JSON may write enums by name
_KNOWN = frozenset(
    {"timeUnixNano", "time_unix_nano", "observedTimeUnixNano", "observed_time_unix_nano", "severityNumber",
     "severity_number", "severityText", "severity_text", "body", "attributes", "traceId", "trace_id", "spanId",
     "span_id"}
)  # fmt: skip


def is_otlp(value: dict[str, Any]) -> bool:
    """Whether an object is a request for logs."""
    return "resourceLogs" in value or "resource_logs" in value


def parse_otlp(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of an object with OTLP requests."""
    for item in read_json(lines, context.max_depth):
        if not isinstance(item, Parsed):
            yield other_item(item, context)
            continue
        count = item.line_count
        for at, outcome in enumerate(_request(item)):
            yield outcome._replace(line_count=count, index=item.index + at)
            count = 0
        if count:  # a request without records still has its lines
            yield Ignored(item.line, count, "control")


def _request(item: Parsed) -> Iterator[Record | Refused]:
    groups = get(item.value, "resourceLogs", "resource_logs") if isinstance(item.value, dict) else None
    if not isinstance(groups, list):
        yield _refused(item, item.raw)
        return
    for group in groups:
        scopes = get(group, "scopeLogs", "scope_logs") if isinstance(group, dict) else None
        if scopes is None and isinstance(group, dict):
            scopes = get(group, "instrumentationLibraryLogs", "instrumentation_library_logs")  # OTLP before 0.15
        if not isinstance(scopes, list):
            yield _refused(item, dumps(group).encode())
            continue
        try:
            resource = attribute_map(_attributes_of(group.get("resource")))
        except Malformed:
            yield _refused(item, dumps(group).encode())
            continue
        for scope in scopes:
            yield from _scope(item, scope, resource)


def _attributes_of(holder: Any) -> Any:
    if holder is None:
        return []
    if not isinstance(holder, dict):
        raise Malformed
    return holder.get("attributes") or []


def _refused(item: Parsed, raw: bytes) -> Refused:
    return Refused(item.line, 0, 0, "wrong_structure", raw)


def _scope(item: Parsed, group: Any, resource: dict[str, Any]) -> Iterator[Record | Refused]:
    records = get(group, "logRecords", "log_records") if isinstance(group, dict) else None
    records = group.get("logs") if records is None and isinstance(group, dict) else records
    if not isinstance(records, list):
        yield _refused(item, dumps(group).encode())
        return
    scope = group.get("scope", get(group, "instrumentationLibrary", "instrumentation_library"))
    try:
        scope_attributes = attribute_map(_attributes_of(scope))
    except Malformed:
        yield _refused(item, dumps(group).encode())
        return
    for name in ("name", "version"):
        if isinstance(scope, dict) and isinstance(scope.get(name), str) and scope[name]:
            scope_attributes[f"otel.scope.{name}"] = scope[name]
    for record in records:
        raw = dumps(record).encode("utf-8", "replace")
        try:
            yield Record(item.line, 0, 0, raw, _record_fields(record, resource, scope_attributes))
        except Malformed:
            yield _refused(item, raw)


def _record_fields(record: Any, resource: dict[str, Any], scope: dict[str, Any]) -> Fields:
    if not isinstance(record, dict):
        raise Malformed
    attributes = attribute_map(record.get("attributes") or [])
    fields: Fields = {}
    for name, snake in (("timeUnixNano", "time_unix_nano"), ("observedTimeUnixNano", "observed_time_unix_nano")):
        _set_time(fields, attributes, name, get(record, name, snake))
    _set_severity(fields, attributes, record)
    value = any_value(record.get("body"))
    if value is not None:
        fields["body"] = value if isinstance(value, str) else dumps(value)
    _set_id(fields, attributes, "traceId", get(record, "traceId", "trace_id"), 32)
    _set_id(fields, attributes, "spanId", get(record, "spanId", "span_id"), 16)
    for key, value in scope.items():
        attributes.setdefault(key, value)
    for key, value in record.items():
        if key not in _KNOWN and value not in (0, "", None):  # flags, eventName, droppedAttributesCount
            keep(attributes, key, value)
    uid = attributes.get("log.record.uid")
    if isinstance(uid, str) and uid:
        fields["event_id"] = uid
    fields["attributes"] = attributes
    fields["resource"] = dict(resource)
    return fields


def _set_time(fields: Fields, attributes: dict[str, Any], name: str, value: Any) -> None:
    nanos = _nanos(value)
    if nanos is not None and in_range(nanos) is not None:
        fields[name] = nanos
    elif nanos:
        keep(attributes, name, nanos)


def _nanos(value: Any) -> int | None:
    """A uint64 as number or text; absent is None."""
    if value is None or value == "":
        return None
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 20:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise Malformed


def _set_severity(fields: Fields, attributes: dict[str, Any], record: dict[str, Any]) -> None:
    text = get(record, "severityText", "severity_text")
    if text is not None and not isinstance(text, str):
        raise Malformed
    if text:
        fields["severityText"] = text
    number = get(record, "severityNumber", "severity_number")
    if isinstance(number, str):
        name = number.removeprefix(_SEVERITY_PREFIX)
        known, _ = severity_number(name, "otel")
        if known is None and name != "UNSPECIFIED":
            keep(attributes, "severityNumber", number)
        number = known
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= 24:
        fields["severityNumber"] = number
    elif number:
        keep(attributes, "severityNumber", number)
    if "severityNumber" not in fields and text:
        known, _ = severity_number(text, "otel")
        if known is not None:
            fields["severityNumber"] = known


def _set_id(fields: Fields, attributes: dict[str, Any], name: str, value: Any, width: int) -> None:
    if value is None or value == "":
        return
    identifier = None
    if isinstance(value, str) and len(value) == width:
        identifier = trace.trace_id(value) if width == 32 else trace.span_id(value)
    elif isinstance(value, str):
        identifier = trace.base64_id(value, width)
    if identifier is not None:
        fields[name] = identifier
    elif not isinstance(value, str) or value.strip("0"):
        keep(attributes, name, value)
