"""What records make of an incident: changes of alarms in any order, by a table of cases over the fold."""

from __future__ import annotations

from itertools import permutations

import pytest

from logsight_assets.incidents.records import Record
from logsight_assets.incidents.state import IncidentState, fold

_KINDS = {"ALARM": "opened", "OK": "cleared", "INSUFFICIENT_DATA": "noted"}


def changed(number: int, state: str, minute: int) -> Record:
    """Record of a change of the one alarm, `minute` minutes after 1970."""
    body = {"alarm_id": "a", "alarm": "pay", "state": state, "unix_ms": minute * 60_000, "services": ["pay"]}
    return Record(number, _KINDS[state], f"alarm:{number}", "", "logsight", body)  # type: ignore[arg-type]


def in_each_order(changes: list[tuple[str, int]]) -> list[IncidentState]:
    return [fold(changed(number, *change) for number, change in enumerate(order, 1)) for order in permutations(changes)]


@pytest.mark.parametrize(
    ("changes", "is_on", "no_data"),
    [
        ([("ALARM", 1)], True, None),
        ([("ALARM", 1), ("INSUFFICIENT_DATA", 2)], True, 2),
        ([("ALARM", 1), ("INSUFFICIENT_DATA", 2), ("ALARM", 3)], True, None),
        ([("ALARM", 1), ("INSUFFICIENT_DATA", 2), ("OK", 3)], False, None),
        ([("ALARM", 1), ("OK", 2), ("INSUFFICIENT_DATA", 3)], False, 3),
        ([("ALARM", 1), ("OK", 2), ("INSUFFICIENT_DATA", 3), ("ALARM", 4)], True, None),
        ([("ALARM", 1), ("INSUFFICIENT_DATA", 1), ("OK", 1)], False, None),
    ],
)
def test_an_alarm_is_on_until_it_is_ok_in_whatever_order_that_arrives(
    changes: list[tuple[str, int]], is_on: bool, no_data: int | None
) -> None:
    for state in in_each_order(changes):
        (alarm,) = state.alarms.values()
        assert (alarm.is_on, alarm.no_data_ms) == (is_on, no_data and no_data * 60_000)
        assert state.severity == ("medium" if is_on else "low")
        assert alarm.latest[0] == max(minute for _, minute in changes) * 60_000
