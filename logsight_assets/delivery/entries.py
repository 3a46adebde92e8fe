"""One message in one channel, and its immutable numbered records: what is to be said, what was tried, what was told.

As with incidents, a record is put only under a number that is free and says once what its `key` names; the state of
the message is their fold.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal, get_args

from logsight_assets.channel_settings import SubjectKind
from logsight_assets.lake import Lake, delivery_prefix, values
from resources.object_store import ObjectStore

LOGSIGHT = "logsight"
_VERSION = 1
_SUBJECTS: tuple[SubjectKind, ...] = get_args(SubjectKind)

Kind = Literal[
    "intent",  # the subject has news: the message is to be of this revision
    "withheld",  # somebody has silenced it
    "attempt",  # the channel is about to be spoken to
    "handle",  # what the channel calls something that it holds of ours
    "told",  # the channel holds the message of a revision
    "failed",  # it does not, and will be tried again
    "dead",  # it does not, and will not be tried again by itself
    "redriven",  # a person wants it to be tried again
]


@dataclass(frozen=True, order=True)
class Subject:
    """What a message is about."""

    tenant: str
    kind: SubjectKind
    name: str  # id of an incident; `daily-2025-06-01` or `weekly-2025-W22` of a report


@dataclass(frozen=True, order=True)
class Entry:
    """A message: a subject in a channel, for a report's subscriber also `recipient`, a hash of whom it is to."""

    subject: Subject
    channel: str
    recipient: str = ""

    @classmethod
    def to(cls, subject: Subject, channel: str, to: str = "") -> Entry:
        """The entry of a channel, or of somebody who is reached through it."""
        return cls(subject, channel, hashlib.sha256(to.encode()).hexdigest()[:8] if to else "")

    @classmethod
    def at(cls, subject: Subject, address: str) -> Entry:
        """The entry whose path part is `address`."""
        channel, _, recipient = address.partition("~")
        return cls(subject, channel, recipient)

    @property
    def address(self) -> str:
        return f"{self.channel}~{self.recipient}" if self.recipient else self.channel

    @property
    def place(self) -> tuple[str, str, str, str]:
        """What every key of the entry is made of."""
        return self.subject.tenant, self.subject.kind, self.subject.name, self.address

    @property
    def key(self) -> str:
        """What the channel can know the message by: the same at every attempt, and without any name."""
        return "logsight-" + hashlib.sha256("\0".join(self.place).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Told:
    """What a channel holds."""

    revision: int
    facts: Mapping[str, Any]  # of the subject, as they were told
    fingerprint: str  # of the whole message
    wrote: Mapping[str, str]  # fields as they were written, to see what people changed since
    left: tuple[str, ...]  # what was not done, because people had changed it


@dataclass(frozen=True)
class EntryState:
    """The fold of an entry's records."""

    wanted: int = 0  # revision
    to: str = ""
    handles: Mapping[str, Any] = field(default_factory=dict)
    told: Told | None = None
    trying: int | None = None  # revision of an attempt that may have arrived
    tried_time: str = ""  # when such an attempt was begun first
    failures: int = 0  # since it was told, redriven or dead
    withheld_until: datetime | None = None  # when the silence that holds it back is to end
    is_dead: bool = False
    gave_up_after: int = 0  # failures before it was dead; 0 if it never was
    reason: str = ""  # of the last failure
    records: int = 0

    @property
    def is_withheld(self) -> bool:
        return self.withheld_until is not None


class EntryRecords:
    """The records of one message."""

    def __init__(self, lake: Lake, entry: Entry) -> None:
        self.entry = entry
        self._lake = lake
        self._prefix = delivery_prefix(*entry.place)
        self._held: dict[int, dict[str, Any]] = {}

    def all(self) -> list[dict[str, Any]]:
        """All records in their order; what was read once is not read again."""
        for entry in self._lake.store.list(self._prefix):
            number = int(entry.key.removeprefix(self._prefix).removesuffix(".json"))
            if number not in self._held:
                self._held[number] = json.loads(self._lake.store.get(entry.key))
        return [self._held[number] for number in sorted(self._held)]

    def state(self) -> EntryState:
        return fold(self.all())

    def append(self, kind: Kind, key: str, body: Mapping[str, Any], by: str = LOGSIGHT) -> None:
        """Write a record, unless there is one of this key."""
        while True:
            records = self.all()
            if any(record["key"] == key for record in records):
                return
            number = len(records) + 1
            record = {
                "version": _VERSION,
                "number": number,
                "kind": kind,
                "key": key,
                "time": self._lake.clock().isoformat(timespec="milliseconds"),
                "by": by,
                "body": dict(body),
            }
            data = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            if self._lake.store.put_if(f"{self._prefix}{number:04d}.json", data, None):
                self._held[number] = record
                return

    def append_next(self, kind: Kind, body: Mapping[str, Any], by: str = LOGSIGHT) -> None:
        """Write a record of something that may happen again."""
        self.append(kind, f"{kind}:{sum(record['kind'] == kind for record in self.all()) + 1}", body, by)


def fold(records: Iterable[Mapping[str, Any]]) -> EntryState:
    """The state that records lead to; kinds of a newer version change nothing."""
    state = EntryState()
    for record in records:
        fold_one = _FOLDS.get(record["kind"])
        state = fold_one(state, record) if fold_one else state
        state = replace(state, records=record["number"])
    return state


def _intent(state: EntryState, record: Mapping[str, Any]) -> EntryState:
    body = record["body"]
    # What is new is a new chance also for a message that was given up.
    return replace(state, wanted=max(state.wanted, body["revision"]), to=body["to"], is_dead=False)


def _withheld(state: EntryState, record: Mapping[str, Any]) -> EntryState:
    return replace(state, withheld_until=datetime.fromisoformat(record["body"]["until"]))


def _attempt(state: EntryState, record: Mapping[str, Any]) -> EntryState:
    return replace(state, trying=record["body"]["revision"], tried_time=state.tried_time or record["time"])


def _handle(state: EntryState, record: Mapping[str, Any]) -> EntryState:
    body = record["body"]
    return replace(state, handles={**state.handles, body["name"]: body["value"]})


def _told(state: EntryState, record: Mapping[str, Any]) -> EntryState:
    told = Told(**{**record["body"], "left": tuple(record["body"]["left"])})
    return replace(
        state, told=told, trying=None, tried_time="", failures=0, withheld_until=None, is_dead=False, reason=""
    )


def _failed(state: EntryState, record: Mapping[str, Any]) -> EntryState:
    return replace(state, failures=state.failures + 1, reason=record["body"]["reason"])


def _dead(state: EntryState, record: Mapping[str, Any]) -> EntryState:
    # What comes next need not be the same letter again, or one that is refused would keep all later ones back. It is
    # still looked for (`tried_time`).
    reason, after = record["body"]["reason"], state.failures + 1
    return replace(state, trying=None, failures=0, gave_up_after=after, is_dead=True, reason=reason)


def _redriven(state: EntryState, _: Mapping[str, Any]) -> EntryState:
    return replace(state, failures=0, is_dead=False)


_FOLDS = {
    "intent": _intent,
    "withheld": _withheld,
    "attempt": _attempt,
    "handle": _handle,
    "told": _told,
    "failed": _failed,
    "dead": _dead,
    "redriven": _redriven,
}


def entries_of(store: ObjectStore, subject: Subject) -> list[Entry]:
    """Every message about a subject."""
    prefix = f"deliveries/tenant={subject.tenant}/{subject.kind}={subject.name}/"
    return [Entry.at(subject, address) for address in values(store, prefix, "channel")]


def all_entries(store: ObjectStore) -> list[Entry]:
    """Every message of the lake."""
    return [
        entry
        for tenant in values(store, "deliveries/", "tenant")
        for kind in _SUBJECTS
        for name in values(store, f"deliveries/tenant={tenant}/", kind)
        for entry in entries_of(store, Subject(tenant, kind, name))
    ]
