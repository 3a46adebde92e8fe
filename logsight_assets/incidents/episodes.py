"""Which incident an alarm's state change belongs to: pure decisions over what was decided before.

An episode is an alarm (account, region, ARN or name) that went off at a time; it belongs to exactly one incident. State
changes arrive late, twice and in any order, so nothing here looks at the order of arrival: a change is put into its
alarm's history by its own time, and the same change again finds the decision that was made.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

ALARM, OK, INSUFFICIENT_DATA = "ALARM", "OK", "INSUFFICIENT_DATA"
Role = Literal["opened", "joined", "repeated", "reopened", "cleared", "noted"]
Pair = frozenset[str]  # two services
_MINUTE_MS = 60_000


@dataclass(frozen=True)
class Transition:
    """An alarm's change of state."""

    alarm_id: str  # hash of account, region and ARN or name
    state: str
    unix_ms: int  # when the state changed, by the alarm's own clock
    services: tuple[str, ...] = ()  # that the alarm is about

    @property
    def key(self) -> str:
        """Equal for every delivery of the same change."""
        return f"{self.unix_ms:013d}-{self.alarm_id}-{self.state}"


@dataclass(frozen=True)
class Decision:
    """What a change did to which incident."""

    unix_ms: int
    state: str
    role: Role
    incident_id: str | None  # None: it ends or means nothing that is known
    resolves: tuple[str, ...]  # incidents of which with it all alarms are over
    decided_ms: int  # by the clock of who decided

    @property
    def incidents(self) -> tuple[str, ...]:
        """Every incident that the change tells something of."""
        return tuple(dict.fromkeys((*([self.incident_id] if self.incident_id else []), *self.resolves)))


@dataclass(frozen=True)
class Standing:
    """An incident, as far as the next decision needs it."""

    opened_ms: int  # earliest time at which one of its alarms went off
    latest_ms: int  # latest
    services: tuple[str, ...]
    alarms: tuple[str, ...]
    resolved_ms: int | None = None


@dataclass(frozen=True)
class Windows:
    """How near in time things belong together, in minutes."""

    join_minutes: int
    reopen_minutes: int
    join_open_minutes: int = 0  # the first, where one of the incident's alarms is on


@dataclass(frozen=True)
class Board:
    """What was decided of one tenant's alarms: each alarm's history by time, and the incidents in it."""

    alarms: Mapping[str, tuple[Decision, ...]] = field(default_factory=dict)
    incidents: Mapping[str, Standing] = field(default_factory=dict)

    def decision(self, change: Transition) -> Decision | None:
        """What was decided of a change, if it was."""
        history = self.alarms.get(change.alarm_id, ())
        return next((d for d in history if (d.unix_ms, d.state) == (change.unix_ms, change.state)), None)


def alarm_id(account: str, region: str, name: str) -> str:
    """Short name of an alarm, without its text, which may hold anything."""
    return hashlib.sha256(f"{account}\0{region}\0{name}".encode()).hexdigest()[:16]


def incident_id(change: Transition) -> str:
    """`YYYYMMDD-hhmm-xxxxxx`: when the episode began, UTC, and a hash of it.

    No word of the alarm is in it: ids are shown in Dagster, and alarm names hold names of tenants.
    """
    began = datetime.fromtimestamp(change.unix_ms / 1000, UTC)
    digest = hashlib.sha256(f"{change.alarm_id} {change.unix_ms}".encode()).hexdigest()
    return f"{began:%Y%m%d-%H%M}-{digest[:6]}"


def decide(
    board: Board,
    changes: Iterable[Transition],
    windows: Windows,
    now_ms: int,
    linked: Collection[Pair] = frozenset(),
) -> Board:
    """The board after these changes; those that it holds already change nothing.

    `linked` are pairs of services whose failing requests share traces: their alarms have one cause.
    """
    for change in sorted(set(changes), key=lambda change: (change.unix_ms, change.state, change.alarm_id)):
        if board.decision(change) is None:
            board = _with_change(board, change, windows, now_ms, linked)
    return board


