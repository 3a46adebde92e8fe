"""Where a statement puts things in time: a time of a fact is told of what that fact is about, and in its order.

That the time is one of a cited fact, support.py has seen.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from logsight_assets.incidents.summary.clauses import Clause
from logsight_assets.incidents.summary.fact import ALARM, EARLIER, Fact, utc_text
from logsight_assets.incidents.summary.fact import CHANGE as CHANGE_FACT
from logsight_assets.incidents.summary.placing import places_in
from logsight_assets.incidents.summary.spoken import Spoken, is_adverse
from logsight_assets.incidents.summary.support import is_told
from logsight_assets.incidents.summary.vocabulary import BEFORE, CHANGE, DETERMINER, QUALITY

_NEAR = 4  # words between "after" and the change that something came after
_NEVER = float("inf")
_APART = (CHANGE_FACT, EARLIER)  # facts of something else than the incident's own course


def time_is_misplaced(spoken: Spoken) -> bool:
    """Whether something is told of a time that is another thing's, or before or after what it was not."""
    rules = (_is_misplaced, _is_out_of_order, _is_uncounted, _is_of_an_earlier_incident, _is_reversed)
    return any(fails(spoken, clause) for clause in spoken.clauses for fails in rules)


def _is_misplaced(spoken: Spoken, clause: Clause) -> bool:
    for at, word in enumerate(clause):
        if word.time is None:
            continue
        holders = [fact for fact in spoken.cited if is_told(word.time, [utc_text(nano) for nano in fact.times])]
        if not any(_may_tell(spoken, clause, fact) for fact in holders):
            return True
        if at and clause[at - 1].means(BEFORE) and not _was_before(spoken, clause, holders):
            return True
    return False


def _may_tell(spoken: Spoken, clause: Clause, fact: Fact) -> bool:
    """The time of a change is told of the change, that of an earlier incident of that incident."""
    if fact.kind == CHANGE_FACT:
        return any(word.means(CHANGE) for word in (clause if is_adverse(clause) else spoken.words))
    if fact.kind == EARLIER:
        return any(word.name == fact.shown["incident_id"] for word in spoken.words)
    return True


def _was_before(spoken: Spoken, clause: Clause, holders: Sequence[Fact]) -> bool:
    """Whether a number of before the incident, or an earlier time of a fact, stands behind "before 10:30"."""
    if any(place.when == BEFORE for place in places_in([clause])):
        return True
    is_change = any(word.means(CHANGE) for word in clause)
    told = [fact for fact in spoken.cited if (fact.kind == CHANGE_FACT) == is_change and fact.kind != EARLIER]
    return _earliest(told) < _earliest(holders)


def _is_out_of_order(spoken: Spoken, clause: Clause) -> bool:
    """Something that is said to come after a change, or before it, has a time, and that is so."""
    changed = [fact for fact in spoken.cited if fact.kind == CHANGE_FACT]
    begun = [fact for fact in spoken.cited if fact.kind not in (*_APART, ALARM) and fact.times]
    for at, word in enumerate(clause):
        near = clause[at + 1 : at + 1 + _NEAR]
        if word.text not in ("after", "before") or not any(each.means(CHANGE) for each in near):
            continue
        if not begun or not changed:
            return True
        is_after = any(nano >= _earliest(changed) for fact in begun for nano in fact.times)
        is_before = _earliest(begun) < _earliest(changed)
        return not (is_after if word.text == "after" else is_before)
    return False


def _is_reversed(spoken: Spoken, clause: Clause) -> bool:
    """Of two services one is said to be first, and the times of its facts are not."""
    for at, word in enumerate(clause):
        is_last = word.text == "first" and at == len(clause) - 1
        if not (is_last or word.text.startswith("preced")):
            continue
        earlier = spoken.named(clause[:at])
        later = spoken.named(spoken.words) - earlier if is_last else spoken.named(clause[at:])
        begun = _begun(spoken, earlier)
        if earlier and later and (begun > _begun(spoken, later) or begun == _NEVER):
            return True
    return False


def _begun(spoken: Spoken, services: frozenset[str]) -> float:
    return _earliest(fact for fact in spoken.cited if fact.services & services and fact.kind not in _APART)


def _is_uncounted(spoken: Spoken, clause: Clause) -> bool:
    """Errors of before the incident, without a count, a time, or a comparison that says that they were others."""
    at = next((at for at, word in enumerate(clause) if word.means(BEFORE)), None)
    if at is None or not is_adverse((*clause[:at], *_without_its_object(clause[at + 1 :]))):
        return False
    placed = any(word.number is not None or word.time or word.means(CHANGE) or word.text == "than" for word in clause)
    return not placed and not any(fact.kind == EARLIER for fact in spoken.cited)


def _is_of_an_earlier_incident(spoken: Spoken, clause: Clause) -> bool:
    """What fails now is of no earlier incident."""
    earlier = {fact.shown["incident_id"] for fact in spoken.cited if fact.kind == EARLIER}
    return is_adverse(clause) and any(word.name in earlier for word in clause)


def _without_its_object(after: Clause) -> Clause:
    """What follows "before the first failures", where the failures are what something came before."""
    object_at = next((at for at, word in enumerate(after) if not word.means(DETERMINER, QUALITY)), len(after))
    return after[object_at + 1 :]


def _earliest(facts: Iterable[Fact]) -> float:
    return min((nano for fact in facts for nano in fact.times), default=_NEVER)
