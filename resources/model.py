"""The model port: one question, one answer in a given schema; and what each model can do of that.

There is no embedded model: without one configured nobody is asked, and the deterministic answer stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

Output = Literal["json_schema", "forced_tool", "auto_tool"]


@dataclass(frozen=True)
class Capability:
    """How a model is brought to answer in a schema."""

    output: Output
    has_temperature: bool  # whether it takes one


# By a part of the model's id, the first that matches; dated 2026-11. Sonnet 5.5 rejects a forced tool and Haiku 5.5 has
# no structured output, so neither way holds for all. A model that is not here gets what asks least of it.
CAPABILITIES: tuple[tuple[str, Capability], ...] = (
    ("anthropic.claude-sonnet-5-5", Capability("json_schema", has_temperature=False)),
    ("anthropic.claude-haiku-5-5", Capability("auto_tool", has_temperature=False)),
    ("anthropic.claude-sonnet-4-6", Capability("json_schema", has_temperature=True)),
    ("anthropic.claude-haiku-4-5", Capability("forced_tool", has_temperature=True)),
    ("amazon.nova", Capability("forced_tool", has_temperature=True)),
)
LEAST = Capability("auto_tool", has_temperature=False)


def capability_of(model: str) -> Capability:
    """What a model can do, by its id or that of a profile that routes to it."""
    return next((capability for part, capability in CAPABILITIES if part in model), LEAST)


@dataclass(frozen=True)
class Question:
    """What a model is asked. Only `data` holds text of strangers; `before` and `after` are the block's two ends."""

    model: str
    system: str
    before: str
    data: str
    after: str
    schema: Mapping[str, Any]  # JSON schema of the answer
    schema_name: str
    max_output_tokens: int
    metadata: Mapping[str, str] = field(default_factory=dict)  # for the provider's log of invocations

    @property
    def characters(self) -> int:
        return sum(map(len, (self.system, self.before, self.data, self.after))) + len(str(self.schema))


@dataclass(frozen=True)
class Reply:
    """A model's answer as it came: JSON that may or may not be in the schema."""

    text: str
    stop_reason: str
    input_tokens: int
    output_tokens: int


class Model(Protocol):
    """ModelBusy when asking later may help, ModelDeclined when it will not; both with a reason in one word."""

    def ask(self, question: Question) -> Reply: ...
