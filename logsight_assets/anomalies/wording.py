"""Why a row says what it says, in words. Numbers only: no text of a log line comes in here."""

from __future__ import annotations

from logsight_assets.anomalies.baseline import HELD, HOUR_OF_DAY, HOUR_OF_WEEK, RECENT
from logsight_assets.anomalies.judge import Judged
from logsight_assets.anomalies.series import (
    ACCEPTED,
    ERROR_RATIO,
    EVENT_COUNT,
    INCOMPLETE,
    NEW,
    NO_BASELINE,
    SILENT,
    STANDING,
    VANISHED,
)

_BASELINES = {
    HOUR_OF_WEEK: "the same hour of {size} weeks",
    HOUR_OF_DAY: "the same hour of {size} days",
    RECENT: "the last {size} usable hours",
    HELD: "what was normal when it began",
}


def reason(row: Judged) -> str:
    """One sentence."""
    return f"{_said(row)}{_since(row)}"


def _said(row: Judged) -> str:
    metric = row.series.metric
    if row.state == NO_BASELINE:
        return f"{amount(metric, row.observed.value)}; too few earlier hours to say what is normal"
    if row.direction == NEW:
        failing = f", {row.observed.error_count:,} of them errors" if row.observed.error_count else ""
        return f"never seen before; {amount(metric, row.observed.value)}{failing}"
    if row.expected is None:
        return amount(metric, row.observed.value)
    low, high = (amount(metric, value) for value in row.expected)
    basis = _BASELINES[row.baseline].format(size=row.baseline_size)
    expected = f"{low} to {high} expected from {basis}"
    if row.direction in (SILENT, VANISHED):
        return f"nothing came; {expected}"
    so_far = " so far" if row.state == INCOMPLETE else ""
    return f"{amount(metric, row.observed.value)}{so_far}; {expected}"


def _since(row: Judged) -> str:
    if row.state == STANDING:
        return "; goes on from the hour before"
    return "; accepted" if row.state == ACCEPTED else ""


def amount(metric: str, value: float) -> str:
    """A value with its unit."""
    if metric == EVENT_COUNT:
        return f"{value:,.0f} events"
    if metric == ERROR_RATIO:
        return f"{value:.1%} errors"
    milliseconds = value / 1e6
    return f"{milliseconds:,.0f} ms" if milliseconds >= 10 else f"{milliseconds:.2f} ms"
