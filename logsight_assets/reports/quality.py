"""How far the numbers can be trusted: hours without data, what came late, twice, or not as an event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields

from logsight_assets.reports.inputs import Inputs, Received, received_together
from logsight_assets.reports.period import Period
from logsight_assets.timeline import Hour
from logsight_assets.trends.completeness import BEHIND, COMPLETE, OPEN


@dataclass(frozen=True)
class SourceHours:
    """Hours of the period by the state of one source."""

    complete: int = 0
    open: int = 0
    behind: int = 0
    absent: int = 0  # nothing is known of them: before the first or after the last that was read

    def __add__(self, other: SourceHours) -> SourceHours:
        return SourceHours(*(getattr(self, f.name) + getattr(other, f.name) for f in fields(self)))

    @property
    def total(self) -> int:
        return self.complete + self.open + self.behind + self.absent


@dataclass(frozen=True)
class Quality:
    """Of a tenant's period, or of all tenants together."""

    missing: tuple[Hour, ...]  # hours of which nothing is known
    unsettled: tuple[Hour, ...]  # hours in which a source is open or behind
    sources: Mapping[str, SourceHours]
    stored: int = 0  # rows in event files, copies included
    late: int = 0
    duplicates: int = 0
    id_conflicts: int = 0
    received: Received = field(default_factory=Received)  # of raw paths of its own

    @property
    def all_sources(self) -> SourceHours:
        return sum(self.sources.values(), SourceHours())


def quality_of(period: Period, inputs: Inputs, known: Iterable[Hour]) -> Quality:
    """The quality of a tenant's period; `known` are the hours of it of which something is known."""
    states = inputs.completeness
    sources = {
        source: SourceHours(*(_count(states, source, period, state) for state in (COMPLETE, OPEN, BEHIND, None)))
        for source in sorted({source for source, _ in states})
    }
    unsettled = {hour for (_, hour), state in states.items() if state in (OPEN, BEHIND)}
    return Quality(
        missing=tuple(sorted(set(period.hours) - set(known))),
        unsettled=tuple(sorted(unsettled)),
        sources=sources,
        stored=sum(counts.events for counts in inputs.counts.values()),
        late=sum(counts.late for counts in inputs.counts.values()),
        duplicates=sum(counts.duplicates for counts in inputs.counts.values()),
        id_conflicts=sum(counts.id_conflicts for counts in inputs.counts.values()),
        received=received_together(inputs.received.values()),
    )


def _count(states: Mapping[tuple[str, Hour], str], source: str, period: Period, state: str | None) -> int:
    return sum(states.get((source, hour)) == state for hour in period.hours)


def qualities_together(tenants: Mapping[str, Quality], shared: Iterable[Received]) -> Quality:
    """All tenants: an hour is missing where it is for all of them, unsettled where it is for one; a row a tenant."""
    held = list(tenants.values())
    missing = set.intersection(*(set(each.missing) for each in held)) if held else set()
    return Quality(
        missing=tuple(sorted(missing)),
        unsettled=tuple(sorted({hour for each in held for hour in each.unsettled})),
        sources={tenant: each.all_sources for tenant, each in tenants.items()},
        stored=sum(each.stored for each in held),
        late=sum(each.late for each in held),
        duplicates=sum(each.duplicates for each in held),
        id_conflicts=sum(each.id_conflicts for each in held),
        received=received_together([*shared, *(each.received for each in held)]),
    )
