"""The shop's services and all that they can say: about eighty templates.

Add a message here and log it in `journeys.py`, `leaks.py` or `background.py`. Texts are `str.format` templates whose
constant words are plain ASCII. Messages that only the fault brings are listed in FAULT_MESSAGES, and nowhere else used.
"""

from __future__ import annotations

import re
from typing import NamedTuple

DEBUG, INFO, WARN, ERROR, FATAL = 5, 9, 13, 17, 21
SEVERITY_TEXT = {DEBUG: "DEBUG", INFO: "INFO", WARN: "WARN", ERROR: "ERROR", FATAL: "FATAL"}


class Service(NamedTuple):
    """One of the shop's programs; it runs in a namespace of its own for each tenant."""

    language: str  # OpenTelemetry's telemetry.sdk.language
    replicas: int
    version: str  # before any deployment in the window
    speaks_otlp: bool = False  # its lines come as OTLP/JSON through the collector, the others through the log router


SERVICES: dict[str, Service] = {
    "frontend": Service("nodejs", 3, "5.14.2"),
    "catalog": Service("python", 2, "3.8.0"),
    "cart": Service("dotnet", 2, "1.22.7"),
    "checkout": Service("go", 2, "4.3.1"),
    "payment": Service("java", 2, "2.8.4"),
    "account": Service("nodejs", 2, "2.1.9"),
    "inventory": Service("java", 2, "6.0.3", speaks_otlp=True),
    "shipping": Service("rust", 2, "0.19.5", speaks_otlp=True),
    "notification": Service("python", 1, "1.4.12", speaks_otlp=True),
}


class Message(NamedTuple):
    """One template: how bad it is and what it says."""

    severity: int
    text: str


_POOL = "HikariPool-1 - "
_TRACE = (
    "\n\tat com.example.payment.ledger.LedgerRepository.reserve(LedgerRepository.java:118)"
    "\n\tat com.example.payment.CaptureService.capture(CaptureService.java:74)"
    "\n\tat com.example.payment.PaymentController.post(PaymentController.java:41)"
)

