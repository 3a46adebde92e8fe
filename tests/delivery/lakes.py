"""A lake with an incident whose news a test tells, and a clock that it moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from logsight_assets.delivery.channel import Channel, Handles
from logsight_assets.delivery.entries import Entry, EntryRecords, EntryState, all_entries
from logsight_assets.delivery.message import Letter, Wrote
from logsight_assets.delivery.outbox import Delivered, deliver_due
from logsight_assets.failures import Failures
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.records import IncidentRecords, find_incident, incidents_of
from logsight_assets.incidents.waiting import known_tenants, put_waiting
from logsight_assets.lake import Lake, open_lake
from tests.incidents.events import alarm_event, body, handle
from tests.intake.lakes import NOW, flat_line, put_raw, read_all


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += timedelta(**span)


@dataclass
class Found:
    """What an investigation finds, for a test to choose."""

    verdict: str = "explained"
    suspect: str = "payment"
    templates: list[dict[str, Any]] = field(default_factory=list)
    evidence: list[dict[str, Any]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    shared: list[dict[str, Any]] = field(default_factory=list)

    def __call__(self, _lake: Lake, _alarm: Alarm) -> Found:
        return self

    def to_json(self) -> dict[str, Any]:
        suspect = {"service": self.suspect, "score": 0.81, "reasons": ["errors rose: 3 before, 90 now"]}
        return {
            "first_answer": {
                "verdict": self.verdict,
                "suspects": [suspect] if self.verdict == "explained" else [],
                "templates": self.templates,
                "shared_attributes": self.shared,
            },
            "evidence": self.evidence,
            "completeness": {"is_complete": not self.missing, "missing": self.missing, "sources": []},
        }


def make_lake(root: Path, clock: Clock, **settings: Any) -> Lake:
    """A lake in which `acme` has events."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "logsight.yaml").write_text(yaml.safe_dump(settings))
    lake = open_lake(str(root), {}, None, clock)
    put_raw(lake, [flat_line(minute=20)])
    read_all(lake)
    return lake


def alarm(lake: Lake, name: str = "checkout-5xx", state: str = "ALARM", minute: float = 0, **more: Any) -> str:
    """Tell a change of an alarm, and deal with it; the incident's id."""
    found = more.pop("found", Found())
    put_waiting(lake, body(alarm_event(name, state, minute, **more)), known_tenants(lake))
    handle(lake, found)
    return incidents_of(lake.store, "acme")[-1]


def incident(lake: Lake, name: str) -> IncidentRecords:
    return find_incident(lake, name)


def send(lake: Lake, channels: Mapping[str, Channel]) -> Delivered:
    """One delivery run; what is a fault of ours is raised."""
    failures = Failures(lake)
    done = deliver_due(lake, channels, failures)
    failures.check()
    return done


def entry_states(lake: Lake) -> dict[Entry, EntryState]:
    return {entry: EntryRecords(lake, entry).state() for entry in all_entries(lake.store)}


def state_in(lake: Lake, channel: str) -> EntryState:
    (found,) = (state for entry, state in entry_states(lake).items() if entry.channel == channel)
    return found


@dataclass
class Book:
    """A channel that remembers what it was given; `faults` are raised in turn."""

    letters: list[Letter] = field(default_factory=list)
    faults: list[Exception | None] = field(default_factory=list)

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:  # noqa: ARG002  a book knows every letter
        self.letters.append(letter)
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        return Wrote({"revision": str(letter.revision)})

    def check(self) -> str:
        return "a book"

    @property
    def news(self) -> list[list[str]]:
        return [[news.kind for news in letter.news] for letter in self.letters]
