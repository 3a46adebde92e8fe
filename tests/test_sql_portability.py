"""The texts that Athena and Trino are to run as well hold only constructs that gave the same rows on both.

Measured on DuckDB 1.5.5 and Trino 476. What needs a regular expression, a float, a hash, JSON or a time format happens
once, in intake, on DuckDB alone.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp

from logsight_assets.sqltext import placeholders, sql, sql_folder

FOLDERS = ["trends", "reports", "anomalies", "slo", "alarm_rules"]
# What mines single lines lies in the same folder and runs on DuckDB alone.
SINGLE = ["templates/pattern_totals", "templates/seen_patterns"]
TEXTS = [
    *sorted(f"{folder}/{file.stem}" for folder in FOLDERS for file in (sql_folder() / folder).glob("*.sql")),
    *SINGLE,
]
_VALUES = {"max_services": "10", "max_patterns": "10", "numerator": "95", "denominator": "100", "pattern_ids": "1, 2"}
_EXPRESSIONS = {"time": "date_trunc('hour', minute_time)", "time_name": "hour_time", "keys": "environment, service"}

_FUNCTIONS = {
    exp.Count,
    exp.Sum,
    exp.Min,
    exp.Max,
    exp.Case,
    exp.If,
    exp.Coalesce,
    exp.Cast,
    exp.RowNumber,
    exp.Substring,
    exp.TimestampTrunc,
    exp.DateTrunc,
    exp.And,
    exp.Or,
    exp.Exists,
}
_FORBIDDEN: dict[type[exp.Expression], str] = {
    exp.Div: "`/` on integers is a double in DuckDB and an integer in Trino",
    exp.IntDiv: "`//` is DuckDB's alone",
    exp.BitwiseLeftShift: "shifts are functions in Trino",
    exp.BitwiseRightShift: "shifts are functions in Trino",
    exp.Qualify: "not in Athena",
    exp.Star: "columns are named, so that a new one never moves another",
    exp.JSONExtract: "JSON is read once, in intake",
    exp.Lateral: "Trino unnests in its own way",
    exp.Unnest: "Trino unnests in its own way",
    exp.Anonymous: "no function that sqlglot does not know",
}


def _filled(name: str) -> str:
    given = {p: _VALUES.get(p) or _EXPRESSIONS.get(p) or f"relation_{p}" for p in placeholders(name)}
    return sql(name, **given)


def faults(text: str, dialect: str) -> list[str]:
    """What in a text is not portable; empty for a good one."""
    tree = sqlglot.parse_one(text, dialect=dialect, error_level=sqlglot.ErrorLevel.RAISE)
    return [fault for node in tree.walk() if (fault := _fault(node))]


def _fault(node: exp.Expression) -> str | None:
    if isinstance(node, exp.Star) and isinstance(node.parent, exp.Count):
        return None
    if type(node) in _FORBIDDEN:
        return f"{node.sql()[:60]}: {_FORBIDDEN[type(node)]}"
    if isinstance(node, exp.Func) and type(node) not in _FUNCTIONS:
        return f"{node.sql()[:60]}: function {type(node).__name__} is not in the list"
    if isinstance(node, exp.Subquery) and isinstance(node.parent, exp.From | exp.Join) and not node.alias:
        return f"{node.sql()[:60]}: a subquery needs an alias"
    if isinstance(node, exp.Group) and (node.args.get("all") or any(isinstance(e, exp.Var) for e in node.expressions)):
        return "group by all"
    if isinstance(node, exp.Window) and node.args.get("order") and not _has_rows_frame(node):
        return f"{node.sql()[:60]}: a running aggregate needs a frame of rows"
    return _fault_of_cast(node)


def _has_rows_frame(node: exp.Window) -> bool:
    spec = node.args.get("spec")
    return isinstance(node.this, exp.RowNumber) or (spec is not None and str(spec.args.get("kind")).upper() == "ROWS")


def _fault_of_cast(node: exp.Expression) -> str | None:
    if not isinstance(node, exp.Cast):
        return None
    wanted = node.to.sql("duckdb").lower()
    allowed = re.fullmatch(r"bigint|integer|int|tinyint|varchar|text|decimal\(38, 0\)", wanted)
    return None if allowed else f"{node.sql()[:60]}: cast to {wanted}"


@pytest.mark.parametrize("dialect", ["duckdb", "trino"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_text_holds_only_what_both_engines_answer_alike(name: str, dialect: str) -> None:
    assert faults(_filled(name), dialect) == []


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_says_what_it_is_for(name: str) -> None:
    assert (Path(sql_folder()) / f"{name}.sql").read_text(encoding="utf-8").startswith("-- ")


@pytest.mark.parametrize(
    "text",
    [
        "select a / 2 as b from t",
        "select a // 2 as b from t",
        "select a, count(*) as n from t group by all",
        "select * from t",
        "select md5(a) as b from t",
        "select approx_quantile(a, 0.5) as b from t",
        "select regexp_replace(a, 'x', 'y', 'g') as b from t",
        "select make_timestamp(a) as b from t",
        "select avg(a) as b from t",
        "select any_value(a) as b from t",
        "select cast(a as double) as b from t",
        "select a from (select a from t)",
        "select sum(a) over (order by b) as s from t",
        "select a << 2 as b from t",
        "select greatest(a, 1) as b from t",
        "select unnest(a) as b from t",
    ],
)
def test_what_engines_answer_differently_is_found(text: str) -> None:
    assert faults(text, "duckdb")
