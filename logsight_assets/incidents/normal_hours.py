"""Which hours before an incident say what is normal: those in which nothing was out of the ordinary.

A fault that goes on becomes its own normal, and then "the logs do not show it". So an hour in which the table
`anomalies` has an episode that nobody accepted is passed over, as that table does for its own baseline. Only hours that
were over by `as_of` count, because an hour's row is refreshed as the hour fills. An hour that is not judged yet is what
the one before it was: an episode stands until an hour shows none. Where nothing was ever judged, every hour is usual.

Which service runs on a host only the events say, and these are read after the hours are chosen. So to an alarm that
names no service every service is another.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from logsight_assets.anomalies.series import FLAGGED, RUNNING
from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.alarm_metric import MetricSeries
from logsight_assets.incidents.symptom import services_of
from logsight_assets.incidents.windows import NS, Window
from logsight_assets.lake import Lake, anomalies_key
from logsight_assets.timeline import HOUR_NS, Hour, hours_between

_UNJUDGED = 2  # hours that may wait to be judged while an episode stands


class Kind(IntEnum):
    """What an hour was like, the best first."""

    USUAL = 0
    # Some other service was, as a whole, unlike itself; to an alarm that names no service, a line of one is enough.
    OTHERS_UNLIKE = 1
    OWN_UNLIKE = 2  # the alarm's own service was, or one of its lines


@dataclass(frozen=True)
class Standing:
    """An episode that stands."""

    service: str
    template_id: str  # '' where the service is unlike itself as a whole
    since: Hour  # its first hour that was looked at
    score: float  # the highest
    reason: str  # of its latest hour


class _Row(NamedTuple):
    """An hour of an episode, whether somebody accepted it or not."""

    tenant: str
    service: str
    template_id: str
    metric: str
    episode_id: str
    state: str
    score: float
    reason: str

    @property
    def episode(self) -> tuple[str, ...]:
        """What is the same in all its hours."""
        return self[:5]


_COLUMNS = list(_Row._fields[1:])


@dataclass(frozen=True)
class _Judged:
    """An hour that is judged, for one tenant at least."""

    kind: Kind
    rows: Sequence[_Row]


@dataclass
class NormalHours:
    """Hours as an alarm sees them; each is read once."""

    lake: Lake
    alarm: Alarm
    tenants: Sequence[str]
    window: Window
    _read: dict[Hour, _Judged | None] = field(default_factory=dict)

    def kind_of(self, hour: Hour) -> Kind:
        """Of an hour that is not judged, the kind of the latest one before it that is."""
        judged = (self._judged(hour - back) for back in range(_UNJUDGED + 1))
        return next((each.kind for each in judged if each), Kind.USUAL)

    def standing(self, services: Collection[str]) -> list[Standing]:
        """Episodes of these services that stood in the last hour that is judged, by score, one a service."""
        over = Hour.of_nano(self.window.as_of)
        last = next((hour for hour in (over - 1, over - 2) if self._judged(hour)), over - 1)
        found = {
            row.episode: Standing(row.service, row.template_id, last, row.score, row.reason)
            for row in self._rows(last)
            if row.state in FLAGGED and row.service in services
        }
        for hour in hours_between(self.window.earlier_hours[-1], last) if found else ():
            for row in self._rows(hour):
                if held := found.get(row.episode):
                    since, score = min(held.since, hour), max(held.score, row.score)
                    found[row.episode] = replace(held, since=since, score=score)
        best: dict[str, Standing] = {}
        for each in sorted(found.values(), key=lambda each: (bool(each.template_id), -each.score)):
            best.setdefault(each.service, each)
        return list(best.values())

    def _rows(self, hour: Hour) -> Sequence[_Row]:
        judged = self._judged(hour)
        return judged.rows if judged else ()

    def _judged(self, hour: Hour) -> _Judged | None:
        if hour not in self._read:
            self._read[hour] = self._look(hour) if hour.start_nano < self.window.as_of // HOUR_NS * HOUR_NS else None
        return self._read[hour]

    def _look(self, hour: Hour) -> _Judged | None:
        held = {name: table for name in self.tenants if (table := self._table(name, hour)) is not None}
        if not held:
            return None
        known = {service for table in held.values() for service in table["service"].unique().to_pylist()}
        rows = [row for name, table in held.items() for row in _running(name, table)]
        return _Judged(self._kind([row for row in rows if row.state in FLAGGED], sorted(known)), rows)

    def _kind(self, flagged: Sequence[_Row], known: Sequence[str]) -> Kind:
        own = {each.service for each in services_of(self.alarm, known)} if flagged else set()
        if any(row.service in own for row in flagged):
            return Kind.OWN_UNLIKE
        return Kind.OTHERS_UNLIKE if any(not own or not row.template_id for row in flagged) else Kind.USUAL

    def _table(self, tenant: str, hour: Hour) -> pa.Table | None:
        """A tenant's hour; None if it is not judged, or is damaged, which surroundings.py names near the incident."""
        try:
            data = self.lake.store.get(anomalies_key(tenant, hour))
        except ObjectMissing:
            return None
        # Not `read_rows`, which reads the store while it decodes: a store that fails is no damage.
        try:
            table = pq.ParquetFile(pa.BufferReader(data)).read(_COLUMNS).select(_COLUMNS)
            table.validate(full=True)
        except (ValueError, KeyError, OSError):  # a footer, a column's name or text, a page
            return None
        return table


def _running(tenant: str, table: pa.Table) -> list[_Row]:
    """A tenant's rows of episodes, in the order of the table's key."""
    states = pa.array(sorted(RUNNING), table["state"].type)
    return [_Row(tenant, **row) for row in table.filter(pc.is_in(table["state"], value_set=states)).to_pylist()]


def unexplained(standing: Sequence[Standing], *, is_explained: bool, is_normal: bool) -> tuple[str, ...]:
    """What an answer leaves open of episodes of the alarm's services that stand, in words.

    The names are text of log lines. An explained alarm leaves nothing open, if its answer knew what is normal.
    """
    if is_normal and is_explained:
        return ()
    said = [f"{each.service} is unlike itself since {each.since.start:%Y-%m-%d %H:%M} UTC" for each in standing]
    if not is_normal:
        return (f"a time before that is normal: {', '.join(said) or 'it was all unlike itself'}",)
    return tuple(f"why {words} ({each.reason})" for words, each in zip(said, standing, strict=True))


def beyond_since(metric: MetricSeries | None, window: Window) -> int:
    """Since when (nanoseconds) the alarm's own metric is on the side of its threshold on which it set the alarm off.

    That is the window's start where it began in the window, or where nothing is known of the metric: most alarms go off
    as soon as their window allows.
    """
    if metric is None or metric.threshold is None or metric.value_at_alarm is None:
        return window.start
    length, is_above = metric.period_seconds * NS, metric.value_at_alarm >= metric.threshold
    earlier = [point for point in metric.points if point.start_unix_nano < window.start]
    since = window.start
    for point in reversed(earlier):
        is_next = since - point.start_unix_nano <= length
        if not is_next or (point.value >= metric.threshold) != is_above:
            break
        since = point.start_unix_nano
    return since
