"""The registry of a tenant takes in what was seen: one new version of each service that has something new.

Nobody waits for anybody: whoever puts the next number first is right, and the other starts from there, with its own
patterns still in hand. So none is lost, and no version is ever changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from logsight_assets.decisions import Decision
from logsight_assets.errors import PublishConflict
from logsight_assets.templates.groups import Mine, regroup
from logsight_assets.templates.pins import Pin, digest, pins_of
from logsight_assets.templates.registry import Held, Patterns, Registry, newest, put_version, read_all, read_patterns
from logsight_assets.templates.seen import Seen, merge
from logsight_assets.versions import TEMPLATES_VERSION
from resources.object_store import ObjectStore

_TURNS = 20


@dataclass(frozen=True)
class Growth:
    """What a tenant's registry took in."""

    new_patterns: int = 0
    mined_services: int = 0

    def __add__(self, other: Growth) -> Growth:
        return Growth(self.new_patterns + other.new_patterns, self.mined_services + other.mined_services)


@dataclass(frozen=True)
class Grower:
    """Puts new versions of a tenant's services."""

    store: ObjectStore
    tenant: str
    mine: Mine
    replay: bool = False  # group anew what older rules grouped

    def grow(self, seen: Mapping[str, Patterns], pins: Sequence[Decision]) -> Growth:
        """Take in all that was `seen`, by service; pins are the standing ones of the tenant."""
        growth = Growth()
        held = read_all(self.store, self.tenant)
        for service in sorted({*held, *seen}):
            start = held.get(service, Held(0, Registry(service)))
            growth += self._grow(start, seen.get(service, {}), pins_of(pins, service))
        return growth

    def _grow(self, held: Held, seen: Patterns, pins: Sequence[Pin]) -> Growth:
        service = held.registry.service
        for _ in range(_TURNS):
            if not self._has_news(held.registry, seen, pins):
                return Growth()
            known: Seen = {service: read_patterns(self.store, self.tenant, service, held.number)}
            merge(known, {service: seen})
            registry = regroup(held.registry, known[service], pins, self.mine)
            if put_version(self.store, self.tenant, registry, known[service], held.number + 1):
                return Growth(len(registry.homes.keys() - held.registry.homes.keys()), 1)
            held = newest(self.store, self.tenant, service)
        raise PublishConflict(f"template registry: others put {_TURNS} versions in a row; run it again")

    def _has_news(self, registry: Registry, seen: Patterns, pins: Sequence[Pin]) -> bool:
        is_outdated = self.replay and registry.rules < TEMPLATES_VERSION
        return is_outdated or bool(seen.keys() - registry.homes.keys()) or registry.pins != digest(pins)
