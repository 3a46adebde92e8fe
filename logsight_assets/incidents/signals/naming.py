"""Failures that name another service: what cannot be reached is nearer to the cause than who says so."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from logsight_assets.incidents.observed import Observed, SeenTemplate
from logsight_assets.incidents.signals.findings import NAMED, NEW, SURGING, Finding

_TELLING = 0.2
_GRAVE = 0.5
_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_WORTH = 0.9  # of the strength of what names it
_SHORTEST = 3  # characters of a name that is looked for
_HEADER = 0.5  # a name in more of a service's lines than that stands in their headers, and says nothing of a failure


def named(observed: Observed, findings: Sequence[Finding]) -> list[Finding]:
    """A finding for each failure, new or surging, that names one other service: it is about that service."""
    names = _names(observed)
    habits = _named_by_habit(observed, names)
    found = []
    for finding in findings:
        if finding.kind not in (NEW, SURGING) or finding.template is None or finding.strength < _TELLING:
            continue
        template = observed.templates[finding.template]
        if template.gravity < _GRAVE:
            continue
        target = _other_named(_text(template), names, finding.service)
        if target is not None and (finding.service, target) not in habits:
            found.append(
                replace(
                    finding,
                    kind=NAMED,
                    service=target,
                    strength=_WORTH * finding.strength,
                    reason=f"a failure of {observed.services[finding.service]} names it: {finding.reason}",
                    other=finding.service,
                )
            )
    return found


def _names(observed: Observed) -> dict[str, int]:
    """Names of services and of their hosts, as they are and in lower case."""
    number = {service: index for index, service in enumerate(observed.services)}
    found: dict[str, int] = {}
    for name, service in [*observed.hosts.items(), *((service, service) for service in observed.services)]:
        if service in number:
            found |= {name: number[service], name.lower(): number[service]}
    return {name: index for name, index in found.items() if len(name) >= _SHORTEST}


def _text(template: SeenTemplate) -> str:
    return f"{template.text}\n{template.sample}"


def _named_by_habit(observed: Observed, names: dict[str, int]) -> set[tuple[int, int]]:
    """(speaker, named): pairs of which the one's name stands in most of the other's lines, such as a database's."""
    lines = Counter(template.service for template in observed.templates)
    pairs = Counter(
        (template.service, target)
        for template in observed.templates
        for target in _all_named(_text(template), names) - {template.service}
    )
    return {(speaker, target) for (speaker, target), count in pairs.items() if count > _HEADER * lines[speaker]}


def _other_named(text: str, names: dict[str, int], speaker: int) -> int | None:
    """The one other service that a text names; None if it names none, or several."""
    found = _all_named(text, names) - {speaker}
    return found.pop() if len(found) == 1 else None


def _all_named(text: str, names: dict[str, int]) -> set[int]:
    words = set(_WORD.findall(text))
    words |= {part for word in words for part in word.split(".")}
    # A name that is a plain word is written as it is: `Worker exited` is not about the service `worker`.
    words |= {word.lower() for word in words if not word.isalpha()}
    return {names[word] for word in words & names.keys()}
