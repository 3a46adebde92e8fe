"""The board of a tenant as it lies in the lake: one small object, changed only over the version that was read.

So there is one decider at a time, whoever runs: what two of them decide at once, the slower decides anew with the
faster's decisions before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from logsight_assets.errors import PermanentError, PublishConflict
from logsight_assets.incidents.episodes import Board, Decision, Standing, pruned
from logsight_assets.lake import Lake, board_key

BOARD_VERSION = 1
# SQS keeps a message for 14 days at most: a duplicate of what is forgotten cannot come any more.
_KEPT = timedelta(days=20)
_LONGEST = 200  # decisions an alarm
_TURNS = 20


class UnreadableBoard(PermanentError):
    """A tenant's board is damaged."""


def read_board(lake: Lake, tenant: str) -> Board:
    """What was decided of a tenant's alarms; UnreadableBoard if it is damaged."""
    return _read(lake, tenant)[0]


def change_board(lake: Lake, tenant: str, change: Callable[[Board], Board]) -> Board:
    """Decide, and return the board that stands; `change` is called again when somebody else was faster.

    Raises PublishConflict when others keep being faster.
    """
    for _ in range(_TURNS):
        board, version = _read(lake, tenant)
        changed = change(board)
        if changed == board:
            return board
        kept = _remembered(lake, changed)
        if lake.store.put_if(board_key(tenant), _written(kept), version):
            return kept
    raise PublishConflict(f"the board of incidents: others decided {_TURNS} times in a row; run it again")


def forget_old(lake: Lake, tenant: str) -> Board:
    """Forget what no duplicate can come of any more, also where nothing new is decided; the board that stands."""
    return change_board(lake, tenant, lambda board: _remembered(lake, board))


def _remembered(lake: Lake, board: Board) -> Board:
    return pruned(board, now_ms(lake) - _KEPT // timedelta(milliseconds=1), _LONGEST)


def now_ms(lake: Lake) -> int:
    """The lake's clock, milliseconds since 1970."""
    return int(lake.clock().timestamp() * 1000)


def _read(lake: Lake, tenant: str) -> tuple[Board, str | None]:
    # The version first: a board that is replaced in between then fails the put.
    entry = lake.store.head(board_key(tenant))
    if entry is None:
        return Board(), None
    try:
        return _parsed(json.loads(lake.store.get(entry.key))), entry.version
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableBoard(f"{entry.key}: is no board ({type(error).__name__}); restore it from a backup") from error


def _parsed(held: dict[str, Any]) -> Board:
    alarms = {name: tuple(map(_decision, history)) for name, history in held["alarms"].items()}
    incidents = {
        name: Standing(**{**standing, "services": tuple(standing["services"]), "alarms": tuple(standing["alarms"])})
        for name, standing in held["incidents"].items()
    }
    return Board(alarms, incidents)


def _decision(held: list[Any]) -> Decision:
    unix_ms, state, role, incident_id, resolves, decided_ms = held
    return Decision(unix_ms, state, role, incident_id, tuple(resolves), decided_ms)


def _written(board: Board) -> bytes:
    held = {
        "version": BOARD_VERSION,
        # Lists, not objects: thousands of decisions repeat no names.
        "alarms": {name: [list(asdict(d).values()) for d in history] for name, history in board.alarms.items()},
        "incidents": {name: asdict(standing) for name, standing in board.incidents.items()},
    }
    return json.dumps(held, sort_keys=True, separators=(",", ":")).encode() + b"\n"
