"""Which time, hours and tenants a reference to a table is about, read from its select's WHERE.

A condition in WHERE rejects rows before they are grouped, windowed or joined to anything that could miss them, so what
it rejects need not be read. That does not hold when a join *picks* among rows (ASOF, POSITIONAL, SEMI, ANTI) or a
sample is drawn: there, and wherever a name could mean something else, the whole table is read. The tree is the engine's
own, so that precedence and names mean here what they mean there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from logsight_assets.reader.constraint import (
    DAY_NS,
    EVERYTHING,
    Constraint,
    all_of,
    any_of,
    before,
    month_nanos,
    since,
)
from logsight_assets.reader.instants import WHOLE_DAY, Constants, Node, Range, call, longest
from logsight_assets.table_model import Table, Type
from logsight_assets.tables import ANOMALIES, EVENTS, PATTERNS


class Axis(Enum):
    """How a column's value places its row."""

    INSTANT = auto()  # TIMESTAMP
    NANO = auto()  # nanoseconds since 1970
    DAY = auto()  # YYYY-MM-DD
    MONTH = auto()  # YYYY-MM
    HOUR = auto()  # HH
    TENANT = auto()


_BY_PARTITION = {"dt": Axis.DAY, "month": Axis.MONTH, "hour": Axis.HOUR, "tenant": Axis.TENANT}
_BY_COLUMN = {
    (EVENTS.name, "time_unix_nano"): Axis.NANO,
    (EVENTS.name, "event_time"): Axis.INSTANT,
    (ANOMALIES.name, "hour_time"): Axis.INSTANT,
    # The earliest event of a pattern in the hour lies in the hour.
    (PATTERNS.name, "first_seen_unix_nano"): Axis.NANO,
}
_OPERATORS = {
    "COMPARE_GREATERTHAN": ">",
    "COMPARE_GREATERTHANOREQUALTO": ">=",
    "COMPARE_LESSTHAN": "<",
    "COMPARE_LESSTHANOREQUALTO": "<=",
    "COMPARE_EQUAL": "=",
}
_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "="}
_MICROSECOND = 1_000  # resolution of TIMESTAMP


def axes_of(table: Table) -> dict[str, Axis]:
    """Columns of a table by which its objects are chosen."""
    axes = {name: _BY_PARTITION[name] for name in table.partition if name in _BY_PARTITION}
    for column in table.columns:
        axis = _BY_COLUMN.get((table.name, column.name))
        if axis is None and column.type is Type.TIMESTAMP and column.name in table.key:
            axis = Axis.INSTANT
        if axis is not None:
            axes[column.name] = axis
    return axes


