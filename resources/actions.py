"""The port to what carries out actions of runbooks. Embedded there is nothing to act on: it says what it would do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

_WORDS = {
    "restart_service": "restart {service}",
    "roll_back_service": "roll back {service}",
    "scale_service": "scale {service} to {count}",
}


def in_words(kind: str, service: str, count: int | None) -> str:
    """What an act does: `scale payment to 3`."""
    return _WORDS[kind].format(service=service, count=count)


@dataclass(frozen=True)
class Act:
    """What is to be done; `key` is the same for the same act, so that whoever does it can know it."""

    key: str
    type: str
    service: str
    count: int | None


class Actor(Protocol):
    """Carries out an act, and says in a sentence what was done. What it raises is told as a failure."""

    def do(self, act: Act) -> str: ...


class DryRun:
    """Does nothing, and says what it would do."""

    def do(self, act: Act) -> str:
        return f"dry run: would {in_words(act.type, act.service, act.count)}"
