"""A shop of small services in several languages: structured words, severities, traces."""

from __future__ import annotations

from random import Random

from bench.systems.model import BURSTS, TIMER, Chatter, Failure, Step, System


def _style(_moment: float, _service: str, _level: str, text: str, _dice: Random) -> str:
    return text


_HOME = (
    Step("frontend", "request started path=/ session={id}", 1),
    Step("currency", "Getting supported currencies...", 3),
    Step("catalog", "ListProducts served {k} products", 6),
    Step("cart", "GetCartAsync called with userId={id}", 4),
    Step("ads", "received ad request (context_words=[{k}])", 5),
    Step("frontend", "request complete status=200 took={took}", 3),
)
_PRODUCT = (
    Step("frontend", "request started path=/product/{id} session={id}", 1),
    Step("catalog", "GetProduct id={id} found", 5),
    Step("recommendation", "[Recv ListRecommendations] product_ids=[{id}, {id}]", 7),
    Step("catalog", "ListProducts served {k} products", 6),
    Step("currency", "conversion request successful", 2),
    Step("frontend", "request complete status=200 took={took}", 3),
)
_CHECKOUT = (
    Step("frontend", "placing order session={id}", 2),
    Step("checkout", "[PlaceOrder] user_id={id} user_currency=USD", 4),
    Step("cart", "GetCartAsync called with userId={id}", 4),
    Step("catalog", "GetProduct id={id} found", 5),
    Step("currency", "conversion request successful", 2),
    Step("shipping", "[GetQuote] completed request for {k} items", 5),
    Step("payment", "PaymentService#Charge invoked with request {id}", 6),
    Step("payment", "Transaction processed: visa ending {n} Amount: USD{n}", 20),
    Step("checkout", "payment went through (transaction_id: {id})", 3),
    Step("shipping", "[ShipOrder] completed request", 6),
    Step("cart", "EmptyCartAsync called with userId={id}", 4),
    Step("email", "A request to send order confirmation email to {id} has been received", 8),
    Step("checkout", "order confirmation email sent to {id}", 4),
    Step("frontend", "order placed id={id} took={took}", 3),
)

BOUTIQUE = System(
    "boutique",
    _style,
    (_HOME, _PRODUCT, _CHECKOUT),
    (
        Chatter("ads", "GC pause {took} young generation", 0.05),
        Chatter("cart", "redis ping ok", 0.1, rhythm=TIMER),
        Chatter("recommendation", "health check serving", 0.2, rhythm=TIMER),
        Chatter("frontend", "session {id} expired, a new one is made", 0.04, "WARN"),
        Chatter("currency", "deprecated field rates_v1 is asked for", 0.03, "WARN", BURSTS),
        Chatter("email", "template cache miss for locale {k}", 0.02),
        Chatter("payment", "card type {k} rejected, invalid number", 0.015, "ERROR"),
    ),
    {
        "cart": (
            Failure(
                "Can't access cart storage. StackExchange.Redis.RedisTimeoutException: Timeout performing HGET",
                "failed to get user cart: rpc error: code = FailedPrecondition",
            ),
            Failure(
                "Unhandled exception. System.OutOfMemoryException: thrown in GetCartAsync",
                "could not retrieve cart: rpc error: code = Unavailable desc = {root} closed the stream",
            ),
        ),
        "payment": (
            Failure("TypeError: Cannot read property 'number' of undefined at charge.js:{n}", "failed to charge card"),
            Failure(
                "certificate of gateway api.pay.example has expired",
                "could not charge the card: rpc error: code = Internal",
            ),
        ),
        "catalog": (
            Failure("no product with ID {id}", "failed to get product #{id}: rpc error: code = NotFound"),
            Failure("failed to parse the catalog JSON: unexpected end of input", "could not retrieve products"),
        ),
        "currency": (
            Failure("conversion request failed: Error: lookup ENOTFOUND rates", "failed to convert currency {root}"),
        ),
        "shipping": (Failure("panic: runtime error: index out of range [{k}]", "shipping quote failure"),),
    },
    {
        "recommendation": (Failure("memory usage {n} MiB above soft limit", level="WARN"),),
        "ads": (Failure("GC overhead: {k} full collections in a row", level="WARN"),),
        "cart": (Failure("thread pool starved: {n} work items queued", level="WARN"),),
        "checkout": (Failure("retry {k} of call to email: deadline of 500ms passed", level="WARN"),),
    },
    ("starting server on port {n}", "profiler disabled", "tracing enabled", "listening for connections"),
    4.0,
    is_traced=True,
)
