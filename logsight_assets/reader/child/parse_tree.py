"""The allow-list over the engine's own parse tree: what DuckDB would run, not what another parser thinks it is.

Every node must be of a listed kind, every function listed, every table a registered view or a CTE in scope. What a new
version of the engine adds is refused until it is listed here.
"""

from __future__ import annotations

import re
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
    "DISTINCT_MODIFIER",
    "LIMIT_MODIFIER",
    "LIMIT_PERCENT_MODIFIER",
    "ORDER_ASCENDING",
    "ORDER_DEFAULT",
    "ORDER_DESCENDING",
    "ORDER_MODIFIER",
}
_TABLE_FUNCTIONS = {"generate_series", "range", "unnest"}
# A name that the catalog could hold must not become "known" through a CTE elsewhere in the statement.
_CTE_NAME = re.compile(r"(?!duckdb_|pg_|pragma_|sqlite_)[a-z_][a-z0-9_]*")
_REMEDIES = {
    "PARAMETER": "parameter without a value: pass it by name",
    "PIVOT": "PIVOT: use count(*) filter (where …)",
    "RECURSIVE_CTE_NODE": "WITH RECURSIVE: use range() or a join",
    "SHOW_REF": "DESCRIBE, SHOW and SUMMARIZE: the columns are in docs/sql.md",
}


class Refused(Exception):
    """What is refused and the remedy."""


class Guard:
    """Walks the tree of one statement; `check` raises Refused."""

    def __init__(self, views: set[str], functions: set[str]) -> None:
        self._views = views
        self._functions = functions

    def check(self, serialized: dict[str, Any]) -> None:
        """`serialized` is the answer of `json_serialize_sql`."""
        if serialized.get("error"):
            # Syntax errors quote the statement alone; anything else is a statement that is not a SELECT.
            message = str(serialized.get("error_message", "")).splitlines()
            raise Refused(message[0] if message else "only one SELECT is run")
        statements = serialized["statements"]
        if len(statements) != 1:
            raise Refused(f"{len(statements)} statements: ask one question at a time")
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
                if name != "cte_map" and isinstance(part, dict | list):
                    # The function of a table function was checked as such: only its arguments are left.
                    is_source = name == "function" and held.get("type") == "TABLE_FUNCTION"
                    self._walk(part["children"] if is_source else part, scope)

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
        if kind not in _EXPRESSIONS:
            raise Refused(_REMEDIES.get(kind, f"expression {kind}"))
        if kind in ("FUNCTION", "WINDOW"):
            self._function(held, self._functions)

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
        if name not in scope and name not in self._views:
            raise Refused(f"table {held['table_name']!r}: the tables are in docs/sql.md")
