"""Whether the facts that a statement cites hold what it says: quotes, numbers, times, names.

Pure. Each rule gives the reason why it fails, or None. Numbers come out of counted rows alone, or, as codes such as 503
are, out of a quote that stands beside the statement.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cached_property

from logsight_assets.incidents.summary.clauses import NUMBER, NUMBER_WORDS, TIME, stands_in, value_of, whole
from logsight_assets.incidents.summary.fact import EVENT, KINDS, Fact, utc_text
from logsight_assets.incidents.summary.plain import is_name
from logsight_assets.incidents.summary.schema import Statement
from logsight_assets.incidents.summary.vocabulary import COMPLETE, meanings_of

SHORTEST_QUOTE = 3  # characters: less than that is a substring of anything
_ECHO = 5  # words in a row of a stranger's text that a statement may not repeat outside of a quote
_ID = re.compile(rf"\b[{''.join(KINDS)}]\d{{1,4}}\b")
_CODE = re.compile(r"(?<!\w)\d+(?!\w)")
_WORD = re.compile(r"[\w.+:/=-]*\w", re.UNICODE)
_NAME = re.compile(r"\w[._/:=+-]\w|_|[a-z][A-Z]|[A-Za-z]\d|\d[A-Za-z]")
_NUMBERED = re.compile(r"(?<![\w-])[A-Za-z]\w*(?:[-_]\w+)*-\d+(?![\w-])")  # a name such as `HikariPool-1`
INLINE = re.compile(r"[\"“”]([^\"“”]*)[\"“”]")
_CHANGES = {
    "new": "new",
    "surging": "surging",
    "surged": "surging",
    "stopped": "stopped",
    "vanished": "stopped",
    "slower": "slower",
    "silent": "silent",
}
# What of a fact is a name, beside its services: those of an earlier incident are no services of this one.
_NAMING = ("template_id", "incident_id", "objective", "suspect", "alarm_services", "cause_named_by_a_person", "value")
# English compounds that look like names of services and are none.
# fmt: off
_COMPOUNDS = frozenset({
    "error-rate", "error-rates", "long-running", "knock-on", "follow-on", "time-out", "time-outs", "re-opened",
    "read-only", "write-ahead", "first-time", "one-off", "so-called", "in-memory", "out-of-memory", "back-end",
    "front-end", "and/or", "request/response",
})
# fmt: on
_VAGUE = {"twice", "double", "doubled", "triple", "tripled", "thrice", "half", "percent", "dozens", "hundreds"}
_VAGUE |= {"thousands", "millions"}


@dataclass(frozen=True)
class Claimed:
    """A statement with the facts that it cites."""

    statement: Statement
    cited: tuple[Fact, ...]
    services: frozenset[str]  # of all facts: the names that are known
    told: tuple[str, ...]  # words of all facts
    before: str  # the statement in front of it, with which it may be read as one

    @property
    def text(self) -> str:
        """Its text without ids of facts, which are no names and no numbers."""
        return _ID.sub(" ", self.statement.text)

    @cached_property
    def held(self) -> str:
        """All words of its facts, in lower case."""
        return " ".join(fact.words for fact in self.cited)

    @property
    def codes(self) -> frozenset[str]:
        """Numbers that stand in its quotes, such as 503."""
        return frozenset(code for quote in self.statement.quotes for code in _CODE.findall(quote.text))


def claim(statement: Statement, facts: Mapping[str, Fact], services: frozenset[str], before: str = "") -> Claimed:
    """A statement all of whose facts are among these, with those."""
    cited = tuple(facts[name] for name in dict.fromkeys(statement.evidence))
    return Claimed(statement, cited, services, tuple(fact.runs for fact in facts.values()), before)


def unsupported(
    statement: Statement,
    facts: Mapping[str, Fact],
    services: frozenset[str],
    *,
    has_subject: bool = False,
    before: str = "",
) -> str | None:
    """The first reason why a statement does not stand; None if it does.

    One that `has_subject` is about a service that is named beside it; any other has to name something itself.
    """
    if not statement.evidence:
        return "no_evidence"
    if any(name not in facts for name in [*statement.evidence, *_ID.findall(statement.text)]):
        return "unknown_evidence"
    claimed = claim(statement, facts, services, before)
    reason = next((reason for reason, fails in _RULES if fails(claimed)), None)
    return reason or ("nothing_to_check" if not has_subject and _says_nothing(claimed) else None)


def _quote_is_not_there(claimed: Claimed) -> bool:
    texts = {fact.id: fact.quotable for fact in claimed.cited}
    for quote in claimed.statement.quotes:
        if len(quote.text.strip()) < SHORTEST_QUOTE or not any(
            quote.text in held for held in texts.get(quote.fact, ())
        ):
            return True
    quoted = [quote.text for quote in claimed.statement.quotes]
    return any(inline and not any(inline in held for held in quoted) for inline in INLINE.findall(claimed.text))


def _time_is_not_there(claimed: Claimed) -> bool:
    """A time must be one of a cited fact, to the precision in which it is told."""
    known = [utc_text(nano) for fact in claimed.cited for nano in fact.times]
    return not all(is_told(match, known) for match in TIME.finditer(claimed.text))


def is_told(match: re.Match[str], known: Sequence[str]) -> bool:
    """Whether a time, as TIME finds it, is one of the known ones."""
    day, of_day, clock = match["day"], match["of_day"] or "", (match["clock"] or "").zfill(5)
    if day:
        return any(each.startswith(f"{day}T{of_day}" if of_day else day) for each in known)
    return any(each[11:].startswith(clock) for each in known)


def _number_is_not_there(claimed: Claimed) -> bool:
    text = _without_numbered(TIME.sub(" ", claimed.text), claimed.held)
    for name in known_names(claimed):
        text = re.sub(whole(name), " ", text)
    counted = {number for fact in claimed.cited for number in fact.numbers}
    if not all(_is_counted(number, counted, claimed.codes) for number in NUMBER.findall(text)):
        return True
    told = {word for fact in claimed.cited for word in re.findall(r"[a-z]+", fact.measured.lower())}
    words = set(re.findall(r"[a-z]+", text.lower())) - told
    return any(word in _VAGUE or NUMBER_WORDS.get(word, Decimal(0)) not in {Decimal(0), *counted} for word in words)


def _without_numbered(text: str, held: str) -> str:
    """A text without names that end with a number and that its facts hold: the number counts nothing."""
    return _NUMBERED.sub(lambda match: " " if stands_in(held, match[0].lower()) else match[0], text)


def _is_counted(text: str, counted: set[Decimal], codes: frozenset[str]) -> bool:
    try:
        value = value_of(text)
    except InvalidOperation:
        return False
    return value in counted or text in codes


def _name_is_not_there(claimed: Claimed) -> bool:
    """What looks like a name must be in a cited fact; so must a service that the incident knows."""
    own = {service for fact in claimed.cited for service in fact.services}
    text = NUMBER.sub(" ", _without_numbered(TIME.sub(" ", claimed.text), claimed.held))
    for service in claimed.services - own:
        if stands_in(text, service) and service.lower() not in claimed.held:
            return True
    first = True
    for word in _WORD.findall(text):
        looks = _NAME.search(word) or (not first and word[0].isupper() and word not in ("UTC", "I"))
        first = False
        if looks and word.lower() not in _COMPOUNDS and not stands_in(claimed.held, word.lower()):
            return True
    return False


def _change_is_not_there(claimed: Claimed) -> bool:
    """What is said to be new, surging, stopped, slower or silent, a cited fact says too."""
    held = {change for fact in claimed.cited for change in fact.changes}
    words = set(re.findall(r"[a-z]+", claimed.text.lower()))
    return any(word in words and change not in held for word, change in _CHANGES.items())


def _repeats(claimed: Claimed) -> bool:
    """Words of strangers in a row belong into a quote, where they are shown as theirs."""
    words = words_of(claimed.before)[1 - _ECHO :] + words_of(claimed.text)
    runs = (f" {' '.join(words[start : start + _ECHO])} " for start in range(len(words) - _ECHO + 1))
    return any(run in told for run in runs for told in claimed.told)


def words_of(text: str) -> list[str]:
    """Words without times, whose parts stand in many facts."""
    return re.findall(r"\w+", TIME.sub(" ", text).lower())


def _says_nothing(claimed: Claimed) -> bool:
    """No quote, number, time or name: nothing of it could have been found wrong, so nothing of it was checked."""
    if claimed.statement.quotes or TIME.search(claimed.text) or NUMBER.search(claimed.text):
        return False
    if any(meanings_of(word) & {COMPLETE} for word in words_of(claimed.text)):
        return False  # of logs, which have no name
    text = claimed.text.lower()
    named = any(_NAME.search(word) and word not in _COMPOUNDS for word in _WORD.findall(claimed.text))
    return not (named or any(stands_in(text, name.lower()) for name in known_names(claimed)))


def known_names(claimed: Claimed) -> list[str]:
    """Names that its facts give to services, hosts, templates and incidents, the longest first."""
    names = {service for fact in claimed.cited for service in fact.services}
    names |= {str(fact.shown.get("host", "")) for fact in claimed.cited if fact.kind == EVENT}
    names |= {str(fact.shown.get(name) or "") for name in _NAMING for fact in claimed.cited}
    return sorted((name for name in names if name and is_name(name)), key=len, reverse=True)


_RULES: tuple[tuple[str, Callable[[Claimed], bool]], ...] = (
    ("quote_not_found", _quote_is_not_there),
    ("time_not_in_evidence", _time_is_not_there),
    ("number_not_in_rows", _number_is_not_there),
    ("name_not_in_evidence", _name_is_not_there),
    ("change_not_in_evidence", _change_is_not_there),
    ("repeats_evidence", _repeats),
)
