"""Whether a server answers: conditions that are polled, never slept for."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any

_QUERY = """{ workspaceOrError { __typename ... on Workspace { locationEntries {
  name loadStatus locationOrLoadError { __typename ... on PythonError { className } } } } } }"""


def answers(path: Path) -> bool:
    """Whether somebody listens on a socket file. Dagster's code server does only when the code has been loaded."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(1)
        try:
            client.connect(str(path))
        except OSError:
            return False
    return True


def web_server_state(listening: socket.socket) -> str | None:
    """None until the web server answers with all locations; then "" or what kept one from loading."""
    host, port = listening.getsockname()[:2]
    # Not longer than a person waits for Ctrl-C: until the server runs, a connection waits in the socket's queue.
    connection = http.client.HTTPConnection(host, port, timeout=1)
    try:
        body = json.dumps({"query": _QUERY})
        name = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        connection.request("POST", "/graphql", body, {"Content-Type": "application/json", "Host": name})
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            return None
        return _state(json.loads(answer.read()))
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()


def _state(answer: dict[str, Any]) -> str | None:
    workspace = answer["data"]["workspaceOrError"]
    if workspace["__typename"] != "Workspace":
        return str(workspace["__typename"])
    entries = workspace["locationEntries"]
    if not entries or any(entry["loadStatus"] != "LOADED" for entry in entries):
        return None
    errors = [entry["locationOrLoadError"] for entry in entries]
    failed = [str(error.get("className")) for error in errors if error["__typename"] == "PythonError"]
    return ", ".join(failed)
