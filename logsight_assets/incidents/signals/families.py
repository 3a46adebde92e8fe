"""Failures whose texts differ in names of services alone: kin, whoever logs them.

What was said of another service before is not new when it is said of this one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logsight_assets.incidents.observed import Bools, Floats, Ints, Observed
from logsight_assets.incidents.signals.expectation import excess

_GRAVE = 0.5
_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, eq=False)
class Families:
    """Families of which a member came before."""

    of: Ints  # (templates,) number of its family; -1 without one
    deviations: Floats  # by family, standard deviations above what is expected of all of it
    ratio: Floats  # by family, to what is expected


def families(observed: Observed, before: Bools, during: Bools) -> Families:
    """Group grave templates by their text without names, and see whether the whole family surges."""
    number = np.full(len(observed.templates), -1, dtype=np.int64)
    names = _any_of(observed.services)
    members: dict[str, list[int]] = {}
    for index, template in enumerate(observed.templates):
        if template.gravity >= _GRAVE:
            members.setdefault(names.sub("<SERVICE>", template.text), []).append(index)
    rows: list[Floats] = []
    events = observed.counts.events
    for own in members.values():
        if len(own) > 1 and events[own][:, before].any():
            number[own] = len(rows)
            rows.append(events[own].sum(axis=0))
    if not rows:
        return Families(number, np.zeros(0), np.zeros(0))
    return Families(number, *excess(np.array(rows), before, during, events))


def _any_of(services: Sequence[str]) -> re.Pattern[str]:
    """Any known service's name as a word; the longest first. Digits stand as `<NUM>` in a template's text."""
    forms = {re.sub(r"\d+", "<NUM>", service) for service in services} | set(services)
    ordered = sorted((form for form in forms if len(form) > 2), key=lambda form: (-len(form), form))
    return re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, ordered)) + r")(?![\w-])") if ordered else _NEVER
