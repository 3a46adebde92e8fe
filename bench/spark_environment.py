"""Spark in an environment of its own, outside of the tree: made once from a lock with hashes and no addresses.

Java is the machine's. Nothing of this is part of the product.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.processes import ROOT, BenchError, clean_environment
from scripts.setup_environment import registry_settings

LOCK = ROOT / "bench" / "requirements-spark.txt"
_OLDEST_JAVA = 17  # of Spark 4
_WITHOUT = "or measure without it, --engines limit,logsight"


@dataclass(frozen=True)
class Spark:
    """A Python that has PySpark, and the Java that it runs on."""

    python: Path
    java: Path
    java_version: str
    version: str

    def environment(self, work: Path) -> dict[str, str]:
        """Spark's scratch files go to the disk that the output goes to."""
        scratch = work.with_name("spark-scratch")
        scratch.mkdir(parents=True, exist_ok=True)
        return clean_environment(JAVA_HOME=str(self.java.parent.parent), SPARK_LOCAL_DIRS=str(scratch))


def spark(cache: Path) -> Spark:
    """Spark, installed if it is not there; BenchError in one sentence when it cannot be."""
    java = _java()
    java_version = _java_version(java)
    folder = cache / f"spark-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:8]}"
    if not (folder / "complete").exists():
        _install(folder)
    python = folder / "bin" / "python"
    version = re.search(r"^pyspark==(\S+)", LOCK.read_text(), re.MULTILINE)
    return Spark(python, java, java_version, version[1] if version else "?")


def _java() -> Path:
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if not found:
        where = f"$JAVA_HOME ({home})" if home else "the PATH"
        raise BenchError(f"Spark needs Java {_OLDEST_JAVA} or newer and {where} has none: install one, {_WITHOUT}")
    return Path(found).resolve()


def _java_version(java: Path) -> str:
    said = subprocess.run([str(java), "-version"], check=False, capture_output=True, text=True).stderr
    match = re.search(r'version "((\d+)[^"]*)"', said)
    if not match or int(match[2]) < _OLDEST_JAVA:
        has = match[1] if match else "no version"
        raise BenchError(f"Spark needs Java {_OLDEST_JAVA} or newer and found {has}: set JAVA_HOME to one, {_WITHOUT}")
    return match[1]


def _install(folder: Path) -> None:
    print(f"Installing Spark into {folder} …", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    uv = str(Path(sys.executable).with_name("uv"))
    base = str(getattr(sys, "_base_executable", sys.executable))
    _run([uv, "venv", "--quiet", "--python", base, str(folder)])
    # Spark comes as a source package: what builds it is held to the same lock.
    locked = ["--require-hashes", "--build-constraints", str(LOCK), "--requirements", str(LOCK)]
    _run([uv, "pip", "install", "--quiet", "--python", str(folder / "bin" / "python"), *locked])
    (folder / "complete").touch()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=registry_settings())
    if done.returncode:
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "no output")
        raise BenchError(f"Spark could not be installed ({last.strip()}): check the package registry, {_WITHOUT}")
