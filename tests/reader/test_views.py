"""What each table of a question is made of: an event once, an hour once, nothing of the erased, few objects."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.lake import Lake, day_key, event_file_name, events_prefix, hour_key, minute_key, tombstone_key
from logsight_assets.reader.ask import Answer, ask
from logsight_assets.table_model import Type
from logsight_assets.tables import EVENTS, TABLES, TREND_NAMES, TRENDS
from logsight_assets.timeline import Hour

from .small_lake import FIRST, MINE, NOW, PLATFORM, THEIRS, empty_lake, event, measures, put, put_tenant

DAY = "2025-06-29"
OPEN = Hour.parse("2025-06-30T10")


@pytest.fixture
def own(tmp_path: Path) -> Lake:
    """A lake that the test fills."""
    return empty_lake(tmp_path / "lake")


def put_event_file(lake: Lake, hour: Hour, name: str, rows: list[dict[str, Any]], tenant: str = MINE) -> None:
    put(lake, events_prefix(tenant, hour) + event_file_name("app", hour, name), EVENTS, rows)


def put_minutes(lake: Lake, hour: Hour, count: int, tenant: str = MINE, name: str = "service_trend") -> None:
    rows = [measures(tenant, "minute_time", hour.start + timedelta(minutes=m), count) for m in (0, 30)]
    put(lake, minute_key(name, tenant, hour), TRENDS[f"{name}_minute"], rows)


def put_day(lake: Lake, day: str, hours: list[int], tenant: str = MINE, name: str = "service_trend") -> None:
    """The day's object with 100 events in each of these hours."""
    held = [Hour.parse(f"{day}T{hour:02d}") for hour in hours]
    rows = [measures(tenant, "hour_time", hour.start, 100) for hour in held]
    put(lake, hour_key(name, tenant, day), TRENDS[f"{name}_hour"], rows, map(str, held))


def put_month(lake: Lake, month: str, days: list[str], tenant: str = MINE, name: str = "service_trend") -> None:
    """The month's object with 2,400 events in each of these days."""
    rows = [measures(tenant, "day_time", Hour.parse(f"{day}T00").start, 2400) for day in days]
    put(lake, day_key(name, tenant, month), TRENDS[f"{name}_day"], rows, days)


def counted(answer: Answer) -> dict[str, int]:
    return {row["time"][:13]: row["n"] for row in answer.rows}


# Columns --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tenant", [MINE, "nobody", None])
@pytest.mark.parametrize("table", TABLES)
def test_every_table_has_its_declared_columns_and_its_partition(lake: Lake, table: str, tenant: str | None) -> None:
    declared = TABLES[table]
    answer = ask(lake, f"select * from {table} limit 1", tenant)
    assert answer.columns[: len(declared.columns)] == [column.name for column in declared.columns]
    assert set(answer.columns[len(declared.columns) :]) == set(declared.partition)
    assert answer.types == [
        *(column.type.value for column in declared.columns),
        *("VARCHAR",) * len(declared.partition),
    ]
    assert {Type.DECIMAL.value} >= {kind for kind in answer.types if kind.startswith("DECIMAL")}


def test_a_tenant_that_has_nothing_gets_no_rows(lake: Lake) -> None:
    answer = ask(lake, "select count(*) as n from events", "nobody")
    assert answer.rows == [{"n": 0}]
    assert answer.objects_read == 0


def test_only_objects_of_the_asker_can_be_opened(lake: Lake) -> None:
    assert ask(lake, "select 1 from events", MINE).objects_read == 2
    assert ask(lake, "select 1 from events").objects_read == 6
    assert ask(lake, f"select 1 from events where tenant = '{THEIRS}'").objects_read == 2


def test_quarantine_shows_reason_and_place_and_a_redacted_excerpt(lake: Lake) -> None:
    answer = ask(lake, "select tenant, source, dt, hour, reason, raw_line from quarantine", MINE)
    assert answer.rows == [
        {
            "tenant": MINE,
            "source": "app",
            "dt": FIRST.day,
            "hour": "00",
            "reason": "not_an_object",
            "raw_line": 3,
        }
    ]
    (row,) = ask(lake, "select excerpt from quarantine", MINE).rows
    assert row["excerpt"].startswith(f"[1, {MINE}, <EMAIL:")
    assert "anna" not in row["excerpt"]


# Events once ----------------------------------------------------------------------------------------------------------


