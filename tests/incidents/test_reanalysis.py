"""An answer is made again when more of its window is there: append-only, with a reason, a few times at most."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from logsight_assets.errors import StoreUnavailable
from logsight_assets.failures import Failures, WindowsFailed
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.answered_alarm import WENT_OFF_AGAIN, answered_alarm
from logsight_assets.incidents.handle import answer_again
from logsight_assets.incidents.reanalysis import BECAME_COMPLETE, CAME_LATE, FAILED, due_answers
from logsight_assets.incidents.records import find_incident
from logsight_assets.incidents.state import fold
from logsight_assets.incidents.waiting import known_tenants, put_waiting
from logsight_assets.intake.run import declared_sources
from logsight_assets.lake import Lake
from logsight_assets.trends.completeness import refresh_completeness
from tests.incidents.events import Answered, alarm_event, body, explains, handle
from tests.intake.lakes import HOUR, NOW, everything, flat_line, make_lake, put_raw, read_all
from tests.kills import kill_at_every_operation


def later(lake: Lake, minutes: float) -> Lake:
    moment: datetime = NOW + timedelta(minutes=minutes)
    return dataclasses.replace(lake, clock=lambda: moment)


def again(lake: Lake) -> int:
    failures = Failures(lake)
    done = answer_again(lake, explains, failures)
    failures.check()
    return done.answered


def reasons(lake: Lake) -> list[str]:
    return [record.body["reason"] for record in find_incident(lake, "20250601").all() if record.kind == "first_answer"]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """A lake with an incident whose window is open."""
    return with_incident(tmp_path / "lake")


def with_incident(root: Path) -> Lake:
    made = make_lake(root)
    put_raw(made, [flat_line(minute=20)])
    read_all(made)
    put_waiting(made, body(alarm_event()), known_tenants(made))
    handle(made)
    return made


def arrive(lake: Lake, name: str, minute: int = 29) -> None:
    put_raw(lake, [flat_line(minute=minute, body=name)], f"{name}.gz")
    read_all(lake)


def complete(lake: Lake) -> None:
    """The source goes on, beyond the window and its lateness."""
    put_raw(lake, [flat_line(timeUnixNano=str((HOUR + 3).start_nano))], "next.gz", hour=HOUR + 3)
    read_all(lake)
    refresh_completeness(lake, declared_sources(lake))


def test_nothing_new_is_no_reason(lake: Lake) -> None:
    assert again(later(lake, 500)) == 0
    assert reasons(lake) == ["alarm"]


def test_late_logs_make_a_new_answer_after_a_while_and_the_earlier_one_stays(lake: Lake) -> None:
    arrive(lake, "late")
    assert again(later(lake, 4)) == 0
    assert [due.reason for due in due_answers(later(lake, 5))] == [CAME_LATE]
    assert again(later(lake, 5)) == 1
    assert reasons(lake) == ["alarm", CAME_LATE]
    assert again(later(lake, 500)) == 0
    numbers = [record.number for record in find_incident(lake, "20250601").all()]
    assert numbers == list(range(1, len(numbers) + 1))


def test_logs_of_another_hour_are_no_reason(lake: Lake) -> None:
    put_raw(lake, [flat_line(timeUnixNano=str((HOUR + 1).start_nano))], "other.gz", hour=HOUR + 1)
    read_all(lake)
    assert due_answers(later(lake, 500)) == []


def test_a_window_that_became_complete_is_looked_at_at_once(lake: Lake) -> None:
    complete(lake)
    assert [due.reason for due in due_answers(lake)] == [BECAME_COMPLETE]
    assert again(lake) == 1
    assert due_answers(later(lake, 500)) == []


def test_answers_are_made_a_bounded_number_of_times_with_growing_pauses(lake: Lake) -> None:
    made = []
    for minute in (4, 5, 14, 15, 34, 35, 80, 200):
        arrive(lake, f"late-{minute}")
        if again(later(lake, minute)):
            made.append(minute)
    assert made == [5, 15], "after 5 minutes, then 10; the last time is kept for the whole window"
    complete(lake)
    assert again(later(lake, 201)) == 1
    assert reasons(lake) == ["alarm", CAME_LATE, CAME_LATE, BECAME_COMPLETE]
    arrive(lake, "later still")
    assert again(later(lake, 1000)) == 0


def test_an_old_incident_is_watched_no_more(lake: Lake) -> None:
    arrive(lake, "late")
    assert due_answers(later(lake, 49 * 60)) == []
    assert list(lake.store.list("incidents/tenant=acme/watched/")) == []


def test_an_investigation_that_failed_is_tried_again(tmp_path: Path) -> None:
    def broken(_lake: Lake, _alarm: Alarm) -> Answered:
        raise StoreUnavailable("no answer")

    lake = make_lake(tmp_path / "lake")
    put_waiting(lake, body(alarm_event()), known_tenants(lake))
    with pytest.raises(WindowsFailed):
        handle(lake, broken)
    assert again(later(lake, 5)) == 1
    assert reasons(lake) == ["alarm", FAILED]
    assert fold(find_incident(lake, "20250601").all()).verdict == "explained"


def test_late_logs_of_what_went_off_again_are_waited_for_anew(lake: Lake) -> None:
    """Pauses and their number begin again with the window, and the answer stays about its alarm."""
    for minute in (4, 5, 14, 15):
        arrive(lake, f"late-{minute}")
        again(later(lake, minute))
    for event in (alarm_event(state="OK", minute=2), alarm_event(minute=12)):
        put_waiting(lake, body(event), known_tenants(lake))
        handle(later(lake, 40))
    arrive(lake, "for the second", minute=41)
    assert again(later(lake, 44)) == 0
    assert again(later(lake, 45)) == 1
    assert reasons(lake) == ["alarm", CAME_LATE, CAME_LATE, WENT_OFF_AGAIN, CAME_LATE]
    held = find_incident(lake, "20250601")
    assert answered_alarm(held, 5).key == answered_alarm(held, 4).key != answered_alarm(held, 3).key


def _again(lake: Lake) -> None:
    again(later(lake, 5))


def test_an_answer_that_is_killed_while_it_is_made_again_is_finished_by_the_next_run(tmp_path: Path) -> None:
    lake = with_incident(tmp_path / "template")
    arrive(lake, "late")
    assert kill_at_every_operation(tmp_path, _again, everything) > 4
