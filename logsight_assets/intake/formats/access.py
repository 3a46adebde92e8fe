"""Access logs of nginx, Apache and their like: common and combined, with a virtual host before or extras behind.

Body: the line as logged. Cut by hand rather than by an expression: five times faster on the most frequent format.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.http_fields import (
    quoted_tokens,
    seconds_to_ms,
    set_endpoint,
    set_int,
    set_request_line,
    set_status,
    set_text,
)
from logsight_assets.intake.formats.multiline import Fields, TextRules, never_continues, no_other_reading, read_text
from logsight_assets.intake.formats.patterns import Pattern
from logsight_assets.intake.formats.time_syntax import MONTHS, Moment
from logsight_assets.intake.formats.times import parse_time, written_nanos
from logsight_assets.intake.formats.zones import fixed_offset
from logsight_assets.intake.records import Lines, Outcome, ParseContext

_DURATION = Pattern(r"\b(?:rt|request_time|duration|response_time)=\"?(\d+\.\d+)")


@lru_cache(maxsize=4096)
def clf_moment(raw: bytes) -> Moment | None:
    """`23/Mar/2018:12:31:01 +0000`; neighbouring lines share it, so it is read once a second."""
    month = MONTHS.get(raw[3:6].lower())
    if month is None or raw[2:3] != b"/" or raw[11:12] != b":" or raw[14:15] != b":" or raw[17:18] != b":":
        return None
    parts = (raw[:2], raw[7:11], raw[12:14], raw[15:17], raw[18:20])
    if not all(part.isdigit() for part in parts):
        return None
    day, year, hour, minute, second = (int(part) for part in parts)
    fraction = raw[21:].split(b" ")[0] if raw[20:21] == b"." else b""
    zone = raw.rpartition(b" ")[2] if b" " in raw[20:] else b""
    if hour > 23 or minute > 59 or second > 60 or (fraction and not fraction.isdigit()):
        return None
    nanos = int((fraction + b"000000000")[:9])
    offset = fixed_offset(zone.decode("ascii", "replace")) if zone else None
    return Moment(year, month, day, hour * 3600 + minute * 60 + second, nanos, offset, len(raw))


def access_line(raw: bytes, context: ParseContext) -> Fields | None:
    """Fields of one access line; None when it is none."""
    opening = raw.find(b" [")
    closing = raw.find(b'] "', opening + 2)
    if opening < 1 or closing < 0:
        return None
    before = raw[:opening].split(b" ")
    stamp = raw[opening + 2 : closing]
    if not 3 <= len(before) <= 5 or not stamp[:2].strip().isdigit():
        return None
    rest = raw[closing + 2 :]
    parts = rest.split(b'"') if b"\\" not in rest else _escaped_parts(rest)
    if len(parts) < 3:
        return None
    numbers = parts[2].split()
    if not numbers or len(numbers[0]) != 3 or not numbers[0].isdigit():
        return None
    moment = clf_moment(stamp)
    nanos = written_nanos(moment, context) if moment is not None else parse_time(text_of(stamp), context)
    attributes: dict[str, Any] = {}
    fields: Fields = {"body": text_of(raw), "attributes": attributes}
    if nanos is not None:
        fields["timeUnixNano"] = nanos
    _set_people(attributes, before)
    set_request_line(attributes, parts[1])
    set_status(fields, attributes, numbers[0])
    if len(numbers) > 1:
        set_int(attributes, "http.response.body.size", numbers[1])
    if len(parts) > 5:
        set_text(attributes, "http.request.header.referer", parts[3])
        set_text(attributes, "user_agent.original", parts[5])
    extra = b'"'.join(parts[6:]).strip() if len(parts) > 5 else b" ".join(numbers[2:])
    if extra and extra != b'"-"':
        _set_extra(attributes, extra)
    return fields


def _escaped_parts(rest: bytes) -> list[bytes]:
    held = rest.replace(b"\\\\", b"\x00\x01").replace(b'\\"', b"\x00\x02")
    return [part.replace(b"\x00\x02", b'\\"').replace(b"\x00\x01", b"\\\\") for part in held.split(b'"')]


def _set_people(attributes: dict[str, Any], before: list[bytes]) -> None:
    """`host ident user`, where a virtual host may stand before and a user name may hold one blank."""
    if len(before) > 3 and (b"." in before[1] or b":" in before[1] or before[2] == b"-"):
        set_endpoint(attributes, "server", before[0])
        before = before[1:]
    set_text(attributes, "client.address", before[0])
    set_text(attributes, "client.ident", before[1])
    set_text(attributes, "user.name", b" ".join(before[2:]))


def _set_extra(attributes: dict[str, Any], extra: bytes) -> None:
    """What stands after the user agent: forwarded addresses, latencies, ingress-nginx's upstream fields."""
    attributes["access.extra"] = text_of(extra)
    tokens = quoted_tokens(extra)
    if len(tokens) == 1 and extra[:1] == b'"':
        set_text(attributes, "http.request.header.x_forwarded_for", tokens[0])
        return
    if len(tokens) > 8 and tokens[0].isdigit() and tokens[2][:1] == b"[":  # ingress-nginx
        set_int(attributes, "http.request.size", tokens[0])
        set_text(attributes, "nginx.upstream.name", tokens[2].strip(b"[]"))
        set_text(attributes, "nginx.upstream.address", tokens[4])
        set_text(attributes, "http.request.id", tokens[-1])
        duration = seconds_to_ms(tokens[1])
    else:
        named = _DURATION.found(extra)
        # nginx's $request_time has three decimals; a whole number may be seconds, ms or µs and is left alone.
        plain = next((token for token in tokens if b"." in token and token.replace(b".", b"", 1).isdigit()), None)
        duration = seconds_to_ms(named[0] if named is not None else plain)
    if duration is not None:
        attributes["duration_ms"] = duration


RULES = TextRules(access_line, never_continues, no_other_reading)


def parse_access(lines: Lines, context: ParseContext) -> Iterator[Outcome]:
    """Outcomes of an access log; a line that is none is kept as text."""
    return read_text(lines, context, RULES)
