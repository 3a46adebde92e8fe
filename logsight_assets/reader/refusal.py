"""The error of this package, and what a question may be given."""

from __future__ import annotations

from typing import TypeAlias

from logsight_assets.errors import RefusedQuery
from logsight_assets.visible import visible

Parameter: TypeAlias = str | int | float | bool | None


def refused(what: str) -> RefusedQuery:
    """A refusal that names what is refused and the remedy. Names in it are the asker's: they are made safe to print."""
    return RefusedQuery(f"refused: {visible(what)}")
