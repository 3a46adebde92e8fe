"""Whether the words of a statement are ours, or name things that its facts name.

A stranger's word is data: it may name a thing, and says of nothing what it is or why.
"""

from __future__ import annotations

from logsight_assets.incidents.summary.clauses import Clause
from logsight_assets.incidents.summary.fact import EARLIER, SUSPECT
from logsight_assets.incidents.summary.spoken import Spoken, is_strange
from logsight_assets.incidents.summary.vocabulary import (
    ADVERSE,
    BEFORE,
    CAUSED_BY,
    CAUSES,
    CHANGE,
    COPULA,
    DETERMINER,
    DURING,
    ERRORS,
    GETTING,
    GOOD,
    LINES,
    MINUTES,
    NEGATION,
    OPERATION,
    PLAIN,
    PREPOSITION,
    QUALITY,
    REQUESTS,
    root,
)

# After these a stranger's word names a thing; after others it could be what is said of one.
_BEFORE_THINGS = (
    BEFORE,
    DURING,
    DETERMINER,
    PREPOSITION,
    ADVERSE,
    ERRORS,
    REQUESTS,
    LINES,
    MINUTES,
    GETTING,
    GOOD,
    CHANGE,
    OPERATION,
    QUALITY,
    NEGATION,
)


def has_unknown_words(spoken: Spoken) -> bool:
    """A word that is none of ours stands in a cited fact, and as the name of a thing: strangers judge nothing."""
    roots = {root(word) for word in _letters(spoken.claimed.held)}
    quoted = quoted_words(spoken)
    suspects = {service for fact in spoken.cited if fact.kind in (SUSPECT, EARLIER) for service in fact.services}
    for clause in spoken.clauses:
        known = quoted if _explains(clause) else roots
        for at, word in enumerate(clause):
            if word.name and is_judgement(clause[:at]) and word.name not in suspects:
                return True
            if is_strange(word) and not (root(word.text) in known and _is_thing(clause[:at])):
                return True
    return False


def quoted_words(spoken: Spoken) -> set[str]:
    """The roots of the words that a statement quotes, which stand beside it."""
    return {root(word) for quote in spoken.claimed.statement.quotes for word in _letters(quote.text.lower())}


def _explains(clause: Clause) -> bool:
    """Whether a clause gives a cause: "was triggered" alone does not."""
    for at, word in enumerate(clause):
        is_done = at > 0 and clause[at - 1].means(COPULA)
        if word.means(CAUSED_BY) or (word.means(CAUSES) and not is_done):
            return True
        if word.means(CAUSES) and clause[at + 1 : at + 2] and clause[at + 1].text == "by":
            return True
    return False


def _letters(text: str) -> list[str]:
    return "".join(c if c.isalpha() else " " for c in text).split()


def _is_thing(before: Clause) -> bool:
    """Whether what follows these words is a thing, and nothing that something is said to be."""
    if not before:
        return True
    last = before[-1]
    stands = last.number is not None or is_strange(last) or last.means(*_BEFORE_THINGS)
    return stands and not is_judgement(before)


def is_judgement(before: Clause) -> bool:
    """Whether what follows is what something is said to be: after a form of `be`, and what may stand between."""
    for word in reversed(before):
        if word.means(COPULA):
            return True
        if not word.means(DETERMINER, PLAIN, QUALITY):
            return False
    return False
