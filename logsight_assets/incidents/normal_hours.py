"""Which hours before an incident say what is normal: those in which nothing was out of the ordinary.

A fault that goes on becomes its own normal, and then "the logs do not show it". So an hour in which the table
`anomalies` has an episode that nobody accepted is passed over, as that table does for its own baseline. Only hours that
were over by `as_of` count, because an hour's row is refreshed as the hour fills. An hour that is not judged yet is what
the one before it was: an episode stands until an hour shows none. Where nothing was ever judged, every hour is usual.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import pyarrow as pa
import pyarrow.parquet as pq

from logsight_assets.anomalies.episodes import Episode, anomalies_between
from logsight_assets.anomalies.series import FLAGGED
from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.alarm_metric import MetricSeries
from logsight_assets.incidents.symptom import services_of
from logsight_assets.incidents.windows import NS, Window
from logsight_assets.lake import Lake, anomalies_key
from logsight_assets.timeline import HOUR_NS, Hour

_COLUMNS = ["service", "template_id", "state"]
_UNJUDGED = 2  # hours that may wait to be judged while an episode stands


class Kind(IntEnum):
    """What an hour was like, the best first."""

    USUAL = 0
    OTHERS_UNLIKE = 1  # some other service was, as a whole, unlike itself
    OWN_UNLIKE = 2  # the alarm's own service was, or one of its lines


@dataclass
class NormalHours:
    """Hours as an alarm sees them; each is read once."""

    lake: Lake
    alarm: Alarm
    tenants: Sequence[str]
    window: Window
    _read: dict[Hour, Kind | None] = field(default_factory=dict)

    def kind_of(self, hour: Hour) -> Kind:
        """Of an hour that is not judged, the kind of the latest one before it that is."""
        kinds = (self._judged(hour - back) for back in range(_UNJUDGED + 1))
        return next((kind for kind in kinds if kind is not None), Kind.USUAL)

    def standing(self, services: Collection[str]) -> list[Episode]:
        """Episodes of these services that stood in the last hour that is judged, by score, one a service."""
        over = Hour.of_nano(self.window.as_of)
        last = next((hour for hour in (over - 1, over - 2) if self._judged(hour) is not None), None)
        if last is None or self._judged(last) == Kind.USUAL:
            return []
        start = self.window.earlier_hours[-1].start
        found = [each for name in self.tenants for each in anomalies_between(self.lake, name, start, last.end)]
        best: dict[str, Episode] = {}
        for each in sorted(found, key=lambda each: (bool(each.series.template_id), -each.score)):
            if each.last == last and each.state in FLAGGED and each.series.service in services:
                best.setdefault(each.series.service, each)
        return list(best.values())

    def _judged(self, hour: Hour) -> Kind | None:
        if hour not in self._read:
            self._read[hour] = self._look(hour) if hour.start_nano < self.window.as_of // HOUR_NS * HOUR_NS else None
        return self._read[hour]

    def _look(self, hour: Hour) -> Kind | None:
        known: set[str] = set()
        whole: set[str] = set()  # services that are unlike themselves …
        unlike: set[str] = set()  # … or that have a line that is
        is_judged = False
        for tenant in self.tenants:
            try:
                data = pa.BufferReader(self.lake.store.get(anomalies_key(tenant, hour)))
                rows = pq.ParquetFile(data, pre_buffer=False).read(_COLUMNS, use_threads=False)
            except (ObjectMissing, pa.ArrowInvalid):
                continue  # one that cannot be read is named with the evidence (surroundings.py)
            is_judged = True
            columns = (rows[name].to_pylist() for name in _COLUMNS)
            for service, template_id, state in zip(*columns, strict=True):
                known.add(service)
                if state in FLAGGED:
                    unlike.add(service)
                    if not template_id:
                        whole.add(service)
        if not is_judged:
            return None
        if unlike and any(each.service in unlike for each in services_of(self.alarm, sorted(known))):
            return Kind.OWN_UNLIKE
        return Kind.OTHERS_UNLIKE if whole else Kind.USUAL


def unexplained(standing: Sequence[Episode], *, is_explained: bool, is_normal: bool) -> tuple[str, ...]:
    """What an answer leaves open of episodes of the alarm's services that stand, in words.

    The names are text of log lines. An explained alarm leaves nothing open, if its answer knew what is normal.
    """
    if is_normal and is_explained:
        return ()
    said = [f"{each.series.service} is unlike itself since {each.since.start:%Y-%m-%d %H:%M} UTC" for each in standing]
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
