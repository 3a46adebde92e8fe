"""Times and lengths as people write them behind an option."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from logsight_assets.errors import UsageError


def moment(text: str, option: str) -> datetime:
    """A time with its zone; UsageError for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise UsageError(f"{option} {text[:40]!r}: give a time with its zone, such as 2025-06-01T09:00Z")
    return found


def length(text: str, option: str) -> timedelta:
    """A span of minutes, hours or days; UsageError for anything else."""
    from logsight_assets.incidents.people import span

    if (found := span(text)) is None:
        raise UsageError(f"{option} {text[:40]!r}: give a span such as 30m, 2h or 3d")
    return found


def until(text: str) -> datetime:
    """When a decision ends, UTC; UsageError for anything else."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise UsageError(f"--until {text!r} is no time: YYYY-MM-DD or YYYY-MM-DDTHH:MM, UTC") from None
