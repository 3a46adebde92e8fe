"""Builds `.venv` from the lock: `sh scripts/with_python.sh scripts/setup_environment.py [--before-run]`.

Standard library alone; it is what runs before anything of ours is installed. A stamp of all that the environment is
made from makes the second call cost milliseconds; a lock lets two calls at a time do the work once; one that was
killed half-way is started anew.
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).absolute().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".logsight-environment"
UNFINISHED = VENV / ".logsight-unfinished"
LOG = ROOT / "build" / "setup.log"
INPUTS = ("requirements/lock.txt", "requirements/uv.txt", "pyproject.toml", "scripts/setup_environment.py")
NEEDED_GIB = 2.5  # environment, package cache and demo lake; measured 1.1 + 0.6 + 0.3

# What pip and uv say when nobody answers, and what they say when a machine has no wheel.
_NO_NETWORK = (
    "temporary failure in name resolution",
    "name or service not known",
    "nodename nor servname",
    "failed to establish a new connection",
    "connection refused",
    "network is unreachable",
    "dns error",
    "error sending request",
    "client error (connect)",
    "timed out",
    "proxyerror",
    "cannot connect to proxy",
    "no matching distribution found for uv",
)
_NO_WHEEL = ("wheels are required for", "no wheels with a matching")
_NO_SPACE = ("no space left on device",)


class SetupFailed(Exception):
    """One sentence for the user."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--before-run", action="store_true", help="say where `make run` puts things, and check its port"
    )
    options = parser.parse_args(arguments)
    try:
        if options.before_run:
            before_run(os.environ, cold=not is_current())
        if not is_current():
            build_once()
    except SetupFailed as failure:
        print(failure, file=sys.stderr)
        return 1
    return 0


def is_current() -> bool:
    """Whether the environment is what the lock says."""
    try:
        return PYTHON.exists() and STAMP.read_text(encoding="utf-8") == fingerprint()
    except OSError:
        return False


def fingerprint() -> str:
    """A hash of all that the environment is made from, and of the place where it stands."""
    digest = hashlib.sha256(f"{ROOT}\0".encode())
    for name in INPUTS:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def before_run(environment: Mapping[str, str], *, cold: bool) -> None:
    """Say what is about to be used, and fail before minutes of work if the port is busy or the disk is full.

    The served port is bound again by LogSight itself, which alone knows `logsight.yaml`; this is the early warning.
    """
    free = shutil.disk_usage(ROOT).free / 1024**3
    port = environment.get("LOGSIGHT_SERVE_DAGSTER_PORT", "3000")
    if cold:
        print(f"Environment   {VENV}  (is built now from locked packages)")
        print(f"Lake folder   {ROOT / 'demo-lake'}")
        print(f"Dagster UI    port {port} on 127.0.0.1")
        print(f"Free disk     {free:.1f} GiB", flush=True)
        if free < NEEDED_GIB:
            raise SetupFailed(f"{ROOT} has {free:.1f} GiB of disk free and {NEEDED_GIB} GiB are needed: free some.")
    if not port.isdecimal() or int(port) > 65535:
        raise SetupFailed(f"LOGSIGHT_SERVE_DAGSTER_PORT={port!r} is no port: give a number from 0 to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(port)))
        except OSError as error:
            raise SetupFailed(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}): end the program that has it "
                f"(`lsof -i :{port}` shows it) or choose another, LOGSIGHT_SERVE_DAGSTER_PORT=3001 make run."
            ) from None


def build_once() -> None:
    """Build unless another call that holds the lock has done it meanwhile."""
    with (ROOT / ".setup.lock").open("w", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another call is building the environment; waiting for it.", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_current():
            build()


def build() -> None:
    started = time.monotonic()
    LOG.parent.mkdir(exist_ok=True)
    LOG.write_text("", encoding="utf-8")
    print(f"Building {VENV.name} from requirements/lock.txt …", file=sys.stderr)
    # The interpreter behind a running environment: that one may be what is replaced.
    base = str(getattr(sys, "_base_executable", sys.executable))
    fresh = ["--clear"] if UNFINISHED.exists() or (VENV.exists() and not PYTHON.exists()) else []
    STAMP.unlink(missing_ok=True)
    if fresh or not PYTHON.exists():
        run("Making .venv", [base, "-m", "venv", *fresh, str(VENV)])
    UNFINISHED.touch()
    environment = registry_settings()
    if not (VENV / "bin" / "uv").exists():
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--retries", "2"]
        run("Installing uv", [*pip, "install", "--require-hashes", "--only-binary=:all:", "-r", "requirements/uv.txt"])
    uv = [str(VENV / "bin" / "uv"), "pip"]
    target = ["--python", str(PYTHON)]
    locked = ["--require-hashes", "--no-build", "--compile-bytecode", "requirements/lock.txt"]
    run("Installing packages", [*uv, "sync", *target, *locked], environment)
    # Its build tool is in the lock too, so nothing is fetched or resolved here.
    editable = ["--no-deps", "--no-build-isolation", "--offline", "--editable", "."]
    run("Installing LogSight", [*uv, "install", *target, *editable], environment)
    UNFINISHED.unlink()
    STAMP.write_text(fingerprint(), encoding="utf-8")
    print(f"Environment ready after {time.monotonic() - started:.0f} s.", file=sys.stderr)


def registry_settings() -> dict[str, str]:
    """The environment for uv, which does not read pip's configuration: whoever set a mirror there means us too."""
    environment = dict(os.environ)
    listed = subprocess.run(
        [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "config", "list"],
        check=False, capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    for setting, variable in (("index-url", "UV_DEFAULT_INDEX"), ("cert", "SSL_CERT_FILE")):
        for line in listed.stdout.splitlines():
            name, _, value = line.partition("=")
            if name in (f"global.{setting}", f"install.{setting}", f":env:.{setting}"):
                environment.setdefault(variable, value.strip("'\""))
    return environment


def run(what: str, command: Sequence[str], environment: Mapping[str, str] | None = None) -> None:
    """Run a step, its output into the log; SetupFailed in one sentence that names the cause and the remedy."""
    with LOG.open("a+", encoding="utf-8") as log:
        start = log.seek(0, os.SEEK_END)
        code = subprocess.run(
            command, check=False, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, env=environment
        ).returncode
        log.seek(start)
        output = log.read()
    if code:
        raise SetupFailed(explain(what, output))


def explain(what: str, output: str) -> str:
    """One sentence for what a failed step printed."""
    lower = output.lower()
    details = f"details are in {LOG.relative_to(ROOT)}"
    if "ensurepip is not available" in lower:
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return f"This Python has no venv module: install it (on Debian: apt install python{version}-venv); {details}."
    if any(sign in lower for sign in _NO_SPACE):
        return f"{what} failed because the disk is full: free {NEEDED_GIB} GiB and run make again; {details}."
    if any(sign in lower for sign in _NO_WHEEL):
        version = f"{sys.version_info[0]}.{sys.version_info[1]}"
        return (
            f"{what} failed because a package has no prebuilt wheel for Python {version} on this machine: "
            f"use Python 3.11, 3.12 or 3.13 (make clean, then make PYTHON=python3.12); {details}."
        )
    if any(sign in lower for sign in _NO_NETWORK):
        return (
            f"{what} failed because no package registry answered: check the network, or set the mirror of your "
            f"organisation in pip's configuration, and run make again; {details}."
        )
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "no output")
    return f"{what} failed ({last}); {details}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
