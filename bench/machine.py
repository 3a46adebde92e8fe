"""What was measured on what: machine, versions, commit. Never a path, a host name or a user."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import version
from pathlib import Path

from bench.processes import ROOT
from bench.spark_environment import Spark


def machine() -> str:
    """Cores, memory and processor."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, {_processor()}, {platform.system()} {platform.machine()}"


def versions(spark: Spark | None) -> str:
    """Of everything whose speed shows."""
    named = {"Python": platform.python_version()}
    named |= {title: version(title.lower()) for title in ("DuckDB", "PyArrow", "Dagster")}
    if spark:
        named |= {"PySpark": spark.version, "Java": spark.java_version}
    return ", ".join(f"{title} {number}" for title, number in named.items())


def commit() -> str:
    """The commit that was measured, and whether files differed from it."""
    name = _git("rev-parse", "--short=10", "HEAD")
    if not name:
        return "none: no repository"
    # The results are written into a file of the repository: a measurement does not make itself unclean.
    changed = [line for line in _git("status", "--porcelain").splitlines() if not line.endswith("bench/README.md")]
    return f"{name}, with uncommitted changes" if changed else name


def load() -> float:
    """Load average of the last minute: what else the machine was doing."""
    return os.getloadavg()[0]


def _processor() -> str:
    try:
        match = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        match = None
    return match[1] if match else platform.processor() or "unknown processor"


def _git(*arguments: str) -> str:
    try:
        # Without optional locks: looking must change nothing.
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments], check=False, capture_output=True, text=True, cwd=ROOT
        )
    except OSError:
        return ""
    return done.stdout.rstrip()
