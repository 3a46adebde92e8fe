"""A statement as it is spoken: its clauses, whom they are about, and the facts that may answer for each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

from logsight_assets.incidents.summary.clauses import QUOTATION, Clause, Word, clauses_of
from logsight_assets.incidents.summary.fact import Fact
from logsight_assets.incidents.summary.support import INLINE, Claimed, known_names
from logsight_assets.incidents.summary.vocabulary import (
    ADVERSE,
    COPULA,
    DETERMINER,
    DURING,
    ENDING,
    ERRORS,
    NEGATION,
    PLAIN,
    PREPOSITION,
)

_BARE = frozenset({PLAIN, DETERMINER, PREPOSITION, COPULA, NEGATION, DURING})
_LONGEST_BARE = 5  # words


@dataclass(frozen=True)
class Spoken:
    """A claimed statement, with what stands beside it in the answer."""

    claimed: Claimed
    cause: str = ""  # the service that the answer holds for the cause; '' if none
    subject: str = ""  # the service that it is said of; '' if the statement has to name it

    @property
    def cited(self) -> Sequence[Fact]:
        return self.claimed.cited

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        text = INLINE.sub(f" {QUOTATION} ", self.claimed.text)
        return clauses_of(text, {*known_names(self.claimed), *self.claimed.services}, self.claimed.held)

    @cached_property
    def words(self) -> Clause:
        return tuple(word for clause in self.clauses for word in clause)

    @property
    def is_quoting(self) -> bool:
        return bool(self.claimed.statement.quotes)

    def named(self, words: Sequence[Word]) -> frozenset[str]:
        """The services that words name."""
        return frozenset(word.name for word in words) & self.claimed.services

    def about(self, clause: Clause) -> frozenset[str]:
        """The services that a clause is about: those that it names, else the statement, else those of its facts."""
        subject = frozenset({self.subject} - {""})
        named = self.named(clause) | self.beside(clause)
        return named or self.named(self.words) or subject or self._of_facts

    def beside(self, clause: Clause) -> frozenset[str]:
        """The services of which the same is said: "payment and search had none", "search had none, nor had payment"."""
        if clause not in self.clauses:
            return frozenset()
        at = self.clauses.index(clause)
        before = takewhile(_is_bare, reversed(self.clauses[:at]))
        after = takewhile(_is_bare, self.clauses[at + 1 :])
        return frozenset(service for bare in (*before, *after) for service in self.named(bare))

    @property
    def _of_facts(self) -> frozenset[str]:
        return frozenset(service for fact in self.cited for service in fact.services)

    def answering(self, services: frozenset[str]) -> Iterator[Fact]:
        """The cited facts that are about some of these services, and those that are about none."""
        return (fact for fact in self.cited if not (services and fact.services) or fact.services & services)

    def means(self, *meanings: str) -> bool:
        return any(word.means(*meanings) for word in self.words)


def _is_bare(clause: Clause) -> bool:
    """Whether a clause says nothing of its own, but names."""
    names_only = all(word.name or (word.meanings and word.meanings <= _BARE) for word in clause)
    return len(clause) <= _LONGEST_BARE and names_only


def is_adverse(words: Sequence[Word]) -> bool:
    """Whether words speak of errors; those that may as well mean an end do not."""
    return any(word.means(ADVERSE, ERRORS) and not word.means(ENDING) for word in words)


def is_negated(words: Sequence[Word]) -> bool:
    return any(word.means(NEGATION) for word in words)


def is_strange(word: Word) -> bool:
    """Whether a word is none of ours: it has to stand in a fact."""
    return word.is_plain and not word.meanings
