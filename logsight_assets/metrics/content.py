"""One raw metric object read: OTLP requests and stored answers, and what of it cannot be read. Nothing is lost unseen.

Unpacking and JSON are intake's own, with its limits; a metric object is never opened by the query engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from logsight_assets.intake.formats.json_stream import Item, Parsed, Plain, read_json
from logsight_assets.intake.records import Ignored, Refused
from logsight_assets.intake.unpack import Unpacked, unpack
from logsight_assets.metrics.fetched import FetchedSeries, NotFetched, is_fetched, read_fetched
from logsight_assets.metrics.otlp import Left, Measurement, is_metrics, measurements
from logsight_assets.settings import Limits
from resources.object_store import ObjectStore

Found: TypeAlias = Measurement | FetchedSeries | Left | Refused


class MetricObject:
    """An object of the lake, unpacked into a scratch folder; its content is read anew by each call of `content`."""

    def __init__(self, store: ObjectStore, key: str, limits: Limits, scratch: Path) -> None:
        """ObjectMissing if there is none under this key."""
        self._limits = limits
        with store.open(key) as stream:
            self.unpacked: Unpacked = unpack(stream, scratch / "metric-lines", limits)

    def content(self) -> Iterator[Found]:
        """All that stands in it, in order. Lines over the limit are `self.unpacked.long_lines`."""
        for item in read_json(self._lines(), self._limits.max_depth):
            yield from _found(item)

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        with self.unpacked.path.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                yield number, line.removesuffix(b"\n")


def _found(item: Item) -> Iterator[Found]:
    match item:
        case Ignored():
            return
        case Refused():
            yield item
        case Plain():
            yield Refused(item.line, 1, 0, "not_json", item.raw)
        case Parsed() if is_metrics(item.value):
            yield from measurements(item)
        case Parsed() if is_fetched(item.value):
            try:
                yield from read_fetched(item.value)
            except NotFetched:
                yield _refused(item)
        case Parsed():
            yield _refused(item)


def _refused(item: Parsed) -> Refused:
    reason = "wrong_structure" if isinstance(item.value, dict) else "not_an_object"
    return Refused(item.line, item.line_count, item.index, reason, item.raw)
