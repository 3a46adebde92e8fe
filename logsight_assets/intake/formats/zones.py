"""Offsets of time zones in seconds: numeric ones, IANA names, and the abbreviations that mean one thing in logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_HOUR = 3600

# Only abbreviations that servers write and that are hardly ever anything else. BST, IST and the like are left out on
# purpose: an unknown name falls back to the source's own zone, which its owner can state.
_ABBREVIATIONS: dict[str, int] = {
    "Z": 0,
    "UTC": 0,
    "GMT": 0,
    "UT": 0,
    "WET": 0,
    "WEST": _HOUR,
    "CET": _HOUR,
    "CEST": 2 * _HOUR,
    "EET": 2 * _HOUR,
    "EEST": 3 * _HOUR,
    "MSK": 3 * _HOUR,
    "JST": 9 * _HOUR,
    "KST": 9 * _HOUR,
    "AEST": 10 * _HOUR,
    "AEDT": 11 * _HOUR,
    "EST": -5 * _HOUR,
    "EDT": -4 * _HOUR,
    "CST": -6 * _HOUR,
    "CDT": -5 * _HOUR,
    "MST": -7 * _HOUR,
    "MDT": -6 * _HOUR,
    "PST": -8 * _HOUR,
    "PDT": -7 * _HOUR,
}


@lru_cache(maxsize=256)
def fixed_offset(name: str) -> int | None:
    """Seconds east of UTC of `Z`, `UTC`, `+02:00`, `-0400`, `+05`, `UTC+3`, `PDT`; None when it names no offset."""
    name = name.strip()
    known = _ABBREVIATIONS.get(name.upper())
    if known is not None:
        return known
    if name[:3] in ("UTC", "GMT"):
        name = name[3:]
    if len(name) < 2 or name[0] not in "+-":
        return None
    digits = name[1:].replace(":", "")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 6 or len(digits) == 5:
        return None
    if len(digits) <= 2:
        hours, minutes, seconds = int(digits), 0, 0
    else:
        digits = digits.zfill(4)
        hours, minutes, seconds = int(digits[:2]), int(digits[2:4]), int(digits[4:] or 0)
    if hours > 18 or minutes > 59 or seconds > 59:
        return None
    total = hours * _HOUR + minutes * 60 + seconds
    return -total if name[0] == "-" else total


@lru_cache(maxsize=64)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


@lru_cache(maxsize=4096)
def local_offset(local_seconds: int, zone: str | None) -> int:
    """Offset in seconds of the wall-clock time `local_seconds` (seconds since 1970 as if UTC) in the source's zone.

    UTC when the source states none or an unknown one. In the hour that a clock change repeats, the first one counts.
    """
    if not zone:
        return 0
    fixed = fixed_offset(zone)
    if fixed is not None:
        return fixed
    known = _zone(zone)
    if known is None:
        return 0
    wall = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=local_seconds)
    offset = wall.replace(tzinfo=known).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())
