"""Intents: an object for each reading of a raw object that has begun and not ended, put first and removed last.

It names every file that the reading has or will have put, and those of the readings before it. So whoever reads the
raw object again after a kill knows what may be there, also when the raw object has been rewritten in between.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.raw import RawObject
from logsight_assets.intake.receipts import key_digest
from logsight_assets.timeline import Hour
from resources.object_store import ObjectStore

_FOLDER = "intents/"


@dataclass(frozen=True)
class Intent:
    """A reading that has begun."""

    raw_object: str  # id of what is read
    raw_key: str
    arrival_hour: Hour
    files: frozenset[str]  # keys of event files

    @property
    def key(self) -> str:
        return f"{_FOLDER}{self.raw_object}.json"

    def to_json(self) -> bytes:
        held = {"raw_key": self.raw_key, "arrival_hour": str(self.arrival_hour), "files": sorted(self.files)}
        return json.dumps(held, sort_keys=True).encode()


def intent_of(raw: RawObject, raw_object: str, files: Iterable[str]) -> Intent:
    """The intent to read a raw object, under its id, into these files."""
    return Intent(raw_object, raw.identity, raw.arrival_hour, frozenset(files))


def open_intents(store: ObjectStore, raw: RawObject | None = None) -> Iterator[Intent]:
    """Readings that have begun and not ended: all, or those of one raw key."""
    start = _FOLDER if raw is None else _FOLDER + key_digest(raw.identity)
    for entry in list(store.list(start)):
        try:
            held = json.loads(store.get(entry.key))
        except ObjectMissing:  # ended since the listing
            continue
        name = entry.key.removeprefix(_FOLDER).removesuffix(".json")
        yield Intent(name, held["raw_key"], Hour.parse(held["arrival_hour"]), frozenset(held["files"]))
