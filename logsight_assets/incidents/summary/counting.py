"""Whether each number of a statement is where its facts put it: of that service, of that time, a count of that."""

from __future__ import annotations

from collections.abc import Sequence

from logsight_assets.incidents.summary.fact import Count, Fact
from logsight_assets.incidents.summary.placing import Place, places_in
from logsight_assets.incidents.summary.spoken import Spoken
from logsight_assets.incidents.summary.vocabulary import (
    ERRORS,
)


def misplaces_numbers(spoken: Spoken) -> bool:
    return any(_is_misplaced(spoken, place) for place in places_in(spoken.clauses))


def _is_misplaced(spoken: Spoken, place: Place) -> bool:
    """A number is of a fact about what is named, of its time, and counts what is said; without a place, it is free."""
    own = spoken.named(place.clause) or spoken.about(())
    each = [own, *(frozenset({service}) for service in spoken.beside(place.clause))]
    return not all(_is_in_place(spoken, place, list(spoken.answering(services))) for services in each)


def _is_in_place(spoken: Spoken, place: Place, facts: Sequence[Fact]) -> bool:
    if place.value == 0:
        return any(_counts_none(count, place) for fact in facts for count in fact.counts)
    if str(place.value) in spoken.claimed.codes:
        return True
    free = any(place.value in fact.numbers - {count.value for count in fact.counts} for fact in facts)
    return free or any(_fits(count, place) for fact in facts for count in fact.counts)


def _fits(count: Count, place: Place) -> bool:
    is_counted = not count.of or not place.of or count.of == place.of
    return count.value == place.value and count.when == place.when and is_counted


def _counts_none(count: Count, place: Place) -> bool:
    """None of what: a row counts much that is zero, and neither it nor a line that stopped says so of errors."""
    is_counted = count.of == place.of or (count.of == "" and place.of != ERRORS)
    return count.value == 0 and count.when == place.when and is_counted
