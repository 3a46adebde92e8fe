"""What models cost: each call is reserved before it is made at the most that it can cost, and settled after it.

A run that is killed in between leaves the reservation, so the ledger says too much rather than too little. The day is
the lake's clock's, UTC.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from logsight_assets.lake import Lake, model_calls_prefix, values
from logsight_assets.model_settings import Price
from logsight_assets.timeline import parse_day

RESERVED, ANSWERED = "reserved", "answered"
# A token is at least so many characters of JSON and English; counted short, so that a reservation is no underestimate.
_CHARACTERS_OF_A_TOKEN = 2.5
_MICRO = 1_000_000


@dataclass(frozen=True)
class Reservation:
    """Room in the budget for one call."""

    key: str
    tenant: str
    model: str
    price: Price
    cost_micro_usd: int


def cost(price: Price, input_tokens: int, output_tokens: int) -> int:
    """Millionths of a US dollar, rounded up. Dollars for a million tokens are millionths for one."""
    return math.ceil(input_tokens * price.input_usd + output_tokens * price.output_usd)


def reserve(
    lake: Lake, tenant: str, model: str, price: Price, characters: int, output_tokens: int
) -> Reservation | None:
    """Room for a call, or None if the tenant's or the lake's day has none left.

    Written first and counted then: of two that would share what is left, none believes that it is alone.
    """
    day = f"{lake.clock():%Y-%m-%d}"
    input_tokens = math.ceil(characters / _CHARACTERS_OF_A_TOKEN)
    most = cost(price, input_tokens, output_tokens)
    key = f"{model_calls_prefix(tenant, day)}{secrets.token_hex(8)}.json"
    held = Reservation(key, tenant, model, price, most)
    _put(lake, held, RESERVED, input_tokens, output_tokens, most)
    limits = lake.settings.model
    if _spent(lake, [tenant], day) > limits.tenant_daily_usd * _MICRO or (
        _spent(lake, values(lake.store, "model_calls/", "tenant"), day) > limits.daily_usd * _MICRO
    ):
        lake.store.delete(key)
        return None
    return held


def settle(lake: Lake, held: Reservation, outcome: str, input_tokens: int, output_tokens: int) -> int:
    """Say what a call did cost, in millionths of a US dollar; `outcome` is ANSWERED or why there was no answer."""
    spent = cost(held.price, input_tokens, output_tokens)
    _put(lake, held, outcome, input_tokens, output_tokens, spent)
    return spent


def _put(lake: Lake, held: Reservation, outcome: str, input_tokens: int, output_tokens: int, spent: int) -> None:
    row = {
        "model": held.model,
        "outcome": outcome,
        "input_tokens": input_tokens,
        "output_tokens": output_tokens,
        "cost_micro_usd": spent,
        "time": lake.clock().isoformat(timespec="seconds"),
    }
    lake.store.put(held.key, json.dumps(row, sort_keys=True).encode() + b"\n")


def _spent(lake: Lake, tenants: list[str], day: str) -> int:
    return sum(call["cost_micro_usd"] for tenant in tenants for call in _calls(lake, tenant, day))


def _calls(lake: Lake, tenant: str, day: str) -> Iterator[dict[str, Any]]:
    for entry in lake.store.list(model_calls_prefix(tenant, day)):
        yield json.loads(lake.store.get(entry.key))


def days_of(lake: Lake, tenant: str) -> list[str]:
    """Days on which a model was asked for a tenant."""
    return values(lake.store, f"model_calls/tenant={tenant}/", "dt")


def forget_days(lake: Lake, tenant: str, before: datetime) -> int:
    """Remove the calls of days that ended before a time; how many went."""
    over = [day for day in days_of(lake, tenant) if parse_day(day) + timedelta(days=1) <= before]
    gone = [entry.key for day in over for entry in lake.store.list(model_calls_prefix(tenant, day))]
    for key in gone:
        lake.store.delete(key)
    return len(gone)


def day_use(lake: Lake, tenant: str, day: str) -> list[dict[str, Any]]:
    """Rows of the table `model_use` of a tenant and day, without what the path says."""
    rows: dict[str, dict[str, Any]] = {}
    for call in _calls(lake, tenant, day):
        row = rows.setdefault(call["model"], {"model": call["model"], "call_count": 0, "answered_count": 0} | _NOTHING)
        row["call_count"] += 1
        row["answered_count"] += call["outcome"] == ANSWERED
        for name in _NOTHING:
            row[name] += call[name]
    return [rows[name] for name in sorted(rows)]


_NOTHING = {"input_tokens": 0, "output_tokens": 0, "cost_micro_usd": 0}
