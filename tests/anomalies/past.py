"""Hours of one or more series in a few words: what came, and what was judged of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from logsight_assets.anomalies.judge import EarlierHour, Facts, Judged, judge
from logsight_assets.anomalies.series import EVENT_COUNT, OK, Earlier, Observation, Series
from logsight_assets.timeline import Hour

HOUR = Hour.parse("2025-06-18T14")
SHOP = Series("shop", "", EVENT_COUNT)


def seen(value: float, **more: Any) -> Observation:
    """So many events."""
    return Observation(value, int(value), **more)


def earlier(values: Mapping[int, float | Earlier], series: Series = SHOP, size: int = 0) -> dict[int, EarlierHour]:
    """Complete earlier hours by their offset, in which a series had these values."""
    held = {
        offset: value if isinstance(value, Earlier) else Earlier(value, size or int(value), OK)
        for offset, value in values.items()
    }
    return {offset: EarlierHour({series: value}, is_complete=True) for offset, value in held.items()}


def together(*parts: Mapping[int, EarlierHour]) -> dict[int, EarlierHour]:
    """The same hours with the series of all parts."""
    offsets = {offset for part in parts for offset in part}
    return {
        offset: EarlierHour(
            {s: value for part in parts if offset in part for s, value in part[offset].series.items()},
            is_complete=all(part[offset].is_complete for part in parts if offset in part),
        )
        for offset in offsets
    }


def last_hours(*values: float) -> dict[int, float | Earlier]:
    """The hours before, the latest last."""
    return dict(enumerate(reversed(values), 1))


def rows(
    before: Mapping[int, EarlierHour],
    observed: Mapping[Series, Observation],
    *,
    is_complete: bool = True,
    accepted: Collection[Series] = (),
    hour: Hour = HOUR,
) -> dict[Series, Judged]:
    found = judge(Facts(hour, is_complete, observed, before, accepted))
    return {row.series: row for row in found}


def run_on(values: Iterable[float], accepted: Mapping[Hour, Collection[Series]] | None = None) -> list[Judged | None]:
    """Judge hour after hour, each by those before it; None where an hour has no row."""
    judged: dict[Hour, EarlierHour] = {}
    found: list[Judged | None] = []
    for number, value in enumerate(values):
        hour = HOUR + number
        before = {hour.index - each.index: held for each, held in judged.items()}
        observed = {SHOP: Observation(value, int(value))} if value else {}
        row = rows(before, observed, accepted=(accepted or {}).get(hour, ()), hour=hour).get(SHOP)
        series = {} if row is None else {SHOP: as_earlier(row)}
        judged[hour] = EarlierHour(series, is_complete=True)
        found.append(row)
    return found


def as_earlier(row: Judged) -> Earlier:
    return Earlier(
        row.observed.value,
        row.observed.size,
        row.state,
        row.direction,
        row.episode_id,
        row.expected,
        row.baseline_size,
    )
