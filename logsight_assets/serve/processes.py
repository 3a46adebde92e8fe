"""Whoever looks after `logsight up`: the code server, Dagster's daemon and the guarded web server, and their end.

Each runs under a warden (warden.py) in a process group of its own, so that Ctrl-C reaches only us, and so that nothing
is left behind even if we are killed. One that ends takes the others with it: half a service is worse than none.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Self, TextIO

from logsight_assets.errors import LogSightError, TransientError
from logsight_assets.lake import Lake
from logsight_assets.serve import ports, warden
from logsight_assets.serve.dagster_home import dagster_home, replace_text
from logsight_assets.serve.places import Places, claim, places_of
from logsight_assets.serve.readiness import answers, web_server_state

LOCATION_NAME = "logsight"
START_SECONDS = 120.0  # a cold disk and two busy cores; usual are 8
_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StartFailed(TransientError):
    """A process ended or did not answer in time."""


def up(
    lake: Lake,
    out: TextIO,
    *,
    listening: socket.socket | None = None,
    module: str = "logsight_assets.definitions",
    allowed_hosts: Sequence[str] = (),
    environment: Mapping[str, str] = os.environ,
) -> int:
    """Serve the lake until a signal (exit code 0) or until a process ends by itself (1). Main thread only.

    Says where everything goes before anything starts, unless the caller did so after `reserve` and passes on its
    socket. `allowed_hosts` are names beside the loopback ones under which browsers may ask, for a proxy in front.
    ConfigurationError for a busy port, UsageError for a lake that is served already.
    """
    places = places_of(lake)
    host = lake.settings.serve.host
    with contextlib.ExitStack() as stack:
        stopping = stack.enter_context(_StopSignals())
        lock = stack.enter_context(claim(places))
        if listening is None:
            listening = reserve(lake)
            print(plan(lake, listening), file=out, flush=True)
        stack.callback(listening.close)
        url = ports.url_of(listening, host)
        home = dagster_home(lake)
        workspace = _workspace_file(home, places.socket)
        variables = child_environment(environment, places, home)
        service = stack.enter_context(contextlib.closing(Service(places, lock, variables, home)))
        try:
            service.start("code-server", [*_PYTHON, "-m", "dagster", *_code_server(module, places.socket)])
            service.wait("code-server", lambda: answers(places.socket), stopping)
            service.start("daemon", [*_PYTHON, "-m", "dagster._daemon", "run", "--workspace", str(workspace), *_LOGS])
            names = [part for name in (host, *allowed_hosts) for part in ("--allowed-host", name)]
            web = ["-m", "logsight_assets.serve.webserver", "--workspace", str(workspace), *names]
            service.start("webserver", [*_PYTHON, *web, "--fd", str(listening.fileno())], listening.fileno())
            service.wait("webserver", lambda: web_server_state(listening) is not None, stopping)
            _announce(url, web_server_state(listening), places, out)
            service.watch(stopping)
        except _Stopped:
            print("Stopping…", file=out, flush=True)
            return 0
        except LogSightError as error:
            print(f"{error}. Ending the rest.", file=out, flush=True)
            return 1
    return 1


_PYTHON = (sys.executable, "-P")  # the folder in which the user stands must not shadow a module
_LOGS = ("--log-format", "json")  # the other formats colour their lines even in a file


def _code_server(module: str, path: Path) -> list[str]:
    name = ["--location-name", LOCATION_NAME]
    return [
        "code-server",
        "start",
        "--module-name",
        module,
        "--socket",
        str(path),
        *name,
        "--log-level",
        "warning",
        *_LOGS,
    ]


def reserve(lake: Lake) -> socket.socket:
    """The port of the Dagster UI, bound, so that a busy one is an error before any work; ConfigurationError."""
    return ports.bound(lake.settings.serve.host, lake.settings.serve.dagster_port)


def plan(lake: Lake, listening: socket.socket) -> str:
    """What is going to be used, to be printed before anything is."""
    places = places_of(lake)
    url = ports.url_of(listening, lake.settings.serve.host)
    free = shutil.disk_usage(places.state).free
    return "\n".join(
        [
            f"Lake folder   {places.lake}",
            f"State folder  {places.state}  (Dagster's home, logs)",
            f"Dagster UI    {url}",
            f"Free disk     {free / 1024**3:.1f} GiB",
        ]
    )


def _announce(url: str, state: str | None, places: Places, out: TextIO) -> None:
    if state:
        print(f"The definitions did not load ({state}); the cause is in {places.log('code-server')}", file=out)
    print(f"Ready: {url} — Ctrl-C ends it.", file=out, flush=True)


def _workspace_file(home: Path, path: Path) -> Path:
    file = home / "workspace.yaml"
    quoted = str(path).replace("'", "''")
    replace_text(file, f"load_from:\n  - grpc_server: {{socket: '{quoted}', location_name: {LOCATION_NAME}}}\n")
    return file


def child_environment(environment: Mapping[str, str], places: Places, home: Path) -> dict[str, str]:
    """The caller's environment, with ours in place of every DAGSTER_ variable that could steer a command line.

    Dagster's commands read each option from the environment too; of those only the time limits are let through.
    """
    kept = {
        name: value
        for name, value in environment.items()
        if not name.startswith("DAGSTER_") or name.endswith("_SECONDS")
    }
    if "LOGSIGHT_CONFIG" in kept:
        kept["LOGSIGHT_CONFIG"] = str(Path(kept["LOGSIGHT_CONFIG"]).absolute())
    return {
        **kept,
        "DAGSTER_HOME": str(home),
        "LOGSIGHT_LAKE": str(places.lake),
        "LOGSIGHT_STATE": str(places.state),
        # The code server makes the socket of its worker in the folder for temporary files: one that is ours alone.
        "TMPDIR": str(places.run),
        # Matrices of an investigation are small: a second thread that waits for them costs a quarter of its CPU.
        "OPENBLAS_NUM_THREADS": kept.get("OPENBLAS_NUM_THREADS", "1"),
    }


@dataclass
class _Process:
    """A warden and what it runs."""

    name: str
    warden: subprocess.Popen[bytes]
    line: socket.socket  # its end tells the warden to end the group, and tells us that the warden has ended
    group: int

    def ask_to_end(self) -> None:
        with contextlib.suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)

    def ended(self) -> bool:
        """Whether it has ended by itself; never blocks."""
        return self.warden.poll() is not None

    def finish(self, seconds: float) -> None:
        """Wait for the warden, then end it and the group by force; safe to call again."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.warden.wait(seconds)
        if self.warden.returncode is None or self.warden.returncode < 0:
            # Only a killed warden leaves a group without anybody to end it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.group, signal.SIGKILL)
            self.warden.kill()
            self.warden.wait()
        self.line.close()


