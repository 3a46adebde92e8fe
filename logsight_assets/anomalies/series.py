"""What is watched: a series is one metric of a service or of one of its templates, with a value for each hour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

EVENT_COUNT, ERROR_RATIO = "event_count", "error_ratio"
DURATION_P50, DURATION_P95 = "duration_p50_ns", "duration_p95_ns"
QUANTILES = {DURATION_P50: 0.5, DURATION_P95: 0.95}

HIGH, LOW, NEW, VANISHED, SILENT = "high", "low", "new", "vanished", "silent"

OK, ANOMALY, STANDING, ACCEPTED = "ok", "anomaly", "standing", "accepted"
NO_BASELINE, INCOMPLETE = "no_baseline", "incomplete"
FLAGGED = frozenset({ANOMALY, STANDING})  # stays out of the baseline of later hours
RUNNING = FLAGGED | {ACCEPTED}  # belongs to an episode
USABLE = frozenset({OK, ACCEPTED, NO_BASELINE})  # what later hours are compared with


class Series(NamedTuple):
    """Names of a series; `template_id` is '' for the whole service."""

    service: str
    template_id: str
    metric: str


@dataclass(frozen=True)
class Observation:
    """A series in one hour."""

    value: float
    size: int  # events or durations that it was measured on
    examples: tuple[str, ...] = ()  # event ids
    error_count: int = 0
    is_first: bool = False  # the template's first event ever is in this hour


@dataclass(frozen=True)
class Earlier:
    """A series in an earlier hour, as it was judged then."""

    value: float
    size: int
    state: str
    direction: str = ""
    episode_id: str | None = None
    expected: tuple[float, float] | None = None  # lowest and highest
    baseline_size: int = 0
