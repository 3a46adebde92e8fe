"""The arithmetic of turns and rests, on a value that never changes: whose turn is when, and which model rests.

Times are seconds of the wall clock, which processes share. Nobody waits and nothing is stored here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pydantic import FiniteFloat, NonNegativeInt

_MINUTE = 60.0  # turns that nobody took stay as long, so a minute's calls may go at once


@dataclass(frozen=True)
class Pace:
    """Limits of asking; times in seconds."""

    calls_per_minute: float
    attempts: int = 3
    longest_wait: float = 60.0  # for a turn, and for each attempt after the first
    first_backoff: float = 1.0
    rest_after: int = 3  # questions in a row that failed for a passing reason
    rest: float = 60.0

    @property
    def between_turns(self) -> float:
        return _MINUTE / self.calls_per_minute


@dataclass(frozen=True)
class Standing:
    """How a model has answered of late."""

    faults: NonNegativeInt = 0  # questions in a row, since its last answer or rest
    rests_until: FiniteFloat = 0.0


@dataclass(frozen=True)
class PaceState:
    """What all who ask know together; a new one has a full bucket and no model at rest."""

    next_turn: FiniteFloat = 0.0
    models: Mapping[str, Standing] = field(default_factory=dict)  # those of which something is to be remembered

    def seen_at(self, now: float, pace: Pace) -> PaceState:
        """Without what is over, and without times later than this pace can have made by now.

        Such a time is from before the clock was set back, or from nobody. To shorten it to its limit would be wrong:
        it would be just as far away at the next look.
        """
        is_possible = self.next_turn <= now + pace.longest_wait + pace.between_turns
        standings = {
            name: Standing(each.faults, each.rests_until if now < each.rests_until <= now + pace.rest else 0.0)
            for name, each in self.models.items()
        }
        models = {name: each for name, each in standings.items() if each != Standing()}
        return PaceState(self.next_turn if is_possible else 0.0, models)

    def is_resting(self, model: str, now: float) -> bool:
        return now < self._standing(model).rests_until

    def wait(self, now: float) -> float:
        """Seconds until the next turn."""
        return max(0.0, self.next_turn - now)

    def after_turn(self, now: float, pace: Pace) -> PaceState:
        """The next turn is taken."""
        return replace(self, next_turn=max(self.next_turn, now - _MINUTE) + pace.between_turns)

    def after_fault(self, model: str, now: float, pace: Pace) -> PaceState:
        """A question to a model has failed for a passing reason."""
        before = self._standing(model)
        faults = before.faults + 1
        standing = replace(before, faults=faults) if faults < pace.rest_after else Standing(0, now + pace.rest)
        return replace(self, models={**self.models, model: standing})

    def after_answer(self, model: str) -> PaceState:
        """A model has answered: whatever it did before is forgotten."""
        return replace(self, models={name: each for name, each in self.models.items() if name != model})

    def _standing(self, model: str) -> Standing:
        return self.models.get(model, Standing())
