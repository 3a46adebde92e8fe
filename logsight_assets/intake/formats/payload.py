"""What stands inside a wrapper's message (container runtime, syslog, CloudWatch, a prefix): JSON, a line, or text.

The wrapper knows where a record came from and when it was seen; the payload knows what happened. A payload's own JSON
time is the event's. A time written in text has often lost its zone: it counts only when it is within a quarter of an
hour of the wrapper's (or the wrapper's lacks the year), else it is kept as attribute `payload.time_unix_nano`.
"""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.formats.access import access_line
from logsight_assets.intake.formats.encoding import without_colours
from logsight_assets.intake.formats.flat_record import flat_record, keep
from logsight_assets.intake.formats.haproxy import haproxy_line
from logsight_assets.intake.formats.json_values import NotJson, TooDeep, load
from logsight_assets.intake.formats.klog import klog_line
from logsight_assets.intake.formats.logfmt import logfmt_line
from logsight_assets.intake.formats.multiline import Fields, plain_fields
from logsight_assets.intake.formats.timestamped import timestamped_line
from logsight_assets.intake.records import ParseContext

_CLOSE = 900 * 1_000_000_000


def json_fields(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of a payload that is one JSON object; what cannot be read stays text."""
    if raw[:1] != b"{" and raw.lstrip()[:1] != b"{":
        return None
    try:
        value = load(raw, context.max_depth)
    except (NotJson, TooDeep):
        return None
    return flat_record(value, context) if isinstance(value, dict) else None


def known_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of a line in one of the formats that need no wrapper; None for text that no rule parses."""
    first = raw[:1]
    if first == b"{":
        return json_fields(raw, context)
    if first in b"IWEF" and (found := klog_line(raw, context)) is not None:
        return found
    if b'] "' in raw and (found := access_line(raw, context)) is not None:
        return found
    found = timestamped_line(raw, context)
    if found is not None:
        return found
    if b"=" in raw and (found := logfmt_line(raw, context)) is not None:
        return found
    return haproxy_line(raw, context) if b"] " in raw[:120] else None


def payload_fields(raw: bytes, context: ParseContext) -> Fields:
    """Fields of any payload; text at worst."""
    raw = without_colours(raw)
    return known_line(raw, context) or plain_fields(raw)


def wrapped(
    inner: Fields, payload_is_json: bool, time: int | None, has_year: bool = True, is_observed: bool = True
) -> Fields:
    """`inner` with the wrapper's time beside its own, by the rule above."""
    own = inner.get("timeUnixNano")
    if time is None:
        return inner
    if own is None:
        inner["timeUnixNano"] = time
    elif payload_is_json or not has_year or abs(own - time) <= _CLOSE:
        if is_observed and has_year:
            inner.setdefault("observedTimeUnixNano", time)
    else:
        inner["timeUnixNano"] = time
        keep(attributes_of(inner), "payload.time_unix_nano", own)
    return inner


def attributes_of(fields: Fields) -> dict[str, Any]:
    """The record's attributes, made when there are none yet."""
    attributes: dict[str, Any] = fields.setdefault("attributes", {})
    return attributes


def resource_of(fields: Fields) -> dict[str, Any]:
    """The record's resource, made when there is none yet."""
    resource: dict[str, Any] = fields.setdefault("resource", {})
    return resource
