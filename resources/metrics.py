"""Port: where statistics of metrics come from, by CloudWatch's own names for them.

Two adapters pass `tests/contracts/test_metrics.py`: what lies in the lake as files (`logsight_assets/metrics/files.py`)
and CloudWatch's GetMetricData (`cloudwatch_metrics.py`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

SIMPLE_STATISTICS = ("SampleCount", "Average", "Sum", "Minimum", "Maximum")
# What CloudWatch has beside them: percentiles, trimmed means and the like of one bound.
_STATISTIC = re.compile(rf"{'|'.join(SIMPLE_STATISTICS)}|(?:p|tm|wm|tc|ts)\d{{1,2}}(?:\.\d{{1,10}})?|p100|IQM")


@dataclass(frozen=True)
class Series:
    """One statistic of one metric."""

    namespace: str  # empty for what CloudWatch does not have
    metric: str
    dimensions: tuple[tuple[str, str], ...]  # sorted by name
    statistic: str
    period_seconds: int
    unit: str | None = None  # only values of this unit, where the source tells units apart


class Point(NamedTuple):
    """A statistic of one period."""

    start_nano: int  # of the period, nanoseconds since 1970
    period_seconds: int  # longer than that of the series where the source keeps old values in less detail
    value: float
    sample_count: int | None  # values in the period, where the source says so


@dataclass(frozen=True)
class Read:
    """What a source answered. A series that is not in `points` has none."""

    points: Mapping[Series, tuple[Point, ...]]  # oldest first, each period once
    faults: Mapping[Series, str] = field(default_factory=dict)  # in one word why a series' points may be too few


class MetricSource(Protocol):
    """Raises StoreUnavailable on a fault that may pass, ConfigurationError where we may not read."""

    def read(self, wanted: Sequence[Series], start_nano: int, end_nano: int) -> Read:
        """Points of the periods that begin in [start, end); a period without a value has no point."""


def is_statistic(text: str) -> bool:
    """Whether CloudWatch knows a statistic by this name."""
    return _STATISTIC.fullmatch(text) is not None
