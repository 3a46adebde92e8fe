"""What a detector is: a gate that says where it could find something, and a function that finds it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from logsight_assets.intake.redaction.policy import Kind


class Found(NamedTuple):
    """A stretch of bytes to be replaced; the entity is its canonical form, empty for a secret."""

    start: int
    end: int
    kind: Kind
    entity: str


@dataclass(frozen=True)
class Detector:
    """Finds things under a policy that has all of `switches` on; none: always.

    `gate` matches every text, and every JSON text with a value, in which `find` finds anything (property-tested).
    """

    name: str
    switches: tuple[str, ...]
    gate: str
    find: Callable[[bytes], Iterable[Found]]
