"""Whom a statement holds for the cause: it must be the service that the answer does, or be excluded by a negation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile

from logsight_assets.incidents.summary.clauses import Clause, Word
from logsight_assets.incidents.summary.fact import EARLIER
from logsight_assets.incidents.summary.spoken import Spoken, is_negated, is_strange
from logsight_assets.incidents.summary.vocabulary import (
    ADVERSE,
    CAUSED_BY,
    CAUSES,
    COPULA,
    DETERMINER,
    PREPOSITION,
    QUALITY,
)

_BEGINS = frozenset({"come", "comes", "came", "begin", "begins", "began", "begun", "start", "starts", "started"})
_BEGINS |= {"originate", "originates", "originated", "lie", "lies"}
_FAULTS = frozenset({"failure", "fault", "problem", "issue"})
_HARMS = ("broke", "breaks", "hit", "overload", "block", "kill", "affect", "impact", "saturat", "crash", "lock")
_WHERE = frozenset({"in", "from", "with", "by", "at"})


def contradicts_the_cause(spoken: Spoken) -> bool:
    """Blames another service than the answer does, or says of this one that it is not the cause."""
    if not spoken.cause or any(fact.kind == EARLIER for fact in spoken.cited):
        return False
    return any(is_denied == (service in ("", spoken.cause)) for service, is_denied in _blamed(spoken))


def _blamed(spoken: Spoken) -> Iterator[tuple[str, bool]]:
    """Each service that is called the cause, '' where none is named, and whether that is denied."""
    for clause in spoken.clauses:
        for at, word in enumerate(clause):
            if word.text in _BEGINS or (word.means(COPULA) and any(each.text in _FAULTS for each in clause[:at])):
                if place := _begins_in(spoken, clause, at):
                    yield place, is_negated(clause[:at])
            elif word.means(CAUSES):
                service = _agent(spoken, clause, at) or spoken.subject
                if service or is_negated(clause):
                    yield service, is_negated(clause)
            elif word.means(CAUSED_BY):
                service = _first(spoken, clause[at + 1 :])
                if service and not _is_further_on(spoken, clause):
                    yield service, is_negated(clause[:at])
            elif service := _doer(spoken, clause, at):
                yield service, is_negated(clause[:at])


def _is_further_on(spoken: Spoken, clause: Clause) -> bool:
    """Whether another service than the cause has this cause: "frontend fails because checkout fails"."""
    said = spoken.words[: spoken.words.index(clause[0])]
    affected = {word.name for word in (*said, *takewhile(lambda word: not word.means(CAUSED_BY), clause))}
    return bool(affected & spoken.claimed.services) and spoken.cause not in affected


def _doer(spoken: Spoken, clause: Clause, at: int) -> str:
    """Who does something bad to a service: "cart overloaded payment", "the database broke payment"."""
    if not at or not (clause[at].means(ADVERSE) and _first(spoken, clause[at + 1 : at + 2])):
        return ""
    doer = clause[at - 1]
    does = clause[at].text.startswith(_HARMS) and not doer.means(COPULA, DETERMINER, PREPOSITION, QUALITY)
    return _first(spoken, [doer]) or (doer.text if does and doer.number is None else "")


def _begins_in(spoken: Spoken, clause: Clause, at: int) -> str:
    """Where it is in "began in payment": a service, or what else a stranger's word names."""
    after = [word for word in clause[at + 1 : at + 4] if not word.means(DETERMINER)]
    if not after or after[0].text not in _WHERE:
        return ""
    return _first(spoken, after[1:2]) or next((word.text for word in after[1:2] if is_strange(word)), "")


def _agent(spoken: Spoken, clause: Clause, at: int) -> str:
    """Who causes: whoever is named before; after it in "caused by payment" and "the cause of it is payment"."""
    after = clause[at + 1 :]
    if after and after[0].text == "by":
        return _first(spoken, after)
    if after and after[0].text == "of":
        copula = next((place for place, word in enumerate(after) if word.means(COPULA)), len(after))
        return _first(spoken, after[copula:]) or _first(spoken, clause[:at])
    return _first(spoken, tuple(reversed(clause[:at]))) or _first(spoken, after if clause[at].text == "cause" else ())


def _first(spoken: Spoken, words: Sequence[Word]) -> str:
    return next((word.name for word in words if word.name in spoken.claimed.services), "")
