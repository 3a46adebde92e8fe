"""Retention of metrics: objects go by the hour in which they arrived, rows and notes by the day that they are about.

Rows whose objects are gone stay as they are until their own time comes (see `hours.py`). An object that was not read
yet stays too. Every step can be repeated after a kill.
"""

from __future__ import annotations

from datetime import timedelta

from logsight_assets.lake import Lake, values
from logsight_assets.metrics.arrivals import Place, places, with_receipts
from logsight_assets.timeline import parse_day
from logsight_assets.trends.retention import RetentionOutcome

_BY_DAY = ("service_metrics", "metric_files")


def expire_metrics(lake: Lake, outcome: RetentionOutcome) -> None:
    """Remove what every tenant's settings no longer keep."""
    for place in list(places(lake.store)):
        days = lake.settings.retention_of(place.tenant).metrics_days
        if days and place.hour.end <= lake.clock() - timedelta(days=days):
            _expire_arrivals(lake, place, outcome)
    for area in _BY_DAY:
        for tenant in values(lake.store, f"{area}/", "tenant"):
            days = lake.settings.retention_of(tenant).metrics_days
            for day in values(lake.store, f"{area}/tenant={tenant}/", "dt") if days else ():
                if parse_day(day) + timedelta(days=1) <= lake.clock() - timedelta(days=days):
                    for entry in list(lake.store.list(f"{area}/tenant={tenant}/dt={day}/")):
                        _delete(lake, area, entry.key, outcome)


def _expire_arrivals(lake: Lake, place: Place, outcome: RetentionOutcome) -> None:
    """Objects first: a receipt alone says what there was, an object without its receipt would be read again."""
    for entry, receipt in list(with_receipts(lake.store, place)):
        if receipt is None:
            outcome.postponed["raw_metrics"] += 1
            continue
        _delete(lake, "raw_metrics", entry.key, outcome)
        _delete(lake, "metric_receipts", receipt.key, outcome)


def _delete(lake: Lake, area: str, key: str, outcome: RetentionOutcome) -> None:
    lake.store.delete(key)
    outcome.removed[area] += 1
