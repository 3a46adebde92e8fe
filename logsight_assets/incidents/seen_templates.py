"""Templates of the patterns that a window shows: those that the registry knows, and for the rest mined on the spot.

A template mined here has the id that it would get at its birth: its earliest pattern names it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from logsight_assets.templates.groups import template_id_of
from logsight_assets.templates.mine import MaskedLine, mine

# Mining is quadratic at worst; a service that has more distinct masks in one window logs its data as text.
_MOST_MINED = 2_000


@dataclass(frozen=True)
class PatternSample:
    """A pattern of a service in the time read."""

    service: str
    pattern_id: int
    mask: str
    smallest: str
    largest: str
    first_seen_unix_nano: int


@dataclass(frozen=True)
class Label:
    """The template of a pattern."""

    template_id: str
    template: str


def label(samples: Iterable[PatternSample], known: Mapping[tuple[str, int], Label]) -> dict[tuple[str, int], Label]:
    """The label of each (service, pattern id).

    Patterns that the registry does not know yet are mined together with those of their service that it knows: a new
    variant of a known template is no new template.
    """
    by_service: dict[str, list[PatternSample]] = {}
    for sample in samples:
        by_service.setdefault(sample.service, []).append(sample)
    found: dict[tuple[str, int], Label] = {}
    for service, own in by_service.items():
        held = {sample.pattern_id: named for sample in own if (named := known.get((service, sample.pattern_id)))}
        labels = held if len(held) == len(own) else _mined(service, own, held)
        found |= {(service, pattern): named for pattern, named in labels.items()}
    return found


def _mined(service: str, samples: list[PatternSample], held: Mapping[int, Label]) -> dict[int, Label]:
    """Labels by pattern id; those that are held stay, and the others of their cluster join the earliest of them."""
    samples = sorted(samples, key=lambda sample: (sample.first_seen_unix_nano, sample.pattern_id))
    within, beyond = samples[:_MOST_MINED], samples[_MOST_MINED:]
    found = {sample.pattern_id: Label(template_id_of(service, sample.pattern_id), sample.mask) for sample in beyond}
    for cluster in mine([MaskedLine(sample.mask, sample.smallest, sample.largest) for sample in within]):
        members = [within[index].pattern_id for index in cluster.members]
        first = next((held[pattern] for pattern in members if pattern in held), None)
        named = first or Label(template_id_of(service, members[0]), cluster.template)
        found |= dict.fromkeys(members, named)
    return found | dict(held)
