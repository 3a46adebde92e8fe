"""From 'object landed' to 'row can be queried', and backfills, through the real daemon and web server.

Real processes, because what is promised is about them: sensors that nobody pushes, a run that is killed, a backfill
that leaves live work its place. One service for the module; each test has services and hours of its own.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from logsight_assets.lake import mark
from logsight_assets.partitions import range_of_run
from logsight_assets.timeline import Hour
from tests.dagster_side.served import MINUTE, Served, eventually, say
from tests.incidents.events import alarm_event, body

pytestmark = pytest.mark.xdist_group("e2e")

DAY = 24


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("served") / "lake")
    # As after `make run`: every level of the tables is there.
    made.land("first", made.now - DAY, made.now - DAY)
    made.logsight("build")
    with made.up():
        yield made


def test_a_landed_object_becomes_a_row_that_can_be_queried(served: Served) -> None:
    served.land("landed", served.now, served.now)
    seconds = eventually("the row", lambda: served.counted("landed") == 5, 90)
    say(f"object landed → row: {seconds:.1f} s")


def test_objects_of_several_hours_are_read_by_ranged_runs(served: Served) -> None:
    """The daemon takes requests for a range of partitions; older hours are looked at when somebody tells of them."""
    hours = [served.now - 3 * DAY - n for n in range(4)]
    for hour in hours:
        for number in range(10):
            served.land(f"burst{number}", hour, hour, events=1, source=f"burst{number}")
    for hour in hours:
        mark(served.lake.store, "arrivals", str(hour), "added")
    eventually("all rows", lambda: sum(served.counted(f"burst{n}") for n in range(10)) == 40, 150)
    runs = [run for run in served.runs(**{"dagster/sensor_name": "arrivals"}) if run["jobName"] == "catch_up"]
    windows = [range_of_run({tag["key"]: tag["value"] for tag in run["tags"]}) for run in runs]
    assert max(len(window) for window in windows) > 1, windows
    assert len(runs) <= 3, "forty objects are no forty runs"


def test_a_late_object_refreshes_the_hours_that_it_touches_at_every_level_and_no_other(served: Served) -> None:
    touched = served.now - 5 * DAY
    served.land("on-time", touched, touched)
    served.land("on-time", touched + 2, touched + 2)
    served.logsight("build")
    before = served.versions()
    served.land("late", touched, served.now)
    for table in ("service_trend_minute", "service_trend_hour", "service_trend_day"):
        eventually(f"the row in {table}", lambda table=table: served.counted("late", table) == 5, 150)
    other = {key for key in before if (touched + 2).path in key}
    assert other
    after = served.versions()
    assert {key: after[key] for key in other} == {key: before[key] for key in other}


def test_a_log_of_2009_is_added_and_counted_while_all_else_goes_on(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "old.log"
    file.write_text('{"time": "2009-03-01T05:10:00Z", "service": "old", "msg": "hello"}\n' * 3, encoding="utf-8")
    served.logsight("add", str(file), "--arrival", "2009-03-01T05")
    served.land("beside-2009", served.now, served.now)
    eventually("the live row", lambda: served.counted("beside-2009") == 5, 90)
    eventually("the old rows", lambda: served.counted("old", "service_trend_day") == 3, 150)


def test_an_alarm_that_is_copied_into_the_inbox_becomes_an_incident_with_an_answer_by_one_run(served: Served) -> None:
    inbox = served.root / "inbox"
    inbox.mkdir(exist_ok=True)
    for number in range(20):
        (inbox / f"{number}.json").write_bytes(body(alarm_event(f"served-{number}", service=f"served-{number % 2}")))

    def answered() -> bool:
        rows = served.logsight("incidents", "list")["incidents"]
        return [row["verdict"] for row in rows] == ["incomplete"] * 2

    seconds = eventually("two incidents with an answer", answered, 120)
    say(f"20 alarms copied → 2 incidents answered: {seconds:.1f} s")
    eventually("all messages acknowledged", lambda: not any(path.is_file() for path in inbox.rglob("*")), 60)
    runs = served.runs(**{"dagster/sensor_name": "alarms"})
    assert len(runs) <= 2, "twenty alarms are no twenty runs"


def test_freshness_is_green_after_a_build(served: Served) -> None:
    query = "{ assetNodes { assetKey { path } freshnessStatusInfo { freshnessStatus } } }"

    def states() -> dict[str, str | None]:
        nodes = served.graphql(query)["assetNodes"]
        return {
            node["assetKey"]["path"][-1]: (node["freshnessStatusInfo"] or {}).get("freshnessStatus") for node in nodes
        }

    eventually("all assets are fresh", lambda: set(states().values()) == {"HEALTHY", None}, 90)
    assert {name for name, state in states().items() if state is None} == {
        "raw_logs", "alarms", "incidents", "summaries", "slo", "backtest_alarms", "deliveries",
        "daily_report", "weekly_report", "raw_metrics", "service_metrics",
    }  # fmt: skip


def test_a_backfill_keeps_what_is_done_and_live_work_its_place(served: Served) -> None:
    """720 hours; one hour is damaged, one run's process is killed; what is left runs from the failure."""
    first = served.now - 40 * DAY
    first = Hour(first.index - first.index % 24)
    hours = [first + n for n in range(720)]
    filled = hours[::48]
    for hour in filled:
        served.land("history", hour, hour)
    damaged = filled[7]
    damage = f"events/tenant=acme/{damaged.path}/other~{damaged}~{'0' * 32}.parquet"
    served.lake.store.put(damage, b"no Parquet")

    began = time.monotonic()
    backfill_id = launch(served, hours)
    victim = kill_a_run_of(served, backfill_id)
    served.land("meanwhile", served.now, served.now)
    live = eventually("the live row", lambda: served.counted("meanwhile") == 5, 90)
    assert served.backfill(backfill_id)["status"] == "REQUESTED", "the live row came while the backfill was under way"
    eventually(
        "the end of the backfill", lambda: served.backfill(backfill_id)["status"].startswith("COMPLETED"), 1200, 2
    )
    whole = time.monotonic() - began
    state = served.backfill(backfill_id)
    say(f"live row during a backfill: {live:.1f} s; 720 hours: {whole:.0f} s; killed {victim}; {state}")
    assert state["intake"] == (720, 720, 0), "the killed run was repeated"
    assert state["status"] == "COMPLETED_FAILED"
    for table in MINUTE:
        # One more than 720: objects of the first hour may hold events of the hour before.
        assert state[table] == (721, 720, 1)
    assert served.counted("history") == 5 * (len(filled) - 1)

    served.lake.store.delete(damage)
    again = reexecute(served, backfill_id)
    rest = eventually("the rest", lambda: served.backfill(again)["status"].startswith("COMPLETED"), 600, 2)
    say(f"re-execution from failure: {rest:.0f} s")
    state = served.backfill(again)
    assert state["status"] == "COMPLETED_SUCCESS"
    assert state["service_trend_minute"] == (1, 1, 0), "the failed hour alone"
    assert served.counted("history") == 5 * len(filled)


