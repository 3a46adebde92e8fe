"""The lock files: `locks.py write` makes them from pyproject.toml, `locks.py check` proves that they are right.

The lock is one file for all platforms, with a hash for each package file and without the address of any registry, so
that it serves behind every mirror. uv.lock is not used: it names addresses.
"""

from __future__ import annotations

import filecmp
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ROOT = Path(__file__).absolute().parent.parent
REQUIREMENTS = ROOT / "requirements"
LOCK = REQUIREMENTS / "lock.txt"
BOOTSTRAP = REQUIREMENTS / "uv.txt"  # what pip installs first: uv alone, as the lock has it
UV = str(Path(sys.executable).parent / "uv")
PLATFORMS = ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "x86_64-apple-darwin", "aarch64-apple-darwin")
PYTHONS = ("3.11", "3.13")  # the oldest and the newest that every platform has wheels for


class LockError(Exception):
    """What is wrong with the lock files and what to do."""


def main(arguments: list[str]) -> int:
    try:
        if arguments == ["write"]:
            compile_to(LOCK)
            BOOTSTRAP.write_text(entry("uv"), encoding="utf-8")
        elif arguments == ["check"]:
            check()
        else:
            print("usage: locks.py write|check", file=sys.stderr)
            return 2
    except LockError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def check() -> None:
    for file in sorted(REQUIREMENTS.iterdir()):
        if "://" in file.read_text(encoding="utf-8"):
            raise LockError(f"requirements/{file.name} names an address: lock files must serve behind every mirror")
    if BOOTSTRAP.read_text(encoding="utf-8") != entry("uv"):
        raise LockError("requirements/uv.txt is not the lock's uv: run make lock")
    with tempfile.TemporaryDirectory() as folder:
        # Starting from the present lock, so that only what pyproject.toml demands can differ, not what is new today.
        again = Path(shutil.copy(LOCK, folder))
        compile_to(again)
        if not filecmp.cmp(LOCK, again, shallow=False):
            raise LockError("requirements/lock.txt does not fit pyproject.toml: run make lock")
        targets = list(product(PLATFORMS, PYTHONS))
        with ThreadPoolExecutor(max_workers=2) as pool:
            list(pool.map(lambda target: resolve(target[0], target[1], folder), targets))
    print(f"Locks: up to date; resolve for {', '.join(PLATFORMS)} with Python {', '.join(PYTHONS)}.")


def compile_to(output: Path) -> None:
    inputs = ["pyproject.toml", "--extra", "dev", "--universal", "--python-version", "3.11"]
    # One version of a package for every Python: a lake's bytes are to be the same under one lock.
    inputs += ["--fork-strategy", "fewest"]
    form = ["--generate-hashes", "--no-annotate", "--no-header", "--quiet", "--output-file", str(output)]
    uv("the lock cannot be made", "compile", *inputs, *form)


def resolve(platform: str, python: str, folder: str) -> None:
    """Prove that every package has a wheel with a locked hash for a platform, and that nothing is missing."""
    where = ["--python-platform", platform, "--python-version", python, "--target", f"{folder}/{platform}-{python}"]
    how = ["--dry-run", "--require-hashes", "--no-build", "--requirements", str(LOCK)]
    uv(f"the lock does not resolve for {platform} with Python {python}", "install", *how, *where)


def uv(failure: str, *arguments: str) -> None:
    done = subprocess.run([UV, "pip", *arguments], check=False, capture_output=True, text=True, cwd=ROOT)
    if done.returncode:
        raise LockError(f"{failure}:\n{done.stderr.strip()}")


def entry(name: str) -> str:
    """The lines of a package in the lock, with its hashes."""
    return "".join(_entry_lines(name))


def _entry_lines(name: str) -> Iterator[str]:
    inside = False
    for line in LOCK.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.startswith((" ", "#")):
            inside = line.startswith(f"{name}==")
        if inside:
            yield line


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
