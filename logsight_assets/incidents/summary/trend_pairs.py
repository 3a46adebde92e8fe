"""What counted rows say of a service before an incident and in it: whether its errors came to an end, or it went quiet.

Both times are of different lengths, so counts are compared by the minute.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from logsight_assets.incidents.summary.fact import TREND, Fact
from logsight_assets.incidents.summary.vocabulary import BEFORE, DURING, ERRORS, LINES, MINUTES, REQUESTS

# What a fact says of itself that means less of something than before.
_LESS = frozenset({"stopped", "silent", "low"})
_STILL_THERE = Decimal("0.5")  # of the lines that it wrote before


def errors_ended(facts: Iterable[Fact], services: Iterable[str]) -> bool:
    """Whether these facts show, for each of the services, no error in the incident or less of them a minute."""
    held, wanted = tuple(facts), tuple(services)
    return bool(wanted) and all(_count(held, each, ERRORS) == 0 or _fell(held, each, ERRORS) for each in wanted)


def is_well(facts: Iterable[Fact], services: Iterable[str]) -> bool:
    """The same, of services that go on logging: one that is silent has no errors either."""
    held, wanted = tuple(facts), tuple(services)
    return errors_ended(held, wanted) and all(_goes_on(held, each) for each in wanted)


def is_less(facts: Iterable[Fact], services: Iterable[str]) -> bool:
    """Whether a fact shows, for one of the services, less of anything: a line that stopped, fewer requests."""
    held, wanted = tuple(facts), frozenset(services)
    said = any(fact.changes & _LESS for fact in held if fact.services & wanted)
    return said or any(_fell(held, each, of) for each in wanted for of in (LINES, REQUESTS))


def _rows(facts: Iterable[Fact], service: str) -> list[Fact]:
    return [fact for fact in facts if fact.kind == TREND and service in fact.services]


def _count(facts: Sequence[Fact], service: str, of: str) -> Decimal | None:
    """How many it had in the incident; None if no fact counts them."""
    found = (fact.counted(of, DURING) for fact in _rows(facts, service))
    return next((count for count in found if count is not None), None)


def _fell(facts: Sequence[Fact], service: str, of: str) -> bool:
    before, during = _pace(facts, service, of, BEFORE), _pace(facts, service, of, DURING)
    return before is not None and during is not None and during < before


def _goes_on(facts: Sequence[Fact], service: str) -> bool:
    before, during = _pace(facts, service, LINES, BEFORE), _pace(facts, service, LINES, DURING)
    return before is not None and during is not None and during >= before * _STILL_THERE


def _pace(facts: Sequence[Fact], service: str, of: str, when: str) -> Decimal | None:
    """A count by the minute; None without a row of that time."""
    for fact in _rows(facts, service):
        count, minutes = fact.counted(of, when), fact.counted(MINUTES, when)
        if count is not None and minutes:
            return count / minutes
    return None
