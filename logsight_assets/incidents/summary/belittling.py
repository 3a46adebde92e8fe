"""Whether a statement makes little of an incident: calls something good that no rows show, or judges it.

A bad thing needs no proof beyond its facts; a good one does, because nobody would look again.
"""

from __future__ import annotations

from logsight_assets.incidents.summary.clauses import Clause, Word
from logsight_assets.incidents.summary.fact import ATTRIBUTE
from logsight_assets.incidents.summary.known_words import is_judgement
from logsight_assets.incidents.summary.spoken import Spoken, is_adverse, is_negated
from logsight_assets.incidents.summary.trend_pairs import is_well
from logsight_assets.incidents.summary.vocabulary import (
    ABLE,
    ADVERSE,
    BEFORE,
    DISMISSIVE,
    DURING,
    ENDING,
    FALLING,
    GETTING,
    GOOD,
    LINES,
    MINIMAL,
    OPERATION,
    PLAIN,
    REQUESTS,
)

_MISSING = ("wait", "lack", "lose", "lost", "shortage")  # of something good
_ALL = frozenset({"all", "every", "each", "any"})


def plays_down(spoken: Spoken) -> bool:
    return any(_makes_little(spoken, clause) or _calls_good(spoken, clause) for clause in spoken.clauses)


def _makes_little(spoken: Spoken, clause: Clause) -> bool:
    """Words that judge, and those that make a number small."""
    for at, word in enumerate(clause):
        if word.means(DISMISSIVE) and (word.is_plain or is_judgement(clause[:at])):
            return True
        if word.text in ("expected", "should") and not _counts(spoken.words):
            return True
        if word.means(MINIMAL) and not _is_harmless(word, clause[at + 1 : at + 2]):
            return True
    return False


def _is_harmless(minimal: Word, after: Clause) -> bool:
    """ "It only passes on" says what it does, "shortly after" when; "only 12" says how little that is."""
    wanted = (PLAIN, OPERATION, GETTING) if minimal.text == "only" else (BEFORE, DURING)
    return any(word.means(*wanted) for word in after)


def _counts(words: Clause) -> bool:
    return any(word.number is not None for word in words)


def _calls_good(spoken: Spoken, clause: Clause) -> bool:
    """A good state needs rows that show it; so does what was done, unless it is counted and not all."""
    for at, word in enumerate(clause):
        if not word.means(GOOD, ABLE) or _is_lost(clause, at) or _is_of_a_share(spoken, clause, at):
            continue
        if word.means(ABLE) and (_is_measured(spoken, clause, at) or _is_bad_at_it(clause[at + 1 :])):
            continue
        if word.is_plain or is_judgement(clause[:at]):
            return not is_well(spoken.cited, spoken.about(clause))
    return False


def _is_measured(spoken: Spoken, clause: Clause, at: int) -> bool:
    """Whether what was done is counted or quoted, is not all, and is not done to errors: those are dealt with."""
    is_counted = _counts(spoken.words) or spoken.is_quoting
    return is_counted and not any(each.text in _ALL for each in spoken.words) and not is_adverse(clause[:at])


def _is_bad_at_it(after: Clause) -> bool:
    """What is done slowly, or "with an error", is not done well."""
    with_errors = any(word.text == "with" for word in after) and is_adverse(after)
    return with_errors or any(word.text.startswith(("slow", "late", "longer")) for word in after)


def _is_lost(clause: Clause, at: int) -> bool:
    """Whether a good thing is told to be missing: "not available", "unable to process", "successful ones stopped"."""
    failing = at > 1 and clause[at - 1].text == "to" and clause[at - 2].means(ADVERSE)
    stops = not is_adverse(clause) and any(word.means(ENDING, FALLING) for word in clause[at + 1 :])
    too = clause[at].text == "well" and at > 0 and clause[at - 1].text == "as"
    missed = any(word.text.startswith(_MISSING) for word in clause[:at])
    return is_negated(clause[:at]) or failing or stops or too or missed


def _is_of_a_share(spoken: Spoken, clause: Clause, at: int) -> bool:
    """ "30% of healthy ones": events that did not fail, beside those that did."""
    shares = any(fact.kind == ATTRIBUTE for fact in spoken.cited)
    of_events = any(word.text == "ones" or word.means(LINES, REQUESTS) for word in clause[at + 1 : at + 2])
    return shares and of_events and _counts(clause)
