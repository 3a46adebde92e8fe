"""HAProxy's HTTP and TCP log lines, as they stand in a syslog message or alone."""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.formats.access import clf_moment
from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.http_fields import set_endpoint, set_int, set_request_line, set_status, set_text
from logsight_assets.intake.formats.multiline import Fields
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.times import written_nanos
from logsight_assets.intake.records import ParseContext

_HEAD = r"(\S+:\d+) \[(\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d(?:\.\d+)?)\] (\S+) ([^\s/]+)/(\S+) "
_HTTP = Pattern(
    _HEAD + r"((?:[+-]?\d+/){4}\+?-?\d+) (-?\d+) \+?(-?\d+) (\S+) (\S+) (\S{4}) ([\d/+]+) ([\d/]+)"
    r"(?: \{([^}]*)\})?(?: \{([^}]*)\})? \"([^\"]*)\"?(?: (.*))?$"
)
_TCP = Pattern(_HEAD + r"((?:[+-]?\d+/){1,2}\+?-?\d+) \+?(\d+) (\S{2,4}) ([\d/+]+) ([\d/]+)(.*)$")


def _duration(timers: bytes | None) -> int | None:
    """The last timer is the whole time in ms; `+` marks a log written before the end, -1 an abort."""
    last = (timers or b"").rpartition(b"/")[2].lstrip(b"+")
    return int(last) if last.isdigit() and len(last) < 16 else None


def haproxy_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of one request or connection; its accept date names the year that the syslog header lacks."""
    if b"] " not in raw[:160] or raw[:1] == b"[":
        return None
    line = raw
    if raw[:8] == b"haproxy[":
        line = raw.partition(b"]: ")[2]
    attributes: dict[str, Any] = {}
    fields: Fields = {"body": text_of(raw), "attributes": attributes}
    found = _HTTP.groups(line)
    if found is not None:
        timers, status, size, request_cookie, response_cookie, state, connections, queues = found[5:13]
        set_status(fields, attributes, status)
        set_int(attributes, "http.response.body.size", size)
        set_text(attributes, "haproxy.captured.request", found[13])
        set_text(attributes, "haproxy.captured.response", found[14])
        set_text(attributes, "haproxy.captured.request_cookie", request_cookie)
        set_text(attributes, "haproxy.captured.response_cookie", response_cookie)
        set_request_line(attributes, found[15] or b"")
        set_text(attributes, "haproxy.extra", found[16])
    else:
        found = _TCP.groups(line)
        if found is None:
            return None
        timers, size, state, connections, queues = found[5:10]
        set_int(attributes, "network.io.transmit", size)
        set_text(attributes, "haproxy.extra", (found[10] or b"").strip())
    set_endpoint(attributes, "client", found[0])
    moment = clf_moment(found[1] or b"")
    nanos = written_nanos(moment, context) if moment is not None else None
    if nanos is not None:
        fields["timeUnixNano"] = nanos
    for name, value in (("frontend", found[2]), ("backend", found[3]), ("server", found[4]), ("timers", timers)):
        set_text(attributes, f"haproxy.{name}", value)
    set_text(attributes, "haproxy.termination_state", state)
    set_text(attributes, "haproxy.connections", connections)
    set_text(attributes, "haproxy.queues", queues)
    duration = _duration(timers)
    if duration is not None:
        attributes["duration_ms"] = duration
    return fields
