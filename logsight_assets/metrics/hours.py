"""An hour of the table `service_metrics`, for every tenant: inputs pinned, statistics made, published.

Pure in its inputs, which are the stored objects that hold points of the hour or of the one before, and the named
metrics. Nothing is fetched here, so a backfill or a replay never asks a live system; what was fetched once lies in the
lake (see `fetched.py`). An object that retention took leaves the hours that were made from it as they are, and so
does a wrong file the rows of its metric (see `trends/carried.py`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

import pyarrow as pa

from logsight_assets.declarations import Declared
from logsight_assets.lake import (
    Lake,
    hours_below,
    is_erased,
    mark,
    marked,
    markers,
    service_metrics_key,
    unmark,
    values,
)
from logsight_assets.metrics.arrivals import LEVEL
from logsight_assets.metrics.files import MetricFile, Stored, files_of, hour_points, stored_in
from logsight_assets.metrics.named_metric import FOLDER, NamedMetric, fingerprint_of, own_name, read_metrics
from logsight_assets.parquet import INPUTS, VERSION, parquet_bytes
from logsight_assets.scratch import scratch_folder
from logsight_assets.tables import SERVICE_METRICS
from logsight_assets.timeline import Hour
from logsight_assets.trends.carried import carried_part, carried_rows, due_while_wrong, mark_carried
from logsight_assets.trends.publish import Holding, Inputs, Published, Totals, Window, facts_of, publish
from logsight_assets.versions import METRICS_VERSION
from resources.metrics import Point, Series
from resources.object_store import ObjectStore

_EDITED_HOURS = 7 * 24  # of which an edited file makes rows anew by itself; older ones change by a backfill
_DEFINITIONS = "logsight.definitions"
_GONE = "gone"  # in place of the content of an object that is not there any more
_COUNTS = {"series": "logsight.series", "points": "logsight.points"}
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  columns have no zone


@dataclass(frozen=True)
class MetricHour:
    """What refreshing an hour did, and what it holds now over all tenants."""

    hour: Hour
    published: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    series: int = 0
    points: int = 0


def refresh_metrics(lake: Lake, hour: Hour, *, replay: bool = False) -> MetricHour:
    """Publish an hour of every tenant, then remove the hour's markers that were read before.

    While a metric's file is wrong the hour stays marked, and is made again when the file is corrected.
    """
    read = markers(lake.store, LEVEL, str(hour))
    declared = read_metrics(lake.config / FOLDER)
    own: list[str] = []
    done: list[Published] = []
    for tenant in _tenants(lake.store):
        window = _TenantHour.of(lake, tenant, hour, declared).window()
        done.append(publish(lake.store, window, lambda: _announce(lake.store, hour, own), replay=replay))
    if declared.refused and (read or any(each.is_changed for each in done)):
        mark_carried(lake.store, LEVEL, str(hour))
    unmark(lake.store, read + own)
    totals = Totals.of(done, _COUNTS)
    return MetricHour(hour, totals.published, totals.removed, **totals.counts)


def due_hours(lake: Lake) -> dict[Hour, list[str]]:
    """Hours that are marked, and recent ones made under other named metrics: the hour, and names of why.

    While a file is wrong, nobody knows what it says, and what was made of it before it was stays.
    """
    found = {Hour.parse(hour): keys for hour, keys in marked(lake.store, LEVEL).items()}
    declared = read_metrics(lake.config / FOLDER)
    if declared.refused:
        found = due_while_wrong(found)
    first = lake.now - _EDITED_HOURS
    for tenant in _tenants(lake.store):
        if is_erased(lake.store, tenant) or declared.wrong_names(tenant):
            continue
        wanted = fingerprint_of(each for each in declared.by_name.values() if each.is_for(tenant))
        for hour in noted_hours(lake.store, tenant, since=first):
            if _definitions_of(lake.store, tenant, hour) != wanted:
                found.setdefault(hour, []).append(f"edited-{wanted}")
    return found


def noted_hours(store: ObjectStore, tenant: str, since: Hour | None = None) -> Iterator[Hour]:
    """Event hours of which a tenant has points, or rows; with `since`, earlier days are not even listed."""
    areas = (f"metric_files/tenant={tenant}/", f"service_metrics/tenant={tenant}/")
    found = {hour for area in areas for hour in hours_below(store, area, since)}
    yield from sorted(found)


def all_hours(lake: Lake) -> set[Hour]:
    """Event hours of which any tenant has points, or rows."""
    return {hour for tenant in _tenants(lake.store) for hour in noted_hours(lake.store, tenant)}


def _definitions_of(store: ObjectStore, tenant: str, hour: Hour) -> str:
    """Under which named metrics an hour was made; nothing published is what no named metric makes."""
    entry = store.head(service_metrics_key(tenant, hour))
    return facts_of(store, entry).get(_DEFINITIONS, "") if entry else fingerprint_of([])


def _tenants(store: ObjectStore) -> list[str]:
    return sorted({name for area in ("metric_files/", "service_metrics/") for name in values(store, area, "tenant")})


def _announce(store: ObjectStore, hour: Hour, own: list[str]) -> None:
    if not own:
        own.append(mark(store, LEVEL, str(hour), "publishing"))


@dataclass(frozen=True)
class _TenantHour:
    """One tenant's hour."""

    lake: Lake
    tenant: str
    hour: Hour
    metrics: list[NamedMetric]
    wrong: frozenset[str]  # names of what wrong files declare

    @classmethod
    def of(cls, lake: Lake, tenant: str, hour: Hour, declared: Declared[NamedMetric]) -> Self:
        own = [each for each in declared.by_name.values() if each.is_for(tenant)]
        return cls(lake, tenant, hour, own, declared.wrong_names(tenant))

    def window(self) -> Window:
        return Window(f"metrics of hour {self.hour}", [self._key], self._survey, self._make)

    @property
    def _key(self) -> str:
        return service_metrics_key(self.tenant, self.hour)

    def _carried(self) -> list[dict[str, Any]]:
        return carried_rows(self.lake.store, self._key, "metric", self.wrong)

    def _files(self) -> list[MetricFile]:
        return [file for hour in (self.hour - 1, self.hour) for file in files_of(self.lake.store, self.tenant, hour)]

    def _survey(self, _: Holding) -> Inputs:
        store = self.lake.store
        if is_erased(store, self.tenant):
            return Inputs({})
        own = files_of(store, self.tenant, self.hour)
        carried = carried_part(self._carried())
        if not own or not (self.metrics or carried or any(file.is_fetched for file in own)):
            return Inputs({})
        files = [*own, *files_of(store, self.tenant, self.hour - 1)]
        parts = {file.raw_key: file.content_sha256 if store.head(file.raw_key) else _GONE for file in files}
        definitions = {"definitions": fingerprint_of(self.metrics)}
        return Inputs(parts | definitions | carried, is_frozen=_GONE in parts.values())

    def _make(self, inputs: Inputs, _: Holding) -> Mapping[str, bytes]:
        names = frozenset(metric.metric for metric in self.metrics)
        with scratch_folder(self.lake.state) as scratch:
            stored = stored_in(self.lake, self._files(), names, scratch)
        rows = [*self._carried(), *self._rows(stored)]
        rows.sort(key=lambda row: [row[name] for name in SERVICE_METRICS.key])
        facts = {
            INPUTS: inputs.fingerprint or "",
            VERSION: str(METRICS_VERSION),
            _DEFINITIONS: fingerprint_of(self.metrics),
            _COUNTS["series"]: str(len({(row["metric"], row["statistic"]) for row in rows})),
            _COUNTS["points"]: str(len(rows)),
        }
        table = pa.Table.from_pylist(rows, SERVICE_METRICS.arrow_schema)
        return {self._key: parquet_bytes(table, SERVICE_METRICS, facts)}

    def _rows(self, stored: Stored) -> Iterator[dict[str, Any]]:
        """Rows of the named metrics, then those of what was fetched and has no file."""
        named: set[Series] = set()
        for metric in self.metrics:
            named.update(metric.series)
            for series in metric.series:
                yield from _rows(metric.name, series, hour_points(stored, series, self.hour), metric)
        yield from self._unnamed(stored, stored.fetched.keys() - named)

    def _unnamed(self, stored: Stored, others: Iterable[Series]) -> Iterator[dict[str, Any]]:
        """What was fetched and no file names: alarms' own metrics. Rows of one key differ in unit; one stands."""
        found: dict[tuple[Any, ...], dict[str, Any]] = {}
        for series in sorted(others, key=_order):
            for row in _rows(own_name(series), series, hour_points(stored, series, self.hour)):
                found[tuple(row[name] for name in SERVICE_METRICS.key)] = row
        yield from found.values()


def _order(series: Series) -> tuple[Any, ...]:
    return (
        series.unit or "",
        series.period_seconds,
        series.statistic,
        series.namespace,
        series.metric,
        series.dimensions,
    )


def _rows(
    name: str, series: Series, points: Iterable[Point], metric: NamedMetric | None = None
) -> Iterator[dict[str, Any]]:
    for point in points:
        yield {
            "metric": name,
            "statistic": series.statistic,
            "period_s": point.period_seconds,
            "point_time": _EPOCH + timedelta(microseconds=point.start_nano // 1000),
            "time_unix_nano": point.start_nano,
            "service": metric.service if metric else None,
            "environment": metric.environment if metric else None,
            "namespace": series.namespace,
            "metric_name": series.metric,
            "dimensions": json.dumps(dict(series.dimensions), sort_keys=True, ensure_ascii=False),
            "unit": series.unit,
            "value": point.value,
            "sample_count": point.sample_count,
        }
