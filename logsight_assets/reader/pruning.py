"""Which time, hours and tenants a question is about, read from its WHERE clauses, for each table.

A condition in WHERE rejects rows before they are grouped, windowed or joined to anything that could miss them, so what
it rejects need not be read. That does not hold when a join *picks* among rows (ASOF, POSITIONAL, SEMI, ANTI) or a sample
is drawn: there, and wherever a name could mean something else, the whole table is read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from typing import TypeAlias

from sqlglot import exp

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
from logsight_assets.reader.instants import WHOLE_DAY, Range, instant, nanoseconds, text_of, unit_of
from logsight_assets.tables import EVENTS, PATTERNS, TABLES, Table, Type


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
    # The earliest event of a pattern in the hour lies in the hour; those of trend rows in the row's own bucket.
    (EVENTS.name, "time_unix_nano"): Axis.NANO,
    (EVENTS.name, "event_time"): Axis.INSTANT,
    (PATTERNS.name, "first_seen_unix_nano"): Axis.NANO,
}
_OPERATORS: dict[type[exp.Expr], str] = {exp.GT: ">", exp.GTE: ">=", exp.LT: "<", exp.LTE: "<=", exp.EQ: "="}
_MIRRORED = {">": "<", ">=": "<=", "<": ">", "<=": ">=", "=": "="}
_MICROSECOND = 1_000  # resolution of TIMESTAMP

Axes: TypeAlias = Mapping[str, Axis]


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


def constraint_of(reference: exp.Table, now: datetime) -> Constraint:
    """What a reference to a table can need at most."""
    select = reference.find_ancestor(exp.Select)
    if select is None or not _is_direct(reference, select):
        return EVERYTHING
    sources = _sources(select)
    where = select.args.get("where")
    if sources is None or where is None:
        return EVERYTHING
    shadowed = {item.alias.lower() for item in select.expressions if item.alias}
    replaces = any(star.args.get("replace") or star.args.get("rename") for star in select.find_all(exp.Star))
    names = _Names(
        axes_of(TABLES[reference.name.lower()]),
        reference.alias_or_name.lower(),
        is_alone=len(sources) == 1 and not replaces,
        shadowed=frozenset(shadowed),
        now=now,
    )
    return _read(where.this, names)


def _is_direct(reference: exp.Table, select: exp.Select) -> bool:
    """In FROM or JOIN of the select itself, under its own column names, and not sampled."""
    parent = reference.parent
    in_from = isinstance(parent, exp.From) and parent.parent is select
    in_join = isinstance(parent, exp.Join) and parent.parent is select
    alias = reference.args.get("alias")
    return (in_from or in_join) and not (alias and alias.columns) and not reference.args.get("sample")


def _sources(select: exp.Select) -> list[exp.Expr] | None:
    """What a select reads from; None if a condition on the result is not one on each of them."""
    origin = select.args.get("from_")
    joins = select.args.get("joins") or []
    if origin is None or select.args.get("sample") or select.args.get("laterals"):
        return None
    for join in joins:
        if join.args.get("method") or join.args.get("kind") not in (None, "", "INNER", "CROSS", "OUTER"):
            return None
    sources = [origin.this, *(join.this for join in joins)]
    # FROM-first syntax hangs joins on the table: rare enough not to be read twice.
    if any(source.args.get("joins") for source in sources):
        return None
    return sources


@dataclass(frozen=True)
class _Names:
    """How a column is recognised as one of the table's."""

    axes: Axes
    alias: str
    is_alone: bool
    shadowed: frozenset[str]
    now: datetime

    def axis(self, node: exp.Expr) -> Axis | None:
        if not isinstance(node, exp.Column) or node.args.get("db") or isinstance(node.this, exp.Star):
            return None
        name, table = node.name.lower(), node.table.lower()
        # Another source could hold an unqualified name, and DuckDB lets WHERE name what SELECT computes.
        known = table == self.alias if table else self.is_alone and name not in self.shadowed
        return self.axes.get(name) if known else None


def _read(node: exp.Expr, names: _Names) -> Constraint:
    match node:
        case exp.Paren():
            return _read(node.this, names)
        case exp.And():
            return all_of([_read(part, names) for part in node.flatten()])
        case exp.Or():
            return any_of([_read(part, names) for part in node.flatten()])
        case exp.Between() if not node.args.get("symmetric"):
            low = _compared(node.this, ">=", node.args["low"], names)
            return low & _compared(node.this, "<=", node.args["high"], names)
        case exp.In() if node.expressions and not node.args.get("query"):
            return any_of([_compared(node.this, "=", value, names) for value in node.expressions])
        case exp.GT() | exp.GTE() | exp.LT() | exp.LTE() | exp.EQ():
            operator = _OPERATORS[type(node)]
            straight = _compared(node.this, operator, node.expression, names)
            return straight & _compared(node.expression, _MIRRORED[operator], node.this, names)
        case _:
            return EVERYTHING


def _compared(column: exp.Expr, operator: str, value: exp.Expr, names: _Names) -> Constraint:
    """`column operator value`; EVERYTHING if either side is not understood."""
    column, rounding = _rounded(column)
    axis = names.axis(column)
    if axis is None or rounding is None or (rounding and axis not in (Axis.INSTANT, Axis.DAY)):
        return EVERYTHING
    match axis:
        case Axis.INSTANT:
            return _instant(instant(value, names.now), operator, rounding)
        case Axis.NANO:
            return _exact(nanoseconds(value, names.now), operator)
        case Axis.DAY:
            return _day(value, operator, rounding, names.now)
        case Axis.MONTH:
            return _month(text_of(value), operator)
        case Axis.HOUR | Axis.TENANT:
            text = text_of(value)
            if operator != "=" or text is None:
                return EVERYTHING
            same = frozenset({text})
            return Constraint(hours=same) if axis is Axis.HOUR else Constraint(tenants=same)


def _rounded(node: exp.Expr) -> tuple[exp.Expr, int | None]:
    """The column inside a rounding down, and by how much it may round; 0 for a bare column, None if unknown."""
    if isinstance(node, exp.Cast) and node.to.this is exp.DataType.Type.DATE:
        return node.this, DAY_NS
    if isinstance(node, exp.TimestampTrunc | exp.DateTrunc):
        return node.this, unit_of(node.text("unit"))
    return node, 0


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
        case _:
            return Constraint(since(earliest) & before(latest + 1))


def _instant(found: Range | None, operator: str, rounding: int) -> Constraint:
    """A TIMESTAMP, perhaps rounded down; it stands for nanoseconds up to the next microsecond or unit."""
    if found is None:
        return EVERYTHING
    earliest, latest = found
    if rounding >= DAY_NS:  # DuckDB makes a DATE of it, and then of the constant
        earliest -= earliest % DAY_NS
    if operator == "<":
        is_whole = rounding == 0 or (rounding == DAY_NS and latest % DAY_NS == 0)
        return Constraint(before(latest if is_whole else latest + rounding))
    return _exact((earliest, latest + (rounding or _MICROSECOND) - 1), operator)


def _day(value: exp.Expr, operator: str, rounding: int, now: datetime) -> Constraint:
    """A day, cast to DATE or not; text against text compares as text, which is the same for whole days only."""
    text = text_of(value)
    if rounding not in (0, DAY_NS) or (rounding == 0 and text is not None and not WHOLE_DAY.fullmatch(text)):
        return EVERYTHING
    found = instant(value, now)
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
        case _:
            return Constraint(since(start) & before(end))


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
