"""Which facts a model is shown, within a budget of characters: what was counted first, then lines.

The order is that of their use to whoever reads: the alarm and what is missing, suspects and changed templates with
their counts, the first error with what stands around it, one line of each template, changes, and then the rest.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from logsight_assets.incidents.summary.fact import (
    ALARM,
    ANOMALY,
    ATTRIBUTE,
    CHANGE,
    COMPLETENESS,
    EARLIER,
    EVENT,
    KINDS,
    METRIC,
    OBJECTIVE,
    SUSPECT,
    TEMPLATE,
    TREND,
    Fact,
)

_CONTEXT = 4  # lines around the first error
_COUNTED = (ALARM, METRIC, COMPLETENESS, SUSPECT, TEMPLATE, TREND, OBJECTIVE)


@dataclass(frozen=True)
class Selected:
    """What is shown, and how much was left out by kind (first letter of the ids)."""

    facts: tuple[Fact, ...]
    left_out: tuple[tuple[str, int], ...]

    @property
    def text(self) -> str:
        """A JSON document a line; nothing of a stranger's text can begin a line of its own."""
        lines = [json.dumps({"id": fact.id, **fact.shown}, ensure_ascii=False) for fact in self.facts]
        if self.left_out:
            lines.append(json.dumps({"left_out": dict(self.left_out)}))
        return "\n".join(lines)


def select(facts: Sequence[Fact], budget: int) -> Selected:
    """As many facts as fit into `budget` characters, in the order of their use; one that does not fit is left out."""
    chosen, left = list[Fact](), budget
    for fact in _in_order(facts):
        size = len(json.dumps(fact.shown, ensure_ascii=False)) + len(fact.id) + 12
        if size <= left:
            chosen.append(fact)
            left -= size
    held = {fact.id for fact in chosen}
    left_out = Counter(fact.kind for fact in facts if fact.id not in held)
    return Selected(tuple(chosen), tuple(sorted(left_out.items())))


def _in_order(facts: Sequence[Fact]) -> Iterator[Fact]:
    done = set[str]()
    for fact in _wanted(facts):
        if fact.id not in done:
            done.add(fact.id)
            yield fact


def _wanted(facts: Sequence[Fact]) -> Iterator[Fact]:
    of_kind = {kind: [fact for fact in facts if fact.kind == kind] for kind in KINDS}
    for kind in _COUNTED:
        yield from of_kind[kind]
    events = of_kind[EVENT]
    yield from _first_error(events)
    shown = set[tuple[object, object]]()
    for event in events:
        template = (event.shown.get("service"), event.shown.get("change"))
        if template not in shown:
            shown.add(template)
            yield event
    for kind in (CHANGE, ATTRIBUTE, ANOMALY, EARLIER):
        yield from of_kind[kind]
    yield from events


def _first_error(events: Sequence[Fact]) -> Iterator[Fact]:
    """The earliest line that says something failed, and those nearest to it: of its trace, else in time."""
    errors = [event for event in events if event.is_error]
    if not errors:
        return
    first = min(errors, key=lambda event: event.times)
    near = sorted(
        (event for event in events if event is not first),
        key=lambda event: (
            not first.trace_id or event.trace_id != first.trace_id,
            abs(event.times[0] - first.times[0]),
        ),
    )
    yield first
    yield from near[:_CONTEXT]
