"""Which time an investigation looks at: the incident's window, and the time before it that says what is normal.

Captures have holes and histories are short, so nothing here counts seconds that nobody logged in: time is cut into
slices, and a slice without an event is no measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

from logsight_assets.incidents.alarm import Alarm
from logsight_assets.timeline import Hour, hours_between

NS = 1_000_000_000
# A window is told apart in this many slices: fine enough to see when something began, coarse enough to count in.
SLICES = 12
LOOKBACK_HOURS = 24


@dataclass(frozen=True)
class Window:
    """Nanoseconds since 1970; ends are exclusive."""

    start: int  # of the incident: a window before the state changed
    state_change: int
    as_of: int  # later state is no evidence
    slice_ns: int

    @classmethod
    def of(cls, alarm: Alarm) -> Window:
        """`as_of` is half a window behind the change: what the alarm is about has just gone on by then."""
        span = alarm.window_seconds * NS
        change = alarm.state_change_nano
        return cls(change - span, change, change + span // 2, max(NS, span // SLICES))

    @property
    def span(self) -> int:
        return self.state_change - self.start

    @property
    def hours(self) -> list[Hour]:
        """Event hours that the incident's window touches, in order."""
        return list(hours_between(Hour.of_nano(self.start), Hour.of_nano(self.as_of - 1) + 1))

    @property
    def earlier_hours(self) -> list[Hour]:
        """Event hours that can say what is normal, latest first; the first also holds a part of the incident."""
        first = Hour.of_nano(self.start)
        return [first - back for back in range(LOOKBACK_HOURS + 1)]
