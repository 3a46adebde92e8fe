"""Texts of several words as values: `open failed: connection reset by peer (retry <NUM>)` → `open failed: <*> (…)`.

No unit tells where such a text ends, so each row offers candidates: what follows a word that announces a cause, or a
colon, up to punctuation, a joining word or the end. Candidates with equal surroundings are values of one variable if
there are enough of them that agree neither in their beginning nor in their end. A text found so is known, and replaced
wherever else it stands.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator

from logsight_assets.templates.evidence import JOINING, Judge
from logsight_assets.templates.slots import hashes
from logsight_assets.templates.tables import skeleton
from logsight_assets.templates.tokens import ANY
from logsight_assets.templates.unions import Moves
from logsight_assets.templates.units import Row, kind, like

CAUSES = frozenset({
    "error", "errors", "failed", "failure", "exception", "reason", "because", "raised", "msg", "message", "detail",
    "details", "stderr", "cause", "traceback", "warning", "err", "exc", "errno", "description",
})  # fmt: skip
# What is in a word of a line that tells of a failure.
FAILURES = ("fail", "error", "exception", "unable", "cannot", "could", "can't", "invalid", "unexpected", "unknown",
            "denied", "refused", "abort", "timeout", "not")  # fmt: skip
TEXTS = 3  # distinct texts that show a variable
TEXTS_AFTER_COLON = 8  # the same where only a colon announces it
LONGEST_PHRASE = 16  # units of a text that is replaced wherever it stands
MOST_STARTS, MOST_ENDS = 8, 8  # that one row offers, and that one start offers

_ENDS = frozenset({".", "...", ";", "(", "[", ",", "]", ")"}) | JOINING
Around = tuple[int, int]  # hashes of the skeleton before and after a text


def spans(rows: Collection[Row], judge: Judge) -> tuple[Moves, set[Row]]:
    """Rows with the texts that are values replaced by a placeholder, and those texts."""
    texts: defaultdict[Around, set[Row]] = defaultdict(set)
    asked: dict[Around, int] = {}
    offered: defaultdict[Row, list[tuple[int, int, Around]]] = defaultdict(list)
    for row in rows:
        before, after = hashes(skeleton(row, judge))
        for start, end, need in _candidates(row):
            around = (before[start], after[end])
            texts[around].add(_text(row, start, end))
            asked[around] = min(need, asked.get(around, need))
            offered[row].append((start, end, around))
    values = {around for around, found in texts.items() if _are_values(found, asked[around])}
    moves: Moves = {}
    phrases: set[Row] = set()
    for row, candidates in offered.items():
        fitting = [(start - end, start, end) for start, end, around in candidates if around in values]
        if fitting:
            _, start, end = max(fitting)  # the shortest text: the surroundings say most
            moves[row] = (*row[:start], like(row[start], ANY), *row[end:])
            phrases.add(_text(row, start, end))
    return moves, {phrase for phrase in phrases if 1 < len(phrase) <= LONGEST_PHRASE}


def known_phrases(rows: Collection[Row], phrases: Collection[Row]) -> Moves:
    """Rows with every known text replaced by a placeholder, wherever it stands."""
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for phrase in phrases:
        lengths[phrase[0]].add(len(phrase))
    longest_first = {first: sorted(found, reverse=True) for first, found in lengths.items()}
    moves: Moves = {}
    for row in rows:
        kept: list[str] = []
        index = 0
        while index < len(row):
            tried = longest_first.get(row[index].lstrip(), ())
            # A line that is nothing else stays as it is: it may be a kind of line.
            length = next((n for n in tried if n < len(row) and _text(row, index, index + n) in phrases), 0)
            kept.append(like(row[index], ANY) if length else row[index])
            index += length or 1
        if len(kept) < len(row):
            moves[row] = tuple(kept)
    return moves


def _are_values(texts: set[Row], need: int) -> bool:
    if len(texts) > 1 and (ANY,) in texts:  # a text that is known as a value stands there
        return True
    return len({text[0] for text in texts}) >= need and len({text[-1] for text in texts}) >= min(need, TEXTS)


def _text(row: Row, start: int, end: int) -> Row:
    return (row[start].lstrip(), *row[start + 1 : end])


def _candidates(row: Row) -> Iterator[tuple[int, int, int]]:
    """(start, end, texts needed) of what may be a text in the row."""
    words, starts = 0, 0
    tells_failure = False
    for index in range(len(row) - 1):
        unit = row[index].lstrip().lower()
        if kind(row[index]) in "WC":
            words += 1
            tells_failure = tells_failure or any(mark in unit for mark in FAILURES)
        before = row[index - 1].lstrip().lower() if index else ""
        need = _need(unit, before, words, tells_failure=tells_failure)
        if need and starts < MOST_STARTS and _may_begin(row[index + 1], after_word=kind(row[index]) != "S"):
            starts += 1
            for end in _ends(row, index + 1):
                yield index + 1, end, need


def _need(unit: str, before: str, words: int, *, tells_failure: bool) -> int:
    """How many texts a place after a unit needs, or 0 where none begins."""
    if words < 2:
        return 0
    announced = (unit in CAUSES and words > 2) or unit == "(" or (unit == "to" and before == "due")
    if announced or (unit in (":", "=", "-") and before in CAUSES):
        return TEXTS
    if unit == ":" and (words > 2 or tells_failure):
        return TEXTS if tells_failure else TEXTS_AFTER_COLON
    return 0


def _may_begin(unit: str, *, after_word: bool) -> bool:
    text = unit.lstrip()
    return (kind(unit) != "S" or text == "[") and not (after_word and text.lower() in JOINING)


def _ends(row: Row, start: int) -> Iterator[int]:
    """The places where a text that begins at a place may end; brackets that it opens are closed again."""
    index, depth, given = start, 0, 0
    if row[start].lstrip() == "[":  # [Errno <NUM>] No such file
        index = next((i + 1 for i in range(start, len(row)) if row[i].lstrip() == "]"), len(row))
    while index < len(row) and given < MOST_ENDS:
        mark = row[index].lstrip()
        if mark in _ENDS and index > start and depth <= 0:
            yield index
            given += 1
        depth += (mark in ("(", "[")) - (mark in (")", "]"))
        if depth < 0:
            return
        index += 1
    yield len(row)
