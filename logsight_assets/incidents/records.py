"""An incident is a folder of immutable numbered records; everything else about it is derived from them.

A record is put only under a number that is free, so that two writers never replace each other's. It says once what its
`key` names: whoever is killed, or slower than another, writes again and finds it there. The number is the whole name,
without the kind: two kinds under one number would both be put.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from logsight_assets.errors import PermanentError, UsageError
from logsight_assets.lake import Lake, incident_prefix, record_key, values
from resources.object_store import ObjectStore

RECORD_VERSION = 1
LOGSIGHT = "logsight"  # who writes what no person decided

Kind = Literal[
    "opened",  # an episode of an alarm made the incident
    "joined",  # an alarm of the same cause
    "repeated",  # an alarm that is in it already went off again
    "noted",  # something about an alarm that changes no state
    "cleared",  # one of several alarms is over
    "resolved",  # all alarms are over, or a person says so
    "reopened",  # an alarm went off again within the window
    "evidence",  # what was found, typed and numbered, and how complete it is
    "first_answer",  # what the evidence says
    "summary",  # a model's, with its verdicts
    "ack",  # a person has seen it
    "silenced",  # nobody is notified of it until a time, as a person said
    "unsilenced",  # a silence that covered it was ended before its time
    "assigned",  # a person is to deal with it
    "action",  # something of a runbook was approved, begun or done
    "runbook",  # one was drafted from it, or a draft was approved
    "feedback",  # what a person says of the answer
]
KINDS = frozenset(get_args(Kind))


class UnreadableRecord(PermanentError):
    """A record was written by a newer version, or is damaged."""


@dataclass(frozen=True)
class Record:
    """One thing that happened to an incident."""

    number: int  # from 1, in the order of writing
    kind: Kind
    key: str  # what it says; an incident has each key once
    time: str  # when it was written, ISO 8601, UTC
    by: str  # LOGSIGHT or a person
    body: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {
            "version": RECORD_VERSION,
            "number": self.number,
            "kind": self.kind,
            "key": self.key,
            "time": self.time,
            "by": self.by,
            "body": dict(self.body),
        }


class IncidentRecords:
    """The records of one incident; what was read once is not read again, because it never changes."""

    def __init__(self, lake: Lake, tenant: str, incident_id: str) -> None:
        self.tenant, self.incident_id = tenant, incident_id
        self._lake = lake
        self._held: dict[int, Record] = {}

    def all(self) -> list[Record]:
        """All records in their order; UnreadableRecord names one that cannot be read."""
        prefix = incident_prefix(self.tenant, self.incident_id)
        for entry in self._lake.store.list(prefix):
            name = entry.key.removeprefix(prefix).removesuffix(".json")
            if name.isdigit() and int(name) not in self._held:
                self._held[int(name)] = _parsed(self._lake.store, entry.key)
        return [self._held[number] for number in sorted(self._held)]

    def find(self, key: str) -> Record | None:
        return next((record for record in self.all() if record.key == key), None)

    def append(self, kind: Kind, key: str, body: Mapping[str, Any], by: str = LOGSIGHT) -> Record:
        """Write a record, unless the incident has one of this key: then that one is returned."""
        while True:
            records = self.all()
            if found := next((record for record in records if record.key == key), None):
                return found
            number = records[-1].number + 1 if records else 1
            record = Record(number, kind, key, self._lake.clock().isoformat(timespec="milliseconds"), by, body)
            data = json.dumps(record.to_json(), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            if self._lake.store.put_if(record_key(self.tenant, self.incident_id, number), data, None):
                self._held[number] = record
                return record


def _parsed(store: ObjectStore, key: str) -> Record:
    try:
        held = json.loads(store.get(key))
        if held["version"] > RECORD_VERSION or held["kind"] not in KINDS:
            raise UnreadableRecord(f"record {key}: was written by a newer LogSight; update this one")
        return Record(held["number"], held["kind"], held["key"], held["time"], held["by"], held["body"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableRecord(
            f"record {key}: is no record ({type(error).__name__}); restore it from a backup"
        ) from error


def incidents_of(store: ObjectStore, tenant: str) -> list[str]:
    """Ids of a tenant's incidents, in order of their first alarm."""
    return values(store, f"incidents/tenant={tenant}/", "incident")


def tenants_with_incidents(store: ObjectStore) -> list[str]:
    return values(store, "incidents/", "tenant")


def find_incident(lake: Lake, incident_id: str) -> IncidentRecords:
    """An incident by its id or a part that only its id has; UsageError when none or several match."""
    found = list(_matching(lake.store, incident_id))
    if len(found) == 1:
        return IncidentRecords(lake, *found[0])
    if not found:
        raise UsageError(f"incident {incident_id[:40]!r} is not in this lake; see `logsight incidents list`")
    raise UsageError(f"incident {incident_id!r} may be one of {_some(name for _, name in found)}; give more of the id")


def _matching(store: ObjectStore, part: str) -> Iterator[tuple[str, str]]:
    for tenant in tenants_with_incidents(store):
        names = incidents_of(store, tenant)
        yield from ((tenant, name) for name in ([part] if part in names else names) if part and part in name)


def _some(names: Iterable[str]) -> str:
    shown = sorted(names)
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "")
