"""What a baseline lets expect: a range, and how far a value is from its middle in standard deviations.

Counts are judged as negative binomial: independent events (Poisson), whose rate itself differs from hour to hour by at
least the spread of the baseline's kind, and by more where its hours show more. Durations are judged by their logarithm.
A range never ends within what the baseline itself has seen, nor within a change too small to matter to anybody. So a
value is an anomaly exactly if it lies outside of its range.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from logsight_assets.anomalies.baseline import Baseline
from logsight_assets.anomalies.series import ERROR_RATIO, EVENT_COUNT

THRESHOLD = 4.5  # standard deviations; chosen by backtest, see docs/decisions/0012
MOST = 1000.0  # a score is cut here: what is beyond says nothing more
_MAD_TO_SD = 1.4826  # of a normal distribution
_LEAST_FACTOR = 1.5  # a rate, or a duration, that changed by less matters to nobody
_LEAST_EVENTS = 10  # so does a change by fewer events
_LEAST_ERRORS, _LEAST_ERROR_RATIO, _LEAST_ERROR_FACTOR = 5, 0.01, 2.0
_ERROR_SPREAD = 0.7  # failures come in bursts
_QUANTILE_NOISE = 2.0  # relative standard deviation of a quantile is about this ÷ √n on heavy-tailed durations
LEAST_DURATIONS = 20


@dataclass(frozen=True)
class Expected:
    """Range of what is expected, both ends included; the score is of the value that was given."""

    low: float
    high: float
    score: float


def expect(metric: str, baseline: Baseline, value: float, size: int) -> Expected:
    """Range and score of a value that was measured on `size` events."""
    if metric == EVENT_COUNT:
        return _expect_count(baseline, value)
    if metric == ERROR_RATIO:
        return _expect_errors(baseline, value, size)
    return _expect_duration(baseline, value, size)


def score_in(expected: tuple[float, float], value: float) -> float:
    """A score by a range alone, where the baseline that it was made of is gone."""
    low, high = expected
    middle, half = (low + high) / 2, max((high - low) / 2, 1e-9)
    return min(MOST, abs(value - middle) / half * THRESHOLD)


def _expect_count(baseline: Baseline, value: float) -> Expected:
    values = [earlier.value for earlier in baseline.values]
    centre = median(values)
    # Of what mostly does not come, the median knows nothing.
    mean = (centre or sum(values) / len(values)) + 0.5 / len(values)
    excess = (_deviation(values) ** 2 - mean) / mean**2
    spread2 = max(baseline.kind.spread**2, excess) * (1 + 1 / len(values)) + 1 / (sum(values) + 1)
    low = min(_bound(mean, spread2, up=False), *values, mean / _LEAST_FACTOR, mean - _LEAST_EVENTS)
    high = max(_bound(mean, spread2, up=True), *values, mean * _LEAST_FACTOR, mean + _LEAST_EVENTS)
    return Expected(max(low, 0.0), high, _score(_residual(value, mean, spread2)))


def _expect_errors(baseline: Baseline, value: float, size: int) -> Expected:
    errors = sum(earlier.value * earlier.size for earlier in baseline.values)
    ratio = (errors + 0.5) / (sum(earlier.size for earlier in baseline.values) + 1)
    mean = ratio * max(size, 1)
    spread2 = _ERROR_SPREAD**2 + 1 / (errors + 0.5)
    high = max(
        _bound(mean, spread2, up=True) / max(size, 1),
        *(earlier.value for earlier in baseline.values),
        ratio * _LEAST_ERROR_FACTOR,
        ratio + _LEAST_ERROR_RATIO,
        (_LEAST_ERRORS - 0.5) / max(size, 1),
    )
    # Fewer errors than usual are no anomaly: what has stopped shows in the counts.
    return Expected(0.0, min(high, 1.0), _score(max(0.0, _residual(value * size, mean, spread2))))


def _expect_duration(baseline: Baseline, value: float, size: int) -> Expected:
    logs = [math.log(max(earlier.value, 1.0)) for earlier in baseline.values]
    centre = median(logs)
    spread2 = max(baseline.kind.spread**2, _deviation(logs) ** 2) * (1 + 1 / len(logs))
    deviation = math.sqrt(spread2 + _QUANTILE_NOISE**2 / max(size, 1))
    reach = max(THRESHOLD * deviation, math.log(_LEAST_FACTOR))
    low, high = min(centre - reach, *logs), max(centre + reach, *logs)
    return Expected(math.exp(low), math.exp(high), _score((math.log(max(value, 1.0)) - centre) / deviation))


def _deviation(values: Sequence[float]) -> float:
    """Robust standard deviation: half of the values may be anything."""
    centre = median(values)
    return _MAD_TO_SD * median(abs(value - centre) for value in values)


def _residual(count: float, mean: float, spread2: float) -> float:
    """Deviance residual of a negative binomial count with this mean and relative variance of its rate.

    About normal also where the mean is small, unlike (count - mean) ÷ deviation: that calls every second error of a
    quiet service an outrage.
    """
    shape = 1 / spread2
    own = count * math.log(count / mean) if count else 0.0
    half = own - (count + shape) * math.log((count + shape) / (mean + shape))
    return math.copysign(math.sqrt(max(0.0, 2 * half)), count - mean)


def _bound(mean: float, spread2: float, *, up: bool) -> float:
    """The count whose residual is the threshold; 0 downwards where none is so low."""
    inner, outer = mean, 0.0
    if up:
        outer = 2 * mean + 1
        while _residual(outer, mean, spread2) < THRESHOLD:
            inner, outer = outer, 2 * outer
    elif abs(_residual(0.0, mean, spread2)) < THRESHOLD:
        return -1.0
    for _ in range(40):
        middle = (inner + outer) / 2
        if abs(_residual(middle, mean, spread2)) < THRESHOLD:
            inner = middle
        else:
            outer = middle
    return outer


def _score(residual: float) -> float:
    return min(MOST, abs(residual))
