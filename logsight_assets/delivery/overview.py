"""What the outbox holds, for people and for the check: messages that wait, were given up, and since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from logsight_assets.delivery.entries import Entry, EntryRecords, all_entries
from logsight_assets.delivery.outbox import due_of, has_news
from logsight_assets.delivery.turns import is_given_up, read_turn, waiting
from logsight_assets.lake import Lake
from resources.gauges import Gauge


@dataclass(frozen=True)
class Row:
    """One message."""

    kind: str
    name: str
    tenant: str
    channel: str
    to: str
    state: str  # told, waiting, withheld or dead
    revision: int  # that the channel holds; 0 for none
    wanted: int
    failures: int  # of a dead letter those before it was given up
    not_before: str | None
    reason: str
    left: tuple[str, ...]  # what people's changes kept from being done

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "left": list(self.left)}


@dataclass(frozen=True)
class OutboxState:
    """Whether delivery stands still: counts, and the age in seconds of what is due for longest."""

    waiting: int
    dead: int
    oldest_due_seconds: float | None
    is_moving: bool


def rows(lake: Lake, *, dead: bool = False) -> Iterator[Row]:
    """Every message, or those that were given up."""
    held = [each.entry for each in waiting(lake)] if dead else all_entries(lake.store)
    for entry in held:
        row = row_of(lake, entry)
        if row.state == "dead" or not dead:
            yield row


def row_of(lake: Lake, entry: Entry) -> Row:
    state = EntryRecords(lake, entry).state()
    told, turn = state.told, read_turn(lake, entry)
    is_told = told is not None and told.revision >= state.wanted
    name = "dead" if state.is_dead else "told" if is_told else "withheld" if state.is_withheld else "waiting"
    return Row(
        entry.subject.kind,
        entry.subject.name,
        entry.subject.tenant,
        entry.channel,
        state.to,
        name,
        told.revision if told else 0,
        state.wanted,
        state.gave_up_after if state.is_dead else state.failures,
        turn.not_before.isoformat(timespec="seconds") if turn.not_before else None,
        state.reason,
        told.left if told else (),
    )


def outbox_state(lake: Lake) -> OutboxState:
    """The state by the lake's clock."""
    held = [(each, read_turn(lake, each.entry)) for each in waiting(lake)]
    given_up = sum(is_given_up(each, turn) for each, turn in held)
    oldest = max((_age(lake, each.since) for each in due_of(lake, held)), default=None)
    longest = lake.settings.delivery.stalled_minutes * 60
    return OutboxState(len(held) - given_up, given_up, oldest, oldest is None or oldest <= longest)


def outbox_gauges(state: OutboxState) -> Iterator[Gauge]:
    """The state as numbers for whoever watches from outside; 0 where nothing is due."""
    yield Gauge("OutboxAgeSeconds", state.oldest_due_seconds or 0.0, "Seconds")
    yield Gauge("DeadLetters", state.dead, "Count")


def is_anything_due(lake: Lake, state: OutboxState | None = None) -> bool:
    """Whether a run would find something to do; who has the state already gives it."""
    return has_news(lake) or (state or outbox_state(lake)).oldest_due_seconds is not None


def _age(lake: Lake, moment: float) -> float:
    return (lake.clock() - datetime.fromtimestamp(moment, UTC)).total_seconds()


def dead_entries(lake: Lake) -> Iterable[Entry]:
    """Messages that were given up."""
    return [each.entry for each in waiting(lake) if EntryRecords(lake, each.entry).state().is_dead]
