"""When a model is asked: at a pace, again after a fault that passes, and not at all while it is down."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from logsight_assets.errors import ModelBusy
from resources.model import Model, Question, Reply
from resources.pace_keeper import PaceKeeper
from resources.pace_state import Pace, PaceState

# A timeout is not tried again: the model may have answered nobody, and that was paid for.
_AGAIN = frozenset({"throttled", "unavailable"})


class PacedModel:
    """A model behind a token bucket, with jittered backoff and a circuit breaker for each model id.

    All that share a keeper share both, be they of one process or of many.
    """

    def __init__(
        self,
        model: Model,
        pace: Pace,
        keeper: PaceKeeper,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._model, self._pace, self._keeper = model, pace, keeper
        self._clock, self._sleep, self._jitter = clock, sleep, jitter

    def ask(self, question: Question) -> Reply:
        for attempt in range(1, self._pace.attempts + 1):
            self._take_turn(question.model)
            try:
                reply = self._model.ask(question)
            except ModelBusy as busy:
                wait = max(busy.seconds, self._jitter() * self._pace.first_backoff * 2 ** (attempt - 1))
                if busy.reason not in _AGAIN or attempt == self._pace.attempts or wait > self._pace.longest_wait:
                    self._change(lambda state, now: state.after_fault(question.model, now, self._pace))
                    raise
            else:
                self._change(lambda state, _: state.after_answer(question.model))
                return reply
            self._sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    def _take_turn(self, model: str) -> None:
        """Wait for a turn; ModelBusy if it is too far away, or while the model rests."""

        def taken(state: PaceState) -> tuple[PaceState, float]:
            now = self._clock()
            seen = state.seen_at(now, self._pace)
            if seen.is_resting(model, now):
                raise ModelBusy(f"model {model} is given a rest after faults in a row", "resting")
            wait = seen.wait(now)
            if wait > self._pace.longest_wait:
                raise ModelBusy(f"model {model}: the next turn is too far away", "pace")
            return seen.after_turn(now, self._pace), wait

        if wait := self._keeper.change(taken):
            self._sleep(wait)

    def _change(self, after: Callable[[PaceState, float], PaceState]) -> None:
        def step(state: PaceState) -> tuple[PaceState, None]:
            now = self._clock()
            return after(state.seen_at(now, self._pace), now), None

        self._keeper.change(step)
