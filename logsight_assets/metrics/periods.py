"""From measurements to statistics of periods: totals become increases, values of all senders are put together. Pure.

Sums are exactly rounded (`fsum`), so the order in which files arrive changes no bit.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from logsight_assets.metrics.otlp import Measurement
from resources.metrics import Point


@dataclass(frozen=True)
class Sample:
    """What counts at a moment: a value, an increase, or what a histogram took in."""

    at_nano: int
    count: int
    total: float | None
    least: float | None
    most: float | None


def samples(measured: Iterable[Measurement], since_nano: int) -> Iterator[Sample]:
    """What the measurements of any streams say, each once however often it was delivered.

    A total needs the one before it; the first of a stream counts whole if it began to count at `since_nano` or later,
    else it only says where the stream stands.
    """
    streams: dict[str, dict[tuple[int, int], Measurement]] = defaultdict(dict)
    for each in measured:
        held = streams[each.stream]
        place = (each.time_nano, each.start_nano or 0)
        # Two values of one stream at one time: the sender broke its promise, and the larger one stands in any order.
        held[place] = max(held.get(place, each), each, key=_size)
    for _, own in sorted(streams.items()):
        ordered = [own[place] for place in sorted(own)]
        yield from _increases(ordered, since_nano) if ordered[0].is_running else map(_sample, ordered)


def _size(each: Measurement) -> tuple[float, int]:
    return (-math.inf if each.total is None else each.total, each.count)


def _sample(each: Measurement) -> Sample:
    return Sample(each.at_nano, each.count, each.total, each.least, each.most)


def _increases(totals: Sequence[Measurement], since_nano: int) -> Iterator[Sample]:
    before: Measurement | None = None
    for each in totals:
        if before is None:
            if each.start_nano is not None and each.start_nano >= since_nano:
                yield _difference(each, None)
        else:
            yield _difference(each, None if _was_reset(before, each) else before)
        before = each


def _was_reset(before: Measurement, after: Measurement) -> bool:
    """Whether the sender began anew in between: it says so, or less is there than was."""
    began_later = after.start_nano is not None and after.start_nano >= before.time_nano
    return began_later or after.count < before.count or (after.total or 0.0) < (before.total or 0.0)


def _difference(after: Measurement, before: Measurement | None) -> Sample:
    total, count = after.total, after.count
    if before is not None and total is not None:
        total -= before.total or 0.0
    if not after.is_histogram:
        return Sample(after.at_nano, 1, total, total, total)
    if before is None:
        return Sample(after.at_nano, count, total, after.least, after.most)
    # What is smallest and largest since the start says nothing of the time in between.
    return Sample(after.at_nano, count - before.count, total, None, None)


def statistic_points(
    found: Iterable[Sample], statistic: str, period_seconds: int, start_nano: int, end_nano: int
) -> Iterator[Point]:
    """A statistic of each period that begins in [start, end), oldest first; none of a period that does not have it."""
    length = period_seconds * 10**9
    periods: dict[int, list[Sample]] = defaultdict(list)
    for sample in found:
        if start_nano <= (start := sample.at_nano // length * length) < end_nano:
            periods[start].append(sample)
    for start, held in sorted(periods.items()):
        value = _statistic(statistic, held)
        if value is not None:
            yield Point(start, period_seconds, value, sum(sample.count for sample in held))


def _statistic(statistic: str, held: Sequence[Sample]) -> float | None:
    count = sum(sample.count for sample in held)
    totals = [sample.total for sample in held if sample.total is not None]
    total = math.fsum(totals) if len(totals) == len(held) else None
    match statistic:
        case "SampleCount":
            return float(count)
        case "Sum":
            return total
        case "Average":
            return total / count if total is not None and count else None
        case "Minimum":
            return _extreme(min, [sample.least for sample in held if sample.count])
        case "Maximum":
            return _extreme(max, [sample.most for sample in held if sample.count])
    return None  # a percentile: sums of buckets would only guess it


def _extreme(choose: Callable[[list[float]], float], values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return choose(known) if values and len(known) == len(values) else None
