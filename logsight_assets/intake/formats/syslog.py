"""syslog lines: RFC 5424, RFC 3164 with and without PRI, and the forms of rsyslog and syslog-ng with an ISO time.

Host → resource host.name, application → service.name, process id → attribute process.pid. Body: the message; when the
message is JSON, an access or an HAProxy line, its fields too. RFC 3164 has no year: see `times.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

from logsight_assets.intake.formats.access import access_line
from logsight_assets.intake.formats.encoding import text_of, without_colours
from logsight_assets.intake.formats.haproxy import haproxy_line
from logsight_assets.intake.formats.multiline import (
    Fields,
    TextRules,
    continues_indented,
    plain_fields,
    read_text,
)
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.payload import attributes_of, json_fields, known_line, resource_of, wrapped
from logsight_assets.intake.formats.severity import name_number, syslog_severity
from logsight_assets.intake.formats.structured_data import structured_data
from logsight_assets.intake.formats.time_syntax import MONTHS, Moment
from logsight_assets.intake.formats.times import head_time, parse_time, written_nanos
from logsight_assets.intake.records import Lines, Outcome, ParseContext

_TAG = Pattern(r"([^\s\[:]{1,128})(?:\[([^\]\s]{0,64})\])?(?: \([^)]*\))?: ?")
_SEQUENCE = Pattern(r"\d{1,10}: [*.]?")  # Cisco's number of the message
_YEAR_STAMP = Pattern(r"([A-Za-z]{3} +\d{1,2} \d{4} \d\d:\d\d:\d\d(?:\.\d+)?):? ")


class Header(NamedTuple):
    """What stands before a BSD syslog message."""

    nanos: int | None
    has_year: bool
    host: bytes
    tag: bytes
    pid: bytes
    message: bytes


@lru_cache(maxsize=4096)
def _bsd_moment(raw: bytes) -> Moment | None:
    """`Feb 25 16:19:38`; neighbouring lines share it."""
    month = MONTHS.get(raw[:3].lower())
    day, hour, minute, second = raw[4:6].strip(), raw[7:9], raw[10:12], raw[13:15]
    if month is None or raw[6:7] != b" " or raw[9:10] != b":" or raw[12:13] != b":":
        return None
    if not (day.isdigit() and hour.isdigit() and minute.isdigit() and second.isdigit()):
        return None
    if int(hour) > 23 or int(minute) > 59 or int(second) > 60 or not 1 <= int(day) <= 31:
        return None
    return Moment(None, month, int(day), int(hour) * 3600 + int(minute) * 60 + int(second), 0, None, 15)


def syslog_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of a line that has a syslog header; lenient: the tag may be missing."""
    return _line(raw, context, is_strict=False)


def clear_syslog_line(raw: bytes, context: ParseContext) -> Fields | None:
    """As `syslog_line`, but only where nothing else is meant: with a PRI, or host and tag after a BSD time."""
    return _line(raw, context, is_strict=True)


def _line(raw: bytes, context: ParseContext, is_strict: bool) -> Fields | None:
    if b"\x1b[" in raw:
        raw = without_colours(raw)
    priority: int | None = None
    start = 0
    if raw[:1].isdigit() and b" <" in raw[:8]:  # octet counting of RFC 6587
        start = raw.index(b" <") + 1
        if not raw[: start - 1].isdigit():
            return None
    if raw[start : start + 1] == b"<":
        end = raw.find(b">", start, start + 5)
        digits = raw[start + 1 : end]
        if end < 0 or not digits.isdigit() or int(digits) > 191:
            return None
        priority, start = int(digits), end + 1
        if raw[start : start + 1].isdigit() and raw[start + 1 : start + 2] == b" ":
            return _rfc5424(raw[start + 2 :], context, priority)
        sequence = _SEQUENCE.head(raw[start : start + 16])
        start += sequence[1] if sequence is not None else 0
    elif start:
        return None
    header = _header(raw[start:], context, is_strict and priority is None)
    if header is None:
        if priority is None:
            return None
        header = Header(None, True, b"", *_tag(raw[start:]))
    return _fields(header, context, priority)


def _header(raw: bytes, context: ParseContext, is_strict: bool) -> Header | None:
    moment = _bsd_moment(raw[:15]) if raw[3:4] == b" " else None
    if moment is not None:
        position = 15
        if raw[15:16] == b".":
            position = 16
            while raw[position : position + 1].isdigit():
                position += 1
            moment = moment._replace(nanos=int((raw[16:position] + b"000000000")[:9]))
        if raw[position : position + 1] not in (b" ", b":"):
            return None
        return _after_time(written_nanos(moment, context), False, raw[position:].lstrip(b": "), is_strict)
    stamped = _YEAR_STAMP.head(raw) if raw[:1].isalpha() else None
    if stamped is not None:
        nanos = parse_time(text_of(stamped[0][0] or b""), context)
        return _after_time(nanos, True, raw[stamped[1] :], is_strict)
    if raw[10:11] == b"T":
        head = head_time(raw, context)
        if head is not None and head.zoned and raw[head.end : head.end + 1] == b" ":
            header = _after_time(head.nanos, True, raw[head.end + 1 :], True)
            # An application's own `2025-01-01T00:00:00Z word Other: …` looks alike: demand a process id.
            return header if header is not None and (header.pid or not is_strict) else None
    return None


