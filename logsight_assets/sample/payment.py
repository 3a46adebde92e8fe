"""A payment within a checkout, and what the injected fault makes of it."""

from __future__ import annotations

from typing import Literal

from logsight_assets.sample.dice import Weighted
from logsight_assets.sample.journal import Journal, Span, http

Outcome = Literal["paid", "declined", "unavailable"]

_PROVIDERS = ("cardnet", "cardnet", "payway", "sepalink")
_SCHEMES = ("visa", "mastercard", "sepa")
_REASONS = Weighted(("insufficient_funds", 6), ("do_not_honor", 3), ("expired_card", 2))
_ATTEMPTS = 3
_POOL_TIMEOUT_US = 1_500_000
_ROUTE = "/payments"


def pay(journal: Journal, now: int, parent: Span, order: str, cents: int) -> tuple[int, Outcome]:
    """Authorise and capture; returns when the answer came and which."""
    for attempt in range(1, _ATTEMPTS + 1):
        dice, span = journal.dice, journal.span(parent)
        now += dice.latency_us(2000) * 1000
        attributes: dict[str, object] = {"order.id": order, "payment.attempt": attempt}
        scheme = dice.pick(_SCHEMES)
        journal.log(now, "payment.authorizing", attributes, span, order=order, cents=cents, scheme=scheme)
        if not dice.chance(journal.scenario.failure_share(journal.tenant, now)):
            return _charge(journal, now, span, order, cents)
        now = _run_dry(journal, now, span, order)
        if attempt < _ATTEMPTS:
            retried: dict[str, object] = {"order.id": order, "peer.service": "payment"}
            journal.log(now, "checkout.retry", retried, parent, order=order, attempt=attempt + 1)
            now += (100_000 << attempt) * 1000
    failed: dict[str, object] = {"order.id": order, "peer.service": "payment", "error.type": "503"}
    journal.log(now, "checkout.gave_up", failed, parent, order=order, attempt=_ATTEMPTS)
    return now, "unavailable"


def _charge(journal: Journal, now: int, span: Span, order: str, cents: int) -> tuple[int, Outcome]:
    dice, tenant = journal.dice, journal.tenant
    provider = dice.pick(_PROVIDERS)
    took = dice.latency_us(90_000)
    if journal.scenario.failure_share(tenant, now) > 0:
        took += dice.between(400_000, 1_400_000)  # a connection was had in the end, after waiting for it
    start, now = now, now + took * 1000
    # The fault stops captures by the clock: a charge that was on its way when the pool ran dry is lost, too.
    if journal.scenario.failure_share(tenant, now) == 1.0:
        return _run_dry(journal, now, span, order), "unavailable"
    if dice.chance(0.3):
        journal.log(start, "payment.fraud", {"order.id": order}, span, order=order, count=dice.below(100))
    if took > 700_000:
        journal.log(now, "payment.slow", {"payment.provider": provider}, span, provider=provider, ms=took // 1000)
    if dice.chance(0.04):
        ended = http("POST", _ROUTE, 402, took) | {"order.id": order}
        journal.log(now, "payment.declined", ended, span, order=order, reason=_REASONS.draw(dice))
        return now, "declined"
    if dice.chance(0.003):
        ended = http("POST", _ROUTE, 502, took) | {"order.id": order, "payment.provider": provider}
        journal.log(now, "payment.provider", ended, span, provider=provider, status=500, order=order)
        return now, "unavailable"
    ended = http("POST", _ROUTE, 200, took) | {"order.id": order, "payment.provider": provider}
    journal.log(now, "payment.captured", ended, span, order=order, cents=cents, provider=provider)
    return now, "paid"


def _run_dry(journal: Journal, now: int, span: Span, order: str) -> int:
    dice = journal.dice
    if dice.chance(0.2):
        identity, thread = dice.hexadecimal(8), f"http-exec-{dice.between(1, 40)}"
        journal.log(
            now, "payment.leak", {"db.client.connection.pool.name": "HikariPool-1"}, span, id=identity, thread=thread
        )
    took = _POOL_TIMEOUT_US + dice.below(40_000)
    now += took * 1000
    pool: dict[str, object] = {"db.client.connection.pool.name": "HikariPool-1", "duration_ms": took / 1000}
    journal.log(now, "payment.exhausted", pool, span, ms=took // 1000, waiting=dice.between(3, 60))
    ended = http("POST", _ROUTE, 503, took) | {
        "order.id": order,
        "exception.type": "org.springframework.jdbc.CannotGetJdbcConnectionException",
    }
    journal.log(now, "payment.jdbc", ended, span, order=order)
    return now
