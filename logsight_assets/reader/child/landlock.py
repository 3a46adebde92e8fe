"""The kernel's own lock (Linux 5.13+): after it, no code of this process opens a file that was not named.

DuckDB's `allowed_paths` lets a path be written as well as read: in 1.5.5 `COPY … TO` an allowed file with
`use_tmp_file false` replaced its content. What the engine would let through, the kernel does not. Where the kernel has
no Landlock (macOS, Fargate's 5.10) the two checks of the statement and the engine's lock remain.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same number on every architecture
_NO_NEW_PRIVILEGES = 38
_QUERY_VERSION = 1
_BELOW_PATH = 1

_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_TRUNCATE, _DEVICE_CONTROL = 1 << 14, 1 << 15
# Rights of the first version: 13 bits; then REFER (2), TRUNCATE (3), IOCTL_DEV (5).
_HANDLED = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
_NETWORK = 0b11  # bind and connect of TCP, from version 4
_SCOPES = 0b11  # abstract sockets and signals, from version 6


class _Ruleset(ctypes.Structure):
    _fields_ = (("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scopes", ctypes.c_uint64))


class _PathRule(ctypes.Structure):
    _pack_ = 1
    _layout_ = "ms"
    _fields_ = (("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32))


def supported_version() -> int:
    """Version of Landlock that this kernel speaks; 0 without."""
    if sys.platform != "linux":
        return 0
    kernel = ctypes.CDLL(None, use_errno=True)
    return max(0, int(kernel.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _QUERY_VERSION)))


def restrict(*, readable: Iterable[str], writable: Iterable[str]) -> bool:
    """Leave this process only these files and folders (whole trees); no network. False where the kernel cannot."""
    version = supported_version()
    if version < 1:
        return False
    kernel = ctypes.CDLL(None, use_errno=True)
    handled = _HANDLED[max(known for known in _HANDLED if known <= version)]
    rules = _Ruleset(handled, _NETWORK if version >= 4 else 0, _SCOPES if version >= 6 else 0)
    size = 8 if version < 4 else 16 if version < 6 else 24
    ruleset = kernel.syscall(_CREATE_RULESET, ctypes.byref(rules), ctypes.c_size_t(size), 0)
    if ruleset < 0:
        return False
    try:
        for path in readable:
            _allow(kernel, ruleset, path, _READ_FILE | _READ_FOLDER)
        for path in writable:
            _allow(kernel, ruleset, path, handled & ~_DEVICE_CONTROL)
        if kernel.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
            return False
        return bool(kernel.syscall(_RESTRICT_SELF, ruleset, 0) == 0)
    finally:
        os.close(ruleset)


def _allow(kernel: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except FileNotFoundError:  # removed since the listing, or a folder that this system does not have
        return
    try:
        if not os.path.isdir(path):  # noqa: PTH112  pathlib is not worth its import here
            rights &= _READ_FILE | _TRUNCATE | 0b11
        rule = _PathRule(rights, handle)
        kernel.syscall(_ADD_RULE, ruleset, _BELOW_PATH, ctypes.byref(rule), 0)
    finally:
        os.close(handle)