def _after_time(nanos: int | None, has_year: bool, rest: bytes, is_strict: bool) -> Header | None:
    host, _, message = rest.partition(b" ")
    if host.endswith(b":") or (host.endswith(b"]:") and b"[" in host):  # no host: the tag comes first
        if is_strict and b"[" not in host:
            return None
        return Header(nanos, has_year, b"", *_tag(rest))
    if not host or host[:1] in b"[{\"'" or (host.isupper() and name_number(text_of(host)) is not None):
        return None
    tag, pid, text = _tag(message)
    if is_strict and not tag:
        return None
    return Header(nanos, has_year, host, tag, pid, text)


def _tag(message: bytes) -> tuple[bytes, bytes, bytes]:
    """Tag, process id and text of a message; no tag when its first word is not followed by a colon."""
    colon = message.find(b": ")
    if 0 < colon <= 64 and b" " not in message[:colon]:  # the usual case, without an expression
        head = message[:colon]
        if head[-1:] == b"]" and b"[" in head:
            name, _, pid = head[:-1].partition(b"[")
            if name and pid and b"[" not in pid:
                return name, pid, message[colon + 2 :]
        elif b"[" not in head and b":" not in head:
            return head, b"", message[colon + 2 :]
    found = _TAG.head(message)
    if found is None:
        return b"", b"", message
    groups, end = found
    return groups[0] or b"", groups[1] or b"", message[end:]


def _fields(header: Header, context: ParseContext, priority: int | None) -> Fields:
    message = header.message
    fields = _message_fields(message, context)
    is_json = fields is not None and message[:1] in b"{@"
    if fields is None:
        fields = plain_fields(message) if priority is None else {"body": text_of(message)}
    wrapped(fields, is_json, header.nanos, header.has_year, is_observed=is_json)
    if priority is not None:
        attributes_of(fields)["syslog.facility"] = priority >> 3
        attributes_of(fields)["syslog.severity"] = priority & 7
        if not is_json or "severityNumber" not in fields:  # a PRI is often fixed: a JSON level says more
            fields["severityNumber"] = syslog_severity(priority)
    if header.host:
        resource_of(fields).setdefault("host.name", text_of(header.host))
    if header.tag:
        resource_of(fields).setdefault("service.name", text_of(header.tag))
    if header.pid:
        pid: Any = int(header.pid) if header.pid.isdigit() and len(header.pid) < 19 else text_of(header.pid)
        attributes_of(fields).setdefault("process.pid", pid)
    return fields


def _message_fields(message: bytes, context: ParseContext) -> Fields | None:
    """Fields inside a message, where its first bytes say that it is more than prose."""
    if message[:1] == b"{":
        return json_fields(message, context)
    if message[:6] == b"@cee: ":
        return json_fields(message[6:], context)
    if b'] "' in message:
        found = access_line(message, context)
        if found is not None:
            return found
    if b"] " in message[:80] and message[:1] != b"[":
        return haproxy_line(message, context)
    if message[:5] in (b"time=", b"ts=20", b"level", b"t=202"):
        return known_line(message, context)
    return None


def _rfc5424(raw: bytes, context: ParseContext, priority: int) -> Fields | None:
    parts = raw.split(b" ", 5)
    if len(parts) < 6:
        return None
    stamp, host, application, process, message_id, rest = parts
    nanos = None
    if stamp != b"-":
        nanos = parse_time(text_of(stamp), context)
        if nanos is None:
            return None
    data, message = structured_data(rest)
    message = message.removeprefix(b"\xef\xbb\xbf")
    header = Header(nanos, True, _value(host), _value(application), _value(process), message)
    fields = _fields(header, context, priority)
    if message_id != b"-":
        attributes_of(fields)["syslog.msgid"] = text_of(message_id)
    if data:
        attributes_of(fields)["syslog.structured_data"] = data
    return fields


def _value(part: bytes) -> bytes:
    return b"" if part == b"-" else part


RULES = TextRules(syslog_line, continues_indented, known_line)


def parse_syslog(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a syslog file or stream; indented lines continue the message before."""
    return read_text(lines, context, RULES)
