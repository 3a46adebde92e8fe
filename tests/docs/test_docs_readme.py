"""README's commands work and print what it says; where they need the whole machine (`make run`), they exist."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from tests.docs.console import Step, blocks, run, steps

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.xdist_group("readme")
def test_the_commands_of_the_readme_print_what_it_says(tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    command = tools / "logsight"
    # The entry point of the installed package, without needing one.
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m logsight_assets.cli "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    folder = tmp_path / "here"
    folder.mkdir()
    wanted = steps(README)
    printed = run(
        [step.command for step in wanted],
        folder,
        os.environ | {"PATH": f"{tools}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"},
    )
    assert len(printed) == len(wanted)
    for step, (code, text) in zip(wanted, printed, strict=True):
        assert code == 0, f"$ {step.command}\n{text}"
        assert step.explains(text), f"$ {step.command}\n{text}\n--- README says\n{step.expected}"


def test_every_console_block_of_the_readme_is_tested() -> None:
    assert [body for is_tested, body in blocks(README) if not is_tested] == []


@pytest.mark.parametrize(
    ("expected", "printed", "is_right"),
    [
        ("3 rows", "3 rows\n", True),
        ("3 rows", "4 rows", False),
        ("took … s", "took 1.5 s", True),
        ("…", "", True),
        ("", "surprise", False),
    ],
)
def test_output_is_compared_with_gaps(expected: str, printed: str, is_right: bool) -> None:
    assert Step("true", expected).explains(printed) is is_right


def test_every_make_target_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", README))
    assert named
    assert named <= targets
