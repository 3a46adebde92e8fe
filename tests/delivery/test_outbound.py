"""The outbound client: what it refuses before a byte is sent, and what it makes of answers. Against a local server."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.errors import ConfigurationError, RefusedAddress, RefusedDelivery, TryLater, Unanswered
from resources.outbound import Outbound, is_public
from resources.secret_references import secret
from tests.delivery.servers import DROPPED, LOST, App, LocalServer, Receiver, Reply, Request, serving


def never(host: str, port: int) -> list[str]:
    raise AssertionError(f"{host} was looked up")


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "0.0.0.0",
        "100.64.0.1",
        "169.254.169.254",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "::ffff:10.0.0.1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "2001:0:a00:1::1",
        "ff02::1",
        "no address",
    ],
)
def test_a_name_that_leads_into_a_private_network_is_refused(address: str) -> None:
    assert not is_public(address)
    outbound = Outbound(["hooks.example.org"], resolve=lambda _host, _port: ["93.184.216.34", address])
    with pytest.raises(RefusedAddress, match="private network"):
        outbound.send("POST", "https://hooks.example.org/secret-path", {})


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:2800:220:1::1", "::ffff:93.184.216.34", "64:ff9b::5db8:d822"]
)
def test_a_public_address_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://other.example.org/",
        "https://hooks.example.org:8443/",
        "https://hooks.example.org.evil.example/",
        "https://hooks.example.org@evil.example/",
        "https://user:word@hooks.example.org/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "http://127.0.0.1:1/",
        "ftp://hooks.example.org/",
        "file:///etc/passwd",
        "https:///x",
    ],
)
def test_what_is_no_https_address_of_a_configured_host_is_refused_before_it_is_looked_up(url: str) -> None:
    with pytest.raises(RefusedAddress) as refused:
        Outbound(["hooks.example.org"], resolve=never).send("POST", url, {})
    assert "word" not in str(refused.value)


def test_the_connection_goes_to_the_address_that_was_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that answers otherwise a moment later changes nothing: it is not asked again."""
    asked, connected = [], []

    def once(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["93.184.216.34"] if len(asked) == 1 else ["127.0.0.1"]

    def connect(address: tuple[str, int], *_args: object, **_more: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unanswered):
        Outbound(["hooks.example.org"], resolve=once).send("POST", "https://hooks.example.org/", {})
    assert (asked, connected) == (["hooks.example.org"], [("93.184.216.34", 443)])


CERTIFICATE = Path(__file__).with_name("hooks.example.org.pem")  # and its key; for 100 years


@pytest.mark.parametrize(("host", "is_right"), [("hooks.example.org", True), ("other.example.org", False)])
def test_the_certificate_must_be_of_the_name_whatever_the_address(
    host: str, is_right: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over real TLS; the local server stands for a public address."""
    inner, asked = socket.create_connection, []
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    with serving(Receiver()) as server:
        server.secure(CERTIFICATE)

        def connect(address: tuple[str, int], timeout: float) -> socket.socket:
            asked.append(address)
            return inner(("127.0.0.1", server.port), timeout)

        monkeypatch.setattr(socket, "create_connection", connect)
        monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
        outbound = Outbound([host], resolve=lambda _host, _port: ["93.184.216.34"])
        if is_right:
            assert outbound.call("POST", f"https://{host}/x?y=1", {}, b"body").body == b"ok"
            assert (server.requests[0].headers["host"], server.requests[0].body) == (host, b"body")
        else:
            with pytest.raises(Unanswered, match=r"SSLError|CertificateError|SSLCertVerificationError"):
                outbound.call("POST", f"https://{host}/", {})
            assert server.requests == []
    assert asked == [("93.184.216.34", 443)]


@contextmanager
def local(app: App | None = None, **more: Any) -> Iterator[tuple[LocalServer, Outbound]]:
    with serving(app or Receiver()) as server:
        yield server, Outbound([], loopback_ports=[server.port], resolve=never, **more)


def test_a_redirect_is_not_followed() -> None:
    with local() as (server, outbound):
        server.faults.append(Reply(302, headers={"Location": "http://127.0.0.1/inside"}))
        with pytest.raises(RefusedDelivery, match="redirects"):
            outbound.call("POST", f"{server.site}/x", {})
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("reply", "error", "seconds"),
    [
        (Reply(429, headers={"Retry-After": "17"}), TryLater, 17),
        (Reply(429), TryLater, 30),
        (Reply(429, headers={"Retry-After": "soon"}), TryLater, 30),
        (Reply(429, headers={"Retry-After": "99999999"}), TryLater, 24 * 3600),
        (Reply(503, headers={"Retry-After": "5"}), TryLater, 5),
        (Reply(503), Unanswered, None),
        (Reply(500), Unanswered, None),
        (Reply(408), Unanswered, None),
        (Reply(400), RefusedDelivery, None),
        (Reply(401), RefusedDelivery, None),
        (Reply(404), RefusedDelivery, None),
    ],
)
def test_an_answer_says_whether_trying_again_helps_and_when(
    reply: Reply, error: type[Exception], seconds: float | None
) -> None:
    with local() as (server, outbound):
        server.faults.append(reply)
        with pytest.raises(error) as raised:
            outbound.call("POST", f"{server.site}/secret-path", {"Authorization": "secret"}, b"secret")
    assert type(raised.value) is error
    assert getattr(raised.value, "seconds", None) == seconds
    assert "secret" not in str(raised.value)


def test_a_time_to_wait_may_be_a_date() -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    with local() as (server, outbound):
        server.faults.append(Reply(429, headers={"Retry-After": moment}))
        with pytest.raises(TryLater) as raised:
            outbound.call("POST", f"{server.site}/", {})
    assert 3000 < raised.value.seconds <= 3600


@pytest.mark.parametrize("fault", [LOST, DROPPED])
def test_no_answer_is_told_as_such(fault: str) -> None:
    with local() as (server, outbound):
        server.faults.append(fault)
        with pytest.raises(Unanswered):
            outbound.call("POST", f"{server.site}/", {})


def test_an_answer_that_is_too_large_is_refused() -> None:
    def large(_: Request) -> Reply:
        return Reply(body=b"x" * 5000)

    with local(large, largest=4999) as (server, outbound), pytest.raises(RefusedDelivery, match="more than"):
        outbound.call("GET", f"{server.site}/", {})


@pytest.mark.parametrize(
    "drip",
    [b"HTTP/1.1 200 OK\r\nX-", b"HTTP/1.1 200 OK\r\n\r\n", b""],
    ids=["in_a_header", "in_a_body_of_no_length", "before_anything"],
)
def test_an_answer_that_never_ends_is_ended(drip: bytes) -> None:
    """A byte now and then keeps every timeout of a socket from running out."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(drip)
                try:
                    while not ended.wait(0.02):
                        connection.sendall(b"a" if drip else b"")
                except OSError:
                    pass

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        try:
            with pytest.raises(Unanswered):
                Outbound([], loopback_ports=[port], seconds=0.3).send("GET", f"http://127.0.0.1:{port}/", {})
        finally:
            ended.set()
            thread.join()


def test_secrets_are_read_from_where_they_are_and_never_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_TOKEN", " xoxb-1\n")
    file = tmp_path / "token"
    file.write_text("s3cret\n")
    assert (secret("env:SLACK_TOKEN"), secret(f"file:{file}")) == ("xoxb-1", "s3cret")
    for missing in ("env:NOT_THERE", f"file:{file}.not"):
        with pytest.raises(ConfigurationError, match="secret"):
            secret(missing)
