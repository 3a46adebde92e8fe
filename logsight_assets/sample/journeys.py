"""What a visitor does, as the lines that the services write about it: each journey is one trace."""

from __future__ import annotations

from logsight_assets.sample.customers import Customer
from logsight_assets.sample.dice import Weighted
from logsight_assets.sample.journal import Access, Journal, Span, http
from logsight_assets.sample.payment import pay

_CATEGORIES = ("boots", "jackets", "lamps", "chairs", "tents", "kettles", "rugs", "bikes")
_WAREHOUSES = ("ams-1", "dub-2", "fra-3", "waw-1")
_CARRIERS = ("northpost", "swiftline", "parcelo")
_AGENTS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0",
    "ShopApp/7.2 (Android 14)",
)
_NETWORKS = ("203.0.113", "198.51.100", "192.0.2")  # set aside for documentation


def sku(journal: Journal) -> str:
    """One of nine hundred products, some sold far more than others."""
    return f"SKU-{100 + journal.dice.below(30) * journal.dice.below(30):05d}"


def answer(
    journal: Journal, at: int, span: Span, method: str, route: str, target: str, status: int, took_us: int
) -> None:
    """The frontend's line about a request, and the edge's; `at` is when it came in."""
    dice = journal.dice
    end = at + took_us * 1000
    attributes = http(method, route, status, took_us)
    if status >= 500:
        upstream = "checkout" if route.endswith("checkout") else "catalog"
        attributes["peer.service"] = upstream
        journal.log(
            end, "frontend.failed", attributes, span, method=method, route=route, status=status, upstream=upstream
        )
    else:
        attributes["url.path"] = target
        journal.log(
            end, "frontend.completed", attributes, span, method=method, route=route, status=status, ms=took_us // 1000
        )
        if took_us > 2_500_000:
            journal.log(end, "frontend.slow", {"http.route": route}, span, route=route, ms=took_us // 1000)
    client = f"{dice.pick(_NETWORKS)}.{dice.between(1, 254)}"
    size = 180 + dice.below(400) if status >= 400 else 900 + dice.below(30_000)
    agent = dice.pick(_AGENTS)
    edge_us = took_us + 400 + dice.below(2500)
    journal.requests.append(
        Access(at + edge_us * 1000, journal.tenant, client, method, target, status, size, agent, edge_us, ())
    )


def browse(journal: Journal, at: int) -> None:
    """Look at a list, then perhaps at a product."""
    dice = journal.dice
    root = journal.trace()
    category = dice.pick(_CATEGORIES)
    if dice.chance(0.2):
        journal.log(at, "frontend.session", {}, root, session=dice.hexadecimal(16))
    if dice.chance(0.1):
        journal.log(at, "frontend.flag", {}, root, flag="new-gallery", value=("off", "on")[dice.below(2)])
    span = journal.span(root)
    took = dice.latency_us(14_000)
    if dice.chance(0.002):
        took = 3_000_000 + dice.below(400_000)
        attributes: dict[str, object] = {"duration_ms": took / 1000, "error.type": "timeout"}
        journal.log(at + took * 1000, "catalog.timeout", attributes, span, ms=took // 1000, index=f"{category}-v3")
        answer(journal, at, root, "GET", "/c/{category}", f"/c/{category}", 503, took + 4000)
        return
    page, count = dice.between(1, 9), dice.between(3, 24)
    attributes = {"duration_ms": took / 1000, "catalog.category": category}
    journal.log(at + took * 1000, "catalog.listed", attributes, span, count=count, category=category, page=page)
    if took > 110_000:
        journal.log(at + took * 1000, "catalog.slow", {}, span, ms=took // 1000, count=dice.between(1, 5))
    answer(journal, at, root, "GET", "/c/{category}", f"/c/{category}?page={page}", 200, took + dice.latency_us(6000))
    if dice.chance(0.4):
        view(journal, at + 4_000_000_000 + dice.below(20_000_000_000))


def view(journal: Journal, at: int) -> None:
    """Look at one product: from the cache most of the time."""
    dice = journal.dice
    root, item = journal.trace(), sku(journal)
    span = journal.span(root)
    hit = dice.chance(0.8)
    took = dice.latency_us(2500 if hit else 18_000)
    journal.log(
        at, "catalog.hit" if hit else "catalog.miss", {"product.sku": item}, span, sku=item, age=dice.below(300)
    )
    attributes: dict[str, object] = {"duration_ms": took / 1000, "product.sku": item}
    journal.log(at + took * 1000, "catalog.viewed", attributes, span, sku=item, cents=dice.between(5, 400) * 100 - 1)
    status = 404 if dice.chance(0.02) else 200
    answer(journal, at, root, "GET", "/p/{sku}", f"/p/{item}", status, took + dice.latency_us(5000))


def fill_cart(journal: Journal, at: int) -> None:
    """Put something into the cart, or take it out."""
    dice = journal.dice
    root, item, cart = journal.trace(), sku(journal), dice.hexadecimal(12)
    span = journal.span(root)
    took = dice.latency_us(4000)
    attributes: dict[str, object] = {"duration_ms": took / 1000, "product.sku": item}
    if dice.chance(0.003):
        net, host = dice.below(8), dice.between(2, 250)
        journal.log(at, "cart.redis", {"error.type": "ConnectionReset"}, span, command="HSET", net=net, host=host)
    if dice.chance(0.85):
        journal.log(at + took * 1000, "cart.added", attributes, span, count=dice.between(1, 3), sku=item, cart=cart)
    else:
        journal.log(at + took * 1000, "cart.removed", attributes, span, sku=item, cart=cart)
    answer(journal, at, root, "POST", "/api/cart", "/api/cart", 200, took + dice.latency_us(5000))


def sign_in(journal: Journal, at: int) -> None:
    """Log in; one in nine fails."""
    dice = journal.dice
    root, person = journal.trace(), dice.pick(journal.people)
    span = journal.span(root)
    took = dice.latency_us(45_000)
    attributes: dict[str, object] = {"duration_ms": took / 1000, "user.id": person.user}
    end, status = at + took * 1000, 200
    if dice.chance(0.11):
        status = 401
        reason = dice.pick(("bad_password", "bad_password", "unknown_device", "expired"))
        journal.log(end, "account.refused", attributes, span, user=person.user, reason=reason)
        if dice.chance(0.05):
            journal.log(end, "account.locked", {"user.id": person.user}, span, user=person.user, count=5)
    else:
        journal.log(end, "account.login", attributes, span, user=person.user, how=dice.pick(("password", "passkey")))
        if dice.chance(0.1):
            journal.log(
                end, "account.profile", {"user.id": person.user}, span, user=person.user, count=dice.between(1, 4)
            )
    answer(journal, at, root, "POST", "/api/login", "/api/login", status, took + dice.latency_us(4000))


def check_out(journal: Journal, at: int) -> None:
    """Buy: cart, stock, payment, shipment and confirmation, all in one trace."""
    dice = journal.dice
    root, person, order = journal.trace(), dice.pick(journal.people), f"o-{dice.hexadecimal(10)}"
    span, cents, items = journal.span(root), dice.between(9, 900) * 100 - 1, dice.between(1, 3)
    now = at + dice.latency_us(3000) * 1000
    attributes: dict[str, object] = {"order.id": order, "user.id": person.user}
    journal.log(now, "checkout.placing", attributes, span, order=order, count=items, currency="EUR")
    now += dice.latency_us(3000) * 1000
    cart = journal.span(span)
    journal.log(now, "cart.loaded", {"order.id": order}, cart, cart=dice.hexadecimal(12), count=items)
    now = _reserve(journal, now, journal.span(span), order, items)
    now, outcome = pay(journal, now, span, order, cents)
    took = (now - at) // 1000
    if outcome == "paid":
        now = _ship(journal, now, span, order, person)
        took = (now - at) // 1000
        ended = http("POST", "/checkout", 200, took) | {"order.id": order}
        journal.log(now, "checkout.placed", ended, span, order=order, cents=cents, ms=took // 1000)
        status = 200
    elif outcome == "declined":
        ended = http("POST", "/checkout", 402, took) | {"order.id": order}
        journal.log(now, "checkout.rejected", ended, span, order=order, reason="payment_declined")
        status = 402
    else:
        ended = http("POST", "/checkout", 502, took) | {"order.id": order, "peer.service": "payment"}
        journal.log(now, "checkout.failed", ended, span, order=order, step="payment", status=502)
        released = now + dice.latency_us(4000) * 1000
        journal.log(released, "inventory.released", {"order.id": order}, span, order=order, reason="payment_failed")
        status = 502
    answer(journal, at, root, "POST", "/api/checkout", "/api/checkout", status, took + dice.latency_us(4000))


def _reserve(journal: Journal, now: int, span: Span, order: str, items: int) -> int:
    dice = journal.dice
    for _ in range(items):
        took, item = dice.latency_us(6000), sku(journal)
        now += took * 1000
        attributes: dict[str, object] = {"order.id": order, "product.sku": item, "duration_ms": took / 1000}
        warehouse = dice.pick(_WAREHOUSES)
        journal.log(now, "inventory.reserved", attributes, span, count=1, sku=item, warehouse=warehouse)
        if dice.chance(0.04):
            journal.log(now, "inventory.low", {"product.sku": item}, span, sku=item, count=dice.below(6))
        if dice.chance(0.004):
            version = dice.between(3, 90)
            journal.log(now, "inventory.conflict", {}, span, sku=item, count=version, expected=version + 1)
    return now


def _ship(journal: Journal, now: int, span: Span, order: str, person: Customer) -> int:
    dice = journal.dice
    child, carrier, shipment = journal.span(span), dice.pick(_CARRIERS), f"s-{dice.hexadecimal(9)}"
    took = dice.latency_us(25_000)
    now += took * 1000
    attributes: dict[str, object] = {"order.id": order, "shipping.carrier": carrier, "duration_ms": took / 1000}
    journal.log(now, "shipping.quoted", attributes, child, carrier=carrier, cents=dice.between(4, 15) * 100 - 10)
    journal.log(now, "checkout.quote", {"order.id": order}, span, order=order, cents=dice.between(4, 15) * 100 - 10)
    if took > 150_000:
        journal.log(now, "shipping.slow", {}, child, carrier=carrier, ms=took // 1000)
    if dice.chance(0.01):
        journal.log(now, "shipping.carrier", {}, child, carrier=carrier, status=503, id=dice.hexadecimal(12))
    now += dice.latency_us(5000) * 1000
    journal.log(now, "shipping.created", {"order.id": order}, child, shipment=shipment, carrier=carrier, count=1)
    if dice.chance(0.3):
        journal.log(now, "shipping.label", {}, child, shipment=shipment, count=dice.between(9000, 30_000))
    queued: dict[str, object] = {"order.id": order, "user.id": person.user}
    channel = dice.pick(("mail", "mail", "push"))
    journal.log(now, "notification.queued", queued, journal.span(span), order=order, channel=channel)
    return now


JOURNEYS = Weighted((browse, 52), (fill_cart, 20), (sign_in, 12), (check_out, 16))
