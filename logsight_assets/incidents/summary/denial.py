"""Whether a statement denies what is, or says that it became less or came to an end, and no fact shows it."""

from __future__ import annotations

from logsight_assets.incidents.summary.clauses import Clause
from logsight_assets.incidents.summary.fact import COMPLETENESS
from logsight_assets.incidents.summary.placing import places_in
from logsight_assets.incidents.summary.spoken import Spoken, is_adverse, is_strange
from logsight_assets.incidents.summary.trend_pairs import errors_ended, is_less
from logsight_assets.incidents.summary.vocabulary import (
    ABLE,
    BEFORE,
    CAUSED_BY,
    CAUSES,
    COMPLETE,
    ENDING,
    FALLING,
    GETTING,
    GOOD,
    LINES,
    NEGATION,
    REQUESTS,
)


def denies(spoken: Spoken) -> bool:
    return any(_denies_in(spoken, clause) or _ends_in(spoken, clause) for clause in spoken.clauses)


def _denies_in(spoken: Spoken, clause: Clause) -> bool:
    """A negation of what is good tells of a failure. Any other needs a fact that shows that there was none."""
    at = next((at for at, word in enumerate(clause) if word.means(NEGATION)), None)
    if at is None or any(word.means(CAUSES, CAUSED_BY, COMPLETE) for word in clause):
        return False  # which other rules judge
    after = clause[at + 1 :]
    if not is_adverse(after) and any(word.means(GETTING, ABLE, GOOD) for word in after):
        return False
    return not (_is_none(spoken, clause) or _are_missing(spoken, clause))


def _are_missing(spoken: Spoken, clause: Clause) -> bool:
    """Whether it is logs that are not there, and their completeness says so."""
    of_logs = any(word.means(LINES) or word.text in ("log", "logs", "source", "sources") for word in clause)
    is_incomplete = any(fact.kind == COMPLETENESS and not fact.shown["is_complete"] for fact in spoken.cited)
    return of_logs and is_incomplete and not is_adverse(clause)


def _is_none(spoken: Spoken, clause: Clause) -> bool:
    services = spoken.about(clause)
    if is_adverse(clause) or not any(word.means(LINES, REQUESTS) or is_strange(word) for word in clause):
        return errors_ended(spoken.cited, services)
    return any("stopped" in fact.changes or "silent" in fact.changes for fact in spoken.answering(services))


def _ends_in(spoken: Spoken, clause: Clause) -> bool:
    """What is said to become less, a fact shows to become less: errors those that are counted of a service."""
    counted = any(each.means(LINES, REQUESTS) or is_strange(each) for each in clause)
    for at, word in enumerate(clause):
        until = word.text in ("until", "till") and not any(p.when == BEFORE for p in places_in([clause]))
        of_alarm = word.text != "off" and any(each.text in ("alarm", "incident") for each in clause[:at])
        of_errors = of_alarm or is_adverse(clause[:at]) or (until and is_adverse(clause))
        if word.text.startswith("end") and clause[at + 1 : at + 2] and clause[at + 1].text in ("in", "with", "up"):
            continue  # in errors
        if not (word.means(FALLING) or (word.means(ENDING) and of_errors) or until):
            continue
        services = spoken.about(clause)
        if of_errors or not counted:
            return not errors_ended(spoken.cited, services)
        return not is_less(spoken.cited, services)
    return False
