"""Where a text puts its numbers in time, and what it says that they count.

The same reading serves a statement and what LogSight itself wrote about a suspect ("came 24 times, where 0.11 were to
be expected"), so that both put a number in the same place.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from logsight_assets.incidents.summary.clauses import Clause, Word, clauses_of
from logsight_assets.incidents.summary.vocabulary import (
    BEFORE,
    DETERMINER,
    DURING,
    ERRORS,
    LINES,
    MINUTES,
    PREPOSITION,
    REQUESTS,
)

_COUNTED = (ERRORS, REQUESTS, LINES, MINUTES)
_REACH = 3  # words in which what is counted follows its number


@dataclass(frozen=True)
class Place:
    """A number of a text."""

    value: Decimal
    when: str  # BEFORE or DURING: what nothing says otherwise of is of now
    of: str  # what it counts; '' if the text does not say
    clause: Clause = ()


def places(text: str) -> Iterator[Place]:
    """The numbers of a text of ours."""
    yield from places_in(clauses_of(text, (), ""))


def places_in(clauses: Sequence[Clause]) -> Iterator[Place]:
    """The numbers of clauses. What a number counts is said after it or, in an earlier word, before."""
    subject = ""
    for clause in clauses:
        for at, word in enumerate(clause):
            subject = _counted(word) or subject
            if _is_one_of_time(clause[at : at + 2]):
                yield Place(Decimal(1), _when(clause, at), MINUTES, clause)
            if word.number is not None:
                yield Place(word.number, _when(clause, at), _after(clause, at, subject), clause)


def _is_one_of_time(words: Clause) -> bool:
    """ "One" is a number in front of a unit of time; elsewhere it is an article as often."""
    return (
        len(words) == 2 and words[0].text == "one" and (words[1].text in ("hour", "second") or words[1].means(MINUTES))
    )


def _counted(word: Word) -> str:
    return next((kind for kind in _COUNTED if word.means(kind)), "")


def _after(clause: Clause, at: int, subject: str) -> str:
    """What follows the number, else what was counted last; of "9 of 3000" neither number says it."""
    if any(word.text == "of" for word in clause[max(0, at - 2) : at]):
        subject = ""
    for word in clause[at + 1 : at + 1 + _REACH]:
        if kind := _counted(word):
            return kind
        if word.means(PREPOSITION) or word.number is not None:
            return "" if word.text == "of" else subject
    return subject


def _when(clause: Clause, at: int) -> str:
    """By the nearest word that places something in time; in "from 6 to 24" and "24, up from 6" by the order."""
    if _is_after_from(clause, at) and (_is_direction(clause[at - 2 : at - 1]) or _has(clause[at + 1 :], "to")):
        return BEFORE
    if at and clause[at - 1].text == "to" and any(word.text == "from" for word in clause[: at - 1]):
        return DURING
    marks = [(abs(at - place), when) for place, when in _marks(clause)]
    return min(marks, default=(0, DURING))[1]


def _is_after_from(clause: Clause, at: int) -> bool:
    return at > 0 and clause[at - 1].text == "from"


def _is_direction(words: Clause) -> bool:
    return bool(words) and words[0].text in ("up", "down")


def _has(words: Clause, text: str) -> bool:
    return any(word.text == text for word in words)


def _marks(clause: Clause) -> Iterator[tuple[int, str]]:
    """The words that place something in time. The incident of "before the incident" is none of its own."""
    swallowed = -1
    for at, word in enumerate(clause):
        if word.means(BEFORE):
            swallowed = at + 1
            while swallowed < len(clause) and clause[swallowed].means(DETERMINER):
                swallowed += 1
            yield at, BEFORE
        elif word.means(DURING) and at != swallowed:
            yield at, DURING