def test_copies_of_an_event_count_once_and_the_first_is_shown(own: Lake) -> None:
    hour = FIRST
    copy = {"event_id": "same", "record_hash": 42}
    put_event_file(own, hour, "b", [event(MINE, hour, 1, raw_object="b", body="second", **copy)])
    put_event_file(own, hour, "a", [event(MINE, hour, 1, raw_object="a", body="first", **copy)])
    early = event(MINE, hour, 1, raw_object="z", body="earliest", **copy)
    early["observed_time"] -= timedelta(hours=1)
    put_event_file(own, hour, "z", [early])
    assert ask(own, "select body from events", MINE).rows == [{"body": "earliest"}]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"event_id": "same", "record_hash": 43}, id="one-id-two-contents"),
        pytest.param({"event_id": "other", "record_hash": 42}, id="two-ids-one-hash"),
        pytest.param({"event_id": "same", "record_hash": None}, id="no-id-of-its-own"),
    ],
)
def test_what_is_no_copy_is_another_event(own: Lake, other: dict[str, Any]) -> None:
    put_event_file(own, FIRST, "a", [event(MINE, FIRST, 1, raw_object="a", event_id="same", record_hash=42)])
    put_event_file(own, FIRST, "b", [event(MINE, FIRST, 1, raw_object="b", **other)])
    assert ask(own, "select count(*) as n from events", MINE).rows == [{"n": 2}]


def test_copies_in_other_hours_and_of_other_tenants_are_events_of_their_own(own: Lake) -> None:
    copy = {"event_id": "same", "record_hash": 42}
    for tenant, hour in ((MINE, FIRST), (MINE, FIRST + 1), (THEIRS, FIRST)):
        put_event_file(own, hour, tenant, [event(tenant, hour, 1, **copy)], tenant)
    assert ask(own, "select count(*) as n from events").rows == [{"n": 3}]


# The pyramid ----------------------------------------------------------------------------------------------------------


def test_hours_that_the_day_lacks_come_from_their_minutes(own: Lake) -> None:
    put_day(own, OPEN.day, [8, 9])
    for hour in (OPEN - 2, OPEN - 1, OPEN, OPEN + 1):
        put_minutes(own, hour, 7)
    answer = ask(own, "select hour_time as time, event_count as n from service_trend_hour order by 1", MINE)
    assert counted(answer) == {
        "2025-06-30T08": 100,
        "2025-06-30T09": 100,
        "2025-06-30T10": 14,
        "2025-06-30T11": 14,
    }
    assert answer.objects_read == 3


def test_a_day_that_does_not_exist_yet_comes_from_its_minutes(own: Lake) -> None:
    put_minutes(own, OPEN, 7)
    answer = ask(own, "select hour_time as time, event_count as n, dt, tenant from service_trend_hour", MINE)
    assert answer.rows == [{"time": "2025-06-30T10:00:00Z", "n": 14, "dt": "2025-06-30", "tenant": MINE}]


def test_days_that_the_month_lacks_come_from_below(own: Lake) -> None:
    put_month(own, "2025-06", ["2025-06-01", "2025-06-02"])
    put_day(own, "2025-06-01", list(range(24)))
    put_day(own, "2025-06-03", [0, 1])
    put_minutes(own, Hour.parse("2025-06-03T02"), 7)
    answer = ask(own, "select day_time as time, sum(event_count) as n, count(*) as rows from service_trend_day "
                      "group by 1 order by 1", MINE)  # fmt: skip
    assert counted(answer) == {"2025-06-01T00": 2400, "2025-06-02T00": 2400, "2025-06-03T00": 214}
    assert all(row["rows"] == 1 for row in answer.rows)


def test_a_recent_day_in_the_month_is_read_from_below_so_that_open_hours_count(own: Lake) -> None:
    put_month(own, "2025-06", ["2025-06-01", OPEN.day])
    put_day(own, OPEN.day, [0, 1])
    put_minutes(own, OPEN, 7)
    answer = ask(own, "select day_time as time, event_count as n, month from service_trend_day order by 1", MINE)
    assert counted(answer) == {"2025-06-01T00": 2400, "2025-06-30T00": 214}
    assert {row["month"] for row in answer.rows} == {"2025-06"}


def test_a_recent_day_whose_own_object_is_gone_stays_in_the_month(own: Lake) -> None:
    put_month(own, "2025-06", [OPEN.day])
    put_minutes(own, OPEN, 7)
    answer = ask(own, "select day_time as time, event_count as n from service_trend_day", MINE)
    assert counted(answer) == {"2025-06-30T00": 2400}


