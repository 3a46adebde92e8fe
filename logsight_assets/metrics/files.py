"""The metrics port over what lies in the lake: OTLP metric files, and what was fetched earlier. Embedded default.

An hour's points are a function of the objects that hold points of it or of the hour before (where the first increase of
a running total begins), and of nothing else. Where a period was fetched, the latest answer stands; else it is counted
from measurements.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from logsight_assets.lake import Lake, is_erased, metric_files_prefix
from logsight_assets.metrics.content import MetricObject
from logsight_assets.metrics.fetched import FetchedSeries
from logsight_assets.metrics.otlp import Measurement
from logsight_assets.metrics.periods import samples, statistic_points
from logsight_assets.scratch import scratch_folder
from logsight_assets.timeline import Hour, hours_between
from resources.metrics import Point, Read, Series
from resources.object_store import ObjectStore


@dataclass(frozen=True)
class MetricFile:
    """A metric object as it was noted when it was read."""

    raw_key: str
    content_sha256: str
    is_fetched: bool


@dataclass
class Stored:
    """What some objects hold."""

    measurements: dict[str, list[Measurement]] = field(default_factory=dict)  # by the metric's name
    fetched: dict[Series, dict[tuple[int, int], tuple[int, str, Point]]] = field(default_factory=dict)

    def add_measurement(self, each: Measurement) -> None:
        self.measurements.setdefault(each.name, []).append(each)

    def add_fetched(self, each: FetchedSeries) -> None:
        """Points of an answer; of a period the latest answer stands, whatever the order in which they are read."""
        held = self.fetched.setdefault(each.series, {})
        for point in each.points:
            period = (point.start_nano, point.period_seconds)
            told = (each.fetched_nano, each.source, point)
            held[period] = max(held.get(period, told), told)


def files_of(store: ObjectStore, tenant: str, hour: Hour) -> list[MetricFile]:
    """Objects that hold points of an event hour."""
    entries = list(store.list(metric_files_prefix(tenant, hour)))
    return [MetricFile(**json.loads(store.get(entry.key))) for entry in entries]


def stored_in(lake: Lake, files: Iterable[MetricFile], names: frozenset[str], scratch: Path) -> Stored:
    """What objects hold: measurements of metrics with these names, and all that was fetched. ObjectMissing."""
    found = Stored()
    for key in sorted({file.raw_key for file in files}):
        for each in MetricObject(lake.store, key, lake.settings.limits, scratch).content():
            match each:
                case Measurement() if each.name in names:
                    found.add_measurement(each)
                case FetchedSeries():
                    found.add_fetched(each)
    return found


def hour_points(stored: Stored, series: Series, hour: Hour) -> tuple[Point, ...]:
    """A series' points of an hour, from what is stored of it and of the hour before."""
    since, start, end = (hour - 1).start_nano, hour.start_nano, (hour + 1).start_nano
    own = (
        each
        for each in stored.measurements.get(series.metric, ())
        if since <= each.at_nano < end and each.has(series.dimensions)
    )
    measured = statistic_points(samples(own, since), series.statistic, series.period_seconds, start, end)
    points = {(point.start_nano, point.period_seconds): point for point in measured}
    for period, (_, _, point) in stored.fetched.get(series, {}).items():
        if start <= point.start_nano < end:
            points[period] = point
    return tuple(points[period] for period in sorted(points))


class FileMetrics:
    """A tenant's metrics, from the objects that were taken in."""

    def __init__(self, lake: Lake, tenant: str) -> None:
        self._lake = lake
        self._tenant = tenant

    def read(self, wanted: Sequence[Series], start_nano: int, end_nano: int) -> Read:
        if is_erased(self._lake.store, self._tenant):
            return Read({})
        hours = list(hours_between(Hour.of_nano(start_nano), Hour.of_nano(end_nano - 1) + 1))
        files = {file for hour in [hours[0] - 1, *hours] for file in files_of(self._lake.store, self._tenant, hour)}
        names = frozenset(series.metric for series in wanted)
        with scratch_folder(self._lake.state) as scratch:
            stored = stored_in(self._lake, files, names, scratch)
        return Read(
            {series: points for series in wanted if (points := _within(stored, series, hours, start_nano, end_nano))}
        )


def _within(stored: Stored, series: Series, hours: Sequence[Hour], start: int, end: int) -> tuple[Point, ...]:
    found = (point for hour in hours for point in hour_points(stored, series, hour))
    return tuple(point for point in found if start <= point.start_nano < end)
