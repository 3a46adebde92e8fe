"""What every log of HTTP requests holds, under OpenTelemetry's names: request line, status, sizes, latency."""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.formats.encoding import text_of
from logsight_assets.intake.formats.severity import status_severity

_METHOD_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ-_")


def set_text(attributes: dict[str, Any], name: str, raw: bytes | None) -> None:
    """Set an attribute unless the log says `-` or nothing."""
    if raw and raw != b"-":
        attributes[name] = text_of(raw)


def set_int(attributes: dict[str, Any], name: str, raw: bytes | None) -> None:
    """Set a number; a text that is none is kept as text."""
    if raw and raw != b"-":
        digits = raw[1:] if raw[:1] == b"-" else raw
        attributes[name] = int(raw) if digits.isdigit() and len(digits) < 19 else text_of(raw)


def set_request_line(attributes: dict[str, Any], raw: bytes) -> None:
    """`GET /path?query HTTP/1.1` to method, path, query and version; anything else is kept whole."""
    text = text_of(raw)
    method, _, rest = text.partition(" ")
    if not rest or not method or not _METHOD_LETTERS.issuperset(method):
        if text and text != "-":
            attributes["http.request.line"] = text
        return
    attributes["http.request.method"] = method
    target, _, protocol = rest.rpartition(" ")
    if not target or not protocol.startswith("HTTP/"):
        target, protocol = rest, ""
    if protocol:
        attributes["network.protocol.version"] = protocol[5:]
    set_url(attributes, target)


def set_url(attributes: dict[str, Any], target: str) -> None:
    """A request target, as a path or a whole URL."""
    if "://" in target[:12]:
        attributes["url.full"] = target
        scheme, _, rest = target.partition("://")
        attributes["url.scheme"] = scheme
        _, slash, path = rest.partition("/")
        target = slash + path
    path, question, query = target.partition("?")
    if path and path != "-":
        attributes["url.path"] = path
    if question and query:
        attributes["url.query"] = query


def set_status(fields: dict[str, Any], attributes: dict[str, Any], raw: bytes | None) -> None:
    """The response status, and the severity that follows from it where the log has no level of its own."""
    if raw and raw.isdigit() and len(raw) == 3:
        status = int(raw)
        attributes["http.response.status_code"] = status
        if "severityNumber" not in fields:
            fields["severityNumber"] = status_severity(status)


def seconds_to_ms(*parts: bytes | None) -> float | None:
    """The sum of latencies in seconds, as milliseconds; None when none of them was measured (`-`, `-1`)."""
    total, is_measured = 0.0, False
    for raw in parts:
        if raw and raw.replace(b".", b"", 1).isdigit() and len(raw) < 20:
            total += float(raw)
            is_measured = True
    return round(total * 1000, 6) if is_measured else None


def set_endpoint(attributes: dict[str, Any], prefix: str, raw: bytes | None) -> None:
    """`10.0.0.1:443` or `[2001:db8::1]:443` to `<prefix>.address` and `<prefix>.port`."""
    if not raw or raw == b"-":
        return
    address, colon, port = raw.rpartition(b":")
    if colon and port.isdigit() and len(port) < 6:
        attributes[f"{prefix}.port"] = int(port)
    else:
        address = raw
    attributes[f"{prefix}.address"] = text_of(address.strip(b"[]"))


def quoted_tokens(raw: bytes) -> list[bytes]:
    """Cut at blanks, except inside double quotes; `\\"` inside a quoted token is kept as written."""
    if b"\\" in raw:
        raw = raw.replace(b"\\\\", b"\x00\x01").replace(b'\\"', b"\x00\x02")
    tokens: list[bytes] = []
    for at, piece in enumerate(raw.split(b'"')):
        if at % 2:
            tokens.append(piece)
        else:
            tokens.extend(piece.split())
    if b"\x00" in raw:
        tokens = [token.replace(b"\x00\x02", b'\\"').replace(b"\x00\x01", b"\\\\") for token in tokens]
    return tokens
