"""Templates that are new, gone or surging: which kinds of line appeared, stopped, or came far more often.

A kind of line is a template, or a pattern that belongs to none yet. It is judged against every baseline that there is:
what happens each Monday is not new on a Monday. Few lines do not shout, and hours of which one side knows nothing are
left out, so that a gap in the data is neither a stop nor a surge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

from logsight_assets.reports.rows import Pattern, Seen
from logsight_assets.reports.slices import BASELINES, Baseline, Slice, Slices

_LEAST_GONE = 10  # lines, then
_LEAST_SURGE = 30  # lines more than then
_SURGE = 3  # times as many
_BEYOND_CHANCE = 5.0  # standard deviations of a difference of two counts


@dataclass(frozen=True, order=True)
class Kind:
    """A template of a service, or a single pattern without one."""

    service: str
    template_id: str  # '' for a pattern without a template
    pattern_id: int  # 0 for a template


@dataclass(frozen=True)
class Label:
    """What a kind of line is called."""

    text: str
    name: str = ""  # given by a person


@dataclass(frozen=True)
class Novelty:
    """One kind of line, with its counts in the whole period and in the same hours of what it is compared with."""

    kind: Kind
    label: Label
    now: Seen
    compared: Mapping[str, tuple[int, int]]  # baseline → events in the period's and in its own shared hours


@dataclass(frozen=True)
class Novelties:
    """What is worth a look, the most first."""

    new: tuple[Novelty, ...] = ()
    gone: tuple[Novelty, ...] = ()
    surging: tuple[Novelty, ...] = ()

    @property
    def all(self) -> dict[str, tuple[Novelty, ...]]:
        return {"new": self.new, "surging": self.surging, "gone": self.gone}


Found: TypeAlias = Mapping[str, list[Kind]]


@dataclass(frozen=True)
class Kinds:
    """Lines of each kind in each slice."""

    slices: Slices
    seen: Mapping[Kind, Mapping[Slice, Seen]]

    @property
    def baselines(self) -> dict[str, Baseline]:
        """Those that share an hour with the period."""
        return {name: baseline for name, baseline in BASELINES.items() if self.slices[baseline.now]}

    def events(self, kind: Kind, each: Slice) -> int:
        return self.seen[kind].get(each, Seen()).events

    def is_new(self, kind: Kind) -> bool:
        """It came in hours that a baseline knows, and in no hour of any baseline."""
        came = any(self.events(kind, baseline.now) for baseline in self.baselines.values())
        return came and not any(self.events(kind, baseline.whole) for baseline in BASELINES.values())

    def is_gone(self, kind: Kind) -> bool:
        """It came often in the same hours of each baseline, and not once in the period."""
        if self.events(kind, Slice.PERIOD) or not self.baselines:
            return False
        then = [self.events(kind, baseline.then) for baseline in self.baselines.values()]
        return then[0] >= _LEAST_GONE and all(then)

    def is_surging(self, kind: Kind) -> bool:
        """It came far more often than in the same hours of each baseline."""
        if self.is_new(kind) or not self.baselines:
            return False
        pairs = [(self.events(kind, b.now), self.events(kind, b.then)) for b in self.baselines.values()]
        return all(
            now >= _SURGE * max(then, 1)
            and now - then >= _LEAST_SURGE
            and (now - then) / sqrt(now + then) >= _BEYOND_CHANCE
            for now, then in pairs
        )


def kinds_of(
    slices: Slices, patterns: Mapping[Slice, Mapping[Pattern, Seen]], templates: Mapping[Pattern, str]
) -> Kinds:
    """Patterns by the template that they belong to; `templates` names it for each pattern that has one."""
    seen: dict[Kind, dict[Slice, Seen]] = defaultdict(dict)
    for each, found in patterns.items():
        for (service, pattern), here in found.items():
            template = templates.get((service, pattern))
            kind = Kind(service, "", pattern) if template is None else Kind(service, template, 0)
            seen[kind][each] = seen[kind].get(each, Seen()) + here
    return Kinds(slices, seen)


def notable(kinds: Kinds) -> Found:
    """Kinds that are `new`, `surging` or `gone`, the most first."""
    held = kinds.seen

    def errors_then_events(kind: Kind) -> tuple[int, int, Kind]:
        seen = held[kind].get(Slice.PERIOD, Seen())
        return -seen.errors, -seen.events, kind

    first = next(iter(kinds.baselines.values()), BASELINES["before"])
    return {
        "new": sorted(filter(kinds.is_new, held), key=errors_then_events),
        "surging": sorted(
            filter(kinds.is_surging, held),
            key=lambda kind: (kinds.events(kind, first.then) - kinds.events(kind, first.now), kind),
        ),
        "gone": sorted(filter(kinds.is_gone, held), key=lambda kind: (-kinds.events(kind, first.then), kind)),
    }


def novelties_of(kinds: Kinds, found: Found, labels: Mapping[Kind, Label]) -> Novelties:
    """The notable kinds with their texts."""

    def told(kind: Kind) -> Novelty:
        compared = {
            name: (kinds.events(kind, baseline.now), kinds.events(kind, baseline.then))
            for name, baseline in kinds.baselines.items()
        }
        return Novelty(kind, labels[kind], kinds.seen[kind].get(Slice.PERIOD, Seen()), compared)

    return Novelties(*(tuple(told(kind) for kind in found[name]) for name in ("new", "gone", "surging")))
