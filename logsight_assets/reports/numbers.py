"""The numbers of a report: pure arithmetic over rows. The platform's numbers are the sum of its tenants'."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from logsight_assets.reports.inputs import Received
from logsight_assets.reports.measured import Change, Measured, total
from logsight_assets.reports.novelties import Novelties
from logsight_assets.reports.period import Period
from logsight_assets.reports.quality import Quality, qualities_together
from logsight_assets.reports.rows import Service, TenantRows
from logsight_assets.reports.slices import BASELINES, Slice
from logsight_assets.timeline import Hour


@dataclass(frozen=True)
class Compared:
    """Something in the whole period, and in the hours that each baseline shares with it."""

    whole: Measured = field(default_factory=Measured)
    changes: Mapping[str, Change] = field(default_factory=dict)  # by baseline; without one that shares no hour

    def __add__(self, other: Compared) -> Compared:
        changes = dict(self.changes)
        for name, change in other.changes.items():
            held = changes.get(name, Change(Measured(), Measured(), 0))
            changes[name] = Change(held.now + change.now, held.then + change.then, max(held.hours, change.hours))
        return Compared(self.whole + other.whole, changes)


@dataclass(frozen=True)
class HourNumbers:
    """One hour of the period."""

    hour: Hour
    is_known: bool
    events: int
    errors: int
    before: int | None  # events of its counterpart; None where nothing is known


@dataclass(frozen=True)
class NoveltyCounts:
    """How many templates of a tenant are new, gone, surging: all that the platform's page says of them."""

    new: int = 0
    gone: int = 0
    surging: int = 0


@dataclass(frozen=True)
class Numbers:
    """Everything that a report says."""

    period: Period
    tenant: str  # or PLATFORM
    total: Compared
    parts: Mapping[Service, Compared]  # services of a tenant; tenants of the platform
    hours: tuple[HourNumbers, ...]
    slowest: Mapping[Service, Mapping[Hour, int]]  # p95 by hour, nanoseconds
    quality: Quality
    novelties: Novelties = field(default_factory=Novelties)
    novelty_counts: Mapping[str, NoveltyCounts] = field(default_factory=dict)  # by tenant, of the platform

    @cached_property
    def names(self) -> Mapping[Service, str]:
        """What each part is called: `checkout`, or `checkout (staging)` where another one has the same name."""
        times = Counter(service.name for service in self.parts)
        return {
            service: f"{service.name} ({service.environment or 'no environment'})"
            if times[service.name] > 1
            else service.name
            for service in self.parts
        }

    @property
    def data_until(self) -> Hour:
        """End of the last hour of which something is known; the period's start if there is none."""
        return max((each.hour + 1 for each in self.hours if each.is_known), default=self.period.start)


def tenant_numbers(period: Period, rows: TenantRows, quality: Quality, novelties: Novelties) -> Numbers:
    """The numbers of one tenant."""
    services = sorted({service for held in rows.services.values() for service in held})
    parts = {service: _compared(rows, service) for service in services}
    parts = {service: each for service, each in parts.items() if each.whole.events or _had_events(each)}
    return Numbers(
        period,
        rows.tenant,
        _total(rows, parts.values()),
        parts,
        tuple(_hour(rows, period, hour) for hour in period.hours),
        rows.slowest,
        quality,
        novelties,
    )


def _had_events(part: Compared) -> bool:
    return any(change.then.events for change in part.changes.values())


def _total(rows: TenantRows, parts: Iterable[Compared]) -> Compared:
    """The sum, which also tells of the baselines when no service has an event in them."""
    nothing = Compared(
        changes={
            name: Change(Measured(), Measured(), len(rows.slices[baseline.now]))
            for name, baseline in BASELINES.items()
            if rows.slices[baseline.now]
        }
    )
    return sum(parts, nothing)


def _compared(rows: TenantRows, service: Service) -> Compared:
    changes = {
        name: Change(
            _measured(rows, service, baseline.now),
            _measured(rows, service, baseline.then),
            len(rows.slices[baseline.now]),
        )
        for name, baseline in BASELINES.items()
        if rows.slices[baseline.now]
    }
    return Compared(_measured(rows, service, Slice.PERIOD), changes)


def _measured(rows: TenantRows, service: Service, each: Slice) -> Measured:
    counts = total(held for hour in rows.slices[each] if (held := rows.services.get(hour, {}).get(service)) is not None)
    return replace(counts, durations=rows.durations.get(each, {}).get(service, {}))


def _hour(rows: TenantRows, period: Period, hour: Hour) -> HourNumbers:
    other = period.before.start + (hour.index - period.start.index)
    here, there = (total(rows.services.get(each, {}).values()) for each in (hour, other))
    is_known = hour in rows.slices[Slice.PERIOD]
    return HourNumbers(
        hour, is_known, here.events, here.errors, there.events if other in rows.slices[Slice.BEFORE] else None
    )


def platform_numbers(period: Period, tenants: Iterable[Numbers], platform: str, shared: Iterable[Received]) -> Numbers:
    """All tenants together, each of them a part; `shared` arrived on paths that tenants share."""
    held = sorted(tenants, key=lambda numbers: numbers.tenant)
    counts = {
        each.tenant: NoveltyCounts(*(len(getattr(each.novelties, f)) for f in ("new", "gone", "surging")))
        for each in held
    }
    return Numbers(
        period,
        platform,
        sum((each.total for each in held), Compared()),
        {Service("", each.tenant): each.total for each in held},
        tuple(_hours_together(hours) for hours in zip(*(each.hours for each in held), strict=True)),
        {},
        qualities_together({each.tenant: each.quality for each in held}, shared),
        novelty_counts=counts,
    )


def _hours_together(hours: tuple[HourNumbers, ...]) -> HourNumbers:
    before = [each.before for each in hours if each.before is not None]
    return HourNumbers(
        hours[0].hour,
        any(each.is_known for each in hours),
        sum(each.events for each in hours),
        sum(each.errors for each in hours),
        sum(before) if before else None,
    )
