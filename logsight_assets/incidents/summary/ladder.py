"""The ladder: the model, then the smaller one, then none. Each step down has a reason that is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Generic, TypeVar

from logsight_assets.errors import ModelBusy, ModelDeclined
from logsight_assets.incidents.summary.ledger import ANSWERED, reserve, settle
from logsight_assets.incidents.summary.schema import MalformedAnswer
from logsight_assets.lake import Lake
from logsight_assets.model_settings import price_on
from resources.model import Model, Question, Reply

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Tried:
    """One step of the ladder."""

    model: str
    reason: str  # why it gave no answer, a key of words.REASONS; '' for the one that did
    input_tokens: int = 0
    output_tokens: int = 0
    cost_micro_usd: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Outcome(Generic[_Answer]):
    """An answer in the schema with the model that gave it, or neither; and what was tried."""

    tried: tuple[Tried, ...]
    model: str = ""
    answer: _Answer | None = None
    raw: str = ""  # what the model wrote, also when it was not in the schema

    @property
    def reason(self) -> str:
        """Why there is no answer; '' if there is one."""
        return "" if self.answer is not None else self.tried[-1].reason if self.tried else "no_model"


def descend(
    lake: Lake, tenant: str, model: Model, question_for: Callable[[str], Question], read: Callable[[str], _Answer]
) -> Outcome[_Answer]:
    """Ask the models of the settings, the first first, until one answers in the schema.

    `read` takes a model's text and raises MalformedAnswer for what is not in it.
    """
    tried: list[Tried] = []
    raw = ""
    for name in lake.settings.model.ladder:
        step, answer, text = ask_within_budget(lake, tenant, model, question_for(name), read)
        tried.append(step)
        raw = text or raw
        if answer is not None:
            return Outcome(tuple(tried), name, answer, raw)
    return Outcome(tuple(tried), raw=raw)


def ask_within_budget(
    lake: Lake, tenant: str, model: Model, question: Question, read: Callable[[str], _Answer]
) -> tuple[Tried, _Answer | None, str]:
    """Ask one model within the budget, and write down what it cost; with its answer and what it wrote."""
    name = question.model
    price = price_on(lake.settings.prices, name, lake.clock().date())
    if price is None:
        return Tried(name, "no_price"), None, ""
    held = reserve(lake, tenant, name, price, question.characters, question.max_output_tokens)
    if held is None:
        return Tried(name, "budget"), None, ""
    try:
        reply = model.ask(question)
    except ModelDeclined as declined:
        tokens = declined.input_tokens, declined.output_tokens
        spent = settle(lake, held, declined.reason, *tokens)
        return Tried(name, declined.reason, *tokens, spent), None, ""
    except ModelBusy as busy:
        # Whoever answers too late has answered, and that is paid for: the reservation stands.
        spent = held.cost_micro_usd if busy.reason == "timeout" else settle(lake, held, busy.reason, 0, 0)
        return Tried(name, busy.reason, cost_micro_usd=spent), None, ""
    answer, reason = _read(reply, read)
    tokens = reply.input_tokens, reply.output_tokens
    return Tried(name, reason, *tokens, settle(lake, held, reason or ANSWERED, *tokens)), answer, reply.text


def _read(reply: Reply, read: Callable[[str], _Answer]) -> tuple[_Answer | None, str]:
    try:
        return read(reply.text), ""
    except MalformedAnswer:
        return None, "malformed"
