"""A labelled set: incidents with what people say was their cause, as files that models can be compared on.

A case is a folder: `evidence.json`, what an investigation stored, and `truth.json`, `{"cause": SERVICE}` or
`{"cause": null}` where the logs do not show it. Past incidents become cases once somebody has said what it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from logsight_assets.errors import UsageError
from logsight_assets.incidents.records import IncidentRecords, incidents_of, tenants_with_incidents
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.summary.due import latest_answer
from logsight_assets.lake import Lake, is_erased


@dataclass(frozen=True)
class Case:
    """One incident with its truth."""

    name: str
    evidence: Mapping[str, Any]
    severity: str
    cause: str | None  # a service; None where the logs do not show it

    @property
    def first_suspect(self) -> str | None:
        """Whom the first answer blames; None unless it says that the logs explain it."""
        answer = self.evidence["first_answer"]
        return answer["suspects"][0]["service"] if answer["verdict"] == "explained" and answer["suspects"] else None


def read_cases(folder: Path) -> list[Case]:
    """The cases of a folder, in order of names; UsageError names the file that is none."""
    cases = [_read(file.parent) for file in sorted(folder.glob("*/truth.json"))]
    if not cases:
        raise UsageError(f"{folder}: holds no cases; `logsight evaluate {folder} --export` makes some")
    return cases


def _read(folder: Path) -> Case:
    try:
        truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
        evidence = json.loads((folder / "evidence.json").read_text(encoding="utf-8"))
        return Case(folder.name, evidence["found"], evidence["severity"], truth["cause"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{folder}: is no case ({type(error).__name__}); see docs/llm-prompts.md") from None


def export_cases(lake: Lake, folder: Path, tenant: str | None = None) -> int:
    """Write every incident whose cause somebody has named as a case; how many. What is there stays."""
    written = 0
    for name, evidence, severity, cause in _labelled(lake, tenant):
        place = folder / name
        if place.exists():
            continue
        place.mkdir(parents=True)
        found = json.dumps({"found": evidence, "severity": severity}, ensure_ascii=False, indent=1)
        (place / "evidence.json").write_text(found, encoding="utf-8")
        # Last, because it makes the folder a case.
        (place / "truth.json").write_text(json.dumps({"cause": cause}), encoding="utf-8")
        written += 1
    return written


def _labelled(lake: Lake, tenant: str | None) -> Iterator[tuple[str, Mapping[str, Any], str, str | None]]:
    for owner in tenants_with_incidents(lake.store):
        if tenant not in (None, owner) or is_erased(lake.store, owner):
            continue
        for incident_id in incidents_of(lake.store, owner):
            records = IncidentRecords(lake, owner, incident_id)
            told = [record.body for record in records.all() if record.kind == "feedback" and "cause" in record.body]
            evidence = records.find(f"evidence:{latest_answer(records)}")
            if told and evidence and not evidence.body.get("failed"):
                yield incident_id, evidence.body, fold(records.all()).severity, told[-1]["cause"]
