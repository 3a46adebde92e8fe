"""Dagster's web server behind the guard: `python -m logsight_assets.serve.webserver --workspace FILE`.

It replaces `dagster-webserver`, which must not be started beside it: that one has no guard.
"""

from __future__ import annotations

import argparse
import socket
from collections.abc import Collection, Sequence

import uvicorn
from dagster import DagsterInstance
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceFileTarget
from dagster_webserver.app import create_app_from_workspace_process_context
from dagster_webserver.version import __version__
from starlette.types import ASGIApp

from logsight_assets.serve.guard import Guard
from logsight_assets.serve.ports import bound

# The defaults of the `dagster-webserver` command.
_STATEMENT_TIMEOUT_MS = 15_000
_POOL_RECYCLE_SECONDS = 3600
_POOL_MAX_OVERFLOW = 20
_POLL_RATE_MS = 2000


def guarded_app(context: WorkspaceProcessContext, allowed_hosts: Collection[str] = ()) -> ASGIApp:
    """The whole web application, ready for any ASGI server."""
    return Guard(create_app_from_workspace_process_context(context, "", _POLL_RATE_MS), allowed_hosts=allowed_hosts)


def serve(workspace: str, listening: socket.socket, allowed_hosts: Collection[str] = ()) -> None:
    """Serve the workspace of a file on a bound socket until SIGINT or SIGTERM; DAGSTER_HOME names the instance."""
    with DagsterInstance.get() as instance:
        instance.optimize_for_webserver(_STATEMENT_TIMEOUT_MS, _POOL_RECYCLE_SECONDS, _POOL_MAX_OVERFLOW)
        target = WorkspaceFileTarget(paths=[workspace])
        with WorkspaceProcessContext(instance, version=__version__, workspace_load_target=target) as context:
            configuration = uvicorn.Config(
                guarded_app(context, allowed_hosts),
                log_level="warning",
                server_header=False,
                # The guard reads Host and Origin as sent; nobody in front may rewrite what it decides on.
                proxy_headers=False,
                timeout_graceful_shutdown=2,
            )
            uvicorn.Server(configuration).run(sockets=[listening])


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m logsight_assets.serve.webserver", description=__doc__)
    parser.add_argument("--workspace", required=True, help="workspace file")
    parser.add_argument("--host", default="127.0.0.1", help="address to bind")
    parser.add_argument("--port", type=int, default=3000, help="port to bind")
    parser.add_argument("--fd", type=int, help="number of a socket that is bound already, instead of host and port")
    parser.add_argument("--allowed-host", action="append", default=[], help="further name that browsers may use")
    options = parser.parse_args(arguments)
    if options.fd is not None:
        listening = socket.socket(fileno=options.fd)
    else:
        listening = bound(options.host, options.port, "--port")
    serve(options.workspace, listening, options.allowed_host)


if __name__ == "__main__":
    main()
