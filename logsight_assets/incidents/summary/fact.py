"""A fact: a numbered row of an incident's evidence, which a statement cites by its id.

It says what a statement that cites it may use: texts that may be quoted, numbers that were counted, times, services.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any
from urllib.parse import unquote_plus

from logsight_assets.visible import visible

ALARM, COMPLETENESS, SUSPECT, TEMPLATE, EVENT, CHANGE, ATTRIBUTE = "AKSTECP"  # first letters of ids
METRIC, TREND, ANOMALY, OBJECTIVE, EARLIER = "MRNOI"
KINDS = (ALARM, METRIC, COMPLETENESS, SUSPECT, TEMPLATE, TREND, OBJECTIVE, ANOMALY, EVENT, CHANGE, ATTRIBUTE, EARLIER)
_LONGEST = 1_000  # characters of a text that is shown


@dataclass(frozen=True)
class Count:
    """A number with its place: what it counts, and whether it is of before the incident or of the incident."""

    value: Decimal
    when: str  # BEFORE or DURING
    of: str = ""  # a kind of counted things of vocabulary.py, or a name of its own; '' for any


@dataclass(frozen=True)
class Fact:
    """One row. Its texts are of strangers: data, never instructions."""

    id: str  # letter and number, such as E3
    shown: Mapping[str, Any]  # what a model sees of it
    quotable: tuple[str, ...] = ()  # with what is invisible written out
    numbers: frozenset[Decimal] = frozenset()
    counts: tuple[Count, ...] = ()  # those of the numbers that have a place
    times: tuple[int, ...] = ()  # nanoseconds since 1970
    services: frozenset[str] = frozenset()
    changes: frozenset[str] = frozenset()  # new, surging, stopped, slower, silent: what it says changed
    trace_id: str = ""
    is_error: bool = False
    words: str = field(default="", compare=False)  # all its texts, lower case: where names are looked for
    measured: str = ""  # what is ours among them: words around numbers out of rows
    strange: str | None = None  # what is not; None: all

    @property
    def kind(self) -> str:
        return self.id[0]

    def counted(self, of: str, when: str) -> Decimal | None:
        """How many of a kind it counts in a time; None if it does not."""
        return next((count.value for count in self.counts if (count.of, count.when) == (of, when)), None)

    @cached_property
    def runs(self) -> str:
        """Words of strangers in their order, between single spaces: where repeated words are looked for.

        Those of addresses are also there as whoever reads them understands them.
        """
        texts = (f"{self.words} {' '.join(self.quotable)}" if self.strange is None else self.strange).lower()
        decoded = unquote_plus(texts)
        return " ".join(["", *re.findall(r"\w+", texts if decoded == texts else f"{texts} {decoded}"), ""])


def utc_text(unix_nano: int) -> str:
    """`2025-06-01T10:30:00.123Z`."""
    moment = datetime.fromtimestamp(unix_nano // 1_000_000 / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def make_fact(
    letter: str,
    number: int,
    shown: Mapping[str, Any],
    *,
    quotable: Sequence[str] = (),
    numbers: Sequence[Any] = (),
    counts: Sequence[tuple[Any, str, str]] = (),
    times: Sequence[int | None] = (),
    services: Sequence[str | None] = (),
    changes: Collection[str] = (),
    trace_id: str = "",
    is_error: bool = False,
    measured: str = "",
    strange: str | None = None,
) -> Fact:
    """A fact whose texts are shown with what is invisible written out; what is empty is left out."""
    clean = {name: value for name, value in ((n, _visible(v)) for n, v in shown.items()) if value not in ("", None)}
    placed = tuple(Count(Decimal(str(n)), when, of) for n, when, of in counts if isinstance(n, int | float))
    placed_values = {count.value for count in placed}
    return Fact(
        id=f"{letter}{number}",
        shown=clean,
        quotable=tuple(visible(text) for text in quotable if text),
        numbers=frozenset(placed_values | {Decimal(str(each)) for each in numbers if isinstance(each, int | float)}),
        counts=placed,
        times=tuple(each for each in times if each is not None),
        services=frozenset(visible(each) for each in services if each),
        changes=frozenset(changes),
        trace_id=trace_id,
        is_error=is_error,
        measured=measured,
        strange=strange,
        words=" ".join(_texts(clean)).lower(),
    )


def _visible(value: Any) -> Any:
    if isinstance(value, str):
        shown = visible(value)
        return shown if len(shown) <= _LONGEST else shown[:_LONGEST] + "…"
    if isinstance(value, list):
        return [_visible(each) for each in value]
    if isinstance(value, Mapping):
        return {name: _visible(each) for name, each in value.items()}
    return value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
