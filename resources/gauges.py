"""Port: where LogSight tells how it is, in a few numbers without dimensions. The adapter is `cloudwatch_gauges.py`.

Without dimensions no tenant, service or host can be named, and nothing multiplies what a metric costs. Lakes that share
an account have a namespace each. There is no embedded adapter: there the UI's checks show the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol


class Gauge(NamedTuple):
    """One number."""

    name: str
    value: float
    unit: Literal["Seconds", "Count"]


class Gauges(Protocol):
    """StoreUnavailable on a fault that may pass, ConfigurationError where we may not tell, else PermanentError."""

    def tell(self, told: Sequence[Gauge], moment: datetime) -> None:
        """Tell what the numbers are at a moment."""
