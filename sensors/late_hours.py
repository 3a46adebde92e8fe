"""Windows whose inputs changed: hours that late events touched, days whose closed hours changed, their months."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.lake import Lake, marked
from logsight_assets.outside import Due, due_windows
from logsight_assets.partitions import contiguous_days, month_key
from logsight_assets.trends.assets import MINUTE_TABLES
from logsight_assets.trends.pyramid import due_days
from sensors.requests import Busy, Work, busy_windows, hours_work, left_to_backfills, recent_hours, requests_of

NAME = "late_hours"


def late_requests(lake: Lake, busy: Busy, backfilled: frozenset[str] = frozenset()) -> list[dg.RunRequest]:
    """Requests for all that is due and not being worked on; in the background level by level, from below.

    `backfilled` are hours that a backfill is going to refresh; recent ones do not wait for it.
    """
    inside, outside = due_windows(lake)
    hours = marked(lake.store, "hours")
    waiting = {hour: hours.get(str(hour), []) for hour in inside.hours}
    recent = recent_hours(lake.now)
    # A `live` or `catch_up` run counts its own hours itself.
    taken = busy.of("refresh_hours", "live", "catch_up")
    live = hours_work("refresh_hours", {hour: names for hour, names in waiting.items() if hour in recent}, taken)
    background = hours_work(
        "refresh_hours", {hour: names for hour, names in waiting.items() if hour not in recent}, taken | backfilled
    )
    return requests_of(live, background + _upper_work(lake, inside) + _other_work(lake, outside, busy), busy)


def _upper_work(lake: Lake, due: Due) -> list[Work]:
    """Days and months. Open hours' markers are no part of the names, or each live run would be a new chance."""
    days, months = marked(lake.store, "days"), marked(lake.store, "months")
    names = {day: [key for key in days.get(day, []) if due_days(lake, {day: [key]})] for day in due.days}
    work = [
        Work(
            "refresh_days", first, last, tuple(name for day in due.days if first <= day <= last for name in names[day])
        )
        for first, last in contiguous_days(due.days)
    ]
    return work + [
        Work("refresh_months", month_key(month), month_key(month), tuple(months.get(month, []))) for month in due.months
    ]


def _other_work(lake: Lake, outside: Due, busy: Busy) -> list[Work]:
    """What has no partitions."""
    work = []
    if (told := marked(lake.store, "completeness").get("table")) and "live" not in busy.keys:
        work.append(Work("refresh_completeness", "", "", tuple(told)))
    # Behind all levels: what they hold is counted over them.
    if (waiting := marked(lake.store, "templates")) and "live" not in busy.keys:
        work.append(Work("refresh_templates", "", "", tuple(name for names in waiting.values() for name in names)))
    if outside:
        windows = {*map(str, outside.hours), *outside.days, *outside.months}
        levels = [marked(lake.store, level) for level in ("hours", "days", "months")]
        names = [name for level in levels for window in windows & level.keys() for name in level[window]]
        work.append(Work("outside", "", "", tuple(names)))
    return work


def late_hours_sensor(jobs: Sequence[Any], sensors: Sequence[str]) -> dg.SensorDefinition:
    """Refreshes just what changed, level by level. `sensors` are all whose runs are waited for."""

    @dg.sensor(
        name=NAME,
        jobs=jobs,
        minimum_interval_seconds=1,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Refreshes hours that late events touched, and the days and months above changed hours.",
    )
    def late_hours(
        context: dg.SensorEvaluationContext, lake: dg.ResourceParam[Lake]
    ) -> dg.SensorResult | dg.SkipReason:
        with telling_only_what_may_be_told(lake, f"sensor {NAME}"):
            backfilled = left_to_backfills(context.instance, MINUTE_TABLES[0].name)
            requests = late_requests(lake, busy_windows(context.instance, sensors), backfilled)
        return dg.SensorResult(run_requests=requests) if requests else dg.SkipReason("no window is due")

    return late_hours
