"""What of a mixed raw object is one tenant's, found by reading it again: lines to blank, and records to empty.

Reading again finds also what no event file tells: events that retention has removed, and refused lines that name the
tenant. Where today's rules would give a line to another tenant, the places of the stored events count as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from logsight_assets.intake.emptied import emptied, is_emptied
from logsight_assets.intake.formats import parse_object
from logsight_assets.intake.records import Ignored, Lines, Outcome, ParseContext, Record, Refused
from logsight_assets.intake.tenancy import TENANT_ATTRIBUTE, Tenancy

Place: TypeAlias = tuple[int, int]  # physical line from 1, index of the record in it

# A tenant as a JSON record or an OTLP resource names it, also in a line that is no JSON any more. Inside a string the
# quotes would be escaped: a message that quotes such a record is not taken for one.
_NAMED = re.compile(
    rb'(?<!\\)"tenant\.id"\s*(?::|,\s*"value"\s*:\s*\{\s*"stringValue"\s*:)\s*"([a-z0-9][a-z0-9._-]{0,62})"'
)


@dataclass(frozen=True)
class Whose:
    """How records of an object are given to tenants, and the tenant that is looked for."""

    tenant: str
    tenancy: Tenancy
    format_name: str
    context: ParseContext
    places: frozenset[Place] = frozenset()  # of the tenant's stored events in this object

    def owns(self, outcome: Record | Refused) -> bool:
        """Whether a record, or a refused line, is the tenant's."""
        if (outcome.line, outcome.index) in self.places:
            return True
        if isinstance(outcome, Refused):
            return names_only(outcome.raw, self.tenant)
        resource = outcome.fields.get("resource") or {}
        tenant, reason = self.tenancy.of(resource)
        return (tenant if reason is None else resource.get(TENANT_ATTRIBUTE)) == self.tenant

    def refuses(self, outcome: Record | Refused) -> bool:
        """Whether intake quarantined it."""
        return isinstance(outcome, Refused) or self.tenancy.of(outcome.fields.get("resource") or {})[1] is not None


@dataclass
class TenantLines:
    """What a tenant's erasure does to an object's lines."""

    changed: dict[int, bytes] = field(default_factory=dict)  # line → what it becomes, without its end
    places: set[Place] = field(default_factory=set)  # of the records and refusals that go
    blanked_lines: int = 0
    emptied_records: int = 0  # in lines that keep other tenants' records
    shared_lines: int = 0  # lines that cannot be changed without changing others' records: they stay
    refused: int = 0  # of what goes, quarantined
    refused_records: int = 0  # of these, counted as records
    refused_lines_blanked: int = 0  # lines that were quarantined and are blank now
    refused_lines_consumed: int = 0  # lines that were quarantined and hold emptied records now


def names_only(raw: bytes, tenant: str) -> bool:
    """Whether some bytes name this tenant and no other."""
    return {name.decode() for name in _NAMED.findall(raw)} == {tenant}


def find(lines: Lines, whose: Whose) -> TenantLines:
    """Read numbered lines (without their ends) and sort out the tenant's."""
    found = TenantLines()
    kept: dict[int, bytes] = {}  # lines that the format has taken and not told of yet

    def passing() -> Iterator[tuple[int, bytes]]:
        for number, raw in lines:
            kept[number] = raw
            yield number, raw

    for outcomes, first, end in _blocks(parse_object(passing(), whose.format_name, whose.context)):
        block = [(number, kept[number]) for number in range(first, end) if number in kept]
        for number in [number for number in kept if number < end]:
            del kept[number]
        _sort_out(found, block, outcomes, whose)
    return found


def _blocks(outcomes: Iterable[Outcome]) -> Iterator[tuple[list[Record | Refused], int, int]]:
    """Outcomes that share lines, with the first of these lines and the one behind the last."""
    held: list[Record | Refused] = []
    first = end = 0
    for outcome in outcomes:
        if outcome.line >= end:
            if held:
                yield held, first, end
            held, first, end = [], outcome.line, outcome.line
        end += outcome.line_count
        if not isinstance(outcome, Ignored):
            held.append(outcome)
    if held:
        yield held, first, end


def _sort_out(
    found: TenantLines, block: list[tuple[int, bytes]], outcomes: list[Record | Refused], whose: Whose
) -> None:
    gone = {at for at, outcome in enumerate(outcomes) if whose.owns(outcome)}
    if not gone:
        return
    others = [at for at, outcome in enumerate(outcomes) if at not in gone and not is_emptied(outcome)]
    if not others:
        found.changed |= {number: b"" for number, _ in block}
        found.blanked_lines += len(block)
    else:
        done = emptied(block, outcomes, gone, whose.format_name, whose.context)
        if done is None:
            found.shared_lines += len(block)
            return
        changed, gone = done
        found.changed |= {number: raw for (number, _), raw in zip(block, changed, strict=True)}
        found.emptied_records += len(gone)
    _count(found, [outcomes[at] for at in gone], whose, is_blank=not others)


def _count(found: TenantLines, gone: list[Record | Refused], whose: Whose, *, is_blank: bool) -> None:
    found.places |= {(outcome.line, outcome.index) for outcome in gone}
    refused = [outcome for outcome in gone if whose.refuses(outcome)]
    lines = sum(outcome.line_count for outcome in refused)
    found.refused += len(refused)
    found.refused_records += sum(isinstance(o, Record) or o.line_count == 0 for o in refused)
    found.refused_lines_blanked += lines if is_blank else 0
    found.refused_lines_consumed += 0 if is_blank else lines
