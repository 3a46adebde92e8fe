"""Text lines that begin with a time (or a level, then a time): log4j, logback, Spring, Python, Laravel, zap's console,
PostgreSQL, MySQL, Redis, Kafka, nginx and Apache error logs, Tomcat, Rails, gunicorn, Go's log, and their like.

One reader for all: after the time, what stands before the message is taken piece by piece (level, process and thread
ids, brackets, logger), each into an attribute; what is left is the body. `layout.py` knows the pieces.
"""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.formats.encoding import text_of, without_colours
from logsight_assets.intake.formats.flat_record import flat_record
from logsight_assets.intake.formats.http_fields import quoted_tokens, set_request_line, set_status
from logsight_assets.intake.formats.json_values import NotJson, TooDeep, load
from logsight_assets.intake.formats.layout import Layout, take_layout
from logsight_assets.intake.formats.multiline import Fields, set_text_ids, set_text_severity
from logsight_assets.intake.formats.patterns import Groups, Pattern
from logsight_assets.intake.formats.severity import name_number
from logsight_assets.intake.formats.times import HeadTime, head_time
from logsight_assets.intake.records import ParseContext

# What may stand before the time: an opening bracket, a level in any dress, Rails' letter, Redis' process and role.
_LEVELS = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|ERR|CRITICAL|CRIT|FATAL|SEVERE|ALERT|EMERGENCY|PANIC|VERBOSE"
_BEFORE = Pattern(
    rf"(?:\[?\s*((?i:{_LEVELS}))\s*\]?[\s:,|-]+(?:\[([^\]]{{1,60}})\] )?"
    r"|([DIWEFAT]), |(\d{1,7}):([MSXC]) |\[(\d{1,7})\] )?([\[(<]?)"
)
_MAY_STAND_BEFORE = frozenset(bytes([byte]) for byte in b"[(< 0123456789TDINWECFSAPVtdinwecfsapv")
_LEVEL_FIRST = Pattern(rf"(?:\[\s*({_LEVELS})\s*\]|({_LEVELS}))(?:\s*[:|\]]\s?|\s+- |\s+)(\S.*)$")
_PYTHON_BASIC = Pattern(r"(DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.\-]+):(.*)$")
_CLOSING = {b"[": b"]", b"(": b")", b"<": b">"}
_REDIS_LEVELS = {b".": "debug", b"-": "verbose", b"*": "notice", b"#": "warning"}


def timestamped_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of a line that begins with a time or with an upper-case level; None for another."""
    return timed_line(raw, context) or _level_first(without_colours(raw))


def timed_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of a line that begins with a time, perhaps after a level; None when it does not."""
    raw = without_colours(raw)
    head = head_time(raw, context)
    if head is not None:
        return _fields(raw[head.end :], head, Layout(), context)
    found = _BEFORE.head(raw[:80]) if raw[:1] in _MAY_STAND_BEFORE else None
    if found is None or found[1] == 0:
        return None
    groups, start = found
    head = head_time(raw[start:], context)
    if head is None:
        return None
    layout = Layout()
    bracket = _take_before(groups, layout)
    rest = raw[start + head.end :]
    if bracket:
        # `[2025-01-01 00:00:00 UTC]` closes at once; `[2025-01-01T00:00:00 #123]` (Rails) holds a process id.
        inside, closing, after = rest[:200].partition(_CLOSING[bracket])
        if closing and len(inside) <= 80:
            if inside.strip():
                take_layout(inside.strip(), layout, is_inside=True)
            rest = after + rest[200:]
    return _fields(rest, head, layout, context)


def _take_before(groups: Groups, layout: Layout) -> bytes:
    """Keep what stands before the time; the opening bracket, if there is one, comes back."""
    level, thread, letter, process, role, number, bracket = groups
    if level or letter:
        layout.level = text_of(level or letter or b"")
    if thread:
        layout.attributes["thread.name"] = text_of(thread)
    if process or number:
        layout.attributes["process.pid"] = int(process or number or 0)
    if role:
        layout.attributes["redis.role"] = text_of(role)
    return bracket or b""


def begins_with_time(raw: bytes, context: ParseContext) -> bool:
    """Whether a line begins with a time, perhaps after a level or a bracket."""
    raw = without_colours(raw)
    if head_time(raw, context) is not None:
        return True
    found = _BEFORE.head(raw[:80])
    return found is not None and found[1] > 0 and head_time(raw[found[1] :], context) is not None


def _fields(rest: bytes, head: HeadTime, layout: Layout, context: ParseContext) -> Fields:
    stripped = rest.lstrip(b" \t:|-")
    if stripped[:1] == b"{":  # what `docker logs -t` and `kubectl logs --timestamps` put before a JSON line
        inner = _json_fields(stripped, head, context)
        if inner is not None:
            return inner
    message = take_layout(rest, layout)
    if layout.level is None and "process.pid" in layout.attributes and message[:2] in (b". ", b"- ", b"* ", b"# "):
        layout.level = _REDIS_LEVELS[message[:1]]
        message = message[2:]
    fields: Fields = {"body": text_of(message)}
    if head.nanos is not None:
        fields["timeUnixNano"] = head.nanos
    if message[:1] == b'"' and layout.level is None:
        _set_request(fields, layout, message)
    _set_severity(fields, layout, message)
    set_text_ids(fields, rest)
    if layout.attributes:
        fields["attributes"] = layout.attributes
    if layout.service:
        fields["resource"] = {"service.name": layout.service}
    return fields


def _json_fields(raw: bytes, head: HeadTime, context: ParseContext) -> Fields | None:
    try:
        value = load(raw, context.max_depth)
    except (NotJson, TooDeep):
        return None
    if not isinstance(value, dict):
        return None
    fields = flat_record(value, context)
    if head.nanos is not None:
        fields.setdefault("timeUnixNano", head.nanos)
    return fields


def _set_request(fields: Fields, layout: Layout, message: bytes) -> None:
    """A request line after the time: Django's development server, Envoy."""
    tokens = quoted_tokens(message)
    if len(tokens) > 1 and len(tokens[1]) == 3 and tokens[1].isdigit() and b" HTTP/" in tokens[0]:
        set_request_line(layout.attributes, tokens[0])
        set_status(fields, layout.attributes, tokens[1])


def _set_severity(fields: Fields, layout: Layout, message: bytes) -> None:
    if layout.level is not None:
        fields["severityText"] = layout.level
        number = name_number(layout.level)
        if number is not None:
            fields["severityNumber"] = number
        return
    if "severityNumber" not in fields:
        set_text_severity(fields, message[:120])


def _level_first(raw: bytes) -> Fields | None:
    """A line without a time that begins with an upper-case level: Python's default, many scripts."""
    if not (raw[:1].isupper() or raw[:1] == b"["):
        return None
    found = _PYTHON_BASIC.groups(raw)
    attributes: dict[str, Any] = {}
    if found is not None:
        level, logger, message = (part or b"" for part in found)
        attributes["log.logger"] = text_of(logger)
    else:
        found = _LEVEL_FIRST.groups(raw)
        if found is None:
            return None
        level, message = found[0] or found[1] or b"", found[2] or b""
    text = text_of(level)
    fields: Fields = {"body": text_of(message), "severityText": text}
    number = name_number(text)
    if number is not None:
        fields["severityNumber"] = number
    if attributes:
        fields["attributes"] = attributes
    return fields
