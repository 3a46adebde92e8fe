"""The guard in front of Dagster's web server, which has no login and no defence against other web pages.

Unguarded, any page that a browser shows can launch a run: by `GET /graphql?query=mutation{…}`, by a form post of
text/plain, by `POST /report_asset_…`, by a name that is rebound to 127.0.0.1, or over a WebSocket (each measured on
1.13). Here a request passes only if it asks for a host that is ours, comes from no page or from a page of ours, and,
where it can change something, is a JSON post, which a browser does not send across origins without asking first.

What belongs here: rules that need nothing but the request's head. Who may do what is for an authenticating proxy.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_BODY_BYTES = 16 * 1024**2  # of a post; the largest of the UI's own, a launch with its configuration, is far below

# Added to Dagster's own policy, which names scripts and styles only. Policies intersect: this one takes, never gives.
_POLICY = (
    "base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; img-src 'self' data: blob:; "
    "font-src 'self' data:; media-src 'self'; manifest-src 'self'; worker-src 'self' blob:; "
    "connect-src 'self' ws://{host} wss://{host}"
)
_HEADERS = {
    b"x-frame-options": b"DENY",
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"no-referrer",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
}
_DEFAULT_PORTS = {"http": 80, "https": 443}


class Refused(Exception):
    """A request that does not pass, and why; the reason holds nothing of the request's own text."""


class Guard:
    """ASGI middleware: refuses with 403 and a JSON reason, and puts security headers on every answer."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: Collection[str] = ()) -> None:
        """`allowed_hosts` are names without port, beside the loopback names, as a browser's address bar shows them."""
        self._app = app
        self._hosts = LOOPBACK_NAMES | {host.lower().strip("[]") for host in allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        host = ""
        try:
            host = self._check(scope)
        except Refused as refused:
            await _refuse(scope, send, str(refused))
            return
        await self._app(scope, receive, _secured(send, host) if scope["type"] == "http" else send)

    def _check(self, scope: Scope) -> str:
        """The host and port that were asked for, written anew, or Refused."""
        heads = _Heads(scope["headers"])
        name, port = _host_and_port(heads.single("host"))
        host = (f"[{name}]" if ":" in name else name) + (f":{port}" if port else "")
        if name not in self._hosts:
            raise Refused(
                "the Host header names a host that is not served here; "
                "use 127.0.0.1 or localhost, or start with that name as an allowed host"
            )
        own_page = _from_own_page(heads, name, port)
        if scope["type"] == "websocket":
            if not own_page:
                raise Refused("a WebSocket needs an Origin header that names this server")
            if scope["path"] != "/graphql":
                raise Refused("a WebSocket is served at /graphql only")
            return host
        if scope["type"] != "http":
            raise Refused("only HTTP and WebSocket are served")
        _check_method(scope["method"], scope["path"], heads)
        return host


class _Heads:
    """The headers of a request; one that decides something must not come twice."""

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        self._pairs = list(pairs)

    def optional(self, name: str) -> str | None:
        values = [value for key, value in self._pairs if key.lower() == name.encode()]
        if len(values) > 1:
            raise Refused(f"the {name} header comes more than once")
        try:
            return values[0].decode("ascii").strip() if values else None
        except UnicodeDecodeError:
            raise Refused(f"the {name} header is not ASCII") from None

    def single(self, name: str) -> str:
        value = self.optional(name)
        if not value:
            raise Refused(f"the {name} header is missing")
        return value


def _check_method(method: str, path: str, heads: _Heads) -> None:
    writes = path == "/graphql" or path.startswith("/report_asset_")
    if method in ("GET", "HEAD"):
        # Every spelling that some layer may take for the endpoint, not only the one that Dagster routes today.
        if path.strip("/").lower() == "graphql" or path.startswith("/report_asset_"):
            raise Refused("this path takes POST with Content-Type application/json only, so that no link can run it")
        return
    if method != "POST":
        raise Refused("only GET, HEAD and POST are served")
    if not writes:
        raise Refused("POST is served at /graphql and /report_asset_… only")
    # Not a substring test: "text/plain; application/json" needs no preflight, and Dagster takes it for JSON.
    if heads.single("content-type").partition(";")[0].strip().lower() != "application/json":
        raise Refused("POST needs Content-Type application/json")
    if heads.optional("content-encoding") not in (None, "identity"):
        raise Refused("a compressed body is not served")
    length = heads.single("content-length")
    if not length.isdecimal() or int(length) > MAX_BODY_BYTES:
        raise Refused(f"a body may have at most {MAX_BODY_BYTES} bytes")


def _from_own_page(heads: _Heads, name: str, port: int | None) -> bool:
    """True if a page of this server asks, False if no page says that it does; Refused if another page does."""
    origin = heads.optional("origin")
    site = heads.optional("sec-fetch-site")
    if origin is None:
        return False
    if origin == "null" and site == "same-origin":
        # Under `Referrer-Policy: no-referrer` some browsers send this for our own pages; no page can forge the second.
        return True
    parts = _split(origin)
    if parts is None or parts[1] != name:
        raise Refused("the Origin header names another site")
    scheme, _, origin_port = parts
    default = _DEFAULT_PORTS[scheme]
    if (origin_port or default) != (port or default):
        raise Refused("the Origin header names another port of this host")
    return True


def _split(origin: str) -> tuple[str, str, int | None] | None:
    """(scheme, name, port) of an http or https origin, else None."""
    try:
        url = urlsplit(origin)
        name, port = url.hostname, url.port
    except ValueError:
        return None
    if url.scheme not in _DEFAULT_PORTS or not name or url.path or url.query or url.fragment or "@" in url.netloc:
        return None
    return url.scheme, name, port


def _host_and_port(host: str) -> tuple[str, int | None]:
    parts = _split(f"http://{host}")
    if parts is None:
        raise Refused("the Host header is no host name")
    return parts[1], parts[2]


def _secured(send: Send, host: str) -> Send:
    async def send_secured(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(key, value) for key, value in message.get("headers", []) if key.lower() not in _HEADERS]
            policies = [_POLICY.format(host=host)]
            if _is_foreign_page(kept):
                policies.append("default-src 'none'; sandbox")
            kept += [(b"content-security-policy", policy.encode()) for policy in policies]
            message = {**message, "headers": [*kept, *_HEADERS.items()]}
        await send(message)

    return send_secured


def _is_foreign_page(headers: list[tuple[bytes, bytes]]) -> bool:
    """HTML that Dagster sends without a policy of its own: a rendered notebook or a stored file, never the UI."""
    named = {key.lower(): value for key, value in headers}
    return b"content-security-policy" not in named and named.get(b"content-type", b"").startswith(b"text/html")


async def _refuse(scope: Scope, send: Send, reason: str) -> None:
    body = json.dumps({"error": "forbidden", "reason": reason}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
        *_HEADERS.items(),
    ]
    kind = scope["type"]
    if kind == "websocket" and "websocket.http.response" not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})
        return
    kind = "websocket.http" if kind == "websocket" else "http"
    await send({"type": f"{kind}.response.start", "status": 403, "headers": headers})
    await send({"type": f"{kind}.response.body", "body": body})
