"""The tables of the lake that a checked question names, and for each what it can need at most."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from logsight_assets.reader.constraint import EVERYTHING, Constraint
from logsight_assets.reader.instants import Constants, Node
from logsight_assets.reader.pruning import Reference, axes_of
from logsight_assets.tables import TABLES

# Joins after which a condition on the result is one on each side: a row that fails it comes out nowhere.
_PLAIN_JOINS = {"REGULAR", "CROSS"}
_PLAIN_SIDES = {"INNER", "LEFT", "RIGHT", "FULL", "OUTER"}


def tables_of(tree: Any, constants: Constants) -> dict[str, Constraint]:
    """Tables of a parse tree by name; a table named twice needs what either reference needs."""
    found: dict[str, Constraint] = {}
    for name, constraint in _Walk(constants).references(tree, frozenset()):
        found[name] = found[name] | constraint if name in found else constraint
    return found


class _Walk:
    def __init__(self, constants: Constants) -> None:
        self._constants = constants
        self._narrowed: dict[int, Constraint] = {}  # by identity of the table's node

    def references(self, held: Any, scope: frozenset[str]) -> Iterator[tuple[str, Constraint]]:
        if isinstance(held, list):
            for part in held:
                yield from self.references(part, scope)
        elif isinstance(held, dict):
            if "cte_map" in held:
                for entry in held["cte_map"]["map"]:
                    yield from self.references(entry["value"], scope)
                    scope |= {entry["key"].lower()}
            if held.get("type") == "SELECT_NODE":
                self._narrow(held)
            if held.get("type") == "BASE_TABLE" and held["table_name"].lower() not in scope:
                yield held["table_name"].lower(), self._narrowed.get(id(held), EVERYTHING)
            for name, part in held.items():
                if name != "cte_map":
                    yield from self.references(part, scope)

    def _narrow(self, select: Node) -> None:
        """Note what the tables in a select's own FROM can need; a CTE among them is noted in vain."""
        where, sources = select["where_clause"], _sources(select["from_table"])
        if where is None or sources is None or select["sample"]:
            return
        replaces = any(_is_replacing(item) for item in select["select_list"])
        shadowed = frozenset(item["alias"].lower() for item in select["select_list"] if item["alias"])
        for source in sources:
            table = TABLES.get(source.get("table_name", "").lower())
            if table and not source["column_name_alias"]:
                reference = Reference(
                    axes_of(table),
                    (source["alias"] or source["table_name"]).lower(),
                    is_alone=len(sources) == 1 and not replaces,
                    shadowed=shadowed,
                    constants=self._constants,
                )
                self._narrowed[id(source)] = reference.constraint(where)


def _sources(source: Node) -> list[Node] | None:
    """What a select reads from; None if a condition on the result is not one on each of them."""
    if source["sample"]:
        return None
    if source["type"] != "JOIN":
        return [source]
    if source["ref_type"] not in _PLAIN_JOINS or source["join_type"] not in _PLAIN_SIDES:
        return None
    left, right = _sources(source["left"]), _sources(source["right"])
    return None if left is None or right is None else left + right


def _is_replacing(item: Node) -> bool:
    return item["class"] == "STAR" and bool(item["replace_list"] or item["rename_list"])
