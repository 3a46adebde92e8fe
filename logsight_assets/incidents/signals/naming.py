"""Failures that name another service: what cannot be reached is nearer to the cause than who says so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.signals.findings import NAMED, NEW, SURGING, Finding

_TELLING = 0.2
_GRAVE = 0.5
_WORTH = 0.9  # of the strength of what names it
_SHORTEST = 3  # characters of a name that is looked for


def named(observed: Observed, findings: Sequence[Finding]) -> list[Finding]:
    """A finding for each failure, new or surging, that names one other service: it is about that service."""
    names = _names(observed)
    found = []
    for finding in findings:
        if finding.kind not in (NEW, SURGING) or finding.template is None or finding.strength < _TELLING:
            continue
        template = observed.templates[finding.template]
        if template.gravity < _GRAVE:
            continue
        target = _other_named(f"{template.text}\n{template.sample}", names, finding.service)
        if target is not None:
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
    """Lower-case names of services and of their hosts."""
    number = {service: index for index, service in enumerate(observed.services)}
    found = {host.lower(): number[service] for host, service in observed.hosts.items() if service in number}
    found |= {service.lower(): index for service, index in number.items()}
    return {name: index for name, index in found.items() if len(name) >= _SHORTEST}


def _other_named(text: str, names: dict[str, int], speaker: int) -> int | None:
    """The one other service that a text names; None if it names none, or several."""
    words = set(re.findall(r"[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?", text.lower()))
    parts = words | {part for word in words for part in word.split(".")}
    found = {names[word] for word in parts & names.keys()} - {speaker}
    return found.pop() if len(found) == 1 else None
