"""Ports that are served: bound before anything starts, so that a busy one costs a sentence, not half a server."""

from __future__ import annotations

import errno
import ipaddress
import socket

from logsight_assets.errors import ConfigurationError

_SETTING = "serve.dagster_port (LOGSIGHT_SERVE_DAGSTER_PORT)"


def bound(host: str, port: int, setting: str = _SETTING) -> socket.socket:
    """A listening socket on a loopback address; ConfigurationError, one sentence, names the port and the remedy."""
    address = loopback_address(host)
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((str(address), port))
        # Connections wait here until the server is ready, instead of being refused.
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise ConfigurationError(_refusal(error, host, port, setting)) from None
    return listening


def loopback_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The loopback address that `serve.host` names; ConfigurationError for any other: the UI has no login."""
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host.strip("[]"))
    except ValueError:
        address = None
    if address is None or not address.is_loopback:
        raise ConfigurationError(
            f"serve.host {host!r} (LOGSIGHT_SERVE_HOST) is no loopback address: the Dagster UI has no login, so use "
            "127.0.0.1 and put an authenticating proxy on this machine in front of it"
        )
    return address


def url_of(listening: socket.socket, host: str) -> str:
    """What to type into a browser, without a trailing slash."""
    port = listening.getsockname()[1]
    return f"http://[{host.strip('[]')}]:{port}" if ":" in host else f"http://{host}:{port}"


def _refusal(error: OSError, host: str, port: int, setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} on {host} is in use by another program: end that program (`lsof -i :{port}` shows it) "
            f"or set {setting} to a free port; 0 picks one"
        )
    if error.errno == errno.EACCES:
        return f"port {port} on {host} may not be bound by this user: set {setting} to a port above 1023"
    return f"port {port} on {host} cannot be bound ({error.strerror}): set {setting} or serve.host"
