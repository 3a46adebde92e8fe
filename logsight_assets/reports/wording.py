"""Numbers as people read them: grouped digits, units, sensible rounding, and differences in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from logsight_assets.reports.measured import Change
from logsight_assets.timeline import Hour
from logsight_assets.visible import visible

NBSP = "\u00a0"  # between a number and its unit
LONGEST_NAME = 60  # of a service or source
NOTHING = "\u2013"
_UNITS_NS = (("h", 3_600 * 10**9), ("min", 60 * 10**9), ("s", 10**9), ("ms", 10**6), ("µs", 10**3), ("ns", 1))
_FEW = 10  # below, a share says more than is known
UP, DOWN = "▲", "▼"
_SAME = f"={NBSP}the same"
_LEAST_LONGER = 0.04  # a bucket of durations tells no less
_LISTED = 4


def count(number: int) -> str:
    """`12,345`."""
    return f"{number:,}"


def many(number: int, noun: str) -> str:
    """`1 hour`, `2,000 hours`."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def share(ratio: float | None) -> str:
    """`12 %`, `1.2 %`, `0.03 %`; `<0.01 %` for what is less and not nothing."""
    if ratio is None:
        return NOTHING
    percent = ratio * 100
    if percent == 0 or percent >= 99.95:
        text = f"{percent:.0f}"
    elif percent < 0.01:
        text = "<0.01"
    else:
        text = f"{percent:.2f}" if percent < 0.1 else f"{percent:.1f}"
    return f"{text}{NBSP}%"


def duration(ns: int | None) -> str:
    """Three digits with the unit that fits: `310 ms`, `2.30 s`."""
    if ns is None:
        return NOTHING
    if ns == 0:
        return f"0{NBSP}ns"
    unit, size = next((unit, size) for unit, size in _UNITS_NS if ns >= size)
    value = ns / size
    digits = 0 if size == 1 or value >= 100 else 1 if value >= 10 else 2
    return f"{value:.{digits}f}{NBSP}{unit}"


def events_moved(change: Change | None, *, in_numbers: bool = False) -> str:
    """`▲ 12 % more`, `▼ 40 % fewer`, `= the same`; both numbers where there were few, or where they are asked for."""
    if change is None:
        return NOTHING
    now, then = change.now.events, change.then.events
    if now == then:
        return _SAME
    if in_numbers or min(now, then) < _FEW:
        return _after(now - then, count(now), count(then))
    if now >= 3 * then:
        return f"{UP}{NBSP}{now / then:.1f} times"
    return _percent(now / then - 1, "more", "fewer")


def ratio_moved(change: Change | None, *, in_numbers: bool = False) -> str:
    """Error ratios apart, in points of a hundred: `▲ +2.1 points`; as two shares where they are asked for."""
    if change is None or change.now.error_ratio is None or change.then.error_ratio is None:
        return NOTHING
    now, then = change.now.error_ratio, change.then.error_ratio
    points = (now - then) * 100
    if abs(points) < 0.05:
        return _SAME
    return _after(points, share(now), share(then)) if in_numbers else f"{_arrow(points)}{NBSP}{points:+.1f} points"


def duration_moved(change: Change | None, quantile: str, *, in_numbers: bool = False) -> str:
    """`▲ 3.2 times`, `▼ 20 % shorter`; within what a bucket can tell, the same; as two durations where asked for."""
    factor = change.duration_factor(quantile) if change else None
    if change is None or factor is None:
        return NOTHING
    now, then = change.now, change.then
    if min(now.duration_count, then.duration_count) < _FEW:
        return f"few: {count(now.duration_count)} after {count(then.duration_count)}"
    if in_numbers and abs(factor - 1) >= _LEAST_LONGER:
        return _after(factor - 1, duration(now.duration_ns(quantile)), duration(then.duration_ns(quantile)))
    if factor >= 2:
        return f"{UP}{NBSP}{factor:.1f} times"
    return _percent(factor - 1, "longer", "shorter", least=_LEAST_LONGER)


def _after(difference: float, now: str, then: str) -> str:
    return f"{_arrow(difference)}{NBSP}{now} after {then}"


def _percent(ratio: float, more: str, less: str, least: float = 0.005) -> str:
    if abs(ratio) < least:
        return _SAME
    return f"{_arrow(ratio)}{NBSP}{abs(ratio) * 100:.0f}{NBSP}% {more if ratio > 0 else less}"


def _arrow(difference: float) -> str:
    return UP if difference > 0 else DOWN


def spans(hours: Iterable[Hour], *, with_day: bool) -> str:
    """Hours as `03:00 to 05:00, 09:00 to 10:00`; of a week with the day: `Tue 03:00 to 05:00`."""
    found: list[tuple[Hour, Hour]] = []
    for hour in sorted(hours):
        if found and found[-1][1] == hour:
            found[-1] = (found[-1][0], hour + 1)
        else:
            found.append((hour, hour + 1))
    told = [_span(first, end, with_day) for first, end in found[:_LISTED]]
    return ", ".join(told) + (f" and {len(found) - _LISTED} more" if len(found) > _LISTED else "")


def _span(first: Hour, end: Hour, with_day: bool) -> str:
    if not with_day:
        return f"{first.start:%H}:00 to {_clock(end)}"
    if (end - 1).day == first.day:
        return f"{first.start:%a %H}:00 to {_clock(end)}"
    return f"{first.start:%a %H}:00 to {(end - 1).start:%a} {_clock(end)}"


def _clock(end: Hour) -> str:
    """An hour's end; midnight is the end of its day."""
    return "24:00" if end.hh == "00" else f"{end.hh}:00"


def listed(names: Sequence[str], most: int = 3) -> str:
    """`a`, `a and b`, `a, b and 4 more`."""
    shown = list(names[:most])
    if len(names) > most:
        shown.append(f"{len(names) - most} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def cut(text: str, longest: int) -> str:
    """The text as it is shown, at most so many characters."""
    shown = visible(text)
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