def told_before(board: Board, change: Transition) -> list[Decision]:
    """What ended an alarm's episode, or was said of it, before anybody knew of it; no record of its incident holds it.

    In order of time, up to the next time at which the alarm goes off.
    """
    own = board.decision(change)
    history = board.alarms.get(change.alarm_id, ())
    after = [d for d in history if (d.unix_ms, d.state) > (change.unix_ms, change.state)]
    following = itertools.takewhile(lambda d: d.state != ALARM, after)
    return [d for d in following if own and d.incident_id != own.incident_id]


def episode_ms(board: Board, change: Transition, reopen_minutes: int) -> int | None:
    """When the episode began that a change repeats, re-opens or ends; None if the board knows of none.

    What ends an episode that has ended already is of one that nobody has told yet: it goes where that would.
    """
    history = board.alarms.get(change.alarm_id, ())
    if change.state != ALARM:
        began = max((d.unix_ms for d in history if d.state == ALARM and d.unix_ms <= change.unix_ms), default=None)
        if began is None or not any(d.state == OK and began <= d.unix_ms < change.unix_ms for d in history):
            return began
    incident = _own_incident(board, change, reopen_minutes * _MINUTE_MS)
    return max((d.unix_ms for d in history if d.state == ALARM and d.incident_id == incident), default=None)


def resolved_by_person(board: Board, incident: str, unix_ms: int) -> Board:
    """The board after a person said that an incident is over."""
    standing = board.incidents.get(incident)
    if standing is None or standing.resolved_ms is not None:
        return board
    return replace(board, incidents={**board.incidents, incident: replace(standing, resolved_ms=unix_ms)})


def pruned(board: Board, before_ms: int, longest: int) -> Board:
    """Without decisions made before a time, and with at most `longest` an alarm; those of open incidents stay.

    The time must be longer ago than any queue keeps a message, or a duplicate would be taken for news.
    """
    standing = {name for name, incident in board.incidents.items() if incident.resolved_ms is None}

    def kept(history: tuple[Decision, ...]) -> tuple[Decision, ...]:
        return tuple(d for d in history if d.decided_ms >= before_ms or d.incident_id in standing)[-longest:]

    alarms = {name: kept(history) for name, history in board.alarms.items()}
    named = standing | {d.incident_id for history in alarms.values() for d in history}
    return Board(
        {name: history for name, history in alarms.items() if history},
        {name: incident for name, incident in board.incidents.items() if name in named},
    )


def _with_change(board: Board, change: Transition, windows: Windows, now_ms: int, linked: Collection[Pair]) -> Board:
    role, incident = _of_alarm(board, change, windows, linked) if change.state == ALARM else _of_calm(board, change)
    decision = Decision(change.unix_ms, change.state, role, incident, (), now_ms)
    board = _recorded(board, change.alarm_id, decision)
    if incident is not None and change.state == ALARM:
        standing = _grown(board.incidents.get(incident), change)
        if standing.resolved_ms is not None and _over_since(board, incident, standing) is None:
            decision = replace(decision, role="reopened")
            standing = replace(standing, resolved_ms=None)
        board = replace(board, incidents={**board.incidents, incident: standing})
    return _resolved(board, change, decision)


def _resolved(board: Board, change: Transition, decision: Decision) -> Board:
    """Mark what is over with the change. An OK may end episodes of several incidents: those before it came too late."""
    resolves, incidents = [], dict(board.incidents)
    for name, standing in board.incidents.items():
        over_ms = _over_since(board, name, standing) if change.alarm_id in standing.alarms else None
        if over_ms is not None:
            # An episode that is told when it is over, and ended later than all that were known, moves the end.
            if standing.resolved_ms is None or (change.state == ALARM and over_ms > standing.resolved_ms):
                resolves.append(name)
            incidents[name] = replace(standing, resolved_ms=max(over_ms, standing.resolved_ms or over_ms))
    decided = replace(decision, resolves=tuple(resolves))
    return replace(_recorded(board, change.alarm_id, decided), incidents=incidents)


def _of_alarm(board: Board, change: Transition, windows: Windows, linked: Collection[Pair]) -> tuple[Role, str]:
    if incident := _own_incident(board, change, windows.reopen_minutes * _MINUTE_MS):
        return "repeated", incident
    if incident := _related_incident(board, change, windows, linked):
        return "joined", incident
    return "opened", incident_id(change)


