"""When a model is asked: at a pace, again after a fault that passes, and not at all while it is down.

State belongs to the process; a run that asks for many summaries shares one.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from logsight_assets.errors import ModelBusy
from resources.model import Model, Question, Reply

# A timeout is not tried again: the model may have answered nobody, and that was paid for.
_AGAIN = frozenset({"throttled", "unavailable"})


@dataclass(frozen=True)
class Pace:
    """Limits of asking; times in seconds."""

    calls_per_minute: float
    attempts: int = 3
    longest_wait: float = 60.0  # for a turn, and for each attempt after the first
    first_backoff: float = 1.0
    rest_after: int = 3  # questions in a row that failed for a passing reason
    rest: float = 60.0


class PacedModel:
    """A model behind a token bucket, with jittered backoff and a circuit breaker for each model id."""

    def __init__(
        self,
        model: Model,
        pace: Pace,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._model, self._pace = model, pace
        self._clock, self._sleep, self._jitter = clock, sleep, jitter
        self._next_turn = clock() - 60.0  # the bucket is full: a minute's calls may go at once
        self._failed: dict[str, int] = {}
        self._rests_until: dict[str, float] = {}

    def ask(self, question: Question) -> Reply:
        if self._clock() < self._rests_until.get(question.model, 0.0):
            raise ModelBusy(f"model {question.model} is given a rest after faults in a row", "resting")
        try:
            reply = self._tried(question)
        except ModelBusy as busy:
            if busy.reason != "pace":
                self._count_fault(question.model)
            raise
        self._failed.pop(question.model, None)
        return reply

    def _tried(self, question: Question) -> Reply:
        for attempt in range(1, self._pace.attempts + 1):
            self._take_turn(question.model)
            try:
                return self._model.ask(question)
            except ModelBusy as busy:
                wait = max(busy.seconds, self._jitter() * self._pace.first_backoff * 2 ** (attempt - 1))
                if busy.reason not in _AGAIN or attempt == self._pace.attempts or wait > self._pace.longest_wait:
                    raise
            self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _take_turn(self, model: str) -> None:
        """Wait for a turn; ModelBusy if it is too far away. Turns that nobody took stay for a minute."""
        now, each = self._clock(), 60.0 / self._pace.calls_per_minute
        turn = max(self._next_turn, now - 60.0)
        if turn - now > self._pace.longest_wait:
            raise ModelBusy(f"model {model}: the next turn is too far away", "pace")
        self._next_turn = turn + each
        if turn > now:
            self._sleep(turn - now)

    def _count_fault(self, model: str) -> None:
        self._failed[model] = self._failed.get(model, 0) + 1
        if self._failed[model] >= self._pace.rest_after:
            self._rests_until[model] = self._clock() + self._pace.rest
            self._failed[model] = 0
