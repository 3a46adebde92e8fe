"""What a statement makes of its facts: whether it plays down, denies or moves in time what they say.

Pure. Support (support.py) asks whether numbers, times, names and quotes are there; these rules ask what is said with
them. Each goes by the kind of what is said: a good state needs rows that show it, a denial a zero or a fall, a change
of the system a change that is known, a number its place before or in the incident. What is of no kind at all, in words
that are neither ours nor of the facts, does not stand.
"""

from __future__ import annotations

from collections.abc import Callable

from logsight_assets.incidents.summary.belittling import plays_down
from logsight_assets.incidents.summary.blame import contradicts_the_cause
from logsight_assets.incidents.summary.counting import misplaces_numbers
from logsight_assets.incidents.summary.denial import denies
from logsight_assets.incidents.summary.fact import CHANGE as CHANGE_FACT
from logsight_assets.incidents.summary.fact import COMPLETENESS, EARLIER
from logsight_assets.incidents.summary.known_words import has_unknown_words, quoted_words
from logsight_assets.incidents.summary.moments import time_is_misplaced
from logsight_assets.incidents.summary.spoken import Spoken, is_negated
from logsight_assets.incidents.summary.vocabulary import (
    ABLE,
    ADVERSE,
    CAUSED_BY,
    CAUSES,
    CHANGE,
    COMPLETE,
    DURING,
    ENDING,
    ERRORS,
    FALLING,
    GOOD,
    NEGATION,
    OPERATION,
    QUALITY,
    root,
)

# What a statement says that one of these rules or the names of changes can find wrong.
_KINDS = (ADVERSE, ERRORS, FALLING, ABLE, GOOD, CAUSES, CAUSED_BY, CHANGE, COMPLETE, NEGATION, QUALITY)


def misstated(spoken: Spoken) -> str | None:
    """The first reason why a statement, whose facts hold its numbers and names, does not stand; None if it does."""
    return next((reason for reason, fails in _RULES if fails(spoken)), None)


def _knows_no_change(spoken: Spoken) -> bool:
    """A change of the system is one that is cited, of the service that is named, or at least quoted from a line."""
    quoted = quoted_words(spoken)
    if not any(w.means(CHANGE) or (w.means(OPERATION) and root(w.text) not in quoted) for w in spoken.words):
        return False
    changes = [fact for fact in spoken.cited if fact.kind == CHANGE_FACT]
    named, told = spoken.named(spoken.words), {service for fact in changes for service in fact.services}
    return not (changes and (not named or not told or named & told))


def _knows_not_whether_complete(spoken: Spoken) -> bool:
    """Whether logs are complete, the fact of it says."""
    if not spoken.means(COMPLETE):
        return False
    held = [fact.shown["is_complete"] for fact in spoken.cited if fact.kind == COMPLETENESS]
    negated = is_negated(spoken.words)
    says = any(word.text == "complete" for word in spoken.words) != negated
    return says not in held


def _says_nothing(spoken: Spoken) -> bool:
    """It is of no kind that is known, and no number, quote or time stands in it."""
    measured = any(word.number is not None or word.time is not None for word in spoken.words)
    cites_itself = any(fact.kind in (CHANGE_FACT, EARLIER) for fact in spoken.cited)
    return not (
        measured or spoken.is_quoting or spoken.subject or cites_itself or spoken.means(*_KINDS, ENDING, DURING)
    )


_RULES: tuple[tuple[str, Callable[[Spoken], bool]], ...] = (
    ("plays_down", plays_down),
    ("word_not_known", has_unknown_words),
    ("change_not_in_evidence", _knows_no_change),
    ("completeness_not_in_evidence", _knows_not_whether_complete),
    ("number_misplaced", misplaces_numbers),
    ("time_misplaced", time_is_misplaced),
    ("denies_evidence", denies),
    ("contradicts_the_cause", contradicts_the_cause),
    ("nothing_to_check", _says_nothing),
)
