"""Times and lengths as people write them behind an option."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from logsight_assets.errors import UsageError
from logsight_assets.timeline import parse_day

UNTIL_HELP = "when it ends: 30m, 2h or 3d from now, a time with its zone, or a day, at whose beginning in UTC it ends"
_SPAN = re.compile(r"(\d{1,5})([mhd])", re.ASCII)
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, option: str) -> datetime:
    """A time with its zone; UsageError for anything else."""
    if (found := _zoned(text)) is None:
        raise UsageError(f"{option} {text[:40]!r}: give a time with its zone, such as 2025-06-01T09:00Z")
    return found


def length(text: str, option: str) -> timedelta:
    """A span of minutes, hours or days; UsageError for anything else."""
    if (found := _span(text)) is None:
        raise UsageError(f"{option} {text[:40]!r}: give a span such as 30m, 2h or 3d")
    return found


def until(text: str, now: datetime) -> datetime:
    """When a decision ends, UTC: UNTIL_HELP says how it is written; UsageError for anything else.

    A time without a zone is refused, because whoever writes one means his own.
    """
    if (found := _span(text)) is not None:
        return now + found
    try:
        zoned = _zoned(text)
        return zoned.astimezone(UTC) if zoned else parse_day(text)
    except (OverflowError, UsageError):
        raise UsageError(
            f"--until {text[:40]!r}: give a span such as 2h, a time with its zone such as 2025-06-01T09:00Z, "
            "or a day such as 2025-06-01"
        ) from None


def _zoned(text: str) -> datetime | None:
    """A time with its zone; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def _span(text: str) -> timedelta | None:
    """A length such as 30m, 2h, 3d; None for anything else."""
    match = _SPAN.fullmatch(text.strip())
    return timedelta(**{_UNITS[match[2]]: int(match[1])}) if match else None
