"""From clusters to templates that keep their ids: the pure function behind each version of a registry.

Ids come once, at birth, from the service and the earliest pattern. Groups only grow: patterns that were in one template
stay in one, and clusters that bridge several merge them; the oldest id survives and the others become its aliases. A
pin takes its patterns out of all this.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, pairwise

from logsight_assets.templates.mine import Cluster, MaskedLine
from logsight_assets.templates.pins import Pin, digest, pinned
from logsight_assets.templates.registry import Patterns, Registry, Template
from logsight_assets.trends.hour_rows import OTHER
from logsight_assets.versions import TEMPLATES_VERSION

Mine = Callable[[Sequence[MaskedLine]], list[Cluster]]
OTHER_PATTERN = 0  # what the cardinality cap joined: many kinds of lines, so never mined, a template of its own


def regroup(held: Registry, patterns: Patterns, pins: Sequence[Pin], mine: Mine) -> Registry:
    """The registry of a service after all of its patterns were mined.

    `patterns` are those of `held` and new ones. If `held` was grouped under older rules, the new clusters alone decide,
    and an id stays with its founder.
    """
    of_pin = pinned(patterns, pins)
    clusters = _clusters(patterns, mine)
    keeps = held.rules == TEMPLATES_VERSION
    free = patterns.keys() - of_pin.keys()
    bonds = [cluster.keys() & free for cluster in clusters]
    if keeps:
        bonds += [members & free for members in _members(held.homes).values()]
    groups = [_Group(frozenset(ids), patterns) for ids in _joined(free, bonds)]
    texts = {pattern_id: text for cluster in clusters for pattern_id, text in cluster.items()}
    births = _Births(held, patterns, texts, keeps=keeps, taken={pin.template_id for pin in pins})
    homes: dict[int, str] = {}
    templates: dict[str, Template] = {}
    for group in sorted(groups, key=lambda group: group.first):
        template_id, template = births.template(group)
        templates[template_id] = template
        homes |= dict.fromkeys(group.ids, template_id)
    for pin in pins:
        ids = frozenset(pattern_id for pattern_id, own in of_pin.items() if own is pin)
        if ids:
            templates[pin.template_id] = births.named(pin.template_id, _Group(ids, patterns), pin.template)
            homes |= dict.fromkeys(ids, pin.template_id)
    aliases = _aliases(held, homes, templates)
    return Registry(held.service, homes, templates, aliases, digest(pins), TEMPLATES_VERSION)


@dataclass(frozen=True)
class _Group:
    """Patterns that belong together."""

    ids: frozenset[int]
    patterns: Patterns

    @property
    def first(self) -> tuple[int, int]:
        """(event time, pattern id) of its earliest member."""
        return min((self.patterns[pattern_id].first_seen_unix_nano, pattern_id) for pattern_id in self.ids)


def _clusters(patterns: Patterns, mine: Mine) -> list[dict[int, str]]:
    """What the miner finds: of each cluster its pattern ids, each with the cluster's text."""
    ids = sorted(pattern_id for pattern_id in patterns if pattern_id != OTHER_PATTERN)
    lines = [MaskedLine(patterns[i].mask, patterns[i].sample_min, patterns[i].sample_max) for i in ids]
    found = [{ids[index]: cluster.template for index in cluster.members} for cluster in mine(lines)]
    return [*found, {OTHER_PATTERN: OTHER}] if OTHER_PATTERN in patterns else found


def _members(homes: Mapping[int, str]) -> dict[str, set[int]]:
    members: dict[str, set[int]] = defaultdict(set)
    for pattern_id, template_id in homes.items():
        members[template_id].add(pattern_id)
    return members


def _joined(ids: Collection[int], bonds: Iterable[Collection[int]]) -> list[set[int]]:
    """The ids in groups: what a bond holds together, and what is held together through others."""
    leader = {each: each for each in ids}

    def find(each: int) -> int:
        while leader[each] != each:
            leader[each] = leader[leader[each]]
            each = leader[each]
        return each

    for bond in bonds:
        for one, other in pairwise(bond):
            leader[find(one)] = find(other)
    groups: dict[int, set[int]] = defaultdict(set)
    for each in ids:
        groups[find(each)].add(each)
    return list(groups.values())


class _Births:
    """Gives groups their ids: the oldest of those that their patterns had, else a new one."""

    def __init__(
        self, held: Registry, patterns: Patterns, texts: Mapping[int, str], *, keeps: bool, taken: Collection[str]
    ) -> None:
        self._held, self._patterns, self._texts, self._keeps = held, patterns, texts, keeps
        self._pins = frozenset(taken)
        self._taken = {*taken, *held.templates}

    def template(self, group: _Group) -> tuple[str, Template]:
        """Id and template of a group of mined clusters."""
        was = self._held.templates
        earlier = [(was[each].born_unix_nano, was[each].founder, each) for each in self._earlier(group) - self._pins]
        _, founder, template_id = min(earlier) if earlier else (*group.first, self._new_id(group.first[1]))
        # A group may have been several clusters; its founder's speaks for it.
        text = self._texts[founder if founder in group.ids else group.first[1]]
        return template_id, self.named(template_id, group, text)

    def named(self, template_id: str, group: _Group, text: str) -> Template:
        """The template of an id, as it was but for its text."""
        before = self._held.templates.get(template_id)
        if before is None:
            born, founder = group.first
            return Template(text, founder, born, 1)
        version = before.version + (text != before.text)
        return Template(text, before.founder, before.born_unix_nano, version)

    def _earlier(self, group: _Group) -> set[str]:
        if self._keeps:
            return {self._held.homes[pattern_id] for pattern_id in group.ids if pattern_id in self._held.homes}
        return {name for name, template in self._held.templates.items() if template.founder in group.ids}

    def _new_id(self, founder: int) -> str:
        # A pattern may have founded a template that lives on without it (a pin took it, retention forgot it).
        names = (template_id_of(self._held.service, founder, salt) for salt in count())
        template_id = next(name for name in names if name not in self._taken)
        self._taken.add(template_id)
        return template_id


def template_id_of(service: str, founder: int, salt: int = 0) -> str:
    """16 hex digits that no other template of the tenant has."""
    said = f"{founder} {salt} {service}" if salt else f"{founder} {service}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _aliases(held: Registry, homes: Mapping[int, str], templates: Collection[str]) -> dict[str, str]:
    """Where to look for each id that is no template any more: where its founder went, else a pattern that is left."""
    moved: dict[str, str] = {}
    members = _members(held.homes)
    for template_id, template in held.templates.items():
        if template_id not in templates:
            went = [homes[each] for each in (template.founder, *sorted(members[template_id])) if each in homes]
            moved |= {template_id: went[0]} if went else {}
    kept = {old: moved.get(new, new) for old, new in held.aliases.items()} | moved
    return {old: new for old, new in sorted(kept.items()) if old not in templates and new in templates}
