"""Statements that try to get out: none returns a row of another tenant, none changes a name or a byte of the lake.

At the level of `ask` with its real process, because the promise is about all locks together.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from logsight_assets.errors import RefusedQuery
from logsight_assets.lake import Lake
from logsight_assets.reader.ask import ask
from logsight_assets.settings import Reader

from .small_lake import MINE, PLATFORM, THEIRS

LIMITS = Reader(max_rows=100, max_seconds=60, max_scan_bytes=10**9, memory_mb=128)
IMPATIENT = LIMITS.model_copy(update={"max_seconds": 2.0})

# `{file}` is an event file of the other tenant, `{mine}` one of the asker, `{root}` the lake, `{out}` a new file in it.
REFUSED = {
    # Files
    "quoted-file": "select * from '{file}'",
    "double-quoted-file": 'select * from "{file}"',
    "own-file": "select * from '{mine}'",
    "read-parquet": "select * from read_parquet('{file}')",
    "read-parquet-list": "select * from read_parquet(['{file}'], union_by_name = true)",
    "parquet-scan-mixed-case": "select * from PaRqUeT_sCaN('{file}')",
    "quoted-function": "select * from \"read_parquet\"('{file}')",
    "qualified-function": "select * from system.main.read_parquet('{file}')",
    "qualified-scalar": "select system.main.current_setting('temp_directory')",
    "read-csv": "select * from read_csv('/etc/passwd', sep = ':')",
    "read-text": "select content from read_text('/etc/passwd')",
    "read-blob": "select * from read_blob('/proc/self/environ')",
    "read-json": "select * from read_json_auto('{root}/quarantine/**/*.gz')",
    "read-ndjson": "select * from read_ndjson_objects('{root}/x')",
    "glob": "select * from glob('{root}/**')",
    "parquet-metadata": "select * from parquet_metadata('{file}')",
    "parquet-kv": "select * from parquet_kv_metadata('{file}')",
    "sniff": "select * from sniff_csv('{file}')",
    "read-duckdb": "select * from read_duckdb('{file}')",
    "http": "select * from 'https://127.0.0.1/x.parquet'",
    "s3": "select * from read_parquet('s3://bucket/x')",
    # Places where a subquery can hide
    "in-select": "select (select min(body) from '{file}')",
    "in-where": "select 1 from events where body in (select body from '{file}')",
    "in-having": "select 1 from events group by service having max(body) < (select max(body) from '{file}')",
    "in-order": "select 1 from events order by (select max(body) from '{file}')",
    "in-limit": "select 1 from events limit (select count(*) from '{file}')",
    "in-case": "select case when exists (from '{file}') then 1 end",
    "in-on": "select 1 from events join patterns on exists (from '{file}')",
    "in-union": "select body from events union all select body from '{file}'",
    "in-except": "select body from '{file}' except select body from events",
    "in-cte": "with x as (select * from '{file}') select * from x",
    "in-lateral": "select * from events, lateral (select * from '{file}')",
    "in-values": "values ((select min(body) from '{file}'))",
    "in-lambda": "select list_transform([1], x -> (select min(body) from '{file}'))",
    "in-filter": "select count(*) filter (where exists (from '{file}')) from events",
    "in-window": "select sum(1) over (order by (select 1 from '{file}')) from events",
    "in-table-function": "select * from unnest((select list(body) from '{file}'))",
    # Names
    "cte-named-like-file": 'with "{file}" as (select 1) select * from "{file}"',
    "cte-elsewhere": 'select * from "{file}", (with "{file}" as (select 1) select * from "{file}")',
    "cte-elsewhere-catalog": "select * from duckdb_settings, (with duckdb_settings as (select 1) from duckdb_settings)",
    "files-view": "select * from logsight_event_files",
    "long-s": "select * from \u017fervice_trend_hour",
    "kelvin": "select * from trac\u212a",
    "full-width": "select * from \uff45vents",
    "schema": "select * from main.events",
    "temp-schema": "select * from temp.main.events",
    "information-schema": "select * from information_schema.tables",
    "pg-catalog": "select * from pg_catalog.pg_class",
    "sqlite-master": "select * from sqlite_master",
    "duckdb-views": "select * from duckdb_views",
    "duckdb-secrets": "select * from duckdb_secrets()",
    "duckdb-settings": "select * from duckdb_settings()",
    "which-secret": "select * from which_secret('s3://b', 's3')",
    "python-variable": "select * from request",
    # SQL as text
    "query": "select * from query('select * from read_parquet(''{file}'')')",
    "query-table": "select * from query_table('{file}')",
    "json-execute": "select * from json_execute_serialized_sql(json_serialize_sql('select 1'))",
    "json-serialize": "select json_serialize_sql('select 1')",
    "auto-complete": "select * from sql_auto_complete('sel')",
    # Settings, environment, engine
    "current-setting": "select current_setting('temp_directory')",
    "getenv": "select getenv('HOME')",
    "getvariable": "select getvariable('x')",
    "current-query": "select current_query()",
    "write-log": "select write_log('x')",
    "sleep": "select sleep_ms(100)",
    "nextval": "select nextval('s')",
    "enable-logging": "call enable_logging(storage = 'file', storage_path = '{out}')",
    "enable-logging-function": "select * from enable_logging()",
    "force-checkpoint": "select * from force_checkpoint()",
    "pragma-function": "select * from pragma_database_list()",
    "pragma-table-info": "select * from pragma_table_info('events')",
    "seq-scan": "select * from seq_scan('events')",
    # Other statements
    "two-statements": "select 1; drop view events",
    "comment-hides-second": "select 1 /* ; */ ; /* */ copy (select 1) to '{out}'",
    "copy": "copy (select 1) to '{out}'",
    "copy-over": "copy (select 1) to '{mine}' (format parquet, use_tmp_file false)",
    "cte-copy": "with x as (select 1) copy x to '{out}'",
    "export": "export database '{out}'",
    "import": "import database '{root}'",
    "attach": "attach '{out}' as x",
    "install": "install httpfs",
    "load": "load '{out}'",
    "set": "set enable_external_access = true",
    "reset": "reset lock_configuration",
    "pragma": "pragma enable_profiling",
    "create-table": "create table x as select 1",
    "create-macro": "create macro f(x) as table select * from read_parquet(x)",
    "create-secret": "create persistent secret (type s3)",
    "select-into": "select * into x from events",
    "insert": "insert into events select * from events",
    "cte-insert": "with x as (insert into events values (1)) select 1",
    "delete": "delete from events",
    "drop": "drop view events",
    "prepare": "prepare p as select 1",
    "execute": "execute p",
    "explain": "explain analyze select 1",
    "describe": "describe events",
    "summarize": "summarize events",
    "describe-inside": "select * from (describe events)",
    "show": "show all tables",
    "show-inside": "from (show all tables)",
    "use": "use memory",
    "begin": "begin transaction",
    "checkpoint": "checkpoint",
    "vacuum": "vacuum",
    "pivot": "pivot events on service",
    "pivot-inside": "from events pivot (count(*) for service in ('a'))",
    "for-update": "select * from events for update",
    "version": "select * from events at (version => 1)",
    "parameter": "select ?",
    "named-parameter": "select $tenant",
    "recursive": "with recursive r as (select 1 as n union all select n + 1 from r) select count(*) from r",
    "empty": "  -- nothing",
    "nul": "select 1 \x00; drop view events",
    "deep": "select " + "not " * 5000 + "true",
    "deep-list": "select " + "[" * 900 + "]" * 900,
    "deep-subquery": "select " + "(select " * 900 + "1" + ")" * 900,
    "long": "select '" + "x" * 60_000 + "'",
    "breaks-the-wrapping": "select 1) as q; copy (select 1) to '{out}'; select * from (select 1",
    "escapes-in-a-name": 'select "\x1b[2J\u202e"()',
}

# These run until a cap stops them: memory, or time.
BOMBS = {
    "range-bomb": "select count(*) from range(1000000000000) a, range(1000000000000) b",
    "memory-bomb": "select length(repeat('x', 4000000000))",
    "aggregate-bomb": "select string_agg(repeat('x', 1000000)) from range(2000)",
    "list-bomb": "select list(i) from range(500000000) t(i)",
    "cross-bomb": "select max(a.i * b.i) from range(10000000) a(i), range(10000000) b(i)",
}

# These run, over nothing but the asker's own rows.
HARMLESS = {
    "all": "select * from events",
    "other-tenant": f"select * from events where tenant = '{THEIRS}'",
    "or-true": f"select * from events where tenant = '{THEIRS}' or true",
    "upper-case": "SELECT * FROM EVENTS",
    "quoted": 'select * from "Events"',
    "comment": "select * /* from '/etc/passwd' */ from events -- ; drop view events",
    "union-self": "select body from events union all select body from events",
    "cte-shadows": "with events as (select 'shadow' as body) select * from events",
    "cte-wraps": "with events as (select * from events) select * from events",
    "columns": "select columns('.*') from events",
    "star-like": "select * like '%a%' from events",
    "whole-row": "select events from events",
    "lateral": "select e.body, x.b from events e, lateral (select e.body || '!' as b) x",
    "string-file-as-value": "select '{file}' as file, body from events",
    "patterns": "select * from patterns",
    "trends": "select * from service_trend_minute union all by name select * from service_trend_hour",
    "days": "select * from template_trend_day",
    "durations": "select * from service_duration_hour",
    "completeness": "select * from completeness",
    "quarantine": "select * from quarantine",
    "receipts": "select * from receipts",
    "parentheses": "select " + "(" * 5000 + "1" + ")" * 5000,
    "current-user": "select current_user, current_schema, user",
    "endless": "select * from range(1000000000000)",
    "wide": "select repeat('x', 1000) from range(100000)",
}


def filled(statement: str, lake: Lake) -> str:
    root = Path(lake.store.uri("x")).parent
    values = {"root": str(root), "out": str(root / "events" / "out")}
    for name, tenant in (("file", THEIRS), ("mine", MINE)):
        values[name] = lake.store.uri(next(iter(lake.store.list(f"events/tenant={tenant}/"))).key)
    for name, value in values.items():
        statement = statement.replace("{" + name + "}", value)
    return statement


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("statement", REFUSED.values(), ids=REFUSED.keys())
def test_a_break_out_is_refused_and_changes_nothing(lake: Lake, statement: str) -> None:
    with pytest.raises(RefusedQuery) as caught:
        ask(lake, filled(statement, lake), MINE, limits=LIMITS)
    message = str(caught.value)
    assert message.startswith("refused: ")
    assert "secret of" not in message
    assert message.isprintable()
    # By a check, not because the engine happened to give up.
    assert not any(word in message for word in ("seconds", "MiB", "query engine", "locked engine"))


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("statement", BOMBS.values(), ids=BOMBS.keys())
def test_a_bomb_ends_at_a_cap(lake: Lake, statement: str) -> None:
    with pytest.raises(RefusedQuery, match=r"more than (2 seconds|128 MiB)"):
        ask(lake, statement, MINE, limits=IMPATIENT)


@pytest.mark.usefixtures("unchanged")
@pytest.mark.parametrize("statement", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_runs_returns_no_row_of_another_tenant(lake: Lake, statement: str) -> None:
    answer = ask(lake, filled(statement, lake), MINE, limits=LIMITS)
    told = json.dumps([row | {"file": None} for row in answer.rows])
    assert THEIRS not in told
    assert PLATFORM not in told
    assert len(answer.rows) <= LIMITS.max_rows


def test_an_operator_sees_every_tenant(lake: Lake) -> None:
    answer = ask(lake, "select distinct tenant from events order by 1", limits=LIMITS)
    assert [row["tenant"] for row in answer.rows] == [PLATFORM, MINE, THEIRS]
