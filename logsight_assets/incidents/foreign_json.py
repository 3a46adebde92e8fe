"""JSON of strangers, read into a document that every writer and reader behind takes.

What JSON may hold, and others refuse: halves of characters, which no UTF-8 writer takes; NaN and numbers beyond a
double's, which only Python writes; nesting that is read here and is too deep where the stack is fuller. Each is
replaced, and the rest of the document is kept: it may be what wakes people.
"""

from __future__ import annotations

import json
import math
from typing import Any

from logsight_assets.intake.formats.encoding import without_surrogates

MAX_BYTES = 256 * 1024  # EventBridge takes no larger event
_DEEPEST = 32  # levels that are kept; an alarm's event has eight


def read_foreign(data: bytes | str) -> Any:
    """The document without what others refuse; ValueError if there is none, or it is too large."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"{len(data):,} bytes; an event has at most {MAX_BYTES:,}")
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a JSON document ({type(error).__name__})") from None
    return _harmless(document, _DEEPEST)


def _harmless(value: Any, levels: int) -> Any:
    match value:
        case str():
            return value if value.isascii() else without_surrogates(value)
        case float():
            return value if math.isfinite(value) else None
        case dict() | list() if not levels:
            return None
        case dict():
            return {_harmless(key, levels): _harmless(inner, levels - 1) for key, inner in value.items()}
        case list():
            return [_harmless(inner, levels - 1) for inner in value]
    return value
