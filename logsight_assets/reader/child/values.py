"""Values of the engine as JSON: exact where JSON can be, text where it cannot, never a number that lost digits."""

from __future__ import annotations

import base64
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any


def jsonable(value: Any) -> Any:
    """DECIMAL → int or text, times → ISO 8601 (`Z`), NaN and infinity → null, bytes → base64, the rest by structure."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Decimal():
            return int(value) if value == value.to_integral_value() else str(value)
        case datetime():
            return _instant(value)
        case date() | time():
            return value.isoformat()
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case dict():
            return {str(jsonable(key)): jsonable(held) for key, held in value.items()}
        case list() | tuple():
            return [jsonable(held) for held in value]
        case _:
            return str(value)


def _instant(value: datetime) -> str:
    if value.tzinfo is not None:
        value = value.astimezone(UTC).replace(tzinfo=None)
    return value.isoformat() + "Z"
