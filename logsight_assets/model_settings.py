"""Which model summarises incidents, how it is asked, and what it may cost. Without one nobody is asked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field

from logsight_assets.sections import Section

_PROFILE = re.compile(r"^(?:[a-z]{2,6}|us-gov)\.(?=[a-z0-9-]+\.)")  # in front of a model's id: where it is routed


class Model(Section):
    """Amazon Bedrock's Converse; credentials are the SDK's own affair."""

    primary: str = Field("", description="id of a model or inference profile; empty: no model is asked")
    smaller: str = Field("", description="asked where the first gives no answer; empty: the first answer stands then")
    region: str = Field("", description="region of Bedrock; empty is the SDK's own choice")
    endpoint_url: str = Field("", description="address of Bedrock where it is not AWS's own")
    guardrail_id: str = Field("", description="guardrail of the account; empty: none")
    guardrail_version: str = Field("DRAFT", description="version of the guardrail")
    output: Literal["", "json_schema", "forced_tool", "auto_tool"] = Field(
        "", description="how an answer in the schema is asked for; empty is what the model is known to do"
    )
    prompt: str = Field("2", description="version of the prompt, see docs/llm-prompts.md")
    evidence_characters: int = Field(40_000, ge=4_000, le=400_000, description="most evidence that a model is shown")
    max_output_tokens: int = Field(4_000, ge=500, le=32_000, description="longest answer")
    timeout_seconds: float = Field(60.0, ge=1, le=600, description="time for one answer")
    attempts: int = Field(3, ge=1, le=10, description="times that a model is asked while its faults pass")
    calls_per_minute: float = Field(
        20.0, gt=0, allow_inf_nan=False, description="calls of all processes of a state folder"
    )
    tenant_daily_usd: float = Field(5.0, ge=0, allow_inf_nan=False, description="most that a tenant's day may cost")
    daily_usd: float = Field(50.0, ge=0, allow_inf_nan=False, description="most that a day of all tenants may cost")

    @property
    def ladder(self) -> tuple[str, ...]:
        """Models in the order in which they are asked; empty where none is configured."""
        return tuple(dict.fromkeys(name for name in (self.primary, self.smaller) if name)) if self.primary else ()


class Price(Section):
    """What a model costs from a day on."""

    model: str = Field(description="id of a model, without the prefix of a profile")
    since: date = Field(description="first day of this price")
    input_usd: Decimal = Field(ge=0, description="US dollars for a million tokens that it reads")
    output_usd: Decimal = Field(ge=0, description="US dollars for a million tokens that it writes")


def model_of_profile(name: str) -> str:
    """`eu.anthropic.x` → `anthropic.x`: the model that an inference profile routes to."""
    return _PROFILE.sub("", name)


def price_on(prices: Iterable[Price], model: str, day: date) -> Price | None:
    """The price of a model on a day; None where none is known."""
    names = (model, model_of_profile(model))
    known = [price for price in prices if price.model in names and price.since <= day]
    return max(known, key=lambda price: price.since, default=None)