class Service:
    """The processes of one `up`, in the order in which they were started."""

    def __init__(self, places: Places, lock: int, environment: Mapping[str, str], folder: Path) -> None:
        self._places = places
        self._lock = lock
        self._environment = environment
        self._folder = folder
        self._processes: list[_Process] = []

    def start(self, name: str, program: Sequence[str], *inherited: int) -> None:
        """Run a program under a warden, its output in a log of its own; the log before is kept."""
        log = self._places.log(name)
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        ours, theirs = socket.socketpair()
        with log.open("wb") as output, theirs:
            fixed = [sys.executable, "-I", "-S", warden.__file__, str(theirs.fileno()), str(self._lock)]
            process = subprocess.Popen(  # noqa: S603 - a list of our own making, no shell
                [*fixed, *program],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._folder,
                env=dict(self._environment),
                pass_fds=(theirs.fileno(), self._lock, *inherited),
                start_new_session=True,
            )
        ours.settimeout(START_SECONDS)
        group = int(ours.recv(32) or b"0")
        if not group:
            process.kill()
            process.wait()
            raise StartFailed(f"{name} could not be started; see {log}")
        self._processes.append(_Process(name, process, ours, group))

    def wait(self, name: str, ready: Callable[[], bool], stopping: _StopSignals) -> None:
        """Return when the process is ready; StartFailed when a process ends or the time is over."""
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            self._pause(0.1, stopping)
            if time.monotonic() > deadline:
                raise StartFailed(f"{name} did not answer in {START_SECONDS:.0f} s; see {self._places.log(name)}")

    def watch(self, stopping: _StopSignals) -> None:
        """Wait until asked to stop; StartFailed when a process ends by itself."""
        while True:
            self._pause(None, stopping)

    def _pause(self, seconds: float | None, stopping: _StopSignals) -> None:
        """Wait for a signal, the end of a process, or the time; raises for the first two."""
        select.select([stopping.fileno(), *(process.line.fileno() for process in self._processes)], [], [], seconds)
        stopping.check()
        for process in self._processes:
            if _closed(process.line):
                process.finish(warden.GRACE_SECONDS)
                code = process.warden.returncode
                raise StartFailed(f"{process.name} ended with code {code}; see {self._places.log(process.name)}")

    def close(self) -> None:
        """End all, the last first, so that none sees one vanish that it needs."""
        for process in reversed(self._processes):
            process.ask_to_end()
            process.finish(warden.GRACE_SECONDS + 10.0)
        self._processes.clear()


def _closed(line: socket.socket) -> bool:
    line.setblocking(False)
    try:
        return not line.recv(64)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


class _Stopped(Exception):
    """A signal asked us to stop."""


class _StopSignals:
    """Turns signals into something that `select` waits for: none is lost, and none interrupts the clearing up."""

    def __init__(self) -> None:
        self._readable, self._writable = socket.socketpair()
        self._before: dict[int, Callable[[int, FrameType | None], object] | int | None] = {}

    def fileno(self) -> int:
        return self._readable.fileno()

    def check(self) -> None:
        """Raise _Stopped if a signal came."""
        if select.select([self.fileno()], [], [], 0)[0]:
            raise _Stopped

    def __enter__(self) -> Self:
        self._writable.setblocking(False)
        for number in _STOPPING:
            self._before[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._readable.close()
        self._writable.close()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        with contextlib.suppress(BlockingIOError):
            self._writable.send(bytes([number]))