def _own_incident(board: Board, change: Transition, reach_ms: int) -> str | None:
    """The nearest incident that holds this alarm, if it is open or ended, or will begin, within reach."""
    names = {d.incident_id for d in board.alarms.get(change.alarm_id, ()) if d.incident_id and d.state == ALARM}
    distances = []
    for name in names & board.incidents.keys():
        standing = board.incidents[name]
        end = standing.resolved_ms if standing.resolved_ms is not None else max(change.unix_ms, standing.latest_ms)
        distances.append((_distance(change.unix_ms, standing.opened_ms, end), name))
    nearest = min(distances, default=None)
    return nearest[1] if nearest and nearest[0] <= reach_ms else None


def _related_incident(board: Board, change: Transition, windows: Windows, linked: Collection[Pair]) -> str | None:
    """The earliest incident that was open then and is about the same service, or one that shares traces with it."""
    found = [
        (standing.opened_ms, name)
        for name, standing in board.incidents.items()
        if (standing.resolved_ms is None or change.unix_ms <= standing.resolved_ms)
        and _is_related(change.services, standing.services, linked)
        and _distance(change.unix_ms, standing.opened_ms, standing.latest_ms) <= reach_ms(board, name, windows)
    ]
    return min(found)[1] if found else None


def reach_ms(board: Board, incident: str, windows: Windows) -> int:
    """How far from an incident's alarms another one joins: farther while one is on, as its cause goes on."""
    standing = board.incidents[incident]
    is_on = standing.resolved_ms is None and _over_since(board, incident, standing) is None
    return max(windows.join_minutes, windows.join_open_minutes if is_on else 0) * _MINUTE_MS


def _is_related(mine: Iterable[str], theirs: Iterable[str], linked: Collection[Pair]) -> bool:
    others = set(theirs)
    return any(one in others or any(frozenset((one, other)) in linked for other in others) for one in mine)


def _of_calm(board: Board, change: Transition) -> tuple[Role, str | None]:
    """OK and INSUFFICIENT_DATA belong to the episode that they follow."""
    history = board.alarms.get(change.alarm_id, ())
    before = [d for d in history if d.state == ALARM and d.unix_ms <= change.unix_ms]
    incident = before[-1].incident_id if before else None
    # A metric that is gone says nothing about the fault.
    return ("cleared" if change.state == OK and incident else "noted"), incident


def _over_since(board: Board, incident: str, standing: Standing) -> int | None:
    """When the last alarm of an incident ended; None while one is on.

    An alarm's last episode in the incident decides: what it does later may be another incident's.
    """
    ends = []
    for name in standing.alarms:
        history = board.alarms.get(name, ())
        began = [d.unix_ms for d in history if d.state == ALARM and d.incident_id == incident]
        calm = [d.unix_ms for d in history if d.state == OK and d.unix_ms >= max(began, default=0)]
        if not calm:
            return None
        ends.append(calm[0])
    return max(ends, default=None)


def _recorded(board: Board, alarm: str, decision: Decision) -> Board:
    history = [d for d in board.alarms.get(alarm, ()) if (d.unix_ms, d.state) != (decision.unix_ms, decision.state)]
    # Of one moment, the end comes after the beginning: ALARM < INSUFFICIENT_DATA < OK.
    history = sorted([*history, decision], key=lambda d: (d.unix_ms, d.state))
    return replace(board, alarms={**board.alarms, alarm: tuple(history)})


def _grown(standing: Standing | None, change: Transition) -> Standing:
    if standing is None:
        return Standing(change.unix_ms, change.unix_ms, change.services, (change.alarm_id,))
    return replace(
        standing,
        opened_ms=min(standing.opened_ms, change.unix_ms),
        latest_ms=max(standing.latest_ms, change.unix_ms),
        services=tuple(sorted({*standing.services, *change.services})),
        alarms=tuple(sorted({*standing.alarms, change.alarm_id})),
    )


def _distance(moment: int, start: int, end: int) -> int:
    """How far a moment is outside an interval."""
    return max(start - moment, moment - end, 0)
