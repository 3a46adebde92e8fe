"""The allow-list over the engine's own parse tree: what DuckDB would run, not what another parser thinks it is.

Every node must be of a listed kind, every function listed, every table a registered view or a CTE in scope. What a new
version of the engine adds is refused until it is listed here.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

_EXPRESSIONS = {
    "BETWEEN",
    "CASE",
    "CAST",
    "COLLATE",
    "COLUMN_REF",
    "COMPARISON",
    "CONJUNCTION",
    "CONSTANT",
    "FUNCTION",
    "LAMBDA",
    "OPERATOR",
    "POSITIONAL_REFERENCE",
    "STAR",
    "SUBQUERY",
    "WINDOW",
}
_SOURCES = {"BASE_TABLE", "EMPTY", "EXPRESSION_LIST", "JOIN", "SUBQUERY", "TABLE_FUNCTION"}
_NODES = {"CTE_NODE", "SELECT_NODE", "SET_OPERATION_NODE"}
_PARTS = {
    "ASCENDING",
    "DESCENDING",
    "DISTINCT_MODIFIER",
    "LIMIT_MODIFIER",
    "LIMIT_PERCENT_MODIFIER",
    "ORDER_DEFAULT",
    "ORDER_MODIFIER",
}
_TABLE_FUNCTIONS = {"generate_series", "range", "unnest"}
# A name that the catalog could hold must not become "known" through a CTE elsewhere in the statement.
_CTE_NAME = re.compile(r"(?!duckdb_|pg_|pragma_|sqlite_)[a-z_][a-z0-9_]*")
_REMEDIES = {
    "PIVOT": "PIVOT: use count(*) filter (where …)",
    "RECURSIVE_CTE_NODE": "WITH RECURSIVE: use range() or a join",
    "SHOW_REF": "DESCRIBE, SHOW and SUMMARIZE: the columns are in docs/sql.md",
}


class Refused(Exception):
    """What is refused and the remedy."""


class Guard:
    """Walks the tree of one statement; `check` raises Refused."""

    def __init__(self, tables: Iterable[str], functions: Iterable[str], parameters: Iterable[str]) -> None:
        self._tables = set(tables)
        self._functions = set(functions)
        self._parameters = set(parameters)
        self.used: set[str] = set()  # parameters that the statement names

    def check(self, serialized: dict[str, Any]) -> None:
        """`serialized` is the answer of `json_serialize_sql`."""
        if serialized.get("error"):
            raise Refused(_unread(str(serialized.get("error_message", ""))))
        statements = serialized["statements"]
        if len(statements) != 1:
            raise Refused(f"{len(statements)} statements: ask one question at a time, as a SELECT")
        self._walk(statements[0], frozenset())

    def _walk(self, held: Any, scope: frozenset[str]) -> None:
        if isinstance(held, list):
            for part in held:
                self._walk(part, scope)
        elif isinstance(held, dict):
            if "class" in held:
                self._expression(held)
            elif isinstance(held.get("type"), str):
                self._part(held, scope)
            if "cte_map" in held:
                scope = self._with(held["cte_map"]["map"], scope)
            for name, part in held.items():
                if name == "function" and held.get("type") == "TABLE_FUNCTION":
                    self._walk(part["children"], scope)  # itself it was checked as a source
                elif name != "cte_map":
                    self._walk(part, scope)

    def _with(self, entries: list[dict[str, Any]], scope: frozenset[str]) -> frozenset[str]:
        for entry in entries:
            name = entry["key"].lower()
            if not _CTE_NAME.fullmatch(name):
                raise Refused(f"CTE name {entry['key']!r}: use letters, digits and _")
            self._walk(entry["value"], scope)
            scope |= {name}
        return scope

    def _expression(self, held: dict[str, Any]) -> None:
        kind = held["class"]
        if kind == "PARAMETER":
            self._parameter(str(held["identifier"]))
        elif kind not in _EXPRESSIONS:
            raise Refused(_REMEDIES.get(kind, f"expression {kind}"))
        if kind in ("FUNCTION", "WINDOW"):
            self._function(held, self._functions)

    def _parameter(self, name: str) -> None:
        if name not in self._parameters:
            raise Refused(f"parameter ${name} without a value: pass it by name")
        self.used.add(name)

    def _function(self, held: dict[str, Any], known: set[str]) -> None:
        name = str(held["function_name"])
        if name.lower() not in known or held["schema"] not in ("", "main") or held["catalog"]:
            raise Refused(f"function {name}: it is not in the list of docs/sql.md")

    def _part(self, held: dict[str, Any], scope: frozenset[str]) -> None:
        kind = held["type"]
        if kind in _PARTS or kind in _NODES or kind.endswith("_TYPE_INFO"):
            return
        if kind not in _SOURCES:
            raise Refused(_REMEDIES.get(kind, kind))
        if kind == "TABLE_FUNCTION":
            if held["function"]["class"] != "FUNCTION":
                raise Refused("a table function of this kind")
            self._function(held["function"], _TABLE_FUNCTIONS)
        if kind == "BASE_TABLE":
            self._table(held, scope)

    def _table(self, held: dict[str, Any], scope: frozenset[str]) -> None:
        name = held["table_name"].lower()
        if held["schema_name"] or held["catalog_name"] or held["at_clause"]:
            raise Refused(f"table {name} by schema, catalog or version: name it alone")
        if name not in scope and name not in self._tables:
            close = difflib.get_close_matches(name, self._tables, 1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(sorted(self._tables))}"
            raise Refused(f"table {held['table_name'][:80]!r}: {hint}")


def _unread(message: str) -> str:
    """Words of the engine for what it could not read, which quote the statement and nothing else."""
    first = message.splitlines()[0][:200] if message else ""
    return "only SELECT is run" if "Only SELECT" in first or not first else f"a text that is no SELECT: {first}"