def launch(served: Served, hours: list[Hour]) -> str:
    """Ask for a backfill as the UI does."""
    parameters = {
        "assetSelection": [{"path": [name]} for name in ("intake", "events", *MINUTE)],
        "partitionNames": [hour.partition_key for hour in hours],
    }
    answer = served.graphql(
        """mutation($p: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $p) { __typename
        ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
        p=parameters,
    )["launchPartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    return str(answer["backfillId"])


def reexecute(served: Served, backfill_id: str) -> str:
    answer = served.graphql(
        """mutation($p: ReexecutionParams!) { reexecutePartitionBackfill(reexecutionParams: $p) { __typename
        ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
        p={"parentRunId": backfill_id, "strategy": "FROM_FAILURE"},
    )["reexecutePartitionBackfill"]
    assert answer["__typename"] == "LaunchBackfillSuccess", answer
    return str(answer["backfillId"])


def kill_a_run_of(served: Served, backfill_id: str) -> str:
    """SIGKILL to the process of the first run that works."""
    killed: list[str] = []

    def kill_one() -> bool:
        for run in served.runs(**{"dagster/backfill": backfill_id}):
            if run["status"] == "STARTED" and (pid := served.process_of(run["runId"])):
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                killed.append(run["runId"])
                return True
        return False

    eventually("a run of the backfill works", kill_one, 120, 0.5)
    return killed[0]
