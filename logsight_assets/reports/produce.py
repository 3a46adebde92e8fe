"""Make the reports of a period: each tenant's, and the platform's. The command line and Dagster call this."""

from __future__ import annotations

from logsight_assets.errors import UsageError
from logsight_assets.lake import PLATFORM, Lake
from logsight_assets.reports.gather import gather, gather_all
from logsight_assets.reports.inputs import days_with_data, tenants_of
from logsight_assets.reports.period import Period
from logsight_assets.reports.store import Drift, Report, report, standing
from logsight_assets.scratch import embedded_engine


def make_reports(lake: Lake, period: Period, tenant: str | None = None, *, again: bool = False) -> list[Report]:
    """The reports of all tenants and last the platform's, or of one tenant; empty if there is no data at all.

    What is there stays, unless it is made `again`. UsageError for a tenant of which there is nothing.
    """
    with embedded_engine(lake) as engine:
        if tenant is None or tenant == PLATFORM:
            found = gather_all(lake, engine, period)
            chosen = [each for each in found if tenant in (None, each.numbers.tenant)]
        elif tenant in tenants_of(lake, period):
            chosen = [gather(lake, engine, period, tenant)]
        else:
            raise UsageError(f"tenant {tenant}: no trends of {period.name} or of what it is compared with")
        return [report(lake, period, each, again=again) for each in chosen]


def last_full_day(lake: Lake, tenant: str | None = None) -> Period:
    """The newest day with data that is over; if there is none, the newest with data. UsageError without any."""
    days = [day for day in days_with_data(lake, tenant) if day <= lake.now.day]
    if not days:
        whose = f"tenant {tenant}: " if tenant else ""
        raise UsageError(f"{whose}no trends to report on; `logsight build` makes them")
    return Period.day(max((day for day in days if day < lake.now.day), default=days[-1]))


def drifts(lake: Lake, period: Period) -> list[Drift]:
    """How the inputs of each report of a period that there is stand to what they were; nothing is made."""
    with embedded_engine(lake) as engine:
        found = gather_all(lake, engine, period)
    held = [(standing(lake.store, each.numbers.tenant, period), each) for each in found]
    return [there.drift(each.parts) for there, each in held if there.is_whole]
