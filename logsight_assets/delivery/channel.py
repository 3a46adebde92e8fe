"""Port: a channel that letters are delivered to, and what it remembers of what it holds of ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from logsight_assets.delivery.message import Letter, Wrote


class Handles:
    """What the channel calls things that it holds of ours: a message's timestamp, a ticket's key.

    A handle is stored the moment it is known, once for each name: whoever is killed then finds it.
    """

    def __init__(self, held: Mapping[str, Any], keep: Callable[[str, Any], None]) -> None:
        self._held = dict(held)
        self._keep = keep

    def get(self, name: str) -> Any:
        """The handle, or None."""
        return self._held.get(name)

    def keep(self, name: str, value: Any) -> None:
        self._keep(name, value)
        self._held[name] = value


class Channel(Protocol):
    """Raises PermanentError for what no second attempt mends; TryLater or Unanswered for what one may."""

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:
        """Bring the channel to the letter's revision. Called again after a fault, with the same letter."""

    def check(self) -> str:
        """Whom the channel knows us as, for `logsight doctor`; raises what `deliver` raises."""
