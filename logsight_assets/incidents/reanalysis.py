"""An answer is given at once from what is there, and made again, a few times at most, when more of its window is there.

The stored evidence names what it was made from. As long as an incident is young it is watched: one small object says
what its latest answer was made from, so that looking for late data reads no evidence. A new answer is a new record; the
earlier ones stay.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from logsight_assets.errors import ObjectMissing
from logsight_assets.incidents.answered_alarm import OF_AN_ALARM
from logsight_assets.incidents.inputs import inputs_of
from logsight_assets.incidents.reading import readable_tenants
from logsight_assets.incidents.records import IncidentRecords, tenants_with_incidents
from logsight_assets.incidents.windows import Window
from logsight_assets.lake import PLATFORM, Lake, events_prefix, watch_key

# Late data of an older window changes trends, and nobody's night any more.
_WATCHED = timedelta(hours=48)
CAME_LATE = "more logs of its window came in"
BECAME_COMPLETE = "its window became complete"
FAILED = "the investigation failed"


@dataclass(frozen=True)
class Basis:
    """What an answer was made from: the events of its window, as they were before they were read."""

    window: Window
    fingerprint: str  # of the names of their files, which hold hashes of what is in them
    is_complete: bool

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Due:
    """An incident whose answer is to be made again."""

    tenant: str
    incident_id: str
    reason: str


def basis_now(lake: Lake, tenant: str, window: Window) -> Basis:
    """What is there of a window."""
    tenants = readable_tenants(lake) if tenant == PLATFORM else [tenant]
    keys = [
        entry.key for name in tenants for hour in window.hours for entry in lake.store.list(events_prefix(name, hour))
    ]
    fingerprint = hashlib.sha256("\n".join(keys).encode()).hexdigest()[:16]
    return Basis(window, fingerprint, inputs_of(lake, tenants, window, window.hours).is_complete)


def watch(lake: Lake, records: IncidentRecords) -> None:
    """Note what the latest answer was made from, or that it is final; last, when all else of the answer stands."""
    key, note = watch_key(records.tenant, records.incident_id), _note(lake, records)
    if note is None:
        lake.store.delete(key)
        return
    data = json.dumps(note, sort_keys=True).encode() + b"\n"
    if lake.store.head(key) is None or lake.store.get(key) != data:
        lake.store.put(key, data)


def _note(lake: Lake, records: IncidentRecords) -> Mapping[str, Any] | None:
    """What there is to know for the next answer; None if there will be none."""
    settings = lake.settings.incidents
    answers = [record for record in records.all() if record.kind == "first_answer"]
    if not answers:
        return None
    first = max(place for place, answer in enumerate(answers) if answer.body["reason"] in OF_AN_ALARM)
    again = len(answers) - 1 - first  # of the same window
    if again >= settings.reanalyses:
        return None
    evidence = records.find(f"evidence:{len(answers)}")
    assert evidence is not None, "an answer is taken from evidence of its number"
    wait = timedelta(minutes=settings.reanalyse_minutes * 2**again)
    return {
        "basis": evidence.body["basis"],
        "failed": bool(evidence.body.get("failed")),
        "is_last": again == settings.reanalyses - 1,
        "not_before": (datetime.fromisoformat(answers[-1].time) + wait).isoformat(),
        "until": (datetime.fromisoformat(answers[first].time) + _WATCHED).isoformat(),
    }


def watched_incidents(lake: Lake) -> Iterator[tuple[str, str]]:
    """Tenant and id of each incident whose answer may be made again."""
    for tenant in tenants_with_incidents(lake.store):
        prefix = watch_key(tenant, "").removesuffix(".json")
        for entry in list(lake.store.list(prefix)):
            yield tenant, entry.key.removeprefix(prefix).removesuffix(".json")


def due_answers(lake: Lake) -> list[Due]:
    """Incidents whose answer is to be made again; notes of those that are too old go."""
    found = []
    for tenant, incident_id in watched_incidents(lake):
        key = watch_key(tenant, incident_id)
        try:
            note: Mapping[str, Any] = json.loads(lake.store.get(key))
        except ObjectMissing:
            continue
        if lake.clock() > datetime.fromisoformat(note["until"]):
            lake.store.delete(key)
        elif reason := _due(lake, tenant, note):
            found.append(Due(tenant, incident_id, reason))
    return found


def why_again(lake: Lake, records: IncidentRecords) -> str | None:
    """Why an incident's answer is to be made again, by its records: its note may be older than they are."""
    note = _note(lake, records)
    return _due(lake, records.tenant, note) if note else None


def _due(lake: Lake, tenant: str, note: Mapping[str, Any]) -> str | None:
    """Why an answer is to be made again; a window that is whole now waits for no time."""
    basis = note["basis"]
    then = Basis(Window(**basis["window"]), basis["fingerprint"], basis["is_complete"])
    now = basis_now(lake, tenant, then.window)
    if now.is_complete and not then.is_complete:
        return BECAME_COMPLETE
    if lake.clock() < datetime.fromisoformat(note["not_before"]):
        return None
    if note["failed"]:
        return FAILED
    # The last time is kept for the whole window.
    waits_for_all = note["is_last"] and not then.is_complete
    return CAME_LATE if now.fingerprint != then.fingerprint and not waits_for_all else None