MESSAGES: dict[str, Message] = {
    "frontend.completed": Message(INFO, "{method} {route} completed status={status} in {ms} ms"),
    "frontend.failed": Message(ERROR, "{method} {route} failed status={status} upstream={upstream}"),
    "frontend.slow": Message(WARN, "slow page render route={route} took {ms} ms"),
    "frontend.flag": Message(DEBUG, "feature flag {flag} evaluated to {value}"),
    "frontend.session": Message(INFO, "session {session} started"),
    "frontend.limit": Message(WARN, "rate limit reached route={route} limit={limit} per minute"),
    "frontend.authorization": Message(WARN, "upstream call rejected, header authorization: Bearer {secret}"),
    "catalog.listed": Message(INFO, "listed {count} products of category {category} page {page}"),
    "catalog.viewed": Message(INFO, "product {sku} viewed price_cents={cents}"),
    "catalog.hit": Message(DEBUG, "cache hit key=product:{sku} age={age}s"),
    "catalog.miss": Message(DEBUG, "cache miss key=product:{sku}, loading from database"),
    "catalog.slow": Message(WARN, "search took {ms} ms for {count} terms"),
    "catalog.timeout": Message(ERROR, "search backend timed out after {ms} ms index={index}"),
    "catalog.reloaded": Message(INFO, "price list reloaded entries={count} in {ms} ms"),
    "catalog.database": Message(WARN, "reconnecting to postgres://catalog:{secret}@db-{count}.internal:5432/catalog"),
    "cart.added": Message(INFO, "added {count} x {sku} to cart {cart}"),
    "cart.removed": Message(INFO, "removed {sku} from cart {cart}"),
    "cart.loaded": Message(INFO, "cart {cart} loaded items={count}"),
    "cart.expired": Message(WARN, "cart {cart} expired after {count} minutes"),
    "cart.redis": Message(ERROR, "redis command {command} failed: connection reset by peer 10.0.{net}.{host}:6379"),
    "cart.evicted": Message(INFO, "evicted {count} stale carts in {ms} ms"),
    "checkout.placing": Message(INFO, "placing order {order} items={count} currency={currency}"),
    "checkout.quote": Message(DEBUG, "shipping quote received order={order} cents={cents}"),
    "checkout.placed": Message(INFO, "order {order} placed total_cents={cents} in {ms} ms"),
    "checkout.rejected": Message(WARN, "order {order} rejected reason={reason}"),
    "checkout.failed": Message(ERROR, "order {order} failed step={step} status={status}"),
    "checkout.queue": Message(INFO, "order queue depth={count} oldest={age}s"),
    "checkout.retry": Message(WARN, "retrying payment call order={order} attempt={attempt} after status=503"),
    "checkout.gave_up": Message(ERROR, "payment unavailable, gave up order={order} after {attempt} attempts"),
    "payment.authorizing": Message(INFO, "authorizing payment order={order} amount_cents={cents} scheme={scheme}"),
    "payment.captured": Message(INFO, "payment captured order={order} amount_cents={cents} provider={provider}"),
    "payment.declined": Message(WARN, "payment declined order={order} reason={reason}"),
    "payment.fraud": Message(DEBUG, "fraud score computed order={order} score={count}"),
    "payment.slow": Message(WARN, "provider {provider} responded slowly in {ms} ms"),
    "payment.provider": Message(ERROR, "provider {provider} returned status={status} for order {order}"),
    "payment.refund": Message(INFO, "refund issued order={order} amount_cents={cents}"),
    "payment.settled": Message(INFO, "settlement batch {batch} closed transactions={count}"),
    "payment.pool": Message(DEBUG, _POOL + "Pool stats (total=20, active={active}, idle={idle}, waiting={waiting})"),
    "payment.card": Message(WARN, "card {secret} rejected by provider {provider} code={count}"),
    "payment.leak": Message(
        WARN, _POOL + "Connection leak detection triggered for org.postgresql.jdbc.PgConnection@{id} on thread {thread}"
    ),
    "payment.exhausted": Message(
        ERROR,
        _POOL + "Connection is not available, request timed out after {ms}ms "
        "(total=20, active=20, idle=0, waiting={waiting})",
    ),
    "payment.jdbc": Message(ERROR, "could not open JDBC connection for transaction order={order}" + _TRACE),
    "account.login": Message(INFO, "login succeeded user={user} method={how}"),
    "account.refused": Message(WARN, "login failed user={user} reason={reason}"),
    "account.profile": Message(INFO, "profile updated user={user} fields={count}"),
    "account.refreshed": Message(INFO, "token refreshed session={session} ttl={count}s"),
    "account.locked": Message(WARN, "account {user} locked after {count} failed attempts"),
    "account.reset": Message(INFO, "password reset link sent to {secret}"),
    "account.phone": Message(INFO, "phone number changed to {secret} for user {user}"),
    "inventory.reserved": Message(INFO, "reserved {count} units of {sku} in warehouse {warehouse}"),
    "inventory.released": Message(INFO, "released reservation of order {order} reason={reason}"),
    "inventory.low": Message(WARN, "stock low for {sku} remaining={count}"),
    "inventory.conflict": Message(ERROR, "reservation conflict on {sku} version={count} expected={expected}"),
    "inventory.synced": Message(INFO, "stock sync finished warehouse={warehouse} rows={count} in {ms} ms"),
    "shipping.created": Message(INFO, "shipment {shipment} created carrier={carrier} parcels={count}"),
    "shipping.quoted": Message(INFO, "rate quoted carrier={carrier} cents={cents}"),
    "shipping.label": Message(INFO, "label printed shipment={shipment} bytes={count}"),
    "shipping.slow": Message(WARN, "carrier {carrier} answered slowly in {ms} ms"),
    "shipping.carrier": Message(ERROR, "carrier {carrier} API error status={status} request_id={id}"),
    "notification.queued": Message(INFO, "order confirmation queued order={order} channel={channel}"),
    "notification.mail": Message(INFO, "order confirmation sent to {secret} in {ms} ms"),
    "notification.sms": Message(INFO, "sms sent to {secret} segments={count}"),
    "notification.bounced": Message(WARN, "mail bounced message={id} code={count}"),
    "notification.digest": Message(INFO, "digest batch {batch} delivered recipients={count} in {ms} ms"),
    "any.deployed": Message(INFO, "deployment finished version={version} previous={previous} revision={id}"),
    "any.starting": Message(INFO, "starting version={version} pid={count}"),
    "any.stopping": Message(INFO, "shutting down gracefully in_flight={count}"),
    "any.configured": Message(INFO, "configuration loaded keys={count} profile=production"),
    "any.memory": Message(DEBUG, "heap after collection {count} MB of 512 MB pause={ms} ms"),
    "any.health": Message(DEBUG, "health check passed in {ms} ms"),
}

# Text logs of the nodes: the name before the dot is the program, and so the service.
NODE_MESSAGES: dict[str, Message] = {
    "kubelet.probe": Message(
        WARN, 'Readiness probe failed pod="{pod}" output="HTTP probe failed with statuscode: 503"'
    ),
    "kubelet.synced": Message(INFO, "SyncLoop (PLEG): event for pod {pod} type=ContainerStarted"),
    "kubelet.pulled": Message(INFO, "Successfully pulled image registry.internal/shop/{service}:{version} in {ms}ms"),
    "kubelet.disk": Message(WARN, "image filesystem usage {count}% exceeds threshold of 80%"),
    "containerd.start": Message(INFO, "StartContainer for {id} returns successfully"),
    "containerd.shim": Message(ERROR, "shim disconnected id={id} namespace=k8s.io"),
    "kernel.throttled": Message(WARN, "CPU{count}: Core temperature above threshold, cpu clock throttled"),
    "sshd.closed": Message(INFO, "Connection closed by 10.20.{net}.{host} port {port} [preauth]"),
    "chronyd.source": Message(INFO, "Selected source 169.254.169.123"),
    "systemd.slice": Message(INFO, "Started session-{count}.scope - Session {count} of user core."),
}

FAULT_MESSAGES = ("payment.leak", "payment.exhausted", "payment.jdbc", "checkout.retry", "checkout.gave_up")
STOPPED_MESSAGE = "payment.captured"

_SLOT = re.compile(r"\{[a-z]+\}")


def template_text(text: str) -> str:
    """A message's text with `<*>` for what varies."""
    return _SLOT.sub("<*>", text)


def constant_text(text: str) -> str:
    """The longest run of a message's first line that never varies."""
    return max(_SLOT.split(text.partition("\n")[0]), key=len).strip()
