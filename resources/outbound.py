"""The one client for everything that is sent out by HTTP: webhooks, chat and ticket systems.

It speaks https to configured hosts alone. A name is resolved once, every address of it must be public, and the
connection goes to the address that was looked at: a name that answers differently a moment later changes nothing.
Redirects are not followed; size and time of an answer are capped. Whether to try again is the caller's to decide.
No message of an error holds a path, a header or a body: those hold secrets.
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Url, parse_url

from logsight_assets.errors import RefusedAddress, RefusedDelivery, TryLater, Unanswered

Resolve = Callable[[str, int], list[str]]  # host, port → addresses
_LARGEST = 1024**2  # bytes of an answer
_CHUNK = 64 * 1024
_LONGEST_WAIT = 24 * 3600.0  # seconds that a system can ask for
_DEFAULT_WAIT = 30.0  # where it asks to wait and does not say how long
_BUSY = {408, 425, 429}
# Addresses that carry an IPv4 address: mapped, NAT64, 6to4. What they lead to counts.
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    def json(self) -> Any:
        """The decoded body; Unanswered for what is no JSON, which some gateway wrote."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise Unanswered(f"status {self.status} with a body that is no JSON") from None


def resolved(host: str, port: int) -> list[str]:
    """Addresses of a name, as the machine's resolver says."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class Outbound:
    """Sends requests to `hosts`. `loopback_ports` opens plain http to 127.0.0.1, for tests; no setting does."""

    def __init__(
        self,
        hosts: Collection[str],
        *,
        resolve: Resolve = resolved,
        seconds: float = 15.0,
        largest: int = _LARGEST,
        loopback_ports: Collection[int] = (),
    ) -> None:
        self._hosts = frozenset(hosts)
        self._resolve = resolve
        self._seconds = seconds
        self._largest = largest
        self._loopback_ports = frozenset(loopback_ports)

    def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """A request that must succeed: RefusedDelivery with the status as code, TryLater, Unanswered otherwise."""
        answer = self.send(method, url, headers, body)
        host = parse_url(url).host
        if 200 <= answer.status < 300:
            return answer
        if answer.status in (429, 503) and (wait := _wait(answer, must=answer.status == 429)) is not None:
            raise TryLater(f"{host} asks to wait for {wait:.0f} s", wait)
        if answer.status in _BUSY or answer.status >= 500:
            raise Unanswered(f"{host} answered with status {answer.status}")
        if 300 <= answer.status < 400:
            raise RefusedDelivery(f"{host} redirects, which is not followed; correct the address", str(answer.status))
        raise RefusedDelivery(f"{host} answered with status {answer.status}", str(answer.status))

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request and its answer, whatever its status. RefusedAddress, or Unanswered after that."""
        target = parse_url(url)
        connection = self._connection(target)
        given = {"Accept-Encoding": "identity", "User-Agent": "logsight", **headers}
        host = target.host
        try:
            with _ended_after(self._seconds, connection):
                connection.request(method, target.request_uri, body, given, preload_content=False)
                return self._read(connection, str(host))
        except (HTTPError, http.client.HTTPException, OSError, ValueError, AttributeError) as error:
            # ValueError and AttributeError too: a connection that is ended while it is read fails in any way.
            raise Unanswered(f"{host} gave no answer ({type(error).__name__})") from None
        finally:
            connection.close()

    def _read(self, connection: _Pinned, host: str) -> Answer:
        response = connection.getresponse()
        parts, size = [], 0
        for chunk in iter(lambda: response.read(_CHUNK, decode_content=False), b""):
            size += len(chunk)
            if size > self._largest:
                raise RefusedDelivery(f"{host} answered with more than {self._largest:,} bytes")
            parts.append(chunk)
        if connection.is_over:  # a shut connection looks like the end of a body that names no length
            raise Unanswered(f"{host} took longer than {self._seconds:g} s")
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status, headers, b"".join(parts))

    def _connection(self, target: Url) -> _Pinned:
        host = (target.host or "").strip("[]")
        if target.auth is not None or not host:
            raise RefusedAddress("outbound address: must name a host, and no account")
        if target.scheme == "http" and host == "127.0.0.1" and target.port in self._loopback_ports:
            return _PinnedHttp(host, target.port, timeout=self._seconds)
        if target.scheme != "https":
            raise RefusedAddress(f"outbound address at {host}: must begin with https://")
        if host not in self._hosts or target.port not in (None, 443):
            raise RefusedAddress(f"outbound address at {host}: is no host that the settings name")
        connection = _PinnedHttps(host, 443, timeout=self._seconds, ssl_context=ssl.create_default_context())
        connection.address = self._address(host)
        return connection

    def _address(self, host: str) -> str:
        """The address to connect to; RefusedAddress if any that the name has is not public."""
        try:
            found = self._resolve(host, 443)
        except OSError as error:
            raise Unanswered(f"{host} has no address ({type(error).__name__})") from None
        for address in found:
            if not is_public(address):
                raise RefusedAddress(f"outbound address at {host}: leads into a private network")
        if not found:
            raise Unanswered(f"{host} has no address")
        return found[0]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet: not private, link-local, of metadata, loopback, multicast."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


class _PinnedHttp(HTTPConnection):
    """Connects to `address`, whatever the host's name resolves to by now."""

    address = "127.0.0.1"
    wire: socket.socket | None = None
    is_over = False

    def _new_conn(self) -> socket.socket:
        made = socket.create_connection((self.address, self.port), self.timeout)
        # The same connection under a handle of its own, since TLS takes the first one over.
        self.wire = made.dup()
        return made

    def end(self) -> None:
        """End the connection now, from another thread."""
        self.is_over = True
        if self.wire is not None:
            with contextlib.suppress(OSError):
                self.wire.shutdown(socket.SHUT_RDWR)


class _PinnedHttps(_PinnedHttp, HTTPSConnection):
    """The same over TLS; the certificate must be the host's."""


_Pinned = _PinnedHttp


@contextlib.contextmanager
def _ended_after(seconds: float, connection: _Pinned) -> Iterator[None]:
    """A cap on the whole: a timeout of the socket alone would let a drop every few seconds go on for ever."""
    timer = threading.Timer(seconds, connection.end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if connection.wire is not None:
            connection.wire.close()


def _wait(answer: Answer, *, must: bool) -> float | None:
    """Seconds that an answer asks to wait; None if it does not."""
    asked = answer.headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdigit():
        return min(max(float(asked), 1.0), _LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(asked)
    except ValueError:
        return _DEFAULT_WAIT if must else None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 1.0), _LONGEST_WAIT)
