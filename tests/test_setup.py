"""What `make` says on a machine that is not ready, one sentence each; and what an audit accepts."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import socket
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parent.parent


def script(name: str) -> ModuleType:
    """A script of `scripts/`, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up by name
    spec.loader.exec_module(module)
    return module


setup = script("setup_environment")
audit = script("audit")


@pytest.mark.parametrize("version", ["Python 3.10.13", "Python 2.7.18"])
def test_an_old_python_is_one_sentence_that_names_it(version: str, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "sh").symlink_to(shutil.which("sh") or "")
    old = tools / "python3"
    old.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" && exit\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    done = subprocess.run(
        ["sh", ROOT / "scripts" / "with_python.sh", "never.py"],
        cwd=tmp_path,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"needs Python 3.11 or newer and found {version}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_busy_port_is_one_sentence_before_any_work() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        with pytest.raises(setup.SetupFailed, match=f"Port {port} .* LOGSIGHT_SERVE_DAGSTER_PORT=") as failure:
            setup.before_run({"LOGSIGHT_SERVE_DAGSTER_PORT": port}, cold=False)
    assert "\n" not in str(failure.value)


def test_the_first_run_says_where_things_go(capsys: pytest.CaptureFixture[str]) -> None:
    setup.before_run({"LOGSIGHT_SERVE_DAGSTER_PORT": "0"}, cold=True)
    said = capsys.readouterr().out
    for part in (".venv", "demo-lake", "port 0", "GiB"):
        assert part in said


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("error: client error (Connect)\ncause: dns error", "no package registry answered"),
        ("ERROR: No matching distribution found for uv==1", "no package registry answered"),
        ("error: No space left on device (os error 28)", "the disk is full"),
        ("hint: Wheels are required for `watchdog` because …", "no prebuilt wheel"),
        ("The virtual environment was not created because ensurepip is not available.", "has no venv module"),
        ("error: hash mismatch\n\n", "Installing failed (error: hash mismatch)"),
        ("", "Installing failed (no output)"),
    ],
)
def test_a_failed_step_is_one_sentence(output: str, expected: str) -> None:
    said = setup.explain("Installing", output)
    assert expected in said
    assert "build/setup.log" in said
    assert "\n" not in said


def test_the_locks_name_no_address_and_give_a_hash_for_each_package() -> None:
    for name in ("lock.txt", "uv.txt"):
        text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
        assert "://" not in text
        for entry in text.split("\n\n")[0].replace(" \\\n    --hash", " --hash").splitlines():
            assert " --hash=sha256:" in entry, entry


def test_an_exception_of_the_audit_ends_on_its_day() -> None:
    text = "# why\nGHSA-1 2026-12-31 the call is not reachable\n"
    (exception,) = audit.read_exceptions(text, date(2026, 12, 31))
    assert exception.reason == "the call is not reachable"
    with pytest.raises(audit.AuditError, match="line 2: GHSA-1 ended"):
        audit.read_exceptions(text, date(2027, 1, 1))


@pytest.mark.parametrize("line", ["GHSA-1", "GHSA-1 soon reason", "GHSA-1 2026-12-31"])
def test_an_exception_needs_a_day_and_a_reason(line: str) -> None:
    with pytest.raises(audit.AuditError, match="must be ADVISORY YYYY-MM-DD reason"):
        audit.read_exceptions(line, date(2026, 1, 1))


def test_the_audit_names_what_is_not_excepted_not_looked_at_and_no_longer_needed() -> None:
    advisory = {"id": "PYSEC-1", "aliases": ["GHSA-1"], "fix_versions": ["2"]}
    packages = [{"name": "a", "version": "1", "vulns": [advisory]}, {"name": "b", "skip_reason": "unknown"}]
    until = date(2027, 1, 1)
    assert audit.judge(packages, []) == ["a 1: PYSEC-1, fixed in 2", "b: was not audited (unknown)"]
    accepted = [audit.Exemption("GHSA-1", until, "r"), audit.Exemption("GHSA-2", until, "r")]
    assert audit.judge(packages[:1], accepted) == ["GHSA-2: the exception matches nothing any more: remove it"]


def test_continuous_integration_fails_where_its_stage_fails(tmp_path: Path) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "Makefile").write_text("setup:\n\t@true\ncheck:\n\t@exit 3\ntest:\n\t@true\n", encoding="utf-8")
    done = subprocess.run([tmp_path / ".ci" / "run"], capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode != 0
    assert re.search(r"^== check: \d+ s, failed", done.stdout, re.MULTILINE)
    assert "== test" not in done.stdout
