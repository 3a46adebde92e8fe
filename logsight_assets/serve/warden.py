"""Runs one program in a process group of its own and leaves nothing of it behind, whatever happens to anybody.

    python -I -S warden.py SOCKET LOCK PROGRAM ARGUMENT…

SOCKET is one end of a pair that the supervisor holds the other end of: the group's id is written to it, and its end,
be it by `close` or because the supervisor was killed, ends the group: TERM, a grace, KILL. LOCK is an open file whose
lock stays held until the group is gone. The exit code is the program's (128 + n for signal n). Should the warden
itself be killed, Linux kills the program, and a supervisor that lives ends the rest of the group.

Standard library alone, run by its path: it must start in milliseconds, before anything of LogSight is imported.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

GRACE_SECONDS = 10.0  # a run in progress records its interruption in about one
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def main(arguments: list[str]) -> int:
    supervisor, lock, program = int(arguments[0]), int(arguments[1]), arguments[2:]
    for held in (supervisor, lock):
        os.set_inheritable(held, False)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    asked: list[int] = []
    for number in _SIGNALS:
        signal.signal(number, lambda signum, _: asked.append(signum))
    signal.signal(signal.SIGCHLD, lambda *_: None)

    if sys.platform == "linux":
        # Orphans of the group are reaped here: process 1 of a container may not do it, and a zombie looks alive.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
    child = start(program)
    os.write(supervisor, b"%d\n" % child)
    code = None
    while code is None and not asked:
        ready = select.select([supervisor, woken], [], [])[0]
        if woken in ready:
            os.read(woken, 4096)
        if supervisor in ready and is_closed(supervisor):
            break
        code = ended(child)
    return end_group(child, code)


def is_closed(supervisor: int) -> bool:
    """Whether the supervisor's end is gone; a reset says the same as an end."""
    try:
        return not os.read(supervisor, 64)
    except OSError:
        return True


def start(program: list[str]) -> int:
    """The id of a new process, leader of a new group, that runs the program and dies with this one where it can."""
    parent = os.getpid()
    child = os.fork()
    if child:
        # Both sides set the group, so that neither can act before it exists.
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpgid(child, child)
        return child
    try:
        os.setpgid(0, 0)
        for number in (*_SIGNALS, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != parent:
                os._exit(1)
        os.execv(program[0], program)  # noqa: S606 - the supervisor's own list
    except OSError as error:
        os.write(2, f"{program[0]}: {error.strerror}\n".encode())
    finally:
        os._exit(127)


def ended(child: int) -> int | None:
    """Reap what has ended; the exit code of the child if it is among them."""
    code = None
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return code
        if not pid:
            return code
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            code = 128 - code if code < 0 else code


def end_group(group: int, code: int | None) -> int:
    """TERM to all of the group, KILL to those that are left after the grace; the leader's exit code."""
    for number, seconds in ((signal.SIGTERM, GRACE_SECONDS), (signal.SIGKILL, 5.0)):
        deadline = time.monotonic() + seconds
        alive = send(group, number)
        while alive and time.monotonic() < deadline:
            reaped = ended(group)
            code = reaped if code is None else code
            alive = send(group, 0)
            time.sleep(0.02)
    return 1 if code is None else code


def send(group: int, number: int) -> bool:
    """Whether the group has a process that could be signalled (macOS: EPERM means that only zombies are left)."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
