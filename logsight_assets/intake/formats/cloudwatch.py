"""CloudWatch Logs subscriptions: DATA_MESSAGE documents one after another, and the Lambda event that holds one gzipped.

Own id: logEvents[].id. The message is read by what it is (JSON, a known line, text); Lambda's runtime lines
(`<time>\\t<request id>\\t<LEVEL>\\t<message>`) give their level and request id. Control messages are ignored by rule.
"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats import trace
from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.flat_record import keep
from logsight_assets.intake.formats.json_lines import other_item
from logsight_assets.intake.formats.json_stream import Parsed, read_json
from logsight_assets.intake.formats.json_values import NotJson, TooDeep, dumps, load
from logsight_assets.intake.formats.multiline import Fields
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.payload import attributes_of, json_fields, payload_fields, resource_of, wrapped
from logsight_assets.intake.formats.severity import name_number
from logsight_assets.intake.formats.times import parse_time
from logsight_assets.intake.records import Ignored, Lines, Outcome, ParseContext, Record, Refused

MAX_UNPACKED_BYTES = 64 * 1024 * 1024  # a Lambda event holds at most 6 MiB; a gzip bomb holds more
_XRAY = Pattern(r"XRAY TraceId: (1-[0-9a-f]{8}-[0-9a-f]{24})(?:\s+SegmentId: ([0-9a-f]{16}))?")
_REQUEST = Pattern(r"(?:START|END|REPORT) RequestId: ([0-9a-f-]{36})")
_REPORT = Pattern(r"\tDuration: ([\d.]+) ms\t")
_LAMBDA_LEVELS = frozenset({b"TRACE", b"DEBUG", b"INFO", b"WARN", b"ERROR", b"FATAL"})


def is_subscription(value: dict[str, Any]) -> bool:
    """Whether an object is a subscription document."""
    return value.get("messageType") in ("DATA_MESSAGE", "CONTROL_MESSAGE") and "logEvents" in value


def parse_cloudwatch(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of an object with subscription documents."""
    for item in read_json(lines, context.max_depth):
        if not isinstance(item, Parsed):
            yield other_item(item, context)
        elif isinstance(item.value, dict) and "awslogs" in item.value:
            yield from _lambda_event(item, context)
        else:
            yield from _document(item, item.value, context)


def _refused(item: Parsed, reason: str = "wrong_structure") -> Refused:
    return Refused(item.line, item.line_count, item.index, reason, item.raw)


def _lambda_event(item: Parsed, context: ParseContext) -> Iterator[Outcome]:
    held = item.value["awslogs"]
    data = held.get("data") if isinstance(held, dict) else None
    try:
        raw = _unpacked(data) if isinstance(data, str) else None
        value = load(raw, context.max_depth) if raw is not None else None
    except TooDeep:
        yield _refused(item, "too_deep")
    except (NotJson, ValueError, zlib.error):
        yield _refused(item)
    else:
        yield from _document(item, value, context)


def _unpacked(data: str) -> bytes:
    try:
        packed = base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise ValueError from error
    unpacker = zlib.decompressobj(wbits=31)
    raw = unpacker.decompress(packed, MAX_UNPACKED_BYTES)
    if not unpacker.eof:
        raise ValueError
    return raw


def _document(item: Parsed, value: Any, context: ParseContext) -> Iterator[Outcome]:
    if not isinstance(value, dict) or not is_subscription(value) or not isinstance(value["logEvents"], list):
        yield _refused(item)
        return
    if value["messageType"] == "CONTROL_MESSAGE":
        yield Ignored(item.line, item.line_count, "control")
        return
    count = item.line_count
    for at, event in enumerate(value["logEvents"]):
        raw = dumps(event).encode("utf-8", "replace")
        if isinstance(event, dict) and isinstance(event.get("message"), str):
            yield Record(item.line, count, item.index + at, raw, _event_fields(event, value, context))
        else:
            yield Refused(item.line, count, item.index + at, "wrong_structure", raw)
        count = 0
    if count:  # a document without events still has its lines
        yield Ignored(item.line, count, "control")


def _event_fields(event: dict[str, Any], document: dict[str, Any], context: ParseContext) -> Fields:
    message = event["message"].removesuffix("\n")
    raw = message.encode("utf-8", "replace")
    fields = json_fields(raw, context) or _lambda_fields(raw, context) or payload_fields(raw, context)
    nanos = parse_time(event.get("timestamp"), context)
    wrapped(fields, raw[:1] == b"{", nanos)
    attributes = attributes_of(fields)
    for name, key in (("aws.log.group.name", "logGroup"), ("aws.log.stream.name", "logStream")):
        if isinstance(document.get(key), str):
            attributes[name] = document[key]
    if isinstance(document.get("owner"), str):
        resource_of(fields).setdefault("cloud.account.id", document["owner"])
    if isinstance(document.get("subscriptionFilters"), list):
        attributes["aws.log.subscription_filters"] = document["subscriptionFilters"]
    for key, value in event.items():
        if key == "id" and isinstance(value, str) and value:
            fields["event_id"] = value
        elif key not in ("message", "timestamp") or (key == "timestamp" and nanos is None):
            keep(attributes, key, value)
    return fields


def _lambda_fields(raw: bytes, context: ParseContext) -> Fields | None:
    """Lines of Lambda's platform and runtimes."""
    request = _REQUEST.groups(raw)
    if request is not None:
        fields: Fields = {"body": text_of(raw), "severityNumber": 9}
        attributes_of(fields)["faas.invocation_id"] = text_of(request[0] or b"")
        duration = _REPORT.found(raw)
        if duration is not None and (duration[0] or b"").replace(b".", b"", 1).isdigit():
            attributes_of(fields)["duration_ms"] = float(duration[0] or 0)
        found = _XRAY.found(raw)
        if found is not None:
            trace_id = trace.trace_id(text_of(found[0] or b""))
            span_id = trace.span_id(text_of(found[1] or b""))
            fields.update({key: held for key, held in (("traceId", trace_id), ("spanId", span_id)) if held})
        return fields
    parts = raw.split(b"\t", 3)
    if len(parts) < 4:
        return None
    is_node = parts[2] in _LAMBDA_LEVELS and len(parts[1]) == 36
    is_python = parts[0][:1] == b"[" and parts[0][-1:] == b"]" and len(parts[2]) == 36
    if not is_node and not is_python:
        return None
    return _runtime_fields(parts, is_node, context)


def _runtime_fields(parts: list[bytes], is_node: bool, context: ParseContext) -> Fields:
    """Node: time, request id, LEVEL, message. Python: [LEVEL], time, request id, message."""
    stamp, request, level = (parts[0], parts[1], parts[2]) if is_node else (parts[1], parts[2], parts[0][1:-1])
    message = parts[3]
    inner = json_fields(message, context)
    fields: Fields = inner if inner is not None else {"body": text_of(message)}
    fields.setdefault("severityText", text_of(level))
    number = name_number(text_of(level))
    if number is not None:
        fields.setdefault("severityNumber", number)
    nanos = parse_time(text_of(stamp), context)
    if nanos is not None:
        fields.setdefault("timeUnixNano", nanos)
    attributes_of(fields)["faas.invocation_id"] = text_of(request)
    return fields
