"""W3C extended logs: IIS, CloudFront (tabs), Windows firewall. `#Fields:` names the columns; `#` lines are ignored.

Body: the line as logged. Times are UTC unless the columns say `-local`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.http_fields import set_int, set_status, set_text
from logsight_assets.intake.formats.multiline import Fields, TextRules, never_continues, no_other_reading, read_text
from logsight_assets.intake.formats.times import parse_time
from logsight_assets.intake.records import Lines, Outcome, ParseContext

_NAMES = {
    "cs-method": "http.request.method", "cs-uri-stem": "url.path", "cs-uri-query": "url.query",
    "c-ip": "client.address", "s-ip": "server.address", "cs-username": "user.name",
    "cs(user-agent)": "user_agent.original", "cs(referer)": "http.request.header.referer",
    "cs(host)": "http.request.header.host", "cs-host": "http.request.header.host",
    "x-edge-request-id": "http.request.id", "cs-protocol": "network.protocol.name",
    "cs-version": "network.protocol.version", "cs-protocol-version": "network.protocol.version",
    "s-computername": "host.name", "s-sitename": "iis.site", "src-ip": "source.address",
    "dst-ip": "destination.address",
}  # fmt: skip
_INTEGERS = {
    "s-port": "server.port", "c-port": "client.port", "sc-bytes": "http.response.body.size",
    "cs-bytes": "http.request.body.size", "sc-substatus": "iis.substatus", "sc-win32-status": "iis.win32_status",
    "src-port": "source.port", "dst-port": "destination.port",
}  # fmt: skip
_MILLISECONDS = frozenset({"time-taken", "timetakenms"})
_DATES, _CLOCKS = ("date", "date-utc", "date-local"), ("time", "time-utc", "time-local")
# IIS' default columns: for an object that a rotation has cut off from its directives.
_IIS_DEFAULT = [
    "date", "time", "s-ip", "cs-method", "cs-uri-stem", "cs-uri-query", "s-port", "cs-username", "c-ip",
    "cs(user-agent)", "cs(referer)", "sc-status", "sc-substatus", "sc-win32-status", "time-taken",
]  # fmt: skip


def columns_of(raw: bytes) -> list[str]:
    """Column names of a `#Fields:` directive, in lower case."""
    return [text_of(name).lower() for name in raw.split(b":", 1)[1].split()]


def cut(raw: bytes) -> list[bytes]:
    """Values of a line: by tabs where it has them, else by blanks outside quotes; two quotes in quotes are one."""
    if b"\t" in raw:
        return raw.split(b"\t")
    if b'"' not in raw:
        return raw.split()
    values: list[bytes] = []
    held = raw.replace(b'""', b"\x00") if b'""' in raw else raw
    for at, piece in enumerate(held.split(b'"')):
        if at % 2:
            values.append(piece.replace(b"\x00", b'"'))
        else:
            values.extend(part.replace(b"\x00", b"") for part in piece.split())
    return values


class W3cLines:
    """Reads lines by the columns of the directive before them."""

    def __init__(self) -> None:
        self.columns: list[str] = []

    def ignored(self, raw: bytes) -> str | None:
        """The rule for a directive; takes its columns."""
        if raw[:1] != b"#":
            return None
        if raw[:8].lower() == b"#fields:":
            self.columns = columns_of(raw)
        return "header"

    def line(self, raw: bytes, context: ParseContext) -> Fields | None:
        """Fields of a line; None when it does not fit the columns."""
        values = cut(raw)
        columns = self.columns
        if not columns:
            if len(values) != len(_IIS_DEFAULT) or values[0][4:5] != b"-" or not values[3].isupper():
                return None
            columns = _IIS_DEFAULT
        if len(values) != len(columns):
            return None
        return _fields(raw, dict(zip(columns, values, strict=True)), b"\t" in raw, context)


def _fields(raw: bytes, row: dict[str, bytes], has_tabs: bool, context: ParseContext) -> Fields:
    attributes: dict[str, Any] = {}
    fields: Fields = {"body": text_of(raw), "attributes": attributes}
    day = next((name for name in _DATES if name in row), None)
    clock = next((name for name in _CLOCKS if name in row), None)
    if day is not None and clock is not None:
        zone = "" if day.endswith("local") else "Z"
        nanos = parse_time(f"{text_of(row.pop(day))}T{text_of(row.pop(clock))}{zone}", context)
        if nanos is not None:
            fields["timeUnixNano"] = nanos
    for name, value in row.items():
        if name == "sc-status":
            set_status(fields, attributes, value)
            if "http.response.status_code" not in attributes:
                set_text(attributes, "sc-status", value)
        elif name in _INTEGERS:
            set_int(attributes, _INTEGERS[name], value)
        elif name in _MILLISECONDS:
            _set_duration(attributes, value, in_seconds=has_tabs or b"." in value)
        else:
            set_text(attributes, _NAMES.get(name, name), value)
    return fields


def _set_duration(attributes: dict[str, Any], value: bytes, in_seconds: bool) -> None:
    """IIS writes whole milliseconds, CloudFront decimal seconds."""
    if not value.replace(b".", b"", 1).isdigit() or len(value) > 18:
        set_text(attributes, "time-taken", value)
        return
    attributes["duration_ms"] = round(float(value) * 1000, 6) if in_seconds else int(value)


def parse_w3c(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a W3C log."""
    reader = W3cLines()
    return read_text(lines, context, TextRules(reader.line, never_continues, no_other_reading, reader.ignored))
