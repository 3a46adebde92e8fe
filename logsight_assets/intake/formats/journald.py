"""systemd's journal as `journalctl -o json` (an object a line) and `-o export` (a field a line, blanks between)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.flat_record import flat_record, keep
from logsight_assets.intake.formats.json_lines import other_item
from logsight_assets.intake.formats.json_stream import Parsed, read_json
from logsight_assets.intake.formats.json_values import dumps
from logsight_assets.intake.formats.multiline import MAX_RECORD_BYTES, MAX_RECORD_LINES, Fields, plain_fields
from logsight_assets.intake.formats.severity import syslog_severity
from logsight_assets.intake.formats.times import parse_time
from logsight_assets.intake.records import Ignored, Lines, Outcome, ParseContext, Record, Refused

_SERVICE = ("SYSLOG_IDENTIFIER", "_SYSTEMD_UNIT", "UNIT", "_COMM")


def is_journal(value: dict[str, Any]) -> bool:
    """Whether an object is a journal entry."""
    return "__REALTIME_TIMESTAMP" in value or ("__CURSOR" in value and "MESSAGE" in value)


def journal_fields(entry: dict[str, Any], context: ParseContext) -> Fields:
    """Fields of an entry; fields that have no role keep their journal names as attributes."""
    attributes = dict(entry)
    fields: Fields = {}
    message = _text(attributes.pop("MESSAGE", None))
    fields["body"] = message if message is not None else dumps(entry)
    # The source's own time when it gave one (kernel, syslog senders), else when the journal received the entry.
    source, received = entry.get("_SOURCE_REALTIME_TIMESTAMP"), entry.get("__REALTIME_TIMESTAMP")
    times = [parse_time(value, context) for value in (source, received)]
    if times[1] is not None:
        fields["observedTimeUnixNano"] = times[1]
        del attributes["__REALTIME_TIMESTAMP"]
    if times[0] is not None:
        del attributes["_SOURCE_REALTIME_TIMESTAMP"]
    nanos = times[0] if times[0] is not None else times[1]
    if nanos is not None:
        fields["timeUnixNano"] = nanos
    priority = entry.get("PRIORITY")
    if isinstance(priority, (str, int)) and str(priority) in "01234567" and str(priority):
        fields["severityNumber"] = syslog_severity(int(priority))
        attributes["syslog.severity"] = int(attributes.pop("PRIORITY"))
    _set_origin(fields, attributes)
    fields["attributes"] = attributes
    return fields


def _set_origin(fields: Fields, attributes: dict[str, Any]) -> None:
    resource: dict[str, Any] = {}
    host = attributes.get("_HOSTNAME")
    if isinstance(host, str) and host:
        resource["host.name"] = attributes.pop("_HOSTNAME")
    name = next((name for name in _SERVICE if isinstance(attributes.get(name), str) and attributes[name]), None)
    if name is not None:
        resource["service.name"] = attributes.pop(name) if name == "SYSLOG_IDENTIFIER" else attributes[name]
    for key in ("_PID", "SYSLOG_PID"):
        pid = attributes.get(key)
        if isinstance(pid, str) and pid.isascii() and pid.isdigit() and len(pid) < 19:
            attributes["process.pid"] = int(attributes.pop(key))
            break
    if resource:
        fields["resource"] = resource


def _text(value: Any) -> str | None:
    """A message as text; the journal's JSON writes bytes that are no UTF-8 as a list of numbers."""
    if isinstance(value, str):
        return value
    if isinstance(value, list) and value and all(type(byte) is int and 0 <= byte < 256 for byte in value):
        return text_of(bytes(value))
    return None if value is None else dumps(value)


def parse_journald(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of a journal export in either form: the first line that is not blank tells which."""
    iterator = iter(lines)
    for number, raw in iterator:
        if raw.strip():
            rest = _chained(number, raw, iterator)
            yield from _json(rest, context) if raw.lstrip()[:1] in (b"{", b"[") else _export(rest, context)
            return
        yield Ignored(number, 1, "blank")


def _chained(number: int, raw: bytes, rest: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    yield number, raw
    yield from rest


def _json(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    for item in read_json(lines, context.max_depth):
        if not isinstance(item, Parsed):
            yield other_item(item, context)
        elif isinstance(item.value, dict):
            build = journal_fields if is_journal(item.value) else flat_record
            yield Record(item.line, item.line_count, item.index, item.raw, build(item.value, context))
        else:
            yield Refused(item.line, item.line_count, item.index, "not_an_object", item.raw)


class _Entry:
    """Lines of one entry of the export form."""

    def __init__(self, number: int) -> None:
        self.line = number
        self.raws: list[bytes] = []
        self.size = 0
        self.fields: dict[str, Any] = {}
        self._binary: tuple[str, bytes] | None = None  # name and bytes so far of a field with its length before it

    @property
    def is_in_binary(self) -> bool:
        return self._binary is not None

    @property
    def is_full(self) -> bool:
        return self.size > MAX_RECORD_BYTES or len(self.raws) >= MAX_RECORD_LINES

    def add(self, raw: bytes) -> None:
        self.raws.append(raw)
        self.size += len(raw) + 1
        if self._binary is not None:
            name, held = self._binary
            held = held + raw if not held else held + b"\n" + raw
            self._binary = (name, held)
            if len(held) >= 8 and len(held) - 8 >= int.from_bytes(held[:8], "little"):
                keep(self.fields, name, text_of(held[8:]))
                self._binary = None
            return
        name_raw, equals, value = raw.partition(b"=")
        if equals:
            keep(self.fields, text_of(name_raw), text_of(value))
        elif raw.isascii() and raw.replace(b"_", b"").isalnum() and raw.isupper():
            self._binary = (text_of(raw), b"")
        else:
            keep(self.fields, "_line", text_of(raw))

    def record(self, context: ParseContext) -> Record:
        raw = b"\n".join(self.raws)
        fields = journal_fields(self.fields, context) if is_journal(self.fields) else plain_fields(raw)
        return Record(self.line, len(self.raws), 0, raw, fields)


def _export(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    entry: _Entry | None = None
    for number, raw in lines:
        if raw.endswith(b"\r") and (entry is None or not entry.is_in_binary):
            raw = raw[:-1]
        if not raw.strip() and (entry is None or not entry.is_in_binary):
            if entry is not None:
                yield entry.record(context)
                entry = None
            yield Ignored(number, 1, "blank")
            continue
        if entry is not None and (entry.is_full or raw.startswith(b"__CURSOR=")):
            yield entry.record(context)
            entry = None
        if entry is None:
            entry = _Entry(number)
        entry.add(raw)
    if entry is not None:
        yield entry.record(context)
