"""What a program cost is its own, and nothing of whoever measures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.processes import clean_environment, measured


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak")
def test_memory_of_the_measuring_process_is_not_counted() -> None:
    waits = "import sys, time; end = time.monotonic() + 1\nwhile time.monotonic() < end: pass"
    held = bytearray(b"\x01") * (300 << 20)
    cost = measured([sys.executable, "-c", waits], clean_environment())
    assert 0 < cost.peak_mb < len(held) / 2**20
