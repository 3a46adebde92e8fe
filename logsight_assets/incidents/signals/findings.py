"""A finding: one thing about one service that was otherwise before, with its strength and its words."""

from __future__ import annotations

from dataclasses import dataclass

NEW, SURGING, STOPPED, SLOWER, SILENT, NAMED = "new", "surging", "stopped", "slower", "silent", "named"


@dataclass(frozen=True)
class Finding:
    """Strengths are comparable: 0 says nothing, 1 leaves no doubt that the service behaves otherwise than before."""

    kind: str
    service: int
    strength: float
    reason: str  # in words; its numbers come from the rows
    template: int | None = None
    count_before: int = 0
    count_during: int = 0
    since_nano: int | None = None  # when it began, as far as the slices tell
    example: str | None = None  # id of the event that shows it best
    other: int | None = None  # a second service that it is about: the far side of a gap, the one that names
