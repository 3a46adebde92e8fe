"""Evidence: when the values seen in one place of a line show that the place is a variable.

Two numbers in one place are enough; two plain words are not, for `startup succeeded` and `startup failed` are two kinds
of line. So each distinct value votes with one over the number of values that its class needs, and a place is a variable
when the votes reach what is asked. Two things make a word count for more:

- where it stands: after `=`, after `user`, in quotes, a name is likely (`context`);
- what it is: a word that was seen as a value in two other contexts is known as a value (`Judge.known`). In
  `task gamma done`, `task orders done` nothing tells a name from a state; that `gamma` and `orders` were queues and
  hosts elsewhere does.

Numbers of lines are never used, only sets of distinct values: counts depend on the traffic of the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from logsight_assets.templates.tokens import QUOTES
from logsight_assets.templates.units import Row, kind, words_in

# Distinct values that a class needs on its own. Measured: a third more or less moves scores by .001.
NEED = {"V": 1, "D": 3, "P": 3, "O": 3, "C": 4, "W": 6}
NEED_OF_KNOWN = 2
NEED_OF_NUMBERED = 2  # names with several numbers: rdd_<NUM>_<NUM>
NEED_AFTER_EQUALS = NEED_AFTER_NAMED = 2
NEED_IN_BRACKETS = 3  # brackets, quotes, and after `word:`
FIRST = 2  # times the need of a line's first unit, which mostly says what the line is about
LONG, ASKED_OF_LONG = 8, 0.67  # words from which a line is hardly equal to another by chance, and the votes asked there
UNSURE = 3  # a need above it: the value may well be a constant

# Words before a name that people or machines were given: `user alice`, `topic orders`.
NAMED = frozenset({
    "user", "username", "users", "host", "hostname", "node", "server", "client", "file", "filename", "directory",
    "dir", "path", "folder", "device", "queue", "topic", "table", "database", "db", "bucket", "volume", "image",
    "container", "pod", "service", "namespace", "schema", "column", "index", "key", "field", "domain", "url",
    "module", "package", "plugin", "class", "function", "method", "channel", "group", "role", "account", "project",
    "tenant", "region", "zone", "cluster", "disk", "interface", "address", "addr", "port",
})  # fmt: skip
# Words that join others: never values, and no text of several words begins with one.
JOINING = frozenset({
    "a", "an", "the", "to", "of", "on", "in", "at", "by", "for", "from", "with", "without", "and", "or", "but",
    "is", "are", "was", "were", "be", "been", "has", "have", "had", "will", "would", "can", "could", "should",
    "due", "because", "since", "as", "if", "when", "while", "after", "before", "until", "than", "that", "this",
    "these", "those", "it", "its", "via", "into", "not", "no", "does", "did", "do", "so", "then", "there",
})  # fmt: skip


class Judge:
    """Decides on places, by the words that are known as values, and remembers which words it took for values."""

    def __init__(self, known: Collection[str] = ()) -> None:
        self._known = frozenset(known)
        self._seen: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)

    def is_variable(self, values: Collection[str], row: Row, index: int) -> bool:
        """Whether the distinct values at a place make it a variable; the row is one of those that differ there."""
        if len(values) < 2:
            return False
        words = sum(kind(unit) in "WC" for unit in row) - (kind(row[index]) in "WC")
        if self._votes(values, row, index) < (1 if words < LONG else ASKED_OF_LONG) - 1e-9:
            return False
        neighbours = (row[index - 1] if index else "", row[index + 1] if index + 1 < len(row) else "")
        for value in values:
            for word in words_in(value):
                self._seen[word].add(neighbours)
        return True

    def is_open(self, row: Row, index: int) -> bool:
        """Whether a unit is likely a value, before any other value is seen at its place."""
        unit = row[index]
        of = kind(unit)
        if of == "S":
            return False
        if of in "VD" or self._is_known(unit):
            return True
        return index > 0 and (of in "PO" or context(row, index) is not None)

    def learned(self) -> frozenset[str]:
        """The words that were seen as values between different neighbours."""
        return frozenset(word for word, places in self._seen.items() if len(places) > 1 and word not in JOINING)

    def _votes(self, values: Collection[str], row: Row, index: int) -> float:
        """Sum of the votes of the values; 0 when one of them can be no value."""
        near = context(row, index)
        needs: list[float] = []
        for value in values:
            of = kind(value)
            if of == "S":
                return 0
            needs.append(self._need(value, of, near, first=index == 0))
        # A number beside words that may be constants says less: `<NUM> files copied`, `all files copied`.
        discount = 0.5 if max(needs) > UNSURE and min(needs) == NEED["V"] else 0
        return sum(1 / need for need in needs) - discount

    def _need(self, value: str, of: str, near: int | None, *, first: bool) -> float:
        if of == "V":
            return NEED["V"]
        need = NEED_OF_NUMBERED if of == "D" and value.count("<") > 1 else NEED[of]
        if near is not None and of != "D":
            need = min(need, near)
        if self._is_known(value):
            return min(need, NEED_OF_KNOWN)
        return need * FIRST if first else need

    def _is_known(self, value: str) -> bool:
        """Whether at least half of the words of a value are known as values."""
        words = words_in(value)
        return bool(words) and sum(word in self._known for word in words) * 2 >= len(words)


def context(row: Row, index: int) -> int | None:
    """How many values a place needs at most by what stands around it, or None where that tells nothing."""
    if index == 0:
        return None
    unit = row[index].lstrip()
    before = row[index - 1].lstrip()
    if before == "=":
        return NEED_AFTER_EQUALS
    if before.lower() in NAMED:
        return NEED_AFTER_NAMED
    if before in ("(", "[", "{", "<") or (unit[0] in QUOTES and len(unit) > 1):
        return NEED_IN_BRACKETS
    if before == ":" and index > 1 and kind(row[index - 2]) in "WCO":
        return NEED_IN_BRACKETS
    return None
