"""What was fetched from a metric source, as an immutable raw object: the answer, whole, with the time of asking.

A live answer is no input that could be asked for again: CloudWatch forgets, and changes its mind about minutes that are
not settled. So it is stored first, and the table is made from what is stored. Numbers are written as they are read.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from resources.metrics import Point, Read, Series

_KEY = "fetchedMetrics"  # tells such a document from an OTLP request


@dataclass(frozen=True)
class FetchedSeries:
    """Points of one series as they were at one time."""

    series: Series
    source: str
    fetched_nano: int
    points: tuple[Point, ...]


class NotFetched(ValueError):
    """A document is none of ours."""


def fetched_bytes(source: str, fetched_nano: int, wanted: Sequence[Series], answer: Read) -> bytes:
    """The raw object, one JSON document under gzip; series without points are in it, because they were asked for."""
    document = {
        _KEY: {
            "source": source,
            "fetchedUnixNano": str(fetched_nano),
            "series": [
                {
                    "namespace": series.namespace,
                    "metric": series.metric,
                    "dimensions": dict(series.dimensions),
                    "statistic": series.statistic,
                    "periodSeconds": series.period_seconds,
                    "unit": series.unit,
                    "points": [list(point) for point in answer.points.get(series, ())],
                    "fault": answer.faults.get(series),
                }
                for series in wanted
            ],
        }
    }
    return gzip.compress(json.dumps(document, sort_keys=True).encode() + b"\n", mtime=0)


def fetched_name(fetched_nano: int, data: bytes) -> str:
    """Name of the raw object; names in order are times in order."""
    moment = datetime.fromtimestamp(fetched_nano // 10**9, UTC)
    return f"{moment:%Y%m%dT%H%M%S}-{hashlib.sha256(data).hexdigest()[:12]}.json.gz"


def fetched_time(name: str) -> datetime | None:
    """When an object of this name was fetched; None for one of another name."""
    try:
        return datetime.strptime(name.partition("-")[0], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def is_fetched(value: Any) -> bool:
    """Whether a document is a stored answer."""
    return isinstance(value, dict) and _KEY in value


def read_fetched(value: Mapping[str, Any]) -> Iterator[FetchedSeries]:
    """The series of a document for which `is_fetched` holds; NotFetched if it is not as we write it."""
    try:
        held = value[_KEY]
        source, fetched = str(held["source"]), int(held["fetchedUnixNano"])
        found = [
            FetchedSeries(_series(each), source, fetched, tuple(Point(*point) for point in each["points"]))
            for each in held["series"]
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotFetched(f"no stored answer of a metric source ({type(error).__name__})") from None
    yield from found


def _series(held: Mapping[str, Any]) -> Series:
    return Series(
        held["namespace"],
        held["metric"],
        tuple(sorted(held["dimensions"].items())),
        held["statistic"],
        int(held["periodSeconds"]),
        held["unit"],
    )
