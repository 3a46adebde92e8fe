"""What waits to be delivered, and whose turn it is.

A marker says that a message may not be what it is to be. It is put behind the intent and removed behind the telling,
under a name for each revision, so a kill leaves one too many and never one too few. A turn says when a message may be
tried; who claims it moves that time ahead, so that two runs never speak to a channel about one message at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from logsight_assets.delivery.entries import Entry, Subject
from logsight_assets.errors import ObjectMissing
from logsight_assets.lake import Lake, channel_pause_key, delivery_turn_key, waiting_delivery_key

# Longer than the longest delivery: a dozen requests that each take the outbound client's whole time. Who was killed
# while it was at it keeps the message waiting so long.
CLAIM = timedelta(minutes=5)
_PREFIX = "deliveries/waiting/"


@dataclass(frozen=True)
class Waiting:
    """A message that waits."""

    entry: Entry
    revisions: tuple[int, ...]  # of its markers
    since: float  # when the oldest was put, seconds since 1970, by the store's clock


@dataclass(frozen=True)
class Turn:
    """When a message may be tried. `version` is of the object that says so; None if there is none."""

    not_before: datetime | None
    dead_revision: int  # up to this revision it is given up; 0 if it is not
    version: str | None


def waiting(lake: Lake) -> list[Waiting]:
    """All messages that wait, the longest waiting first; reports after incidents."""
    found: dict[Entry, list[tuple[int, float]]] = {}
    for each in lake.store.list(_PREFIX):
        tenant, subject, address, revision = each.key.removeprefix(_PREFIX).split("/")
        kind, _, name = subject.partition("=")
        about = Subject(tenant.removeprefix("tenant="), "report" if kind == "report" else "incident", name)
        entry = Entry.at(about, address)
        found.setdefault(entry, []).append((int(revision), each.modified))
    held = [
        Waiting(entry, tuple(revision for revision, _ in marks), min(moment for _, moment in marks))
        for entry, marks in found.items()
    ]
    return sorted(held, key=lambda each: (each.entry.subject.kind, each.since, each.entry))


def mark(lake: Lake, entry: Entry, revision: int) -> None:
    """Say that a message is to be of a revision."""
    lake.store.put(waiting_delivery_key(*entry.place, revision), b"")


def unmark(lake: Lake, entry: Entry, revisions: Iterable[int]) -> None:
    for revision in revisions:
        lake.store.delete(waiting_delivery_key(*entry.place, revision))


def read_turn(lake: Lake, entry: Entry) -> Turn:
    """The turn of a message; its version is read before what it says."""
    key = delivery_turn_key(*entry.place)
    head = lake.store.head(key)
    if head is None:
        return Turn(None, 0, None)
    held = json.loads(lake.store.get(key))
    moment = datetime.fromisoformat(held["not_before"]) if held["not_before"] else None
    return Turn(moment, held["dead_revision"], head.version)


def is_given_up(waits: Waiting, turn: Turn) -> bool:
    return max(waits.revisions) <= turn.dead_revision


def may_be_tried(lake: Lake, waits: Waiting, turn: Turn) -> bool:
    """Whether it is a message's turn now."""
    return not is_given_up(waits, turn) and (turn.not_before is None or turn.not_before <= lake.clock())


def claim(lake: Lake, waits: Waiting) -> Turn | None:
    """Take the turn of a message; None if it may not be tried, or somebody else was faster."""
    turn = read_turn(lake, waits.entry)
    if not may_be_tried(lake, waits, turn) or not _put(lake, waits.entry, lake.clock() + CLAIM, 0, turn.version):
        return None
    return read_turn(lake, waits.entry)


def release(lake: Lake, entry: Entry, turn: Turn, not_before: datetime | None, dead_revision: int = 0) -> None:
    """Give a turn back; one that was taken over meanwhile stays as it is."""
    _put(lake, entry, not_before, dead_revision, turn.version)


def wake(lake: Lake, entry: Entry, until: datetime) -> None:
    """Let a message that waits until a time be tried now; if it waits for something else by now, it goes on waiting."""
    turn = read_turn(lake, entry)
    if turn.not_before == until:
        release(lake, entry, turn, None)


def reset(lake: Lake, entry: Entry) -> None:
    """Let a message be tried now, whatever was said before."""
    while not _put(lake, entry, None, 0, read_turn(lake, entry).version):
        pass


def _put(lake: Lake, entry: Entry, not_before: datetime | None, dead_revision: int, version: str | None) -> bool:
    said = {"not_before": not_before.isoformat() if not_before else None, "dead_revision": dead_revision}
    return lake.store.put_if(delivery_turn_key(*entry.place), json.dumps(said).encode() + b"\n", version)


# Channels that asked to wait ------------------------------------------------------------------------------------------


def pause(lake: Lake, channel: str, until: datetime) -> None:
    """Say until when nothing more is to be sent to a channel."""
    lake.store.put(channel_pause_key(channel), json.dumps({"until": until.isoformat()}).encode() + b"\n")


def paused_until(lake: Lake, channel: str) -> datetime | None:
    """Until when a channel wants nothing; None if it takes messages."""
    try:
        until = datetime.fromisoformat(json.loads(lake.store.get(channel_pause_key(channel)))["until"])
    except ObjectMissing:
        return None
    return until if until > lake.clock() else None
