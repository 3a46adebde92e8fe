"""Where a served lake keeps its sockets, logs and lock, and the rule that one lake is served once.

Two daemons on one Dagster home would launch every run twice.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake
from resources.object_store import FolderStore

# A socket's path has 104 bytes on macOS and 108 on Linux. Dagster adds a name of 11 for its worker's socket.
_LONGEST_FOLDER = 80
_TAKE_OVER_SECONDS = 20.0  # longer than a warden needs to end what a killed predecessor left


@dataclass(frozen=True)
class Places:
    """Folders and files of one served lake."""

    lake: Path
    state: Path
    run: Path  # sockets and temporary files; for this user alone

    @property
    def socket(self) -> Path:
        return self.run / "code.sock"

    def log(self, name: str) -> Path:
        return self.state / "logs" / f"{name}.log"


def places_of(lake: Lake) -> Places:
    """The places of a lake, its folders made; UsageError for a lake that is no folder."""
    if not isinstance(lake.store, FolderStore):
        raise UsageError("only a lake in a folder can be served so far")
    state = lake.state.absolute()
    state.mkdir(parents=True, exist_ok=True)
    return Places(lake.store.root, state, run_folder(state))


def run_folder(state: Path) -> Path:
    """A folder with a path short enough for sockets, mode 0700: in the state folder, else among temporary files."""
    own = state / "run"
    if len(os.fsencode(own)) <= _LONGEST_FOLDER:
        own.mkdir(mode=0o700, exist_ok=True)
        own.chmod(0o700)
        return own
    name = f"logsight-{os.getuid()}-{hashlib.sha256(os.fsencode(state)).hexdigest()[:12]}"
    for parent in (Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 - checked below, and only where TMPDIR is too long
        folder = parent / name
        if len(os.fsencode(folder)) <= _LONGEST_FOLDER:
            with contextlib.suppress(FileExistsError):
                folder.mkdir(mode=0o700)
            return _checked(folder)
    raise UsageError(f"no folder with a path short enough for a socket: move the lake, or set TMPDIR (is {parent})")


def _checked(folder: Path) -> Path:
    """The folder, unless somebody else has made it or can write to it."""
    found = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise UsageError(f"{folder} belongs to somebody else or is open to others: remove it, or set TMPDIR")
    return folder


@contextlib.contextmanager
def claim(places: Places) -> Iterator[int]:
    """Hold the lake's serving lock; yields its file number. UsageError names the process that has it.

    A predecessor that was killed holds it through its wardens until its processes are gone: that is waited for.
    """
    file = places.state / "up.lock"
    with file.open("a+", encoding="utf-8") as handle:
        deadline = time.monotonic() + _TAKE_OVER_SECONDS
        while not _locked(handle):
            holder = _holder(handle)
            if holder is not None or time.monotonic() > deadline:
                by = f"process {holder}" if holder else "processes that are still ending"
                raise UsageError(f"lake {places.lake} is served already by {by}: end that first")
            time.sleep(0.1)
        handle.truncate(0)
        handle.write(f"{os.getpid()}\n")
        handle.flush()
        _clear(places.run)
        yield handle.fileno()


def _locked(handle: TextIO) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(handle: TextIO) -> int | None:
    """The id in the lock file if that process lives."""
    handle.seek(0)
    text = handle.read().strip()
    try:
        os.kill(int(text), 0)
    except (ValueError, ProcessLookupError):
        return None
    except PermissionError:
        pass
    return int(text)


def _clear(run: Path) -> None:
    """Sockets that a killed predecessor left; nobody listens on them, for we hold the lock."""
    for path in run.iterdir():
        if path.is_socket():
            path.unlink()
