"""Supply chain: writes the bill of materials, build/sbom.json, and asks an advisory service about every locked package.

Exceptions are in requirements/audit-exceptions.txt, each with the day on which it ends and the reason; one that has
ended, or that no longer matches anything, fails the audit, so that none outlives its reason.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

ROOT = Path(__file__).absolute().parent.parent
EXCEPTIONS = ROOT / "requirements" / "audit-exceptions.txt"
SBOM = ROOT / "build" / "sbom.json"
BIN = Path(sys.executable).parent


class AuditError(Exception):
    """What failed, in a sentence."""


@dataclass(frozen=True)
class Exemption:
    """An advisory that is accepted until a day."""

    advisory: str
    until: date
    reason: str


def main() -> int:
    try:
        write_sbom()
        audit(read_exceptions(EXCEPTIONS.read_text(encoding="utf-8"), datetime.now(UTC).date()))
    except AuditError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write_sbom() -> None:
    SBOM.parent.mkdir(exist_ok=True)
    form = ["--pyproject", "pyproject.toml", "--output-format", "JSON", "--output-reproducible", "-o", str(SBOM)]
    done = _run([str(BIN / "cyclonedx-py"), "environment", *form, sys.executable])
    if done.returncode:
        raise AuditError(f"The bill of materials could not be made: {_last_line(done.stderr)}")
    print(f"Bill of materials: {SBOM.relative_to(ROOT)}, {len(json.loads(SBOM.read_bytes())['components'])} packages.")


def read_exceptions(text: str, today: date) -> list[Exemption]:
    """Lines `ADVISORY YYYY-MM-DD reason`; AuditError for one that is malformed or has ended."""
    found = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = line.split(maxsplit=2)
        try:
            advisory, until, reason = parts[0], date.fromisoformat(parts[1]), parts[2]
        except (IndexError, ValueError):
            raise AuditError(f"audit-exceptions.txt, line {number}: must be ADVISORY YYYY-MM-DD reason") from None
        if until < today:
            raise AuditError(f"audit-exceptions.txt, line {number}: {advisory} ended on {until}: fix it or decide anew")
        found.append(Exemption(advisory, until, reason))
    return found


def audit(exceptions: list[Exemption]) -> None:
    # The lock has all packages with hashes, so nothing is installed or resolved to ask about them.
    done = _run(
        [str(BIN / "pip-audit"), "--requirement", "requirements/lock.txt", "--require-hashes", "--disable-pip",
         "--format", "json", "--progress-spinner", "off"]
    )  # fmt: skip
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        raise AuditError(
            f"The audit needs an advisory service and none answered ({_last_line(done.stderr)}): "
            "nothing is known about the locked packages; run make audit where one can be reached."
        ) from None
    if packages and all("skip_reason" in package for package in packages):
        raise AuditError(
            "The audit needs an advisory service that knows the locked packages and the one that answered knows none "
            "of them (a mirror of a registry often serves no advisories): run make audit where one can be reached."
        )
    problems = judge(packages, exceptions)
    if problems:
        raise AuditError("\n".join(problems))
    print(f"Audit: {len(packages)} packages, no advisory that is not excepted; {len(exceptions)} exceptions.")


def judge(packages: list[dict[str, object]], exceptions: list[Exemption]) -> list[str]:
    """What is wrong: advisories without an exception, exceptions without an advisory, packages nobody looked at."""
    accepted = {exemption.advisory for exemption in exceptions}
    matched: set[str] = set()
    problems = []
    for package in packages:
        if "skip_reason" in package:
            problems.append(f"{package['name']}: was not audited ({package['skip_reason']})")
        found = package.get("vulns", [])
        for advisory in found if isinstance(found, list) else []:
            names = {advisory["id"], *advisory.get("aliases", [])}
            if names & accepted:
                matched |= names
                continue
            fixed = ", ".join(advisory.get("fix_versions", [])) or "no version yet"
            problems.append(f"{package['name']} {package['version']}: {advisory['id']}, fixed in {fixed}")
    unused = [e.advisory for e in exceptions if e.advisory not in matched]
    return problems + [f"{advisory}: the exception matches nothing any more: remove it" for advisory in unused]


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT, stdin=subprocess.DEVNULL)


def _last_line(text: str) -> str:
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "no output")


if __name__ == "__main__":
    sys.exit(main())
