"""Pins and names: what people decided about templates, and how it finds the same templates again.

Both say which patterns they are about, so they hold whatever happens to the groups: a pin keeps its patterns, and every
pattern whose line fits its text, together under the pinned id and text; a name goes to the template that holds most of
its patterns.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from logsight_assets.decisions import Decision
from logsight_assets.templates.registry import Patterns

PIN, NAME = "template_pin", "template_name"  # kinds of decisions
_WILDCARD = re.compile(r"<[A-Z*][A-Z0-9_:*]*>")
_NOTHING = "<NONE>"  # stands for an empty value
_BLANKS = re.compile(r"\s+")


@dataclass(frozen=True)
class Pin:
    """A template that a person fixed."""

    template_id: str
    template: str
    pattern_ids: frozenset[int]

    def holds(self, pattern_id: int, line: str) -> bool:
        return pattern_id in self.pattern_ids or fits(self.template, line)


def pins_of(decisions: Iterable[Decision], service: str) -> list[Pin]:
    """Standing pins of a service, the oldest first."""
    return [
        Pin(decision.subject, value["template"], frozenset(value["pattern_ids"]))
        for decision in decisions
        if (value := decision.value) and value["service"] == service
    ]


def digest(pins: Sequence[Pin]) -> str:
    """Hash of pins; '' without any."""
    said = [[pin.template_id, pin.template, sorted(pin.pattern_ids)] for pin in pins]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest() if pins else ""


def pinned(patterns: Patterns, pins: Sequence[Pin]) -> dict[int, Pin]:
    """The pin of each pattern that has one. Being named outweighs fitting a text, an older pin a younger one."""
    found: dict[int, Pin] = {}
    for pattern_id, pattern in patterns.items():
        line = pattern.sample_min.partition("\n")[0]
        named = (pin for pin in pins if pattern_id in pin.pattern_ids)
        fitting = (pin for pin in pins if pin.holds(pattern_id, line))
        if pin := next(named, None) or next(fitting, None):
            found[pattern_id] = pin
    return found


def fits(template: str, line: str) -> bool:
    """Whether a line is its template's text with something in place of each wildcard.

    Blanks count as one. Each constant is taken where it is found first, which decides globs in one pass: a regular
    expression of twenty wildcards would try their combinations on a hostile line.
    """
    text, rest = _BLANKS.sub(" ", template).strip(), _BLANKS.sub(" ", line).strip()
    constants, wildcards = _WILDCARD.split(text), _WILDCARD.findall(text)
    if not wildcards:
        return text == rest
    if not rest.startswith(constants[0]):
        return False
    at = len(constants[0])
    for wildcard, constant in zip(wildcards[:-1], constants[1:-1], strict=True):
        found = rest.find(constant, at + (wildcard != _NOTHING))
        if found < 0:
            return False
        at = found + len(constant)
    least = at + (wildcards[-1] != _NOTHING)
    return rest.endswith(constants[-1]) and len(rest) - len(constants[-1]) >= least


def says_something(template: str) -> bool:
    """Whether a text has a word of its own: one that is all wildcards would fit every line."""
    return any(character.isalpha() for part in _WILDCARD.split(template) for character in part)


def names_of(decisions: Iterable[Decision], homes: Mapping[str, Mapping[int, str]]) -> dict[str, str]:
    """Name of each named template, by id. `homes` are those of every service; the youngest of two names holds."""
    names: dict[str, str] = {}
    for decision in decisions:
        if not decision.value:
            continue
        own = homes.get(decision.value["service"], {})
        votes = Counter(own[pattern_id] for pattern_id in decision.value["pattern_ids"] if pattern_id in own)
        if votes:
            template_id, _ = min(votes.items(), key=lambda vote: (-vote[1], vote[0]))
            names.pop(template_id, None)
            names[template_id] = decision.value["name"]
    return names