def test_a_day_question_reads_whole_days_though_it_asks_by_time(own: Lake) -> None:
    for hour in range(3):
        put_minutes(own, Hour.parse(f"{DAY}T{hour:02d}"), 1)
    answer = ask(own, f"select event_count as n from service_trend_day where day_time = timestamp '{DAY}'", MINE)
    assert answer.rows == [{"n": 6}]


@pytest.mark.parametrize("name", TREND_NAMES)
@pytest.mark.parametrize("level", ["hour", "day"])
def test_open_hours_of_each_tenant_stay_apart(own: Lake, name: str, level: str) -> None:
    put_minutes(own, OPEN, 7, MINE, name)
    put_minutes(own, OPEN, 9, THEIRS, name)
    answer = ask(own, f"select tenant, event_count as n from {name}_{level} order by 1")
    assert answer.rows == [{"tenant": MINE, "n": 14}, {"tenant": THEIRS, "n": 18}]


def test_a_question_over_thirty_days_of_hours_opens_few_objects(own: Lake) -> None:
    first = Hour.parse("2025-05-21T00")
    for day in range(40):
        put_day(own, (first + 24 * day).day, list(range(24)))
        for hour in (3, 4, 5):  # old minutes are still there: they must not be opened
            put_minutes(own, first + 24 * day + hour, 1)
    for hour in range(3):
        put_minutes(own, OPEN + hour, 1)
    put_day(own, "2025-06-30", list(range(10)))
    question = "select sum(event_count) as n from service_trend_hour where hour_time >= timestamp '{}'"
    answer = ask(own, question.format("2025-05-31 12:00:00"), MINE)
    assert answer.objects_read <= 40
    whole = ask(own, "select sum(event_count) as n from service_trend_hour", MINE)
    assert whole.objects_read > 40
    assert answer.rows == [{"n": (29 * 24 + 12) * 100 + 1000 + 6}]


def test_a_question_over_a_year_of_days_opens_a_dozen_objects(own: Lake) -> None:
    for month in range(1, 13):
        put_month(own, f"2024-{month:02d}", [f"2024-{month:02d}-01"])
        put_day(own, f"2024-{month:02d}-01", [0])
    answer = ask(own, "select sum(event_count) as n from service_trend_day where month like '2024-%'", MINE)
    assert answer.rows == [{"n": 12 * 2400}]
    assert answer.objects_read == 12


def test_an_hour_of_events_opens_the_files_of_that_hour(lake: Lake) -> None:
    for condition in ("dt = '2025-06-01' and hour = '01'", "event_time >= '2025-06-01 01:00:00'"):
        answer = ask(lake, f"select count(*) as n from events where {condition}", MINE)
        assert answer.rows == [{"n": 3}]
        assert answer.objects_read == 1


# Erased, odd, moved ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["events", "service_trend_hour", "service_trend_day", "patterns", "quarantine"])
def test_an_erased_tenant_has_no_rows_for_anyone(own: Lake, table: str) -> None:
    for tenant in (MINE, THEIRS, PLATFORM):
        put_tenant(own, tenant)
    own.store.put(tombstone_key(MINE), b"{}")
    assert ask(own, f"select 1 from {table}", MINE).rows == []
    tenants = {row["tenant"] for row in ask(own, f"select distinct tenant from {table}").rows}
    assert tenants == {THEIRS, PLATFORM}


def test_a_folder_that_is_no_tenant_is_not_read(own: Lake) -> None:
    put_tenant(own, MINE)
    for name in ("_tmp", "_mixed", "UPPER"):
        put_event_file(own, FIRST, name, [event(name, FIRST, 1)], name)
    tenants = {row["tenant"] for row in ask(own, "select distinct tenant from events").rows}
    assert tenants == {MINE, "_mixed"}


@pytest.mark.parametrize("name", ["l[a]ke*?", "tenant=other", "it's", "with space", "dt=2020-01-01"])
def test_a_lakes_own_path_changes_no_answer(tmp_path: Path, name: str) -> None:
    lake = empty_lake(tmp_path / name / "lake")
    put_tenant(lake, MINE)
    answer = ask(lake, "select distinct tenant, dt from events", MINE)
    assert answer.rows == [{"tenant": MINE, "dt": "2025-06-01"}]


def test_the_smallest_and_largest_partition_value_are_right(lake: Lake) -> None:
    # duckdb#25629: min() of a hive partition column is an internal error in 1.5.5.
    answer = ask(lake, "select min(tenant) as a, max(hour) as b, min(dt) as c from events", MINE)
    assert answer.rows == [{"a": MINE, "b": "01", "c": "2025-06-01"}]


def test_the_clock_of_the_lake_is_that_of_the_test() -> None:
    assert Hour.of(NOW).day == OPEN.day
