"""What the sensors ask for, tick by tick: bursts become one run, work has its lane, nothing stops them."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta

import dagster as dg
import pytest

from logsight_assets.definitions import build_defs
from logsight_assets.lake import EVERYTHING, Lake, mark, marked, templates_key, unmark
from logsight_assets.partitions import PARTITION_TAG, contiguous, contiguous_days, range_of_run, range_tags
from logsight_assets.timeline import Hour
from sensors.arrivals import arrivals_due
from sensors.late_hours import late_requests
from sensors.requests import Busy
from sensors.upkeep import mark_again, overlooked
from tests.dagster_side.conftest import at, execute, run, succeeded
from tests.dagster_side.test_runs import put_hours
from tests.intake.lakes import HOUR, NOW, flat_line, put_raw, receipts

Current = Hour.of(NOW)
IDLE = Busy({})


def tick(lake: Lake, instance: dg.DagsterInstance, sensor: str) -> list[dg.RunRequest]:
    definitions = build_defs(lake)
    context = dg.build_sensor_context(instance=instance, resources={"lake": lake}, definitions=definitions)
    result = definitions.get_repository_def().get_sensor_def(sensor)(context)
    if isinstance(result, dg.SensorResult):
        return list(result.run_requests or [])
    assert isinstance(result, dg.SkipReason)
    return []


def queue(instance: dg.DagsterInstance, requests: list[dg.RunRequest], sensor: str) -> list[str]:
    """Runs as the daemon would make of the requests; their ids."""
    made = []
    for request in requests:
        tags = dict(request.tags) | {"dagster/sensor_name": sensor}
        if request.partition_key:
            tags[PARTITION_TAG] = request.partition_key
        run = dg.DagsterRun(
            job_name=request.job_name or "", run_id=str(uuid.uuid4()), tags=tags, status=dg.DagsterRunStatus.STARTED
        )
        made.append(instance.add_run(run).run_id)
    return made


def windows(requests: list[dg.RunRequest]) -> list[tuple[str | None, str, str]]:
    """(job, lane, window) of each."""
    return [
        (
            r.job_name,
            r.tags["logsight/lane"],
            " ".join(sorted(range_of_run(r.tags) | ({r.partition_key} if r.partition_key else set()))),
        )
        for r in requests
    ]


def test_a_burst_of_objects_in_neighbouring_hours_is_one_run(lake: Lake, instance: dg.DagsterInstance) -> None:
    for hour in (Current - 1, Current):
        for number in range(20):
            put_raw(lake, [flat_line(body=f"{number}")], f"{number}.gz", hour=hour)
    (request,) = tick(lake, instance, "arrivals")
    assert windows([request]) == [("live", "live", f"{(Current - 1).partition_key} {Current.partition_key}")]
    assert request.tags["dagster/priority"] == "10"


def test_what_is_being_read_is_not_asked_for_again_until_the_run_ends(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_raw(lake, [flat_line()], hour=Current)
    requests = tick(lake, instance, "arrivals")
    (run_id,) = queue(instance, requests, "arrivals")
    put_raw(lake, [flat_line(body="another")], "b.gz", hour=Current)
    assert tick(lake, instance, "arrivals") == []
    instance.delete_run(run_id)
    (after,) = tick(lake, instance, "arrivals")
    assert after.run_key != requests[0].run_key, "something new waits, so the earlier run key must not block it"


def test_an_object_that_fails_is_not_asked_for_again_and_again(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_raw(lake, [flat_line()], hour=Current)
    (first,), (second,) = tick(lake, instance, "arrivals"), tick(lake, instance, "arrivals")
    assert first.run_key == second.run_key
    mark_again(lake, "arrivals", str(Current))
    (third,) = tick(lake, instance, "arrivals")
    assert third.run_key != first.run_key, "the safety net's marker is a new chance"
    mark_again(lake, "arrivals", str(Current))
    assert len(marked(lake.store, "arrivals")[str(Current)]) == 1


def test_an_object_that_is_rewritten_is_a_new_reason(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_raw(lake, [flat_line()], hour=Current)
    (first,) = tick(lake, instance, "arrivals")
    put_raw(lake, [flat_line(body="longer than it was before")], hour=Current)
    (second,) = tick(lake, instance, "arrivals")
    assert first.run_key != second.run_key


def test_an_import_of_many_days_is_one_background_run_at_a_time_newest_first(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    for days in range(1, 40):
        hour = Current - 24 * days
        put_raw(lake, [flat_line()], hour=hour)
        mark(lake.store, "arrivals", str(hour), "added")
    put_raw(lake, [flat_line()], hour=Current)
    requests = tick(lake, instance, "arrivals")
    assert windows(requests) == [
        ("live", "live", Current.partition_key),
        ("catch_up", "background", (Current - 24).partition_key),
    ]
    queue(instance, requests, "arrivals")
    assert tick(lake, instance, "arrivals") == []
    put_raw(lake, [flat_line()], hour=Current - 1)
    assert windows(tick(lake, instance, "arrivals")) == [("live", "live", (Current - 1).partition_key)]


@pytest.mark.parametrize("arrival", ["2009-03-01T05", "2031-01-01T00", "1971-01-01T00"])
def test_an_hour_that_is_no_partition_goes_its_own_way_and_stops_nothing(
    lake: Lake, instance: dg.DagsterInstance, arrival: str
) -> None:
    put_raw(lake, [flat_line()], hour=Hour.parse(arrival))
    mark(lake.store, "arrivals", arrival, "added")
    put_raw(lake, [flat_line()], hour=Current)
    assert windows(tick(lake, instance, "arrivals")) == [
        ("live", "live", Current.partition_key),
        ("outside", "background", ""),
    ]


def test_the_outside_job_reads_counts_and_settles_hours_that_are_no_partitions(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    old = Hour.parse("2009-03-01T05")
    put_hours(lake, old)
    mark(lake.store, "arrivals", str(old), "added")
    job = build_defs(lake).resolve_job_def("outside")
    assert succeeded(job.execute_in_process(instance=instance, raise_on_error=False))
    assert lake.store.head(f"trends/service_trend_minute/tenant=acme/{old.path}/part.parquet")
    assert lake.store.head("trends/service_trend_hour/tenant=acme/dt=2009-03-01/part.parquet")
    assert lake.store.head("trends/service_trend_day/tenant=acme/month=2009-03/part.parquet")
    assert {level for level in ("arrivals", "hours", "days", "months") if marked(lake.store, level)} == set()


def test_a_marker_of_an_hour_that_is_read_already_goes(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR)
    assert succeeded(run(lake, instance, "live", HOUR))
    mark(lake.store, "arrivals", str(HOUR), "added")
    assert tick(lake, instance, "arrivals") == []
    assert marked(lake.store, "arrivals") == {}


def test_late_events_of_a_recent_hour_are_live_and_those_of_an_old_one_wait_their_turn(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    for hour in (Current - 1, Current - 50, Current - 51, Current - 400):
        mark(lake.store, "hours", str(hour), "late")
    assert windows(tick(lake, instance, "late_hours")) == [
        ("refresh_hours", "live", (Current - 1).partition_key),
        ("refresh_hours", "background", f"{(Current - 51).partition_key} {(Current - 50).partition_key}"),
    ]


def test_hours_that_a_backfill_is_going_to_do_are_left_to_it_but_for_recent_ones(lake: Lake) -> None:
    for hour in (Current - 1, Current - 50):
        mark(lake.store, "hours", str(hour), "late")
    both = frozenset(hour.partition_key for hour in (Current - 1, Current - 50))
    assert windows(late_requests(lake, IDLE, both)) == [("refresh_hours", "live", (Current - 1).partition_key)]


def test_an_hour_that_a_live_run_counts_is_left_to_it(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_raw(lake, [flat_line()], hour=Current)
    queue(instance, tick(lake, instance, "arrivals"), "arrivals")
    mark(lake.store, "hours", str(Current), "late")
    assert tick(lake, instance, "late_hours") == []


def test_a_day_is_due_when_the_clock_closes_an_hour_of_it_and_nothing_else_happens(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    put_hours(lake, Current)
    assert succeeded(run(lake, instance, "live", Current))
    assert tick(lake, instance, "late_hours") == []
    closed = at(lake, Current.end + timedelta(minutes=lake.settings.trends.close_after_minutes))
    assert windows(tick(closed, instance, "late_hours")) == [("refresh_days", "background", Current.day)]
    assert succeeded(run(closed, instance, "refresh_days", Current.day))
    assert windows(tick(closed, instance, "late_hours")) == [("refresh_months", "background", f"{Current.month}-01")]
    assert succeeded(run(closed, instance, "refresh_months", f"{Current.month}-01"))
    assert tick(closed, instance, "late_hours") == []


def test_a_day_that_fails_is_no_new_chance_for_each_live_run(lake: Lake) -> None:
    mark(lake.store, "days", HOUR.day, HOUR.hh)
    (first,) = late_requests(lake, IDLE)
    mark(lake.store, "days", Current.day, Current.hh)
    (second,) = late_requests(lake, IDLE)
    assert first.run_key == second.run_key


def test_the_safety_net_finds_what_nobody_told_of(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 40, HOUR - 2, HOUR - 1)
    assert succeeded(run(lake, instance, "catch_up", HOUR - 2, HOUR - 1))
    assert overlooked(lake) == ({HOUR - 40}, set())
    # A file that no marker told of, as after a restored backup.
    (entry,) = lake.store.list(f"events/tenant=acme/{(HOUR - 2).path}/")
    lake.store.put(entry.key.replace("shop~", "shop2~"), lake.store.get(entry.key))
    assert overlooked(lake) == ({HOUR - 40}, {HOUR - 2})
    job = build_defs(lake).resolve_job_def("safety_net")
    assert succeeded(job.execute_in_process(instance=instance, raise_on_error=False))
    assert set(marked(lake.store, "arrivals")) == {str(HOUR - 40)}
    assert str(HOUR - 2) in marked(lake.store, "hours")


def test_completeness_is_told_after_runs_that_do_not_tell_it(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR - 30)
    assert succeeded(run(lake, instance, "catch_up", HOUR - 30))
    jobs = [request.job_name for request in late_requests(lake, Busy({}, has_background=False))]
    assert jobs == ["refresh_days"], "days first; one background run at a time"
    assert succeeded(run(lake, instance, "refresh_days", (HOUR - 30).day))
    assert succeeded(run(lake, instance, "refresh_months", f"{(HOUR - 30).month}-01"))
    assert [request.job_name for request in late_requests(lake, IDLE)] == ["refresh_completeness"]


def test_templates_are_made_behind_all_levels_by_a_run_of_their_own_unless_a_live_one_makes_them(
    lake: Lake, instance: dg.DagsterInstance
) -> None:
    put_hours(lake, HOUR - 30)
    assert succeeded(run(lake, instance, "catch_up", HOUR - 30))
    for level in ("days", "months", "completeness"):
        unmark(lake.store, [key for keys in marked(lake.store, level).values() for key in keys])
    (request,) = late_requests(lake, IDLE)
    assert request.job_name == "refresh_templates"
    live = Busy({"live": frozenset({HOUR.partition_key})})
    assert late_requests(lake, live) == []
    assert succeeded(execute(lake, instance, "refresh_templates", {}))
    assert late_requests(lake, IDLE) == []
    assert lake.store.head(templates_key("acme"))


def test_the_safety_net_finds_templates_that_were_lost(lake: Lake, instance: dg.DagsterInstance) -> None:
    put_hours(lake, HOUR)
    assert succeeded(run(lake, instance, "live", HOUR))
    held = lake.store.get(templates_key("acme"))
    lake.store.delete(templates_key("acme"))
    job = build_defs(lake).resolve_job_def("safety_net")
    assert succeeded(job.execute_in_process(instance=instance, raise_on_error=False))
    assert marked(lake.store, "templates").keys() == {EVERYTHING}
    assert succeeded(execute(lake, instance, "refresh_templates", {}))
    assert lake.store.get(templates_key("acme")) == held


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        pytest.param({}, 0, id="no partition"),
        pytest.param(range_tags("2025-06-01-00:00", "2025-06-01-00:00"), 1, id="one hour"),
        pytest.param(range_tags("2025-06-01-22:00", "2025-06-02-01:00"), 4, id="hours over midnight"),
        pytest.param(range_tags("2025-05-30", "2025-06-02"), 4, id="days"),
    ],
)
def test_windows_of_a_run(tags: dict[str, str], expected: int) -> None:
    assert len(range_of_run(tags)) == expected


def test_neighbours_become_one_range_of_bounded_length() -> None:
    hours = [HOUR + n for n in (0, 1, 2, 5, 6)]
    assert contiguous(hours, 2) == [(HOUR, HOUR + 1), (HOUR + 2, HOUR + 2), (HOUR + 5, HOUR + 6)]
    assert contiguous_days(["2025-02-28", "2025-03-01", "2025-03-03"], 24) == [
        ("2025-02-28", "2025-03-01"),
        ("2025-03-03", "2025-03-03"),
    ]
    assert len(contiguous_days([f"2025-03-{day:02}" for day in range(1, 31)], 24)) == 2


def test_a_wrong_source_keeps_its_own_objects_waiting_and_no_others(lake: Lake, instance: dg.DagsterInstance) -> None:
    file = lake.config / "sources" / "bad.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("a: [", encoding="utf-8")
    hour = Hour.of(NOW)
    put_raw(lake, [flat_line()], hour=hour)
    put_raw(lake, [flat_line()], source="bad", hour=hour)
    assert len(tick(lake, instance, "arrivals")) == 1
    assert succeeded(run(lake, instance, "live", hour))
    assert [receipt.source for receipt in receipts(lake)] == ["shop"]
    with pytest.raises(Exception, match=r"sources/bad\.yaml"):
        tick(lake, instance, "arrivals")
    file.unlink()
    assert len(tick(lake, instance, "arrivals")) == 1
    assert succeeded(run(lake, instance, "live", hour))
    assert [receipt.source for receipt in receipts(lake)] == ["bad", "shop"]


@pytest.mark.parametrize(("old", "job"), [(HOUR - 100, "catch_up"), (Hour.parse("2009-03-01T05"), "outside")])
def test_the_marker_of_an_hour_stays_while_objects_of_a_wrong_source_wait_in_it(
    lake: Lake, instance: dg.DagsterInstance, old: Hour, job: str
) -> None:
    file = lake.config / "sources" / "bad.yaml"
    file.parent.mkdir(parents=True)
    file.write_text("a: [", encoding="utf-8")
    for source in ("shop", "bad"):
        put_raw(lake, [flat_line()], source=source, hour=old)
    mark(lake.store, "arrivals", str(old), "added")
    tags = {} if job == "outside" else range_tags(old.partition_key, old.partition_key)
    assert succeeded(execute(lake, instance, job, tags))
    assert [receipt.source for receipt in receipts(lake)] == ["shop"]
    assert arrivals_due(lake).due == {}, "the marker alone is no reason for another run"
    file.unlink()
    (asked,) = tick(lake, instance, "arrivals")
    assert asked.job_name == job


def test_a_broken_source_definition_is_a_failed_tick_without_its_text(lake: Lake, instance: dg.DagsterInstance) -> None:
    (lake.config / "sources").mkdir(parents=True)
    (lake.config / "sources" / "bad.yaml").write_text("tenants: [zebra-quokka-9]\nno_such_field: 1\n")
    with pytest.raises(Exception, match=r"sources/bad\.yaml") as failure:
        tick(lake, instance, "arrivals")
    assert "zebra-quokka-9" not in str(failure.value)
    log = (lake.state / "logs" / "failures.log").read_text().splitlines()
    assert "no_such_field" in json.loads(log[-1])["text"]
