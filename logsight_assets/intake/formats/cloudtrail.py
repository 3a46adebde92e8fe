"""CloudTrail: `{"Records": […]}` as AWS delivers it to S3, or one event a line. Own id: eventID.

Body: `eventSource eventName`, with the error code when the call failed; everything else stays an attribute as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats.json_lines import other_item
from logsight_assets.intake.formats.json_stream import Parsed, read_json
from logsight_assets.intake.formats.json_values import dumps
from logsight_assets.intake.formats.multiline import Fields
from logsight_assets.intake.formats.severity import ERROR, INFO, WARN
from logsight_assets.intake.formats.times import parse_time
from logsight_assets.intake.records import Lines, Outcome, ParseContext, Record, Refused

# The caller was not allowed or asked for something that is not there: the caller's fault, not the service's.
_CALLERS_FAULT = ("AccessDenied", "UnauthorizedOperation", "Client.", "NoSuch", "NotFound", "InvalidParameter")
_TAKEN = frozenset({"eventTime", "eventID"})


def is_cloudtrail(value: dict[str, Any]) -> bool:
    """Whether an object is one CloudTrail event."""
    return "eventSource" in value and "eventName" in value and ("eventVersion" in value or "awsRegion" in value)


def cloudtrail_fields(event: dict[str, Any], context: ParseContext) -> Fields:
    """Fields of one event."""
    attributes = {key: value for key, value in event.items() if key not in _TAKEN}
    fields: Fields = {"body": _summary(event), "attributes": attributes}
    for name in ("eventTime", "@timestamp"):
        nanos = parse_time(event.get(name), context)
        if nanos is not None:
            fields["timeUnixNano"] = nanos
            attributes.pop(name, None)
            break
    if "timeUnixNano" not in fields and "eventTime" in event:
        attributes["eventTime"] = event["eventTime"]
    identifier = event.get("eventID")
    if isinstance(identifier, str) and identifier:
        fields["event_id"] = identifier
    elif identifier is not None:
        attributes["eventID"] = identifier
    error = event.get("errorCode")
    fields["severityNumber"] = INFO if not error else WARN if _is_callers_fault(error) else ERROR
    source = event.get("eventSource")
    if isinstance(source, str) and source:
        fields["resource"] = {"service.name": source}
    return fields


def _is_callers_fault(error: object) -> bool:
    return isinstance(error, str) and any(part in error for part in _CALLERS_FAULT)


def _summary(event: dict[str, Any]) -> str:
    parts = [event.get("eventSource"), event.get("eventName"), event.get("errorCode"), event.get("errorMessage")]
    words = [part for part in parts if isinstance(part, str) and part]
    return " ".join(words) if words else dumps(event)


def parse_cloudtrail(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a CloudTrail object."""
    for item in read_json(lines, context.max_depth):
        if not isinstance(item, Parsed):
            yield other_item(item, context)
        elif isinstance(item.value, dict) and isinstance(item.value.get("Records"), list):
            yield from _batch(item, item.value["Records"], context)
        elif isinstance(item.value, list):
            yield from _batch(item, item.value, context)
        elif is_cloudtrail(item.value):
            yield Record(item.line, item.line_count, item.index, item.raw, cloudtrail_fields(item.value, context))
        else:
            yield Refused(item.line, item.line_count, item.index, "wrong_structure", item.raw)


def _batch(item: Parsed, events: list[Any], context: ParseContext) -> Iterator[Outcome]:
    if not events:
        yield Refused(item.line, item.line_count, item.index, "wrong_structure", item.raw)
    for at, event in enumerate(events):
        count = 0 if at else item.line_count
        raw = dumps(event).encode("utf-8", "replace")
        if isinstance(event, dict):
            yield Record(item.line, count, item.index + at, raw, cloudtrail_fields(event, context))
        else:
            yield Refused(item.line, count, item.index + at, "not_an_object", raw)
