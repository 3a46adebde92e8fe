"""Which hours say what is normal, by the table `anomalies`; and an answer while a fault goes on."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.alarm_metric import MetricPoint, MetricSeries
from logsight_assets.incidents.investigate import Investigation, investigate
from logsight_assets.incidents.normal_hours import Kind, NormalHours, beyond_since
from logsight_assets.incidents.windows import NS, Window
from logsight_assets.lake import Lake, anomalies_key
from logsight_assets.parquet import parquet_bytes
from logsight_assets.reader.ask import ask
from logsight_assets.tables import ANOMALIES
from logsight_assets.timeline import Hour
from logsight_assets.trends.hours import refresh_hour
from resources.query_engine import DuckDBEngine
from tests.doubles import HookedStore
from tests.incidents.scenes import NOON, alarm_on, lake_of, line_at, traffic
from tests.intake.lakes import HOUR, make_lake, with_store

Row = tuple[str, str, str]  # service, template id, state


def judge(lake: Lake, hour: Hour, *rows: Row, since: Hour | None = None, score: float = 9.0) -> None:
    """Publish an hour's anomalies: shop and bank, and these in their place or beside them."""
    held = {(service, ""): "ok" for service in ("bank", "shop")} | {(s, t): state for s, t, state in rows}
    table = pa.Table.from_pylist(
        [_row(hour, since or hour, score, *key, state) for key, state in sorted(held.items())], ANOMALIES.arrow_schema
    )
    lake.store.put(anomalies_key("acme", hour), parquet_bytes(table, ANOMALIES, {}))


def _row(hour: Hour, since: Hour, score: float, service: str, template_id: str, state: str) -> dict[str, Any]:
    is_found = state in ("anomaly", "standing", "accepted")
    return {
        "hour_time": hour.start.replace(tzinfo=None), "service": service, "template_id": template_id,
        "metric": "error_ratio", "observed": 0.59, "sample_size": 900, "expected_low": 0.0, "expected_high": 0.04,
        "baseline": "recent", "baseline_size": 24, "score": score, "direction": "high" if is_found else "",
        "state": state, "episode_id": f"{service}-{since}" if is_found else None, "example_event_ids": "[]",
        "reason": "59 % errors; 0 % to 4 % expected",
    }  # fmt: skip


def hours_of(lake: Lake, alarm: Alarm) -> NormalHours:
    return NormalHours(lake, alarm, ["acme"], Window.of(alarm))


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        ([], Kind.USUAL),
        ([("shop", "", "anomaly")], Kind.OWN_UNLIKE),
        ([("shop", "", "standing")], Kind.OWN_UNLIKE),
        ([("shop", "t1", "standing")], Kind.OWN_UNLIKE),
        ([("shop", "", "accepted")], Kind.USUAL),
        ([("bank", "", "anomaly")], Kind.OTHERS_UNLIKE),
        ([("bank", "t1", "anomaly")], Kind.USUAL),
        ([("bank", "", "anomaly"), ("shop", "t1", "anomaly")], Kind.OWN_UNLIKE),
    ],
)
def test_an_hour_is_what_nobody_accepted_of_it(tmp_path: Path, rows: list[Row], kind: Kind) -> None:
    lake = make_lake(tmp_path)
    judge(lake, HOUR - 3, *rows)
    assert hours_of(lake, alarm_on("shop")).kind_of(HOUR - 3) == kind


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (("shop", "", "anomaly"), Kind.OTHERS_UNLIKE),
        (("shop", "t1", "standing"), Kind.OTHERS_UNLIKE),
        (("shop", "t1", "accepted"), Kind.USUAL),
    ],
)
def test_for_an_alarm_that_names_no_service_every_service_is_another_and_a_line_is_enough(
    tmp_path: Path, row: Row, kind: Kind
) -> None:
    lake = make_lake(tmp_path)
    judge(lake, HOUR - 3, row)
    assert hours_of(lake, alarm_on("host-17")).kind_of(HOUR - 3) == kind


