"""How servers write a time: the syntaxes, read from the start of a line or text into a `Moment` on its own clock.

Add a syntax here when a log writes its time in a new way; what a time without year or offset means is `times.py`'s.
"""

from __future__ import annotations

from typing import NamedTuple

from logsight_assets.intake.formats.patterns import Groups, Pattern
from logsight_assets.intake.formats.zones import fixed_offset


class Moment(NamedTuple):
    """A calendar time as written. `month` 0: a time of day without a date."""

    year: int | None
    month: int
    day: int
    second_of_day: int
    nanos: int
    offset: int | None
    end: int


class Written(NamedTuple):
    """A number of seconds, ms, µs or ns since 1970 at the start of a line."""

    number: str
    end: int


class IsoEnd(NamedTuple):
    """What follows the nineteen characters `2025-06-01T10:00:00`."""

    nanos: int
    offset: int | None
    end: int


MONTHS = {
    name: number
    for number, name in enumerate(
        (b"jan", b"feb", b"mar", b"apr", b"may", b"jun", b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), start=1
    )
}
_CLOCK = r"(\d{1,2}):(\d\d)(?::(\d\d))?(?:[.,:](\d{1,12}))?(?: ?([AaPp])\.?[Mm]\.?\b)?"
_PACKED_CLOCK = r"(\d\d):?(\d\d):?(\d\d)(?:[.,](\d{1,12}))?()"
# Only names that `zones` knows: `2025-01-01 10:00:00 INFO …` must not read INFO as a zone.
_NAMES = "UTC|GMT|UT|WEST|WET|CEST|CET|EEST|EET|MSK|JST|KST|AEST|AEDT|EST|EDT|CST|CDT|MST|MDT|PST|PDT|Z"
_ZONE = rf"(?: ?((?:{_NAMES})\b(?:[+-]\d\d?\b)?|[+-]\d\d:?\d\d(?::\d\d)?\b|[+-]\d\d\b))?"
_MONTH = r"([A-Za-z]{3})[a-z]{0,6}"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? +)?"

_YEAR_FIRST = Pattern(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}})(?:[T_ ]|: ?|, ?)+{_CLOCK}{_ZONE}")
_YEAR_PACKED = Pattern(rf"(\d{{4}})(\d\d)(\d\d)[T _-]?{_PACKED_CLOCK}{_ZONE}")
_SHORT_YEAR = Pattern(rf"(\d\d)[-/]?(\d\d)[-/]?(\d\d)[T ]+{_PACKED_CLOCK}{_ZONE}")
_DAY_MONTH = Pattern(rf"{_WEEKDAY}(\d{{1,2}})[ /-]{_MONTH}[ /-](\d{{4}}|\d\d(?: ))[ :T,]*{_CLOCK}{_ZONE}")
_DAY_MONTH_CLOCK = Pattern(rf"(\d{{1,2}}) {_MONTH} +{_CLOCK}{_ZONE}")
_MONTH_DAY = Pattern(rf"{_WEEKDAY}{_MONTH} +(\d{{1,2}}),?(?: +(\d{{4}}),?)? +{_CLOCK}{_ZONE}(?: ((?:19|20)\d\d)\b)?")
_NUMERIC_DAY = Pattern(rf"(\d{{1,2}})([/.-])(\d{{1,2}})[/.-](\d{{4}})[T ,:]+{_CLOCK}{_ZONE}")
_MONTH_DAY_NUMBERS = Pattern(rf"(\d\d)[-/](\d\d) {_CLOCK}")
_CLOCK_ONLY = Pattern(r"(\d\d):(\d\d):(\d\d)[.,](\d{1,9})()\b")
_EPOCH = Pattern(r"(\d{10}(?:\.\d{1,9})?|\d{13}|\d{16}|\d{19})(?:[\s,:|\]]|$)")

_DIGITS = frozenset(b"0123456789")
_ISO_MARKS = ((4, b"-/."), (7, b"-/."), (10, b"T _"), (13, b":"), (16, b":"))
_ISO_DIGITS = (0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18)


def iso_end(raw: bytes) -> IsoEnd | None:
    """Whether `raw` begins like `2025-06-01T10:00:00` (also with `/` or a blank), and what follows it.

    Written out by hand instead of as an expression: it runs once for nearly every line of text.
    """
    length = len(raw)
    if (
        length < 19
        or raw[13] != 58
        or raw[16] != 58
        or raw[4] not in b"-/."
        or raw[7] != raw[4]
        or raw[10] not in b"T _"
    ):
        return None
    packed = raw[:4] + raw[5:7] + raw[8:10] + raw[11:13] + raw[14:16] + raw[17:19]
    if not packed.isdigit() or (length > 19 and raw[19] in _DIGITS):
        return None
    position, nanos = 19, 0
    if length > 20 and raw[19] in b".,:" and raw[20] in _DIGITS:
        position = 21
        while position < length and raw[position] in _DIGITS:
            position += 1
        nanos = int((raw[20:position] + b"00000000")[:9])
    if position == length:
        return IsoEnd(nanos, None, position)
    if raw[position] == 90 and not raw[position + 1 : position + 2].isalnum():  # Z
        return IsoEnd(nanos, 0, position + 1)
    return _iso_zone(raw, position, nanos)


