"""`ask` as its callers see it: values, parameters, caps, errors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.errors import PermanentError, RefusedQuery, StoreUnavailable, UsageError
from logsight_assets.lake import Lake, events_prefix
from logsight_assets.reader import ask as ask_module
from logsight_assets.reader import process
from logsight_assets.reader.ask import ask
from logsight_assets.reader.refusal import Parameter
from logsight_assets.settings import Reader
from resources.object_store import FolderStore, ObjectInfo

from .small_lake import FIRST, MINE, empty_lake, put_tenant


def one(lake: Lake, expression: str, **options: Any) -> Any:
    answer = ask(lake, f"select {expression} as value", MINE, **options)
    return answer.rows[0]["value"]


VALUES = {
    "integer": ("9007199254740993", 9007199254740993),
    "huge": ("170141183460469231731687303715884105727::hugeint", 170141183460469231731687303715884105727),
    "decimal-whole": ("12::decimal(38,0)", 12),
    "decimal": ("1.50::decimal(5,2)", "1.50"),
    "double": ("0.1::double", 0.1),
    "nan": ("'nan'::double", None),
    "infinity": ("'-inf'::double", None),
    "boolean": ("true", True),
    "null": ("null", None),
    "text": ("'Grüße \u202e'", "Grüße \u202e"),
    "timestamp": ("timestamp '2025-06-01 01:02:03.5'", "2025-06-01T01:02:03.500000Z"),
    "timestamp-zone": ("timestamptz '2025-06-01 01:00:00+02'", "2025-05-31T23:00:00Z"),
    "timestamp-infinite": ("'infinity'::timestamp", "9999-12-31T23:59:59.999999Z"),
    "timestamp-far": ("'290000-01-01'::timestamp", "290000-01-01 00:00:00"),
    "date": ("date '2025-06-01'", "2025-06-01"),
    "time": ("time '10:00:00'", "10:00:00"),
    "interval": ("interval 36 hours", "1 day, 12:00:00"),
    "bytes": ("'abc'::blob", "YWJj"),
    "uuid": ("'7dfcfb34-ad69-43e6-bb32-d0c16a43f85d'::uuid", "7dfcfb34-ad69-43e6-bb32-d0c16a43f85d"),
    "list": ("[1, null, 3]", [1, None, 3]),
    "struct": ("{'a': [timestamp '2025-06-01'], 'b': 'nan'::double}", {"a": ["2025-06-01T00:00:00Z"], "b": None}),
    "map": ("map {1: 'x'}", {"1": "x"}),
    "json": ("'{\"a\": 1}'::json", '{"a": 1}'),
    "json-path": ('json_extract_string(\'{"a": {"b": "c"}}\', \'$.a.b\')', "c"),
}


@pytest.mark.parametrize(("expression", "value"), VALUES.values(), ids=VALUES.keys())
def test_values_are_exact_or_text(lake: Lake, expression: str, value: object) -> None:
    found = one(lake, expression)
    assert found == value
    assert type(found) is type(value)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize(
    "value", ["it's", "' or true --", "$1", "a\nb\\", "", 5, -7, 2.5, True, None, 2**62, "\u202e", "{x}"]
)
def test_a_parameter_is_a_value_whatever_it_holds(lake: Lake, value: Parameter) -> None:
    assert one(lake, "$given", parameters={"given": value}) == value


def test_a_parameter_narrows_what_is_read(lake: Lake) -> None:
    question = "select count(*) as n from events where dt = $day and hour = $hour"
    answer = ask(lake, question, MINE, parameters={"day": FIRST.day, "hour": "01"})
    assert (answer.rows, answer.objects_read) == ([{"n": 3}], 1)


def test_a_parameter_cannot_name_a_table(lake: Lake) -> None:
    with pytest.raises(RefusedQuery):
        ask(lake, "select * from $table", MINE, parameters={"table": "events"})


def test_the_order_of_the_question_is_the_order_of_the_rows(lake: Lake) -> None:
    answer = ask(lake, "select i from range(50000) t(i) order by i desc", MINE, limits=Reader(max_rows=20_000))
    assert [row["i"] for row in answer.rows] == list(range(49_999, 29_999, -1))
    assert answer.truncated


@pytest.mark.parametrize(("rows", "truncated"), [(9, False), (10, False), (11, True)])
def test_rows_beyond_the_cap_are_cut_and_said_to_be(lake: Lake, rows: int, truncated: bool) -> None:
    answer = ask(lake, f"select * from range({rows})", MINE, limits=Reader(max_rows=10))
    assert len(answer.rows) == min(rows, 10)
    assert answer.truncated is truncated


def test_bytes_beyond_the_cap_are_cut_and_said_to_be(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask_module, "MAX_RESULT_BYTES", 10_000)
    answer = ask(lake, "select repeat('x', 1000) as x from range(100)", MINE)
    assert len(answer.rows) == 9
    assert answer.truncated


def test_equal_column_names_are_told_apart(lake: Lake) -> None:
    answer = ask(lake, "select 1 as a, 2 as a", MINE)
    assert answer.rows == [{"a": 1, "a_1": 2}]


def test_a_question_over_too_many_bytes_is_refused_before_it_runs(lake: Lake) -> None:
    with pytest.raises(RefusedQuery, match=r"reader\.max_scan_bytes.*narrow"):
        ask(lake, "select * from events", MINE, limits=Reader(max_scan_bytes=100))


def test_a_question_over_too_many_objects_is_refused_before_it_runs(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ask_module, "MAX_OBJECTS", 1)
    with pytest.raises(RefusedQuery, match="2 objects"):
        ask(lake, "select * from events", MINE)


@pytest.mark.parametrize("name", ["", "_platform", "_mixed", "ACME", "a/b", "..", "a'b", "acme\n", "x" * 64])
def test_a_name_that_no_tenant_can_have_is_wrong_usage(lake: Lake, name: str) -> None:
    with pytest.raises(UsageError, match="tenant"):
        ask(lake, "select 1", name)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        pytest.param("select nothing from events", "nothing", id="column"),
        pytest.param("select * from evnts", "did you mean events", id="table"),
        pytest.param("select lowr(body) from events", "lowr", id="function"),
        pytest.param("select 1 +", "no SELECT: syntax error", id="syntax"),
        pytest.param("select body::int from events", "try_cast", id="conversion"),
        pytest.param("select sum(body) from events", "sum", id="type"),
    ],
)
def test_a_mistake_is_explained_without_a_value(lake: Lake, question: str, words: str) -> None:
    with pytest.raises(RefusedQuery, match=words) as caught:
        ask(lake, question, MINE)
    assert "secret of" not in str(caught.value)


class ChangingStore(FolderStore):
    """Lists an object that is gone, for a number of listings of events."""

    def __init__(self, root: Path, times: int) -> None:
        super().__init__(root)
        self.times = times

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        if prefix.startswith("events/") and self.times > 0:
            self.times -= 1
            yield ObjectInfo(f"{events_prefix(MINE, FIRST)}app~2025-06-01T00~gone.parquet", 1, "v", 0.0)
        yield from super().list(prefix)


@pytest.mark.parametrize("times", [1, 2])
def test_a_lake_that_changes_is_listed_again(lake: Lake, times: int) -> None:
    store = ChangingStore(Path(lake.store.uri("x")).parent, times)
    answer = ask(replace(lake, store=store), "select count(*) as n from events", MINE)
    assert answer.rows == [{"n": 6}]


def test_a_lake_that_keeps_changing_is_unavailable(lake: Lake) -> None:
    store = ChangingStore(Path(lake.store.uri("x")).parent, 99)
    with pytest.raises(StoreUnavailable, match="ask again"):
        ask(replace(lake, store=store), "select count(*) as n from events", MINE)


def test_a_broken_object_is_named_and_is_not_the_askers_fault(tmp_path: Path) -> None:
    lake = empty_lake(tmp_path)
    put_tenant(lake, MINE)
    key = f"{events_prefix(MINE, FIRST)}app~2025-06-01T00~broken.parquet"
    lake.store.put(key, b"this is no Parquet")
    with pytest.raises(PermanentError, match=key.rpartition("/")[2]) as caught:
        ask(lake, "select count(body) from events", MINE)
    assert not isinstance(caught.value, RefusedQuery)


def test_a_child_that_says_nothing_is_a_refusal(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "_BOOT", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(RefusedQuery, match="ended the query engine"):
        ask(lake, "select 1", MINE)


def test_a_child_that_never_stops_talking_is_cut_off(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ask_module, "MAX_RESULT_BYTES", 1000)
    monkeypatch.setattr(process, "_BOOT", "import sys\nwhile True: sys.stdout.write('[1]\\n' * 1000)")
    with pytest.raises(RefusedQuery):
        ask(lake, "select 1", MINE, limits=Reader(max_seconds=20))
