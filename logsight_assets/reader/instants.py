"""Constants of time in a question as nanoseconds: `timestamp '2025-06-01'`, `now() - interval 7 days`, integers.

Nodes are those of the engine's own parse tree. A constant is a range (earliest, latest): `now()` is later in the engine
than here, a month has 28 to 31 days. What is not understood is None, which reads more, never less.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeAlias

from logsight_assets.reader.constraint import DAY_NS
from logsight_assets.reader.refusal import Parameter
from logsight_assets.timeline import HOUR_NS

Node: TypeAlias = Mapping[str, Any]
Range: TypeAlias = tuple[int, int]

WHOLE_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SECOND = 1_000_000_000
_MICROSECOND = 1_000
# How much later than here the engine may read its clock; looking at the future costs nothing.
_CLOCK_SLACK = HOUR_NS
_UNITS: dict[str, Range] = {
    "microsecond": (_MICROSECOND, _MICROSECOND),
    "millisecond": (1_000_000, 1_000_000),
    "second": (_SECOND, _SECOND),
    "minute": (60 * _SECOND, 60 * _SECOND),
    "hour": (HOUR_NS, HOUR_NS),
    "day": (DAY_NS, DAY_NS),
    "week": (7 * DAY_NS, 7 * DAY_NS),
    "month": (28 * DAY_NS, 31 * DAY_NS),
    "quarter": (90 * DAY_NS, 92 * DAY_NS),
    "year": (365 * DAY_NS, 366 * DAY_NS),
}
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?(?:Z|\+00(?::?00)?)?")
_INTERVAL = re.compile(r"(\d{1,9}) ?([a-z]+)", re.IGNORECASE)
_NOW = {"now", "get_current_timestamp", "transaction_timestamp", "current_timestamp", "localtimestamp"}
_TODAY = {"today", "current_date"}
_TIMESTAMP_TYPES = {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_NS"}


@dataclass(frozen=True)
class Constants:
    """What a constant may refer to: the clock, and the values of parameters."""

    now: datetime
    parameters: Mapping[str, Parameter] = field(default_factory=dict)

    def value(self, node: Node) -> Parameter:
        """The value of a literal or parameter; None for anything else."""
        if node["class"] == "PARAMETER":
            return self.parameters.get(node["identifier"])
        held = node["value"].get("value") if node["class"] == "CONSTANT" else None
        return held if isinstance(held, str | int | float) else None

    def text(self, node: Node) -> str | None:
        value = self.value(node)
        return value if isinstance(value, str) else None

    def integer(self, node: Node) -> int | None:
        value = self.value(node)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def nanoseconds(self, node: Node) -> Range | None:
        """A constant compared with a BIGINT of nanoseconds."""
        number = self.integer(node)
        if number is not None:
            return number, number
        match call(node):
            case "epoch_ns", [argument]:
                return self.instant(argument)
            case ("+" | "-") as sign, [left, right]:
                return _sum(sign, self.nanoseconds(left), self.nanoseconds(right))
        return None

    def instant(self, node: Node) -> Range | None:
        """A constant compared with a TIMESTAMP or a day: text, casts, now(), intervals."""
        text = self.text(node)
        if text is not None:
            return _parsed(text, _TIMESTAMP)
        if node["class"] == "CAST":
            return self._cast(node)
        if node["class"] == "COLUMN_REF" and len(node["column_names"]) == 1:
            return self._clock(node["column_names"][0].lower())  # current_date is no function to the parser
        match call(node):
            case name, []:
                return self._clock(name)
            case "strftime", [argument, form] if self.text(form) == "%Y-%m-%d":
                return _days(self.instant(argument))
            case "date_trunc", [unit, argument]:
                found, length = self.instant(argument), longest(self.text(unit))
                return (found[0] - length, found[1]) if found and length else None
            case ("+" | "-") as sign, [base, step]:
                return _sum(sign, self.instant(base), self._interval(step))
        return None

    def _clock(self, name: str) -> Range | None:
        elapsed = self.now - datetime(1970, 1, 1, tzinfo=UTC)
        nano = (elapsed.days * 86_400 + elapsed.seconds) * _SECOND
        reading = (nano, nano + _CLOCK_SLACK)
        return reading if name in _NOW else _days(reading) if name in _TODAY else None

    def _cast(self, node: Node) -> Range | None:
        child, target = node["child"], node["cast_type"]["id"]
        if target == "DATE":
            text = self.text(child)
            return _days(self.instant(child)) if text is None else _parsed(text, WHOLE_DAY)
        # As text, only a date is compared like the time that it is.
        is_day = (child["class"] == "CAST" and child["cast_type"]["id"] == "DATE") or _name(child) in _TODAY
        return self.instant(child) if target in _TIMESTAMP_TYPES or (target == "VARCHAR" and is_day) else None

    def _interval(self, node: Node) -> Range | None:
        """Shortest and longest that an interval lasts; a bare integer, added to a date, is days."""
        number = self.integer(node)
        if number is not None:
            return _times(number, "day")
        if node["class"] == "CAST" and node["cast_type"]["id"] == "INTERVAL":
            written = _INTERVAL.fullmatch(self.text(node["child"]) or "")
            return _times(int(written[1]), written[2]) if written else None
        match call(node):
            case name, [argument] if name.startswith("to_"):
                count = _innermost(argument)
                number = self.integer(count)
                digits = self.text(count) or ""
                number = int(digits) if digits.isdecimal() and len(digits) < 10 else number
                return None if number is None else _times(number, name.removeprefix("to_"))
        return None


def call(node: Node) -> tuple[str, list[Node]]:
    """Name and arguments of a plain function call; no name for anything else."""
    if node["class"] != "FUNCTION" or node["distinct"] or node["filter"]:
        return "", []
    return node["function_name"].lower(), node["children"]


def longest(unit: str | None) -> int | None:
    """The longest that a unit of time lasts, in nanoseconds; None for one that is not known here."""
    found = _UNITS.get((unit or "").lower().removesuffix("s"))
    return found[1] if found else None


def _name(node: Node) -> str:
    if node["class"] == "COLUMN_REF" and len(node["column_names"]) == 1:
        return str(node["column_names"][0]).lower()
    return call(node)[0]


def _innermost(node: Node) -> Node:
    """`interval 1 day` is to_days(cast(trunc(cast(1 as double)) as integer)) to the parser."""
    while node["class"] == "CAST" or call(node)[0] == "trunc":
        node = node["child"] if node["class"] == "CAST" else node["children"][0]
    return node


def _times(count: int, unit: str) -> Range | None:
    found = _UNITS.get(unit.lower().removesuffix("s"))
    return (count * found[0], count * found[1]) if found and count >= 0 else None


def _sum(sign: str, left: Range | None, right: Range | None) -> Range | None:
    if left is None or right is None:
        return None
    return (left[0] + right[0], left[1] + right[1]) if sign == "+" else (left[0] - right[1], left[1] - right[0])


def _parsed(text: str, form: re.Pattern[str]) -> Range | None:
    if not form.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    elapsed = moment.replace(tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    nano = (elapsed.days * 86_400 + elapsed.seconds) * _SECOND + elapsed.microseconds * _MICROSECOND
    return nano, nano


def _days(found: Range | None) -> Range | None:
    return (found[0] - found[0] % DAY_NS, found[1]) if found else None
