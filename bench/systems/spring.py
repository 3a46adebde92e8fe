"""Java services that write their level, thread and class into the line; no severities of their own, no traces."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from bench.systems.model import BURSTS, TIMER, Chatter, Failure, Step, System

_CLASSES = {
    "gateway": ("c.a.gw.RouteFilter", "c.a.gw.RateLimiter"),
    "orders": ("c.a.orders.OrderService", "c.a.orders.OrderController"),
    "stock": ("c.a.stock.StockRepository", "c.a.stock.Reservations"),
    "billing": ("c.a.billing.InvoiceService", "c.a.billing.PaymentClient"),
    "accounts": ("c.a.accounts.AccountService", "c.a.accounts.TokenStore"),
    "search": ("c.a.search.IndexReader", "c.a.search.QueryService"),
}


def _style(moment: float, service: str, level: str, text: str, dice: Random) -> str:
    stamp = datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    logger = _CLASSES[service][len(text) % 2]
    return f"{stamp} {level:>5} 1 --- [nio-8080-exec-{dice.randint(1, 60)}] {logger} : {text}"


_ORDER = (
    Step("gateway", "route POST /orders to orders, request {req}", 1),
    Step("accounts", "token of user {n} is valid", 4),
    Step("orders", "order {n} received with {k} items", 3),
    Step("stock", "reserved {k} items for order {n} in {took}", 12),
    Step("billing", "charging invoice {n}", 3),
    Step("billing", "invoice {n} paid, elapsed={took}", 45),
    Step("orders", "order {n} completed in {took}", 4),
    Step("gateway", "POST /orders 201 {took}", 1),
)
_FIND = (
    Step("gateway", "route GET /search to search, request {req}", 1),
    Step("search", "query [{id}] matched {n} documents, took {took}", 18),
    Step("gateway", "GET /search 200 {took}", 1),
)
_LOGIN = (
    Step("gateway", "route POST /login to accounts, request {req}", 1),
    Step("accounts", "password of user {n} verified in {took}", 30),
    Step("accounts", "token issued for user {n}", 2),
    Step("gateway", "POST /login 200 {took}", 1),
)

SPRING = System(
    "spring",
    _style,
    (_ORDER, _FIND, _LOGIN),
    (
        Chatter("gateway", "rate limit of client {ip} reached", 0.06, "WARN", BURSTS),
        Chatter(
            "orders", "HikariPool-1 - Pool stats (total={k}, active={k}, idle={k}, waiting=0)", 0.1, "DEBUG", TIMER
        ),
        Chatter("stock", "cache refreshed, {n} entries", 0.05, rhythm=TIMER),
        Chatter("search", "segment merge finished in {took}", 0.04),
        Chatter("billing", "payment provider answered slowly: {n} ms", 0.03, "WARN"),
        Chatter("accounts", "login of user {n} failed: bad credentials", 0.08, "WARN"),
        Chatter("orders", "could not send push message to user {n}", 0.02, "ERROR", BURSTS),
        Chatter("search", "health endpoint called", 0.2, rhythm=TIMER),
    ),
    {
        "orders": (
            Failure(
                "HikariPool-1 - Connection is not available, request timed out after 30000ms.",
                "500 Internal Server Error for POST /orders",
            ),
            Failure(
                "Deadlock found when trying to get lock; try restarting transaction",
                "upstream orders answered 503",
            ),
        ),
        "stock": (
            Failure(
                "could not extract ResultSet; nested exception is o.h.e.LockAcquisitionException",
                "reservation of order {n} failed: 500",
            ),
            Failure("java.net.UnknownHostException: stock-db.internal", "stock answered 500 for order {n}"),
        ),
        "billing": (
            Failure(
                "PKIX path validation failed: java.security.cert.CertPathValidatorException: validity check failed",
                "payment of order {n} failed",
            ),
            Failure("Read timed out after 5000ms calling provider", "FeignException: 504 during [POST] to [{root}]"),
        ),
        "accounts": (
            Failure("Redis connection refused: token-cache:6379", "401 for request {req}: token cannot be checked"),
        ),
        "search": (Failure("java.lang.OutOfMemoryError: Java heap space", "GET /search 500 {took}"),),
    },
    {
        "orders": (Failure("HikariPool-1 - Thread starvation or clock leap detected ({n}ms)", level="WARN"),),
        "search": (Failure("GC pause (G1 Evacuation) {n}ms, heap {n}M of {n}M", level="WARN"),),
        "billing": (Failure("circuit breaker 'provider' is half open", level="WARN"),),
        "stock": (Failure("slow query: select * from stock where sku in (?) took {n} ms", level="WARN"),),
    },
    (
        "Starting application with PID {n}",
        "No active profile set, falling back to default",
        "Tomcat started on port(s): 8080 (http)",
        "Started application in {k}.{n} seconds (JVM running for {k})",
    ),
    5.0,
    has_severity=False,
)
