"""What people see of quarantine: reasons, counts and redacted examples; the bytes stay in the vault."""

from __future__ import annotations

from typing import Any

from logsight_assets.intake.excerpts import excerpt
from logsight_assets.intake.keys import load_keys
from logsight_assets.intake.quarantine import read_entries
from logsight_assets.intake.records import QUARANTINE_REASONS
from logsight_assets.intake.redact_records import redaction_of
from logsight_assets.lake import Lake
from logsight_assets.visible import visible

_EXAMPLES = 3


def quarantine_report(lake: Lake) -> dict[str, Any]:
    """`reasons[]`: reason, what it means, count, by source, and examples by place."""
    reasons: dict[str, dict[str, Any]] = {}
    redactor = redaction_of(lake.settings, load_keys(lake.state).ring).redactor
    for entry in read_entries(lake):
        found = reasons.setdefault(
            entry.reason,
            {
                "reason": entry.reason,
                "meaning": QUARANTINE_REASONS.get(entry.reason, ""),
                "count": 0,
                "sources": {},
                "examples": [],
            },
        )
        found["count"] += 1
        found["sources"][entry.source] = found["sources"].get(entry.source, 0) + 1
        if len(found["examples"]) < _EXAMPLES:
            text = visible(excerpt(entry.raw, redactor(entry.tenant)) or "")
            place = {"source": entry.source, "arrival_hour": entry.arrival_hour, "raw_object": entry.raw_object}
            found["examples"].append(place | {"line": entry.line, "excerpt": text})
    ordered = sorted(reasons.values(), key=lambda found: (-found["count"], found["reason"]))
    return {"reasons": ordered, "total": sum(found["count"] for found in ordered)}


def report_text(report: dict[str, Any]) -> str:
    lines = [f"{report['total']:,} in quarantine"]
    for found in report["reasons"]:
        lines.append(f"\n{found['count']:>8,}  {found['reason']}: {found['meaning']}")
        for example in found["examples"]:
            place = f"{example['source']} {example['arrival_hour']} line {example['line']}"
            lines.append(f"          {place}: {example['excerpt']}")
    return "\n".join(lines)
