"""A statement as clauses, and each clause as words of which is known what they mean.

What is said of a thing is looked for in its own clause: "payment failed, search had no errors" denies nothing of
payment. Numbers and times are words too.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from decimal import Decimal

from logsight_assets.incidents.summary.vocabulary import DISMISSIVE, GOOD, MINIMAL, PLAIN, meanings_of

TIME = re.compile(
    r"\b(?:(?P<day>\d{4}-\d{2}-\d{2})(?:[T ](?P<of_day>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?"
    r"|(?P<clock>\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))(?:\s?(?:Z|UTC)\b)?"
)
NUMBER = re.compile(r"(?<![\w.])[+-]?\d[\d,]*(?:\.\d+)?%?")
# "one" is an article as often as a number.
_SMALL = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_LARGE = {"twenty": 20, "fifty": 50, "hundred": 100, "thousand": 1000, "million": 10**6}
NUMBER_WORDS = {word: Decimal(value) for value, word in enumerate(_SMALL, 2)} | {
    word: Decimal(value) for word, value in _LARGE.items()
}
_TOKEN = re.compile(r"[^\W_](?:[\w./:'+=-]*\w)?|[.,;:()\u2013]")  # with the dash that models write
QUOTATION = "quotation"  # stands for quoted words, which are a stranger's: they name and judge nothing
_SPLITS = frozenset({"and", "or", "but", "so", "while", "which", "who", "where", "when", "because", "than"})
_SPLITS |= {"instead", "against", "compared", "versus"}  # what comes after them is of another time or thing
_LATIN = re.compile(r"[a-z\u00df-\u024f]+(?:['-][a-z\u00df-\u024f]+)*")
_PARTS = re.compile(r"[a-z]+")
# Of a name that stands in a fact only what would judge is looked at.
_JUDGING = frozenset({GOOD, MINIMAL, DISMISSIVE})


@dataclass(frozen=True)
class Word:
    """One word, number, time or name."""

    text: str  # lower case
    meanings: frozenset[str] = frozenset()
    number: Decimal | None = None
    time: re.Match[str] | None = None
    name: str = ""  # of something that a fact names, as it is written there

    def means(self, *meanings: str) -> bool:
        return not self.meanings.isdisjoint(meanings)

    @property
    def is_plain(self) -> bool:
        """A word of letters, which the vocabulary has to hold."""
        return self.number is None and self.time is None and not self.name


Clause = tuple[Word, ...]


def clauses_of(text: str, names: Collection[str], held: str) -> tuple[Clause, ...]:
    """The clauses of a text; `names` are names as they are, `held` the words of facts in which compounds may stand."""
    clauses, words = list[Clause](), list[Word]()
    for word in _words(text, names, held):
        if word is None or word.text in _SPLITS:
            clauses.append(tuple(words))
            words = []
        if word is not None:
            words.append(word)
    return tuple(clause for clause in (*clauses, tuple(words)) if clause)


def _words(text: str, names: Collection[str], held: str) -> Iterator[Word | None]:
    """The words in their order; None for what ends a clause."""
    known = {name.lower(): name for name in names if name and not _has_meaning(name)} | {QUOTATION: QUOTATION}
    longest_first = sorted(known, key=len, reverse=True)
    named = "|".join(map(whole, longest_first))
    tokens = f"(?P<name>{named})|(?P<time>{TIME.pattern})|(?P<number>{NUMBER.pattern})|{_TOKEN.pattern}"
    for match in re.finditer(tokens, text.replace("\u2019", "'"), re.IGNORECASE):
        found = match[0]
        if match["name"]:
            yield Word(found.lower(), _judging(found.lower()), name=known[found.lower()])
        elif match["time"]:
            yield Word(found, time=TIME.fullmatch(found))
        elif match["number"]:
            yield Word(found, number=value_of(found))
        elif not found[0].isalnum():
            yield None
        else:
            yield from _plain(found.lower(), held)


def _has_meaning(name: str) -> bool:
    """Whether a stranger's name for a service is made of words of ours, such as `no`, which it may not take from us."""
    return any(meanings_of(part) - {PLAIN} for part in name.lower().split())


def _judging(name: str) -> frozenset[str]:
    return frozenset[str]().union(*(meanings_of(part) & _JUDGING for part in _PARTS.findall(name)))


def value_of(number: str) -> Decimal:
    """A number as it is written; a share for a percentage."""
    value = Decimal(number.rstrip("%").replace(",", ""))
    return value / 100 if number.endswith("%") else value


def _plain(text: str, held: str) -> Iterator[Word]:
    if meanings := meanings_of(text):
        yield Word(text, meanings, NUMBER_WORDS.get(text))
    elif _LATIN.fullmatch(text) and "-" not in text:
        yield Word(text)
    elif stands_in(held, text):
        yield Word(text, _judging(text), name=text)
    else:
        for part in re.split(r"[^\w']+", text):
            yield Word(part, meanings_of(part))


def whole(word: str) -> str:
    """A word as an expression that finds it whole: `pay` is no part of `pay-1` or `payment`."""
    return rf"(?<![\w-]){re.escape(word)}(?![\w-])"


def stands_in(text: str, word: str) -> bool:
    """Whether a text holds a word whole."""
    return re.search(whole(word), text) is not None
