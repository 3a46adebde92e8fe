"""Trace and span ids in the forms that logs carry: W3C, hex of any case, X-Ray, B3, Datadog's decimals, base64 of OTLP.

A trace id is 32 lower-case hex digits and a span id 16, never all zero. What is none of these forms gives None, and the
caller keeps the original as an attribute.
"""

from __future__ import annotations

import base64
import binascii
from functools import lru_cache
from typing import NamedTuple

from logsight_assets.intake.formats.patterns import Pattern

_HEX = frozenset("0123456789abcdefABCDEF")
_XRAY_ROOT = Pattern(r"(?:.*?\b[Rr]oot=)?1-([0-9a-fA-F]{8})-([0-9a-fA-F]{24})(?:[;\s,\"]|$)")
_XRAY_PARENT = Pattern(r"\b[Pp]arent=([0-9a-fA-F]{16})\b")
_TRACEPARENT = Pattern(r"[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)")
_B3_SINGLE = Pattern(r"([0-9a-f]{32}|[0-9a-f]{16})-([0-9a-f]{16})(?:-[01d](?:-[0-9a-f]{16})?)?$")


class TraceContext(NamedTuple):
    """Ids found in a propagation header."""

    trace_id: str | None
    span_id: str | None


def _hex(text: str, width: int) -> str | None:
    if len(text) > width or not text or not _HEX.issuperset(text):
        return None
    padded = text.lower().rjust(width, "0")
    return padded if padded.strip("0") else None


@lru_cache(maxsize=4096)
def trace_id(text: str) -> str | None:
    """A trace id from hex of 32 or 16 digits (B3's short ones are padded), a UUID's form, X-Ray's, or a traceparent."""
    text = text.strip()
    if len(text) in (32, 16):
        return _hex(text, 32)
    if len(text) < 32 or len(text) > 512:
        return None
    raw = text.encode("utf-8", "replace")
    found = _XRAY_ROOT.groups(raw)
    if found is not None:
        return _hex(((found[0] or b"") + (found[1] or b"")).decode("ascii"), 32)
    found = _TRACEPARENT.groups(raw)
    if found is not None:
        return _hex((found[0] or b"").decode("ascii"), 32)
    if len(text) == 36 and text[8] == text[13] == text[18] == text[23] == "-":
        return _hex(text.replace("-", ""), 32)
    if text.startswith("projects/") and "/traces/" in text:  # Google Cloud
        return _hex(text.rpartition("/")[2], 32)
    return None


def span_id(text: str) -> str | None:
    """A span id from 16 hex digits."""
    text = text.strip()
    return _hex(text, 16) if len(text) == 16 else None


def decimal_trace_id(text: str) -> str | None:
    """Datadog's unsigned 64-bit decimal, as the lower half of a 128-bit id."""
    return _decimal(text, 32)


def decimal_span_id(text: str) -> str | None:
    """Datadog's unsigned 64-bit decimal as a span id."""
    return _decimal(text, 16)


def _decimal(text: str, width: int) -> str | None:
    text = text.strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 20:
        return None
    number = int(text)
    return f"{number:0{width}x}" if 0 < number < 2**64 else None


def base64_id(text: str, width: int) -> str | None:
    """An id of `width` hex digits as protobuf's JSON writes bytes: base64."""
    if len(text) not in (24, 22, 12, 11) or width not in (16, 32):
        return None
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None
    return _hex(data.hex(), width) if len(data) * 2 == width else None


def trace_context(header: str) -> TraceContext:
    """Ids in a traceparent, an X-Amzn-Trace-Id or a single b3 header."""
    raw = header.strip().encode("utf-8", "replace")
    if len(raw) > 1024:
        return TraceContext(None, None)
    found = _TRACEPARENT.groups(raw) or _B3_SINGLE.groups(raw)
    if found is not None:
        return TraceContext(_hex((found[0] or b"").decode(), 32), _hex((found[1] or b"").decode(), 16))
    parent = _XRAY_PARENT.found(raw)
    return TraceContext(trace_id(header), _hex((parent[0] or b"").decode(), 16) if parent else None)


_TEXT_TRACE = Pattern(
    r"\b(?:dd\.)?(?i:trace[_.]?id)[\"']?\s?[=:]\s?[\"']?([0-9a-fA-F]{32}|[0-9a-fA-F]{16}|\d{17,20})\b"
    r"|\b(1-[0-9a-f]{8}-[0-9a-f]{24})\b|\btraceparent[\"']?[=:]\s?[\"']?([0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2})"
)
_TEXT_SPAN = Pattern(r"\b(?:dd\.)?(?i:span[_.]?id)[\"']?\s?[=:]\s?[\"']?([0-9a-fA-F]{16}|\d{17,20})\b")
_HINTS = (b"race", b"Root=1-")


def text_ids(raw: bytes) -> TraceContext:
    """Ids that free text names as such (`trace_id=…`, `traceparent=…`, an X-Ray root)."""
    if not any(hint in raw for hint in _HINTS):
        return TraceContext(None, None)
    found = _TEXT_TRACE.found(raw)
    if found is None:
        return TraceContext(None, None)
    text = next((group for group in found if group), b"").decode("ascii")
    if found[2]:
        return trace_context(text)
    identifier = decimal_trace_id(text) if len(text) != 16 and text.isdigit() and len(text) < 21 else trace_id(text)
    span = _TEXT_SPAN.found(raw)
    if span is None:
        return TraceContext(identifier, None)
    text = (span[0] or b"").decode("ascii")
    return TraceContext(identifier, span_id(text) if len(text) == 16 else decimal_span_id(text))
