"""What an alarm is about and no log that was read is of: the answer then says so, and is not that nothing is there.

A service that logged before and fell silent in the window is none of these: that is a finding of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.symptom import services_of, things_named
from logsight_assets.incidents.windows import Window
from logsight_assets.lake import Lake, hour_key
from logsight_assets.parquet import read_rows

_DAYS = 7  # that are looked back through: who logs by the week at least is known
_MOST_NAMES, _LONGEST_NAME = 3, 60


def unheard(lake: Lake, alarm: Alarm, tenants: Sequence[str], window: Window) -> tuple[str, ...]:
    """Whose logs there are none of, in words, for an alarm that names no service of the hours read.

    Nothing where it names nothing at all. The names are the alarm's own text.
    """
    last = _last_heard(lake, tenants, window)
    ended = [(each.service, last[each.service]) for each in services_of(alarm, sorted(last))]
    if ended:
        return tuple(f"no logs of {_short(name)} since {end:%Y-%m-%d %H:%M} UTC" for name, end in ended[:_MOST_NAMES])
    things = [_short(each) for each in things_named(alarm)[:_MOST_NAMES]]
    return tuple(f"no logs of {each} are in the lake, of the last {_DAYS} days" for each in things)


def _last_heard(lake: Lake, tenants: Sequence[str], window: Window) -> dict[str, datetime]:
    """End of the last hour that was over by `as_of` in which each service said anything; the first is days ago."""
    as_of = datetime.fromtimestamp(window.as_of / 1e9, UTC)
    found: dict[str, datetime] = {}
    for day in (as_of - timedelta(days=back) for back in range(_DAYS)):
        for tenant in tenants:
            key = hour_key("service_trend", tenant, f"{day:%Y-%m-%d}")
            try:
                rows = read_rows(lake.store, key, ["service", "hour_time"])
            except ObjectMissing:
                continue
            for row in rows.to_pylist():
                end = row["hour_time"].replace(tzinfo=UTC) + timedelta(hours=1)
                if row["service"] and end <= as_of:
                    found[row["service"]] = max(end, found.get(row["service"], end))
    return found


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else name[: _LONGEST_NAME - 1] + "…"