def test_an_hour_that_is_not_judged_yet_is_what_the_one_before_was(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    judge(lake, HOUR - 4, ("shop", "", "anomaly"))
    kinds = [hours_of(lake, alarm_on("shop")).kind_of(HOUR - back) for back in range(5)]
    assert kinds == [Kind.USUAL, Kind.USUAL, Kind.OWN_UNLIKE, Kind.OWN_UNLIKE, Kind.OWN_UNLIKE]


def test_an_hour_that_was_not_over_says_nothing_yet(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    judge(lake, HOUR, ("shop", "", "anomaly"))
    assert hours_of(lake, alarm_on("shop")).kind_of(HOUR) == Kind.USUAL
    assert hours_of(lake, alarm_on("shop", minute=30)).kind_of(HOUR) == Kind.OWN_UNLIKE, "as_of is beyond its end"


DAMAGES = [
    pytest.param(lambda _: b"no parquet", id="no parquet"),
    pytest.param(lambda data: data[: len(data) // 2], id="cut"),
    pytest.param(lambda data: data[:4] + bytes(200) + data[204:], id="pages"),
    pytest.param(lambda data: data.replace(b"episode_id", b"episode_ix"), id="a column"),
]
Damage = Callable[[bytes], bytes]


def damage(lake: Lake, hour: Hour, how: Damage) -> None:
    key = anomalies_key("acme", hour)
    lake.store.put(key, how(lake.store.get(key)))


@pytest.mark.parametrize("how", DAMAGES)
def test_a_lake_that_judges_nothing_and_a_damaged_hour_are_usual(tmp_path: Path, how: Damage) -> None:
    lake = make_lake(tmp_path)
    judge(lake, HOUR - 1, ("shop", "", "anomaly"))
    damage(lake, HOUR - 1, how)
    assert {hours_of(lake, alarm_on("shop")).kind_of(HOUR - back) for back in range(5)} == {Kind.USUAL}


@pytest.mark.parametrize("how", DAMAGES)
def test_an_episode_stands_beside_a_damaged_hour_and_since_the_hours_before_it(tmp_path: Path, how: Damage) -> None:
    lake = make_lake(tmp_path)
    for back in (3, 2, 1):
        judge(lake, HOUR - back, ("shop", "", "standing"), since=HOUR - 3)
    damage(lake, HOUR - 2, how)
    found = hours_of(lake, alarm_on("shop")).standing(["shop"])
    assert [(each.since, each.reason) for each in found] == [(HOUR - 3, "59 % errors; 0 % to 4 % expected")]


def test_of_a_service_the_whole_stands_before_its_lines_then_the_highest_score_of_all_its_hours(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    judge(lake, HOUR - 2, ("shop", "t2", "anomaly"), score=70.0)
    judge(lake, HOUR - 1, ("shop", "t1", "anomaly"), ("shop", "t2", "standing"), ("bank", "t3", "accepted"), score=30.0,
          since=HOUR - 2)  # fmt: skip
    hours = hours_of(lake, alarm_on("shop"))
    (found,) = hours.standing(["shop", "bank"])
    assert (found.template_id, found.since, found.score) == ("t2", HOUR - 2, 70.0)
    judge(lake, HOUR - 1, ("shop", "t1", "standing"), ("shop", "", "anomaly"))
    (found,) = hours_of(lake, alarm_on("shop")).standing(["shop"])
    assert (found.template_id, found.since) == ("", HOUR - 1)


def test_a_store_that_fails_is_no_damage(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    judge(lake, HOUR - 1)

    def fail(operation: str, key: str) -> None:
        if key == anomalies_key("acme", HOUR - 1):
            raise OSError("the disk is gone")

    broken = with_store(lake, HookedStore(lake.store, reading=fail))
    with pytest.raises(OSError, match="the disk is gone"):
        hours_of(broken, alarm_on("shop")).kind_of(HOUR - 1)


# Answers --------------------------------------------------------------------------------------------------------------


def bank_fails(_second: float, place: int, _service: str, _body: str) -> tuple[str, str] | None:
    return {3: ("ERROR", "no connection left in pool of 20"), 4: ("ERROR", "charge of order 17 failed: 500"),
            5: ("ERROR", "order 17 failed: upstream 502")}.get(place)  # fmt: skip


def minutes(start: int, end: int, *, fails: bool) -> list[bytes]:
    """Six requests a minute, from and to so many minutes from NOON."""
    spoil = bank_fails if fails else None
    return [line for minute in range(start, end) for line in traffic(minute * 60, minute * 60 + 6, spoil)]


def lasting(root: Path, flagged: Iterable[int] = (1,), *, normal: bool = True) -> Lake:
    """A fault from half past nine on, or all the time; an alarm at half past ten. Hours before that are flagged."""
    lines = minutes(-150, -60, fails=not normal) + minutes(-60, 2, fails=True)
    lake = lake_of(root, [*lines, line_at(3600, "shop", "order 17 is placed")])
    for back in flagged:
        judge(lake, HOUR - back, ("shop", "", "anomaly"), ("bank", "", "anomaly"), since=HOUR - max(flagged))
    return lake


def missing(found: Investigation) -> list[str]:
    return list(found.to_json()["completeness"]["missing"])


def test_a_fault_that_goes_on_does_not_become_normal(tmp_path: Path) -> None:
    unflagged = investigate(lasting(tmp_path / "a", ()), alarm_on("shop"))
    assert unflagged.first_answer.verdict == "not_in_logs", "an hour of it looks normal"
    found = investigate(lasting(tmp_path / "b"), alarm_on("shop"))
    assert (found.first_answer.verdict, found.first_answer.suspects[0].service) == ("explained", "bank")
    assert missing(found) == []


def test_where_no_time_was_normal_the_answer_says_so_and_is_no_not_in_the_logs(tmp_path: Path) -> None:
    found = investigate(lasting(tmp_path, (1, 2, 3), normal=False), alarm_on("shop"))
    assert (found.first_answer.verdict, found.inputs.is_complete) == ("incomplete", True)
    assert missing(found) == ["a time before that is normal: shop is unlike itself since 2025-06-01 07:00 UTC"]


def test_while_an_episode_of_the_alarms_service_stands_nothing_found_is_no_not_in_the_logs(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, [*minutes(-150, 2, fails=False), line_at(3600, "shop", "order 17 is placed")])
    judge(lake, HOUR - 1, ("shop", "", "anomaly"))
    found = investigate(lake, alarm_on("shop"))
    assert found.first_answer.verdict == "incomplete"
    assert missing(found) == ["why shop is unlike itself since 2025-06-01 09:00 UTC (59 % errors; 0 % to 4 % expected)"]
    assert investigate(lake, alarm_on("bank")).first_answer.verdict == "not_in_logs"


def test_an_investigation_does_without_the_hour_that_is_damaged(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, [*minutes(-150, 2, fails=False), line_at(3600, "shop", "order 17 is placed")])
    judge(lake, HOUR - 1, ("shop", "", "anomaly"))
    judge(lake, HOUR - 20)
    damage(lake, HOUR - 20, lambda data: data[: len(data) // 2])
    found = investigate(lake, alarm_on("shop"))
    assert missing(found) == ["why shop is unlike itself since 2025-06-01 09:00 UTC (59 % errors; 0 % to 4 % expected)"]


HOSTS = {"bank": "i-0a", "shop": "i-0b", "till": "i-0c"}


def on_its_host(line: bytes) -> bytes:
    """The line as a machine wrote it that runs its service alone."""
    told = json.loads(line)
    told["resource"]["host.name"] = HOSTS[told["resource"]["service.name"]]
    return json.dumps(told).encode()


def alarm_on_host(host: str) -> Alarm:
    alarm = alarm_on("shop")
    (metric,) = alarm.metrics
    return dataclasses.replace(
        alarm, name="high load", metrics=(dataclasses.replace(metric, dimensions=(("InstanceId", host),)),)
    )


def test_a_fault_of_what_runs_on_an_alarms_host_does_not_become_normal(tmp_path: Path) -> None:
    """Only a line was unlike itself; which service it is the host alone says."""
    day = [line for minute in range(-510, -150, 10) for line in minutes(minute, minute + 1, fails=False)]
    told = (*day, *minutes(-150, -60, fails=False), *minutes(-60, 2, fails=True))
    lake = lake_of(tmp_path, [*map(on_its_host, told), line_at(3600, "shop", "order 17 is placed")])
    alarm = alarm_on_host(HOSTS["bank"])
    assert investigate(lake, alarm).first_answer.verdict == "not_in_logs", "an hour of it looks normal"
    judge(lake, HOUR - 1, ("bank", "t1", "anomaly"))
    found = investigate(lake, alarm)
    assert [each.service for each in found.symptoms] == ["bank"]
    assert (found.first_answer.verdict, found.first_answer.suspects[0].service) == ("explained", "bank")


def test_while_an_episode_of_what_runs_on_an_alarms_host_stands_nothing_found_is_no_not_in_the_logs(
    tmp_path: Path,
) -> None:
    lines = [on_its_host(line) for line in minutes(-150, 2, fails=False)]
    lake = lake_of(tmp_path, [*lines, line_at(3600, "shop", "order 17 is placed")])
    judge(lake, HOUR - 1, ("bank", "t1", "anomaly"))
    found = investigate(lake, alarm_on_host(HOSTS["bank"]))
    assert found.first_answer.verdict == "incomplete"
    assert missing(found) == ["why bank is unlike itself since 2025-06-01 09:00 UTC (59 % errors; 0 % to 4 % expected)"]
    assert investigate(lake, alarm_on_host(HOSTS["shop"])).first_answer.verdict == "not_in_logs"


def test_the_counts_of_the_time_before_leave_out_what_the_answer_does_and_can_be_asked_again(
    tmp_path: Path, engine: DuckDBEngine
) -> None:
    lake = lasting(tmp_path)
    for back in range(3):
        refresh_hour(lake, engine, HOUR - back)
    trends = investigate(lake, alarm_on("shop")).trends
    before = next(row for row in trends.rows if row["service"] == "bank" and not row["is_incident"])
    assert (before["event_count"], before["error_count"]) == (60 * 6 * 2, 0), "an hour of the three before"
    asked = ask(lake, trends.sql, "acme").rows
    assert [row["event_count"] for row in asked] == [row["event_count"] for row in trends.rows]


# The alarm's own metric -----------------------------------------------------------------------------------------------


def series(values: list[float], threshold: float | None = 5.0, at_alarm: float | None = 9.0) -> MetricSeries:
    """A point a minute, the last one in the minute before NOON."""
    end = int(NOON.timestamp()) * NS
    points = tuple(MetricPoint(end - (len(values) - place) * 60 * NS, value) for place, value in enumerate(values))
    return MetricSeries("errors", "Sum", 60, None, points, threshold, at_alarm, 0, None, None, "")


@pytest.mark.parametrize(
    ("metric", "minutes"),
    [
        (series([1, 1, 1, 1, 9, 9]), 2),
        (series([1, 9, 9, 9, 9, 9]), 5),
        (series([9, 1, 9, 9, 9, 9]), 4),
        (series([9, 9, 9, 9, 9, 9]), 6),
        (series([9, 1, 1, 1, 2, 2], at_alarm=2.0), 5),
        (series([9, 9, 9, 9], threshold=None), 2),
        (series([9, 9, 9, 9], at_alarm=None), 2),
        (series([]), 2),
        (None, 2),
    ],
)
def test_the_metric_says_since_when_it_is_beyond_its_threshold(metric: MetricSeries | None, minutes: int) -> None:
    window = Window.of(alarm_on("shop"))
    assert (window.state_change - beyond_since(metric, window)) // (60 * NS) == minutes


def test_a_gap_in_the_metric_ends_what_it_says() -> None:
    whole = series([9, 9, 9, 9, 9, 9])
    gap = dataclasses.replace(whole, points=whole.points[:2] + whole.points[3:])
    window = Window.of(alarm_on("shop"))
    assert (window.state_change - beyond_since(gap, window)) // (60 * NS) == 3
