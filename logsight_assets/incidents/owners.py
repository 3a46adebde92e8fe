"""Whose a change of an alarm's state is: the tenant's that it names, or the platform's.

An alarm may be older than its tenant's first events, or outlive the last: while a tenant has none, its alarms are the
platform's. So what ends, repeats or re-opens an episode goes to where that episode is, and only a new one goes by who
is known now. A change never goes to a tenant that it does not name.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.board import UnreadableBoard, now_ms, read_board
from logsight_assets.incidents.episodes import Board, Transition, Windows, decide, episode_ms
from logsight_assets.incidents.symptom import named_tenants, tenant_of
from logsight_assets.lake import PLATFORM, Lake
from logsight_assets.settings import TENANT_NAME


@dataclass(frozen=True)
class KnownTenants:
    """What one look for alarms knows of tenants; boards are read when they are asked for, once."""

    lake: Lake
    names: Sequence[str]  # sorted
    # Keys of what waits, by tenant, listed before any board is read: what is dealt with in between is then in both.
    # What this look lays into the lake is added.
    waiting: dict[str, list[str]]
    boards: dict[str, Board] = field(default_factory=dict)

    def owner(self, alarm: Alarm, change: Transition) -> str:
        """The tenant, or PLATFORM, whose incidents a change belongs to."""
        own = tenant_of(alarm, self.names) or PLATFORM
        other = PLATFORM if own != PLATFORM else _first_tenant(named_tenants(alarm))
        if other is None or (there := self._episode_ms(other, change)) is None:
            return own
        here = self._episode_ms(own, change)
        return other if here is None or there > here else own

    def lay(self, tenant: str, key: str) -> None:
        """Note that a change waits from now on: what comes behind it in the same look may belong to it."""
        self.waiting.setdefault(tenant, []).append(key)

    def _episode_ms(self, tenant: str, change: Transition) -> int | None:
        """When the episode began that a change belongs to among a tenant's, decided or not; None if it has none."""
        reach = self.lake.settings.incidents.reopen_minutes
        waits = _changes(self.waiting.get(tenant, ()), change.alarm_id)
        # Without services what waits joins no other alarm's incident, so how near one must be does not matter.
        board = decide(self._board(tenant), waits, Windows(0, reach), now_ms(self.lake))
        return episode_ms(board, change, reach)

    def _board(self, tenant: str) -> Board:
        """A damaged one fails the runs of its own tenant, and no other's."""
        if tenant not in self.boards:
            try:
                self.boards[tenant] = read_board(self.lake, tenant)
            except UnreadableBoard:
                self.boards[tenant] = Board()
        return self.boards[tenant]


def _changes(waiting: Iterable[str], alarm_id: str) -> list[Transition]:
    """What waits of an alarm; names are those of `Transition.key`."""
    names = [key.rpartition("/")[2].removesuffix(".json").partition(f"-{alarm_id}-") for key in waiting]
    return [Transition(alarm_id, state, int(start)) for start, _, state in names if state and start.isdecimal()]


def _first_tenant(names: Iterable[str]) -> str | None:
    return next((name for name in names if TENANT_NAME.fullmatch(name)), None)
