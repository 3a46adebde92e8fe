"""How far back an investigation reads: the window's hours, and of those before it as many as say what is normal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from logsight_assets.incidents.normal_hours import Kind
from logsight_assets.incidents.windows import Window
from logsight_assets.timeline import HOUR_NS, Hour

# The time before is long enough when it holds so many events and is so many windows long: more hours cost files to open
# and change no ranking.
ENOUGH_EVENTS, ENOUGH_WINDOWS = 20_000, 12
# With more than this the time before is cut to the windows that are enough: a busy platform has its normal in minutes.
MANY_EVENTS = 1_000_000
# With fewer usual hours than this, those count too in which only other services were unlike themselves.
LEAST_HOURS = 6

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class TimeRead:
    """Hours whose events are read, and when (nanoseconds since 1970)."""

    window: Window
    hours: tuple[Hour, ...]  # ascending
    since: int
    left_out: Spans = ()  # ascending, between `since` and the window: time that says nothing of what is normal
    is_normal: bool = True  # whether any of the time before is

    def condition(self, column: str, as_sql: Callable[[int], str]) -> str:
        """That a column is in none of the spans left out, as SQL; `as_sql` writes a time as the column holds it."""
        spans = [f"not ({column} >= {as_sql(start)} and {column} < {as_sql(end)})" for start, end in self.left_out]
        return " and ".join(spans) or "true"

    def without(self, moment: int) -> TimeRead:
        """Also without the time from a moment to the window, if enough that is normal lies before it."""
        earlier = _merged((max(start, self.since), min(end, moment)) for start, end in self.left_out if start < moment)
        normal = moment - self.since - sum(end - start for start, end in earlier)
        if moment >= self.window.start or normal < ENOUGH_WINDOWS * self.window.span:
            return self
        return replace(self, left_out=_merged((*self.left_out, (moment, self.window.start))))


def time_read(window: Window, take: Callable[[Hour], int], kind_of: Callable[[Hour], Kind]) -> TimeRead:
    """Take the window's hours, then usual ones before it, latest first, until what is normal is known.

    `take` is called once for each hour that is read, and says how many events it holds. Where too few hours are usual,
    those are taken in which others were unlike themselves; where none is, those of the alarm's own service.
    """
    before = _Before(window, take, sum(map(take, window.hours)))
    passed: dict[Kind, list[Hour]] = {kind: [] for kind in Kind}
    for hour in window.earlier_hours:
        if before.is_enough:
            break
        kind = kind_of(hour)
        if kind == Kind.USUAL:
            before.keep(hour)
        else:
            passed[kind].append(hour)
    before.keep_until(passed[Kind.OTHERS_UNLIKE], lambda: before.is_enough or before.held >= LEAST_HOURS)
    is_normal = before.held > 0 or not passed[Kind.OWN_UNLIKE]
    if not is_normal:
        before.keep_until(passed[Kind.OWN_UNLIKE], lambda: before.is_enough)
    return before.time_read(is_normal=is_normal)


@dataclass
class _Before:
    """What is kept so far."""

    window: Window
    take: Callable[[Hour], int]
    events: int  # with those of the window's hours
    kept: list[Hour] = field(default_factory=list)
    length: int = 0  # of the time before the window, in nanoseconds
    held: int = 0  # hours that say anything: with an event in them

    @property
    def first(self) -> Hour:
        """The hour in which the window begins: its events are read anyway, what is before the window may count."""
        return Hour.of_nano(self.window.start)

    @property
    def is_enough(self) -> bool:
        return self.events >= ENOUGH_EVENTS and self.length >= ENOUGH_WINDOWS * self.window.span

    def keep(self, hour: Hour) -> None:
        self.kept.append(hour)
        if hour == self.first:
            part = self.window.start - hour.start_nano
            self.length += part
            self.held += part >= self.window.span
            return
        found = self.take(hour)
        self.events += found
        self.length += HOUR_NS
        self.held += found > 0

    def keep_until(self, hours: Iterable[Hour], is_done: Callable[[], bool]) -> None:
        for hour in hours:
            if is_done():
                return
            self.keep(hour)

    def time_read(self, *, is_normal: bool) -> TimeRead:
        hours = tuple(sorted({*self.window.hours, *self.kept}))
        since = hours[0].start_nano
        if self.events > MANY_EVENTS:
            latest = max((self._end(hour) for hour in self.kept), default=self.window.start)
            since = max(since, latest - ENOUGH_WINDOWS * self.window.span)
        return TimeRead(self.window, hours, since, _merged(self._left_out(since)), is_normal)

    def _left_out(self, since: int) -> Iterator[tuple[int, int]]:
        kept = set(self.kept)
        hour = Hour.of_nano(since)
        while hour <= self.first:
            if hour not in kept:
                yield hour.start_nano, self._end(hour)
            hour += 1

    def _end(self, hour: Hour) -> int:
        """Of what an hour says of the time before."""
        return min((hour + 1).start_nano, self.window.start)


def _merged(spans: Iterable[tuple[int, int]]) -> Spans:
    """The same time in as few spans as there are, ascending; without empty ones."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)
