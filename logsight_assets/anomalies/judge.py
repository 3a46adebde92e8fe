"""The judgement of one hour: a row for each series, made of what the hour has and of what earlier hours had.

Pure: the same observations, earlier rows and accepted series give the same rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from math import log2

from logsight_assets.anomalies.baseline import HELD, Baseline, choose
from logsight_assets.anomalies.expected import THRESHOLD, Expected, expect, score_in
from logsight_assets.anomalies.series import (
    ACCEPTED,
    ANOMALY,
    EVENT_COUNT,
    HIGH,
    INCOMPLETE,
    LOW,
    NEW,
    NO_BASELINE,
    OK,
    RUNNING,
    SILENT,
    STANDING,
    VANISHED,
    Earlier,
    Observation,
    Series,
)
from logsight_assets.timeline import Hour

# A template that is new has no past to be measured by. Failures count from the third on, anything else from so many on:
# calm lines come with every release.
_LEAST_NEW_FAILURES, _LEAST_NEW_CALM = 3, 20
_FAILING = 0.5  # share of a template's events that are errors
# A line that stopped and one that became rare are one thing to whoever looks.
_SIDES = ({LOW, VANISHED, SILENT}, {HIGH, NEW})
_NOTHING = Observation(0.0, 0)


@dataclass(frozen=True)
class EarlierHour:
    """What was judged in an earlier hour."""

    series: Mapping[Series, Earlier]
    is_complete: bool  # what is not there did not come


@dataclass(frozen=True)
class Judged:
    """A series in the hour, judged."""

    series: Series
    observed: Observation
    expected: tuple[float, float] | None
    baseline: str  # kind, or ''
    baseline_size: int
    score: float
    direction: str
    state: str
    episode_id: str | None


@dataclass(frozen=True)
class Facts:
    """All that a judgement depends on."""

    hour: Hour
    is_complete: bool
    observed: Mapping[Series, Observation]
    earlier: Mapping[int, EarlierHour]  # by offset in hours
    accepted: Collection[Series]


def judge(facts: Facts) -> list[Judged]:
    """Rows in order of their series; of a series that neither came nor was expected there is none."""
    return [row for series in sorted(_series(facts)) if (row := _judged(facts, series)) is not None]


def _series(facts: Facts) -> set[Series]:
    found = set(facts.observed)
    for hour in facts.earlier.values():
        found |= {series for series in hour.series if series.metric == EVENT_COUNT}
    return found


def _judged(facts: Facts, series: Series) -> Judged | None:
    observed, before = facts.observed.get(series, _NOTHING), _before(facts, series)
    stood = before is not None and before.state in RUNNING
    baseline = choose(_history(facts, series))
    expected, kind, size = _range(series, baseline, observed, before if stood else None)
    direction = _direction(facts, series, observed, expected)
    if expected is None and direction != NEW:
        return _row(series, observed, NO_BASELINE) if series in facts.observed else None
    if not direction:
        if series not in facts.observed and (expected is None or expected.high <= 0 or not _is_usual(baseline)):
            return None
        is_open = series.metric == EVENT_COUNT and not facts.is_complete
        return _row(series, observed, INCOMPLETE if is_open else OK, expected, kind, size)
    score = expected.score if expected else THRESHOLD + log2(max(observed.value, 1.0))
    episode, state = _episode(facts.hour, series, direction, before)
    if series in facts.accepted:
        state = ACCEPTED
    held = (expected.low, expected.high) if expected else None
    return Judged(series, observed, held, kind, size, score, direction, state, episode)


def _row(
    series: Series, observed: Observation, state: str, expected: Expected | None = None, kind: str = "", size: int = 0
) -> Judged:
    held = (expected.low, expected.high) if expected else None
    return Judged(series, observed, held, kind, size, expected.score if expected else 0.0, "", state, None)


def _before(facts: Facts, series: Series) -> Earlier | None:
    hour = facts.earlier.get(1)
    return hour.series.get(series) if hour else None


def _history(facts: Facts, series: Series) -> dict[int, Earlier]:
    """The series by offset, from its first appearance on: before that it was not silent, it was not there."""
    found: dict[int, Earlier] = {}
    for offset in sorted(facts.earlier, reverse=True):
        hour = facts.earlier[offset]
        if series in hour.series:
            found[offset] = hour.series[series]
        elif found and hour.is_complete and series.metric == EVENT_COUNT:
            found[offset] = Earlier(0.0, 0, OK)
    return found


def _range(
    series: Series, baseline: Baseline | None, observed: Observation, stood: Earlier | None
) -> tuple[Expected | None, str, int]:
    """Range, kind and size. An episode that has outlived its baseline is measured by the range that it began with."""
    if baseline is not None:
        found = expect(series.metric, baseline, observed.value, observed.size)
        return found, baseline.kind.name, len(baseline.values)
    if stood is not None and stood.expected is not None:
        low, high = stood.expected
        return Expected(low, high, score_in(stood.expected, observed.value)), HELD, stood.baseline_size
    return None, "", 0


def _direction(facts: Facts, series: Series, observed: Observation, expected: Expected | None) -> str:
    if observed.is_first and series.template_id and _has_past(facts, series.service):
        fails = observed.error_count >= _FAILING * observed.size
        if observed.value >= (_LEAST_NEW_FAILURES if fails else _LEAST_NEW_CALM):
            return NEW
    if expected is None:
        return ""
    if observed.value > expected.high:
        return HIGH
    if observed.value >= expected.low or (series.metric == EVENT_COUNT and not facts.is_complete):
        return ""
    if series.metric == EVENT_COUNT and not observed.value:
        return VANISHED if series.template_id else SILENT
    return LOW


def _has_past(facts: Facts, service: str) -> bool:
    """Whether the service was there before: of a new service every template is new."""
    own = Series(service, "", EVENT_COUNT)
    seen = sum(own in hour.series and hour.series[own].value > 0 for hour in facts.earlier.values())
    return seen >= 6


def _is_usual(baseline: Baseline | None) -> bool:
    """Whether what did not come usually does."""
    return baseline is not None and sum(earlier.value > 0 for earlier in baseline.values) * 2 > len(baseline.values)


def _episode(hour: Hour, series: Series, direction: str, before: Earlier | None) -> tuple[str, str]:
    """Id and state: an hour that goes on with what the hour before had is no new anomaly."""
    if before is not None and before.state in RUNNING:
        for side in _SIDES:
            if direction in side and before.direction in side:
                return before.episode_id or "", STANDING
    name = "\n".join((*series, direction, str(hour)))
    return hashlib.sha256(name.encode()).hexdigest()[:16], ANOMALY
