"""klog and glog (Kubernetes, many Go and C++ programs): `E0102 15:04:05.678901 1 file.go:70] message`."""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.multiline import Fields
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.time_syntax import Moment
from logsight_assets.intake.formats.times import written_nanos
from logsight_assets.intake.records import ParseContext

_LINE = Pattern(
    r"([IWEF])(\d{4})?(\d\d)(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\s+(?:(\d+)\s+)?([^\s\]]+:\d+)\] ?(.*)"
)
_LEVELS = {b"I": (9, "INFO"), b"W": (13, "WARNING"), b"E": (17, "ERROR"), b"F": (21, "FATAL")}


def klog_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of one klog line. It names no year: the arrival hour decides."""
    if raw[:1] not in _LEVELS or not raw[1:5].isdigit():
        return None
    found = _LINE.groups(raw)
    if found is None:
        return None
    letter, year, month, day, hour, minute, second, fraction, thread, place, message = found
    number, text = _LEVELS[letter or b"I"]
    attributes: dict[str, Any] = {}
    fields: Fields = {"severityNumber": number, "severityText": text, "body": text_of(message or b"")}
    clock = int(hour or 0) * 3600 + int(minute or 0) * 60 + int(second or 0)
    nanos = int(((fraction or b"") + b"000000000")[:9])
    moment = Moment(int(year) if year else None, int(month or 0), int(day or 0), clock, nanos, None, 0)
    time = written_nanos(moment, context) if clock < 86_401 else None
    if time is not None:
        fields["timeUnixNano"] = time
    if thread:
        attributes["thread.id"] = int(thread) if len(thread) < 19 else text_of(thread)
    file, _, line = (place or b"").rpartition(b":")
    attributes["code.file.path"] = text_of(file)
    attributes["code.line.number"] = int(line) if len(line) < 19 else text_of(line)
    fields["attributes"] = attributes
    return fields
