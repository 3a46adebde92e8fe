"""What an erased tenant leaves in incidents of the platform, which read across tenants: it goes there too.

The only records that are ever put again: number, kind and time stay, so that the timeline does; what was quoted goes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from logsight_assets.incidents.handover import hand_over
from logsight_assets.incidents.overview import refresh_rows
from logsight_assets.incidents.records import IncidentRecords, Record, incidents_of
from logsight_assets.lake import PLATFORM, Lake, record_key, watch_key

ERASED = "what it was made from was erased"


def forget_tenant(lake: Lake, tenant: str) -> int:
    """Empty what was found in events of a tenant; how many incidents held any. The same call again finds none."""
    forgotten = []
    for name in incidents_of(lake.store, PLATFORM):
        records = IncidentRecords(lake, PLATFORM, name).all()
        told = {r.key.partition(":")[2] for r in records if tenant in r.body.get("tenants", ())}
        kinds = ("evidence", "first_answer", "summary", "runbook")
        held = [r for r in records if r.kind in kinds and r.key.partition(":")[2] in told]
        # The evidence last: it names the tenant, so a killed erasure finds the rest again.
        for record in sorted(held, key=lambda r: r.kind == "evidence"):
            data = json.dumps(_emptied(record)).encode() + b"\n"
            lake.store.put(record_key(PLATFORM, name, record.number), data)
        if told:
            forgotten.append(name)
            lake.store.delete(watch_key(PLATFORM, name))
            hand_over(lake, IncidentRecords(lake, PLATFORM, name))
    if forgotten:
        refresh_rows(lake, PLATFORM, forgotten)
    return len(forgotten)


def _emptied(record: Record) -> Mapping[str, Any]:
    if record.kind == "runbook":
        return record.to_json() | {
            "body": {"stage": record.body["stage"], "name": "", "draft": None, "reason": "erased"}
        }
    if record.kind == "summary":
        left = {"kind": "first_answer", "reason": "erased", "summary": None, "verdicts": list[Any](), "removed": 0}
        return record.to_json() | {"body": left}
    kept = {name: record.body[name] for name in ("reason", "basis") if name in record.body}
    completeness = {"is_complete": False, "sources": [], "missing": [ERASED]}
    answer = {"verdict": "incomplete", "suspects": [], "templates": []}
    found = {"evidence": [], "first_answer": answer} if record.kind == "evidence" else answer
    return record.to_json() | {"body": kept | found | {"completeness": completeness}}
