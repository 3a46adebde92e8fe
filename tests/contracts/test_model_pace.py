"""How models are paced: turns and rests as arithmetic, and the same for all processes that share a state file."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.errors import ConfigurationError, ModelBusy, ModelDeclined
from resources.model import Question, Reply
from resources.model_pace import PacedModel
from resources.pace_keeper import FileKeeper, MemoryKeeper, PaceKeeper
from resources.pace_state import Pace, PaceState, Standing

ONE, OTHER = "eu.anthropic.claude-sonnet-5-5", "eu.anthropic.claude-haiku-5-5"
PACE = Pace(calls_per_minute=60, attempts=3, longest_wait=30, first_backoff=2, rest_after=2, rest=100)
NOW = 1_750_000_000.0
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.contracts.test_model_pace"])


class Time:
    """A clock that sleeping moves."""

    def __init__(self, now: float = NOW) -> None:
        self.now, self.slept = now, list[float]()

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Scripted:
    """A model that fails as it is told, and then answers."""

    def __init__(self, *faults: ModelBusy | ModelDeclined) -> None:
        self.faults, self.calls = list(faults), 0

    def ask(self, _: Question) -> Reply:
        self.calls += 1
        if self.faults:
            raise self.faults.pop(0)
        return Reply("{}", "end_turn", 1, 1)


def busy(reason: str, seconds: float = 0.0) -> ModelBusy:
    return ModelBusy("busy", reason, seconds)


def paced(model: Scripted, time: Time, pace: Pace = PACE, keeper: PaceKeeper | None = None) -> PacedModel:
    return PacedModel(model, pace, keeper or MemoryKeeper(), clock=time, sleep=time.sleep, jitter=lambda: 0.5)


def outcome(model: PacedModel, name: str = ONE) -> str:
    """Why a question was not answered; '' if it was."""
    try:
        model.ask(Question(name, "Say why.", "", "facts", "", {}, "answer", 500))
    except (ModelBusy, ModelDeclined) as error:
        return error.reason
    return ""


# Arithmetic -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("next_turn", "wait", "then"),
    [
        pytest.param(0.0, 0.0, NOW - 59, id="a new bucket is full"),
        pytest.param(NOW - 61, 0.0, NOW - 59, id="turns are kept for a minute"),
        pytest.param(NOW - 10, 0.0, NOW - 9, id="some turns are left"),
        pytest.param(NOW, 0.0, NOW + 1, id="the turn is now"),
        pytest.param(NOW + 7, 7.0, NOW + 8, id="the turn comes"),
        pytest.param(NOW + 31, 31.0, NOW + 32, id="as far as a pace can have made it"),
        pytest.param(NOW + 32, 0.0, NOW - 59, id="from before the clock was set back"),
    ],
)
def test_turns_follow_each_other_at_the_pace(next_turn: float, wait: float, then: float) -> None:
    seen = PaceState(next_turn).seen_at(NOW, PACE)
    assert (seen.wait(NOW), seen.after_turn(NOW, PACE).next_turn) == (wait, then)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(Standing(1, NOW + 50), Standing(1, NOW + 50), id="a fault and a rest are remembered"),
        pytest.param(Standing(0, NOW + 100), Standing(0, NOW + 100), id="a rest that has just begun"),
        pytest.param(Standing(0, NOW), None, id="a rest that is over"),
        pytest.param(Standing(1, NOW - 5), Standing(1), id="a fault after a rest"),
        pytest.param(Standing(1, NOW + 101), Standing(1), id="a rest from before the clock was set back"),
        pytest.param(Standing(), None, id="nothing to remember"),
    ],
)
def test_a_standing_is_kept_as_long_as_it_says_something(before: Standing, after: Standing | None) -> None:
    seen = PaceState(models={ONE: before}).seen_at(NOW, PACE)
    assert seen.models == ({ONE: after} if after else {})
    assert seen.is_resting(ONE, NOW) == bool(after and after.rests_until)


def test_faults_in_a_row_are_a_rest_and_an_answer_forgets_them() -> None:
    state = PaceState()
    once = state.after_fault(ONE, NOW, PACE)
    twice = once.after_fault(ONE, NOW, PACE)
    assert once.models == {ONE: Standing(1)}
    assert twice.models == {ONE: Standing(0, NOW + 100)}
    assert once.after_fault(OTHER, NOW, PACE).models == {ONE: Standing(1), OTHER: Standing(1)}
    assert twice.after_answer(ONE) == once.after_answer(ONE) == state


# Asking ---------------------------------------------------------------------------------------------------------------


def test_a_passing_fault_is_tried_again_after_a_growing_wait_or_the_one_that_is_asked_for() -> None:
    time, model = Time(), Scripted(busy("throttled"), busy("unavailable", 9))
    assert outcome(paced(model, time)) == ""
    assert (model.calls, time.slept) == (3, [1.0, 9])


def test_a_timeout_and_a_refusal_are_not_tried_again() -> None:
    for fault in (busy("timeout"), ModelDeclined("no", "refused"), busy("throttled", 31)):
        time, model = Time(), Scripted(fault)
        assert outcome(paced(model, time)) == fault.reason
        assert (model.calls, time.slept) == (1, [])


def test_a_model_that_fails_in_a_row_is_given_a_rest_and_others_are_asked() -> None:
    time = Time()
    model = Scripted(*[busy("timeout")] * 2)
    limited = paced(model, time)
    assert [outcome(limited) for _ in range(3)] == ["timeout", "timeout", "resting"]
    assert model.calls == 2
    assert outcome(limited, OTHER) == ""
    time.now += 101
    assert outcome(limited) == ""


def test_a_burst_goes_at_once_and_what_is_more_waits_for_its_turn_or_is_sent_away() -> None:
    time, model, keeper = Time(), Scripted(), MemoryKeeper()
    limited = paced(model, time, dataclasses.replace(PACE, calls_per_minute=6, longest_wait=15), keeper)
    assert [outcome(limited) for _ in range(7)] == [""] * 7
    assert time.slept == [], "the bucket holds a minute's calls, and the next is due"
    assert outcome(limited) == ""
    assert time.slept == [10.0]
    keeper.change(lambda state: (dataclasses.replace(state, next_turn=time.now + 16), None))
    assert (outcome(limited), model.calls) == ("pace", 8)


# Shared by processes --------------------------------------------------------------------------------------------------


def drained(file: Path, now: float = NOW) -> None:
    """Take all turns that were saved up, so that the next one is due now."""
    FileKeeper(file).change(lambda _: (PaceState(now), None))


def put_at_rest(file: Path, now: float = NOW) -> None:
    for _ in range(PACE.rest_after):
        assert outcome(paced(Scripted(busy("timeout")), Time(now), keeper=FileKeeper(file))) == "timeout"


def turns_of_a_run(file: Path) -> list[float]:
    """Twenty questions of a process whose clock stands still; when each had its turn."""
    time, turns = Time(), list[float]()
    model = PacedModel(Scripted(), PACE, FileKeeper(file, patience=60), clock=lambda: NOW, sleep=time.sleep)
    for _ in range(20):
        before = sum(time.slept)
        outcome(model)
        turns.append(NOW + sum(time.slept) - before)
    return turns


def asked_by_a_run(file: Path) -> tuple[str, str]:
    """What becomes of a question to either model in this process."""
    limited = paced(Scripted(), Time(NOW + 1), keeper=FileKeeper(file))
    return outcome(limited), outcome(limited, OTHER)


def test_two_runs_share_the_bucket(tmp_path: Path) -> None:
    time, file = Time(), tmp_path / "pace.json"
    for run in range(3):
        limited = paced(Scripted(), time, dataclasses.replace(PACE, calls_per_minute=6), FileKeeper(file))
        assert [outcome(limited) for _ in range(3)] == [""] * 3
        assert sum(time.slept) == (20.0 if run == 2 else 0.0), "six that were saved up, one that is due, two that wait"


def test_two_runs_share_the_faults_and_the_rest(tmp_path: Path) -> None:
    time, file, model = Time(), tmp_path / "pace.json", Scripted(busy("timeout"), busy("timeout"))
    runs = [paced(model, time, keeper=FileKeeper(file)) for _ in range(2)]
    assert [outcome(run) for run in (*runs, *runs)] == ["timeout", "timeout", "resting", "resting"]
    assert model.calls == 2
    assert [outcome(run, OTHER) for run in runs] == ["", ""]
    time.now += 100
    assert [outcome(run) for run in runs] == ["", ""]


def test_a_rest_that_others_began_ends_the_attempts_of_a_question(tmp_path: Path) -> None:
    file = tmp_path / "pace.json"
    time, model = Time(), Scripted(busy("throttled"))

    def others_fail_meanwhile(seconds: float) -> None:
        time.sleep(seconds)
        put_at_rest(file, time.now)

    limited = PacedModel(model, PACE, FileKeeper(file), clock=time, sleep=others_fail_meanwhile)
    assert (outcome(limited), model.calls) == ("resting", 1)


def test_nothing_is_locked_while_a_model_is_asked_or_a_turn_is_waited_for(tmp_path: Path) -> None:
    file, free = tmp_path / "pace.json", list[str]()
    drained(file)

    def try_lock(what: str) -> None:
        with file.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        free.append(what)

    class Watched(Scripted):
        def ask(self, question: Question) -> Reply:
            try_lock("asked")
            return super().ask(question)

    model = PacedModel(Watched(), PACE, FileKeeper(file), clock=lambda: NOW, sleep=lambda _: try_lock("waits"))
    assert [outcome(model) for _ in range(2)] == ["", ""]
    assert free == ["asked", "waits", "asked"]


def test_another_process_sees_the_rest_and_asks_the_other_model(tmp_path: Path) -> None:
    put_at_rest(tmp_path / "pace.json")
    with _PROCESSES.Pool(1) as processes:
        assert processes.apply(asked_by_a_run, [tmp_path / "pace.json"]) == ("resting", "")


def test_processes_that_ask_at_once_have_different_turns(tmp_path: Path) -> None:
    drained(tmp_path / "pace.json", NOW - 10)
    with _PROCESSES.Pool(2) as processes:
        turns = processes.map(turns_of_a_run, [tmp_path / "pace.json"] * 2, chunksize=1)
    waits = [turn - NOW for turn in sorted(turns[0] + turns[1])]
    assert waits == [0.0] * 11 + [float(second) for second in range(1, 30)], "the saved ones, then one a second"


# What may go wrong with the file --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"next_turn": 10',
        b"\xff\xfe\x00",
        b"[]",
        b'{"next_turn": "soon"}',
        b'{"next_turn": NaN}',
        b'{"next_turn": 1e999}',
        b'{"models": {"m": {"faults": -1}}}',
        b'{"models": {"m": null}}',
        b"[" * 60_000,
        b" " * 70_000 + b'{"next_turn": 1}',
    ],
    ids=lambda content: content[:24].decode(errors="replace"),
)
def test_a_file_that_holds_no_state_is_a_new_state_and_mended(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "pace.json"
    file.write_bytes(content)
    time = Time()
    assert FileKeeper(file).look() == PaceState()
    assert outcome(paced(Scripted(), time, keeper=FileKeeper(file))) == ""
    assert time.slept == []
    assert json.loads(file.read_bytes()) == {"next_turn": NOW - 59, "models": {}}


_times = st.floats(allow_nan=True, allow_infinity=True) | st.floats(NOW - 200, NOW + 200) | st.integers()
_standings = st.dictionaries(
    st.sampled_from([ONE, OTHER, "m"]), st.fixed_dictionaries({"faults": st.integers(), "rests_until": _times})
)
_contents = st.binary(max_size=40) | st.fixed_dictionaries({"next_turn": _times, "models": _standings}).map(
    lambda held: json.dumps(held).encode()
)


@given(content=_contents)
def test_whatever_the_file_holds_a_model_is_asked_within_the_limits(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    file = tmp_path_factory.getbasetemp() / "any-pace.json"
    file.write_bytes(content)
    time = Time()
    limited = paced(Scripted(), time, keeper=FileKeeper(file))
    if outcome(limited):
        time.now += max(PACE.rest, PACE.between_turns)
        assert outcome(limited) == ""
    assert sum(time.slept) <= PACE.longest_wait


def test_a_clock_that_is_set_back_keeps_nobody_waiting(tmp_path: Path) -> None:
    file = tmp_path / "pace.json"
    put_at_rest(file)
    drained_and_resting = FileKeeper(file).look()
    FileKeeper(file).change(lambda _: (dataclasses.replace(drained_and_resting, next_turn=NOW + 5), None))
    time = Time(NOW - 3600)
    assert outcome(paced(Scripted(), time, keeper=FileKeeper(file))) == ""
    assert time.slept == []
    assert outcome(paced(Scripted(), Time(NOW), keeper=FileKeeper(file))) == "", "it does not come back with the hour"


def missing(file: Path) -> None:
    file.parent.rmdir()


def taken_by_a_folder(file: Path) -> None:
    file.mkdir()


def no_file(file: Path) -> None:
    os.mkfifo(file)


@pytest.mark.parametrize("spoil", [missing, taken_by_a_folder, no_file])
def test_without_a_file_a_process_keeps_its_own_pace_and_the_doctor_is_told(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    file = tmp_path / "state" / "pace.json"
    file.parent.mkdir()
    spoil(file)
    time, model = Time(), Scripted(busy("timeout"), busy("timeout"))
    run, next_run = (paced(model, time, keeper=FileKeeper(file)) for _ in range(2))
    assert [outcome(run) for _ in range(3)] == ["timeout", "timeout", "resting"]
    assert outcome(next_run) == ""
    with pytest.raises(ConfigurationError, match=r"pace\.json: .*a pace of its own"):
        FileKeeper(file).look()


def asked_where_nothing_may_be_written(folder: Path) -> tuple[str, str]:
    """What becomes of a question, and what the doctor is told, in a process that has no right to write a folder."""
    os.chdir(folder)
    if os.geteuid() == 0:
        os.setuid(65534)  # root may write anywhere
    keeper = FileKeeper(Path("pace.json"))
    with pytest.raises(ConfigurationError) as told:
        keeper.look()
    return outcome(paced(Scripted(), Time(), keeper=keeper)), str(told.value)


def test_a_folder_that_may_not_be_written_stops_no_answer(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir(mode=0o555)
    with _PROCESSES.Pool(1) as processes:
        reason, told = processes.apply(asked_where_nothing_may_be_written, [folder])
    assert (reason, list(folder.iterdir())) == ("", [])
    assert told.startswith("pace.json: Permission denied; let whoever runs LogSight write it")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a disk that is full is a device of Linux")
def test_a_full_disk_stops_no_answer_and_each_process_counts_for_itself(tmp_path: Path) -> None:
    file = tmp_path / "pace.json"
    file.symlink_to("/dev/full")
    limited = paced(Scripted(busy("timeout"), busy("timeout")), Time(), keeper=FileKeeper(file))
    assert [outcome(limited) for _ in range(3)] == ["timeout", "timeout", "resting"]


def test_a_process_that_was_stopped_with_the_lock_stops_no_other(tmp_path: Path) -> None:
    file = tmp_path / "pace.json"
    put_at_rest(file)
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert outcome(paced(Scripted(), Time(), keeper=FileKeeper(file, patience=0))) == ""
        with pytest.raises(ConfigurationError, match="holds its lock"):
            FileKeeper(file, patience=0).look()
    assert outcome(paced(Scripted(), Time(), keeper=FileKeeper(file, patience=0))) == "resting"