@dataclass(frozen=True)
class Reference:
    """A table in FROM, and what its select lets its columns be called."""

    axes: Mapping[str, Axis]
    alias: str
    is_alone: bool  # no other source could hold an unqualified name
    shadowed: frozenset[str]  # DuckDB lets WHERE name what SELECT computes
    constants: Constants

    def constraint(self, where: Node) -> Constraint:
        """What the reference can need at most under this condition."""
        match where["class"], where["type"]:
            case "CONJUNCTION", "CONJUNCTION_AND":
                return all_of([self.constraint(part) for part in where["children"]])
            case "CONJUNCTION", "CONJUNCTION_OR":
                return any_of([self.constraint(part) for part in where["children"]])
            case "BETWEEN", "COMPARE_BETWEEN":
                low = self._compared(where["input"], ">=", where["lower"])
                return low & self._compared(where["input"], "<=", where["upper"])
            case "OPERATOR", "COMPARE_IN":
                column, *values = where["children"]
                return any_of([self._compared(column, "=", value) for value in values])
            case "COMPARISON", kind if kind in _OPERATORS:
                operator = _OPERATORS[kind]
                straight = self._compared(where["left"], operator, where["right"])
                return straight & self._compared(where["right"], _MIRRORED[operator], where["left"])
        return EVERYTHING

    def _axis(self, node: Node) -> Axis | None:
        if node["class"] != "COLUMN_REF":
            return None
        match [name.lower() for name in node["column_names"]]:
            case [name] if self.is_alone and name not in self.shadowed:
                return self.axes.get(name)
            case [table, name] if table == self.alias:
                return self.axes.get(name)
        return None

    def _compared(self, column: Node, operator: str, value: Node) -> Constraint:
        """`column operator value`; EVERYTHING if either side is not understood."""
        column, rounding = self._rounded(column)
        axis = self._axis(column)
        if axis is None or rounding is None or (rounding and axis not in (Axis.INSTANT, Axis.DAY)):
            return EVERYTHING
        match axis:
            case Axis.INSTANT:
                return _instant(self.constants.instant(value), operator, rounding)
            case Axis.NANO:
                return _exact(self.constants.nanoseconds(value), operator)
            case Axis.DAY:
                return self._day(value, operator, rounding)
            case Axis.MONTH:
                return _month(self.constants.text(value), operator)
            case Axis.HOUR | Axis.TENANT:
                return _named(axis, self.constants.text(value), operator)

    def _rounded(self, node: Node) -> tuple[Node, int | None]:
        """The column inside a rounding down, and by how much it may round; 0 for a bare column, None if unknown."""
        if node["class"] == "CAST" and node["cast_type"]["id"] == "DATE":
            return node["child"], DAY_NS
        match call(node):
            case "date_trunc", [unit, column]:
                return column, longest(self.constants.text(unit))
        return node, 0

    def _day(self, value: Node, operator: str, rounding: int) -> Constraint:
        """A day, cast to DATE or not; text against text compares as text, which is the same for whole days only."""
        text = self.constants.text(value)
        if rounding not in (0, DAY_NS) or (rounding == 0 and text is not None and not WHOLE_DAY.fullmatch(text)):
            return EVERYTHING
        found = self.constants.instant(value)
        if found is None:
            return EVERYTHING
        earliest, latest = found
        start, end = earliest - earliest % DAY_NS, latest - latest % DAY_NS + DAY_NS
        match operator:
            case ">":
                return Constraint(since(start + DAY_NS if earliest == latest else start))
            case ">=":
                return Constraint(since(start))
            case "<":
                return Constraint(before(end if latest % DAY_NS else latest))
            case "<=":
                return Constraint(before(end))
        return Constraint(since(start) & before(end))


def _exact(found: Range | None, operator: str) -> Constraint:
    """Rows whose value compares so with a constant that lies in a range."""
    if found is None:
        return EVERYTHING
    earliest, latest = found
    match operator:
        case ">" | ">=":
            return Constraint(since(earliest))
        case "<":
            return Constraint(before(latest))
        case "<=":
            return Constraint(before(latest + 1))
    return Constraint(since(earliest) & before(latest + 1))


def _instant(found: Range | None, operator: str, rounding: int) -> Constraint:
    """A TIMESTAMP, perhaps rounded down; it stands for nanoseconds up to the next microsecond or unit."""
    if found is None:
        return EVERYTHING
    earliest, latest = found
    if rounding >= DAY_NS:  # a cast makes a DATE of it, and then of the constant
        earliest -= earliest % DAY_NS
    if operator == "<":
        is_whole = rounding == 0 or (rounding == DAY_NS and latest % DAY_NS == 0)
        return Constraint(before(latest if is_whole else latest + rounding))
    return _exact((earliest, latest + (rounding or _MICROSECOND) - 1), operator)


def _month(text: str | None, operator: str) -> Constraint:
    if text is None or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        return EVERYTHING
    start, end = month_nanos(text)
    spans = {
        ">": since(end),
        ">=": since(start),
        "<": before(start),
        "<=": before(end),
        "=": since(start) & before(end),
    }
    return Constraint(spans[operator])


def _named(axis: Axis, text: str | None, operator: str) -> Constraint:
    if operator != "=" or text is None:
        return EVERYTHING
    same = frozenset({text})
    return Constraint(hours=same) if axis is Axis.HOUR else Constraint(tenants=same)