_ISO_ZONE = Pattern(_ZONE)


def _iso_zone(raw: bytes, position: int, nanos: int) -> IsoEnd:
    following = raw[position : position + 2].lstrip()[:1]
    if following and (following in b"+-" or following.isupper()):
        found = _ISO_ZONE.head(raw[position : position + 16])
        if found is not None and found[0][0] is not None:
            return IsoEnd(nanos, fixed_offset(found[0][0].decode("ascii")), position + found[1])
    return IsoEnd(nanos, None, position)


def read_written(raw: bytes) -> Moment | Written | None:
    """The time at the start of `raw`, in any syntax but the fast ISO one; None when there is none."""
    first = raw[:1]
    if first.isdigit():
        return _from_digits(raw[:64])
    if first.isalpha():
        head = raw[:64]
        return _month_day(head) or _day_month(head)
    return None


def _from_digits(head: bytes) -> Moment | Written | None:
    epoch = _EPOCH.groups(head)
    if epoch is not None and epoch[0] is not None:
        return Written(epoch[0].decode("ascii"), len(epoch[0]))
    for pattern, build in (
        (_YEAR_FIRST, _year_month_day),
        (_YEAR_PACKED, _year_month_day),
        (_SHORT_YEAR, _year_month_day),
        (_NUMERIC_DAY, _numeric_day),
        (_MONTH_DAY_NUMBERS, _month_day_numbers),
        (_CLOCK_ONLY, _clock_only),
    ):
        found = pattern.head(head)
        if found is not None:
            moment = build(found[0], found[1])
            if moment is not None:
                return moment
    return _day_month(head)


def _moment(year: int | None, month: int, day: int, clock: Groups, zone: bytes | None, end: int) -> Moment | None:
    hour, minute, second = int(clock[0] or 0), int(clock[1] or 0), int(clock[2] or 0)
    if clock[4]:  # a.m. or p.m.
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if clock[4] in b"Pp" else 0)
    if hour > 23 or minute > 59 or second > 60 or month > 12 or day > 31:
        return None
    nanos = int(((clock[3] or b"") + b"000000000")[:9])
    offset = fixed_offset(zone.decode("ascii")) if zone else None
    return Moment(year, month, day, hour * 3600 + minute * 60 + second, nanos, offset, end)


def _full_year(text: bytes) -> int:
    year = int(text)  # with the blank that ends a year of two digits
    text = text.strip()
    return year + 2000 if len(text) <= 2 else year


def _year_month_day(groups: Groups, end: int) -> Moment | None:
    year, month, day = (int(part or 0) for part in groups[:3])
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _moment(_full_year(groups[0] or b"0") if year < 100 else year, month, day, groups[3:8], groups[8], end)


def _numeric_day(groups: Groups, end: int) -> Moment | None:
    """`06/01/2025`: month first with slashes as in the US unless that cannot be; day first with dots or dashes."""
    first, second, year = int(groups[0] or 0), int(groups[2] or 0), int(groups[3] or 0)
    month_first = (groups[1] == b"/" and first <= 12) or second > 12
    month, day = (first, second) if month_first else (second, first)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _moment(year, month, day, groups[4:9], groups[9], end)


def _month_day_numbers(groups: Groups, end: int) -> Moment | None:
    month, day = int(groups[0] or 0), int(groups[1] or 0)
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return None
    return _moment(None, month, day, groups[2:7], None, end)


def _clock_only(groups: Groups, end: int) -> Moment | None:
    return _moment(None, 0, 0, groups[:5], None, end)


def _month_day(head: bytes) -> Moment | None:
    found = _MONTH_DAY.head(head)
    if found is None:
        return None
    groups, end = found
    month = MONTHS.get((groups[0] or b"").lower())
    if month is None:
        return None
    year = groups[2] or groups[9]
    return _moment(int(year) if year else None, month, int(groups[1] or 0), groups[3:8], groups[8], end)


def _day_month(head: bytes) -> Moment | None:
    found = _DAY_MONTH.head(head)
    if found is None:
        return _day_month_clock(head)
    groups, end = found
    month = MONTHS.get((groups[1] or b"").lower())
    if month is None:
        return None
    return _moment(_full_year(groups[2] or b"0"), month, int(groups[0] or 0), groups[3:8], groups[8], end)


def _day_month_clock(head: bytes) -> Moment | None:
    found = _DAY_MONTH_CLOCK.head(head)
    month = MONTHS.get((found[0][1] or b"").lower()) if found is not None else None
    if found is None or month is None:
        return None
    groups, end = found
    return _moment(None, month, int(groups[0] or 0), groups[2:7], groups[7], end)
