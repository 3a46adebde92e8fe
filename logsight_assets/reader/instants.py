"""Constants of time in a question as nanoseconds: `timestamp '2025-06-01'`, `now() - interval 7 days`, 1748736000000000000.

A constant is a range (earliest, latest): `now()` is later in the engine than here, a month has 28 to 31 days. What is not
understood is None, which reads more, never less.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TypeAlias

from sqlglot import exp

from logsight_assets.reader.constraint import DAY_NS
from logsight_assets.timeline import HOUR_NS

Range: TypeAlias = tuple[int, int]

_SECOND = 1_000_000_000
_MICROSECOND = 1_000
# How much later than here the engine may read its clock; looking at the future costs nothing.
_CLOCK_SLACK = HOUR_NS
_UNITS: dict[str, Range] = {
    "MICROSECOND": (_MICROSECOND, _MICROSECOND),
    "MILLISECOND": (1_000_000, 1_000_000),
    "SECOND": (_SECOND, _SECOND),
    "MINUTE": (60 * _SECOND, 60 * _SECOND),
    "HOUR": (HOUR_NS, HOUR_NS),
    "DAY": (DAY_NS, DAY_NS),
    "WEEK": (7 * DAY_NS, 7 * DAY_NS),
    "MONTH": (28 * DAY_NS, 31 * DAY_NS),
    "QUARTER": (90 * DAY_NS, 92 * DAY_NS),
    "YEAR": (365 * DAY_NS, 366 * DAY_NS),
}
_TIMESTAMP = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)?(?:Z|\+00(?::?00)?)?")
WHOLE_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_NOW = {"now", "get_current_timestamp", "transaction_timestamp"}
_TIMESTAMP_TYPES = {
    exp.DataType.Type.TIMESTAMP,
    exp.DataType.Type.TIMESTAMPNTZ,
    exp.DataType.Type.TIMESTAMPTZ,
    exp.DataType.Type.TIMESTAMP_NS,
}
_TEXT_TYPES = {exp.DataType.Type.VARCHAR, exp.DataType.Type.TEXT}


def unit_of(name: str) -> int | None:
    """The longest that a unit of time lasts, in nanoseconds; None for one that is not known here."""
    unit = _UNITS.get(name.upper().removesuffix("S"))
    return unit[1] if unit else None


def text_of(node: exp.Expr) -> str | None:
    return str(node.this) if isinstance(node, exp.Literal) and node.is_string else None


def nanoseconds(node: exp.Expr, now: datetime | None = None) -> Range | None:
    """A constant compared with a BIGINT of nanoseconds."""
    match node:
        case exp.Paren() | exp.Neg():
            inner = nanoseconds(node.this, now)
            return (-inner[1], -inner[0]) if inner and isinstance(node, exp.Neg) else inner
        case exp.Literal(is_string=False):
            return (int(node.this),) * 2 if re.fullmatch(r"\d{1,19}", node.this) else None
        case exp.Add() | exp.Sub() | exp.Mul():
            return _arithmetic(node, nanoseconds(node.this, now), nanoseconds(node.expression, now))
        case exp.Anonymous(this=str(name), expressions=[argument]) if name.lower() == "epoch_ns":
            return instant(argument, now)
        case _:
            return None


def _arithmetic(node: exp.Binary, left: Range | None, right: Range | None) -> Range | None:
    if left is None or right is None:
        return None
    match node:
        case exp.Add():
            return left[0] + right[0], left[1] + right[1]
        case exp.Sub():
            return left[0] - right[1], left[1] - right[0]
        case _:
            products = [a * b for a in left for b in right]
            return min(products), max(products)


def instant(node: exp.Expr, now: datetime | None = None) -> Range | None:
    """A constant compared with a TIMESTAMP or a day: text, casts, now(), intervals."""
    match node:
        case exp.Paren():
            return instant(node.this, now)
        case exp.Literal(is_string=True):
            return _parsed(node.this, _TIMESTAMP)
        case exp.Cast():
            return _cast(node, now)
        case exp.CurrentTimestamp():
            return _now(now)
        case exp.Anonymous(this=str(name)) if name.lower() in _NOW:
            return _now(now)
        case exp.CurrentDate():
            return _days(_now(now))
        case exp.TimeToStr() if text_of(node.args["format"]) == "%Y-%m-%d":
            return _days(instant(node.this, now))
        case exp.TimestampTrunc() | exp.DateTrunc():
            found, unit = instant(node.this, now), unit_of(node.text("unit"))
            return (found[0] - unit, found[1]) if found and unit else None
        case exp.Add() | exp.Sub():
            return _shifted(node, instant(node.this, now))
        case _:
            return None


def _cast(node: exp.Cast, now: datetime | None) -> Range | None:
    target = node.to.this
    if target is exp.DataType.Type.DATE:
        written = text_of(node.this)
        return _parsed(written, WHOLE_DAY) if written else _days(instant(node.this, now))
    # As text, only a date is compared like the time that it is.
    is_day = isinstance(node.this, exp.CurrentDate) or (
        isinstance(node.this, exp.Cast) and node.this.to.this is exp.DataType.Type.DATE
    )
    if target in _TIMESTAMP_TYPES or (target in _TEXT_TYPES and is_day):
        return instant(node.this, now)
    return None


def _shifted(node: exp.Add | exp.Sub, base: Range | None) -> Range | None:
    step = node.expression
    if isinstance(step, exp.Interval):
        count, unit = step.this, _UNITS.get(step.text("unit").upper().removesuffix("S"))
    else:  # date ± integer is days
        count, unit = step, _UNITS["DAY"]
    if base is None or unit is None or not isinstance(count, exp.Literal) or not re.fullmatch(r"\d{1,9}", count.this):
        return None
    least, most = int(count.this) * unit[0], int(count.this) * unit[1]
    return (base[0] + least, base[1] + most) if isinstance(node, exp.Add) else (base[0] - most, base[1] - least)


def _parsed(text: str, form: re.Pattern[str]) -> Range | None:
    if not form.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (_nano(moment.replace(tzinfo=UTC)),) * 2


def _now(now: datetime | None) -> Range | None:
    if now is None:
        return None
    return _nano(now), _nano(now) + _CLOCK_SLACK


def _days(found: Range | None) -> Range | None:
    return (found[0] - found[0] % DAY_NS, found[1]) if found else None


def _nano(moment: datetime) -> int:
    elapsed = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (elapsed.days * 86_400 + elapsed.seconds) * _SECOND + elapsed.microseconds * _MICROSECOND
