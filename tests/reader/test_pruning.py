"""Pruning against DuckDB itself: whatever row a WHERE lets through, its hour must have been wanted.

At the level of constraints over literal rows, because soundness has to hold for many conditions; that fewer objects are
opened is measured in `test_views.py`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import duckdb
import pytest

from logsight_assets.reader.constraint import ALWAYS, Constraint, Spans
from logsight_assets.reader.instants import Constants
from logsight_assets.reader.references import tables_of
from logsight_assets.reader.refusal import Parameter
from logsight_assets.timeline import Hour, hours_between

NOW = datetime(2025, 6, 4, 10, 20, 30, tzinfo=UTC)
START = Hour.parse("2025-05-30T00")
HOURS = list(hours_between(START, START + 24 * 8))  # over the end of a month
DAYS = sorted({hour.day for hour in HOURS})

# (condition, the most hours that it may want of the 192)
CONDITIONS = {
    "dt-equal": ("dt = '2025-06-01'", 24),
    "dt-in": ("dt in ('2025-06-01', '2025-06-03')", 48),
    "dt-from-to": ("dt >= '2025-06-01' and dt < '2025-06-03'", 48),
    "dt-after-until": ("dt > '2025-06-01' and dt <= '2025-06-03'", 48),
    "dt-between": ("dt between '2025-06-01' and '2025-06-02'", 48),
    "dt-mirrored": ("'2025-06-01' <= dt and '2025-06-02' > dt", 24),
    "dt-cast": ("cast(dt as date) >= date '2025-06-03'", 96),
    "dt-cast-text": ("dt::date <= '2025-05-31 05:00'", 48),
    "dt-strftime": ("dt >= strftime(timestamp '2025-06-05 10:00', '%Y-%m-%d')", 48),
    "dt-text-of-date": ("dt >= cast(date '2025-06-05' as varchar)", 48),
    "dt-and-hour": ("dt = '2025-06-01' and hour = '04'", 1),
    "hour-in": ("hour in ('04', '05')", 16),
    "hour-or": ("(dt = '2025-06-01' and hour = '04') or (dt = '2025-06-03' and hour = '05')", 4),
    "dt-or": ("dt = '2025-06-01' or dt = '2025-06-03'", 48),
    "dt-or-other": ("dt = '2025-06-01' or service = 'b'", 192),
    "dt-prefix": ("dt >= '2025-06'", 192),
    "dt-odd-text": ("dt < '2025-06-01Z'", 192),
    "dt-time-text": ("dt < '2025-06-01 00:00'", 192),
    "dt-not": ("not (dt = '2025-06-01')", 192),
    "dt-unequal": ("dt <> '2025-06-01'", 192),
    "dt-like": ("dt like '2025-06-0%'", 192),
    "time-from-to": ("event_time >= '2025-06-01' and event_time < '2025-06-02'", 24),
    "time-timestamp": (
        "event_time >= timestamp '2025-06-01 05:00' and event_time < timestamp '2025-06-01 07:00:00'",
        2,
    ),
    "time-closed": ("event_time <= timestamp '2025-05-30 02:00:00'", 3),
    "time-between": ("event_time between '2025-06-01 05:30:00' and '2025-06-01T06:10:00Z'", 2),
    "time-equal": ("event_time = '2025-06-01 05:30:00'", 1),
    "time-microsecond": ("event_time <= '2025-06-01 04:59:59.999999' and event_time > '2025-06-01 03:59:59.999999'", 2),
    "time-date": ("event_time >= date '2025-06-05'", 48),
    "time-zone": ("event_time >= timestamptz '2025-06-05 00:00:00+00'", 48),
    "time-offset": ("event_time >= '2025-06-05 00:00:00+02'::timestamptz", 192),
    "time-cast": ("cast(event_time as date) = date '2025-06-01'", 24),
    "time-cast-below": ("event_time::date < date '2025-06-01'", 48),
    "time-cast-below-moment": ("event_time::date < timestamp '2025-06-01 05:00:00'", 78),
    "time-cast-text": ("cast(event_time as date) = '2025-06-01 05:00'", 48),
    "time-trunc": ("date_trunc('day', event_time) = timestamp '2025-06-01'", 24),
    "time-trunc-hour": ("date_trunc('hour', event_time) <= timestamp '2025-05-30 02:00'", 3),
    "time-trunc-month": ("date_trunc('month', event_time) = '2025-06-01'", 144),
    "time-shift": ("event_time >= timestamp '2025-06-06' - interval 1 day", 48),
    "time-shift-hours": ("event_time >= timestamp '2025-06-06 10:00' - interval '3 hours'", 17),
    "time-shift-month": ("event_time >= timestamp '2025-07-01' - interval 1 month", 168),
    "time-shift-back": ("event_time < timestamp '2025-05-30' + interval '90' minutes", 2),
    "time-arithmetic": ("event_time + interval 1 day >= timestamp '2025-06-05'", 192),
    "nano": ("time_unix_nano >= 1749081600000000000", 48),
    "nano-text": ("time_unix_nano >= '1749081600000000000'", 192),
    "nano-product": ("time_unix_nano >= 1749081600::bigint * 1000000000", 192),
    "nano-epoch": ("time_unix_nano < epoch_ns(timestamp '2025-05-31')", 24),
    "nano-between": ("time_unix_nano between 1748736000000000000 and 1748736000000000000 + 3600000000000", 2),
    "nano-negative": ("time_unix_nano > -1", 192),
    "nano-divided": ("time_unix_nano // 1000000000 >= 1749081600", 192),
    "qualified": ("events.dt = '2025-06-01'", 24),
    "tenant": ("tenant = 'a'", 192),
    "contradiction": ("dt = '2025-06-01' and dt = '2025-06-02'", 0),
    "null": ("dt = null", 192),
    "arrow": ("attributes ->> '$.a' = 'b' and dt = '2025-06-01'", 192),
    "nested-and": ("service = 'b' and (hour = '04' and (dt = '2025-06-01' and true))", 1),
    "coalesce": ("coalesce(dt = '2025-06-01', true)", 192),
    "case": ("case when dt = '2025-06-01' then false else true end", 192),
    "is": ("(dt = '2025-06-01') is false", 192),
    "subquery": ("dt = (select min(dt) from events)", 192),
    "collate": ("dt collate nocase = '2025-06-01'", 192),
}


@pytest.fixture(scope="module")
def engine() -> duckdb.DuckDBPyConnection:
    """Rows at the start, in the middle and at the last microsecond of every hour."""
    connection = duckdb.connect()
    connection.execute("set TimeZone = 'UTC'")
    values = ", ".join(
        f"(make_timestamp({nano} // 1000), {nano}, '{hour.day}', '{hour.hh}', 'a', 'b', {hour.index}, '{{}}')"
        for hour in HOURS
        for nano in (hour.start_nano, hour.start_nano + 1_800 * 10**9, hour.start_nano + 3_600 * 10**9 - 1)
    )
    columns = "event_time, time_unix_nano, dt, hour, tenant, service, event_hour, attributes"
    connection.execute(f"create table events as select * from (values {values}) as v({columns})")
    return connection


def constraint(query: str, table: str = "events", parameters: Mapping[str, Parameter] | None = None) -> Constraint:
    row = duckdb.connect().execute("select json_serialize_sql(?)", [query]).fetchone()
    assert row
    tree = json.loads(row[0])
    assert not tree["error"], tree
    return tables_of(tree, Constants(NOW, parameters or {}))[table]


def kept(engine: duckdb.DuckDBPyConnection, condition: str) -> set[Hour]:
    rows = engine.execute(f"select distinct event_hour from events where {condition}").fetchall()
    return {Hour(row[0]) for row in rows}


@pytest.mark.parametrize(("condition", "most"), CONDITIONS.values(), ids=CONDITIONS.keys())
def test_no_hour_of_a_kept_row_is_left_out(engine: duckdb.DuckDBPyConnection, condition: str, most: int) -> None:
    found = constraint(f"select count(*) from events where {condition}")
    wanted = {hour for hour in HOURS if found.wants_hour(hour)}
    assert kept(engine, condition) <= wanted
    assert len(wanted) <= most


@pytest.mark.parametrize("operator", ["=", "<", "<=", ">", ">="])
@pytest.mark.parametrize(
    "left",
    ["event_time", "cast(event_time as date)", "date_trunc('day', event_time)", "date_trunc('hour', event_time)",
     "date_trunc('week', event_time)", "date_trunc('month', event_time)", "cast(dt as date)"],
)  # fmt: skip
@pytest.mark.parametrize(
    "right",
    ["date '2025-06-01'", "timestamp '2025-06-01 05:30:00'", "'2025-06-01 05:30:00'", "'2025-06-02'",
     "date_trunc('hour', timestamp '2025-06-01 05:30:00')", "timestamp '2025-06-01 05:30:00'::date",
     "date '2025-06-03' - 1", "date '2025-06-03' - interval 36 hours", "timestamp '2025-06-01 05:00:00'"],
)  # fmt: skip
def test_comparisons_are_sound_on_both_sides(
    engine: duckdb.DuckDBPyConnection, left: str, operator: str, right: str
) -> None:
    mirrored = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "="}[operator]
    for condition in (f"{left} {operator} {right}", f"{right} {mirrored} {left}"):
        found = constraint(f"select 1 from events where {condition}")
        assert kept(engine, condition) <= {hour for hour in HOURS if found.wants_hour(hour)}, condition


def test_now_is_a_little_wider_than_the_clock() -> None:
    found = constraint("select 1 from events where event_time >= now() - interval 1 day and event_time < now()")
    wanted = [str(hour) for hour in HOURS if found.wants_hour(hour)]
    assert wanted[0] == "2025-06-03T10"
    assert wanted[-1] == "2025-06-04T11"
    today = constraint("select 1 from events where dt >= strftime(current_date - 1, '%Y-%m-%d')")
    assert not today.wants_day("2025-06-02")
    assert today.wants_day("2025-06-03")


# Where a condition on the result is no condition on each table, or a name could mean something else.
EVERYTHING = [
    "select * from events asof join patterns p on time_unix_nano >= first_seen_unix_nano where events.dt = 'D'",
    "select * from events positional join patterns p where events.dt = 'D'",
    "select * from patterns p anti join events on p.dt = events.dt where dt = 'D'",
    "select * from patterns p semi join events on p.dt = events.dt where dt = 'D'",
    "select * from events natural join patterns where dt = 'D'",
    "select * from events join patterns using (dt) where dt = 'D'",
    "select * from events tablesample 10% where dt = 'D'",
    "select * from events where dt = 'D' using sample 5",
    "select 'D' as dt from events where dt = 'D'",
    "select * replace ('D' as dt) from events where dt = 'D'",
    "select * from events as e(dt, event_time) where dt = 'D'",
    "select * from events where other.dt = 'D'",
    "select * from (select * from events) where dt = 'D'",
    "select max(dt) from events having max(dt) = 'D'",
    "select * from events qualify dt = 'D'",
    "select * from events, lateral (select 1 as dt) where dt = 'D'",
    "from events asof join patterns p using (dt) where events.dt = 'D'",
    "select * from events where dt = 'D' union all select * from events",
    "with x as (select * from events where dt = 'D') select * from x, events",
]


@pytest.mark.parametrize("query", EVERYTHING)
def test_where_it_is_not_certain_everything_is_read(query: str) -> None:
    assert constraint(query.replace("'D'", "'2025-06-01'")).spans == ALWAYS


NARROWED = [
    "select * from (events cross join patterns) where events.dt = 'D'",
    "select * from events e where e.dt = 'D'",
    "select * from events left join patterns p on true where events.dt = 'D'",
    "select * from patterns p left join events e on true where e.dt = 'D'",
    "select * from patterns p full join events e on true where e.dt = 'D'",
    "select * from patterns p, events e where e.dt = 'D' and p.dt = 'D'",
    "with x as (select * from events where dt = 'D') select * from x a, x b",
    "select * from (select * from events where dt = 'D') limit 3",
    "select 1 where exists (select 1 from events where dt = 'D')",
    "select * from events where dt = 'D' union all select * from events where dt = 'D'",
    "select dt from events where dt = 'D' group by all qualify row_number() over () = 1",
    "select 'x' as dt from events where events.dt = 'D'",
]


@pytest.mark.parametrize("query", NARROWED)
def test_where_it_is_certain_only_the_day_is_read(query: str) -> None:
    found = constraint(query.replace("'D'", "'2025-06-01'"))
    assert [day for day in DAYS if found.wants_day(day)] == ["2025-06-01"]


def test_parameters_narrow_like_literals() -> None:
    question = "select 1 from events where dt = $day and time_unix_nano < $nano and hour = $hour"
    found = constraint(
        question, parameters={"day": "2025-06-01", "nano": 1748736000000000000 + 3 * 3600 * 10**9, "hour": "01"}
    )
    assert [str(hour) for hour in HOURS if found.wants_hour(hour)] == ["2025-06-01T01"]


def test_tenants_of_an_operators_question_are_narrowed_too() -> None:
    found = constraint("select * from events where tenant in ('a', 'b') and dt = '2025-06-01'")
    assert found.tenants == frozenset({"a", "b"})


@pytest.mark.parametrize(
    ("condition", "months"),
    [
        ("month = '2025-06'", ["2025-06"]),
        ("month >= '2025-06'", ["2025-06", "2025-07"]),
        ("month < '2025-06'", ["2025-05"]),
        ("month > '2025-05' and month <= '2025-06'", ["2025-06"]),
        ("month >= '2025-6'", ["2025-05", "2025-06", "2025-07"]),
        ("day_time >= '2025-06-10' and day_time < '2025-07-01'", ["2025-06"]),
    ],
)
def test_months_are_chosen_by_name_and_by_day(condition: str, months: Sequence[str]) -> None:
    found = constraint(f"select * from service_trend_day where {condition}", "service_trend_day")
    assert [month for month in ("2025-05", "2025-06", "2025-07") if found.wants_month(month)] == list(months)


def test_spans_unite_and_intersect() -> None:
    one, other = Spans(((0, 10), (20, 30))), Spans(((5, 25),))
    assert (one & other).parts == ((5, 10), (20, 25))
    assert (one | other).parts == ((0, 30),)
    assert (one & Spans(())).parts == ()
    assert not one.overlaps(10, 20)
    assert one.overlaps(9, 10)
