"""What was asked, checked and rewritten: one SELECT over tables of the lake. What runs is the text made here.

This is the first of three locks. It gives the good messages, finds the tables and puts parameters in as literals; the
engine's own parse tree is checked again in the child, where the functions are, and the engine itself is locked.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokens import TokenType

from logsight_assets.errors import RefusedQuery
from logsight_assets.reader.constraint import Constraint, any_of
from logsight_assets.reader.pruning import constraint_of
from logsight_assets.tables import TABLES

DIALECT = "duckdb"
# A question is written by a person or a page; sqlglot takes 20 µs a character.
MAX_CHARACTERS = 50_000

Parameter: TypeAlias = str | int | float | bool | None

_STARTS = {
    TokenType.SELECT,
    TokenType.WITH,
    TokenType.FROM,
    TokenType.VALUES,
    TokenType.L_PAREN,
    TokenType.TABLE,
}
_ROOTS = (exp.Select, exp.SetOperation, exp.Subquery, exp.Values)
_REFUSED: dict[type[exp.Expr], str] = {
    exp.Command: "a command inside the question: only SELECT is run",
    exp.DDL: "a statement that makes or changes something: only SELECT is run",
    exp.DML: "a statement that changes rows: only SELECT is run",
    exp.Into: "SELECT INTO: rows are returned, never stored",
    exp.Lock: "FOR UPDATE and FOR SHARE: nothing can be locked",
    exp.Pivot: "PIVOT and UNPIVOT: use count(*) filter (where …)",
}


@dataclass(frozen=True)
class Statement:
    """A question as it will run, and for each table of the lake that it names what it can need at most."""

    sql: str
    tables: Mapping[str, Constraint]


def read_statement(query: str, parameters: Mapping[str, Parameter], now: datetime) -> Statement:
    """Parse, check and rewrite a question; RefusedQuery names what is refused and what to do."""
    try:
        tree = _parsed(query)
        _put_in(tree, parameters)
        _check_nodes(tree)
        references = [table for table in tree.find_all(exp.Table) if _is_of_the_lake(table)]
        wanted: dict[str, list[Constraint]] = {}
        for reference in references:
            wanted.setdefault(reference.name.lower(), []).append(constraint_of(reference, now))
        sql = tree.sql(DIALECT, comments=False)
    except SqlglotError as error:
        raise refused(f"a text that is no SELECT ({_place(error)})") from None
    except RecursionError:
        raise refused("so deep a nesting: split the question") from None
    return Statement(sql, {name: any_of(constraints) for name, constraints in wanted.items()})


def refused(what: str) -> RefusedQuery:
    return RefusedQuery(f"refused: {what}")


def _parsed(query: str) -> exp.Expr:
    if len(query) > MAX_CHARACTERS:
        raise refused(f"a question of {len(query):,} characters: at most {MAX_CHARACTERS:,}")
    tokens = sqlglot.tokenize(query, read=DIALECT)
    if not tokens:
        raise refused("an empty question: ask for example select count(*) from events")
    if tokens[0].token_type not in _STARTS:
        # Nothing but a SELECT reaches the parser, which would wrap what it does not know.
        raise refused(f"{tokens[0].text[:30].upper()!r}: a question begins with SELECT, WITH, FROM or VALUES")
    statements = [tree for tree in sqlglot.parse(query, read=DIALECT) if tree and not isinstance(tree, exp.Semicolon)]
    if len(statements) != 1:
        raise refused(f"{len(statements)} statements: ask one question at a time")
    tree = statements[0]
    if not isinstance(tree, _ROOTS):
        raise refused("a statement that is no SELECT")
    return tree


def _put_in(tree: exp.Expr, parameters: Mapping[str, Parameter]) -> None:
    """Values become literals of the tree: they are data, whatever they hold."""
    for node in list(tree.find_all(exp.Placeholder, exp.Parameter)):
        name = node.name
        if name not in parameters:
            raise refused(f"parameter {'$' + name if name else '?'} without a value: pass it by name")
        value = parameters[name]
        if isinstance(value, float) and not math.isfinite(value):
            raise refused(f"parameter ${name}: {value} is no number that SQL can write")
        node.replace(exp.convert(value))


def _check_nodes(tree: exp.Expr) -> None:
    for node in tree.walk():
        for kind, remedy in _REFUSED.items():
            if isinstance(node, kind) and node is not tree:
                raise refused(remedy)
        if isinstance(node, exp.With) and node.recursive:
            # Its depth is bounded by nothing but time, and events have no parents to climb.
            raise refused("WITH RECURSIVE: use range() or a join")


def _is_of_the_lake(table: exp.Table) -> bool:
    """True for a table of ours, False for a CTE or a table function; everything else is refused."""
    if not isinstance(table.this, exp.Identifier):
        return False
    if table.args.get("db") or table.args.get("catalog"):
        raise refused(f"table {table.sql(DIALECT)[:80]!r}: name it without schema or catalog")
    name = table.name.lower()
    if name in _ctes_in_scope(table):
        return False
    if name in TABLES:
        return True
    close = difflib.get_close_matches(name, TABLES, 1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(TABLES)}"
    raise refused(f"table {table.name[:80]!r}: {hint}")


def _ctes_in_scope(node: exp.Expr) -> set[str]:
    """Names that WITH clauses around a node define for it: inside a CTE only those before it."""
    names: set[str] = set()
    inside: exp.Expr | None = None
    current: exp.Expr | None = node
    while current is not None:
        if isinstance(current, exp.CTE):
            inside = current
        held = current.args.get("with_")
        if held is not None:
            for cte in held.expressions:
                if cte is inside:
                    break
                names.add(cte.alias.lower())
        current = current.parent
    return names


def _place(error: SqlglotError) -> str:
    """Where the parser stopped; its own words quote the whole text in colour."""
    if isinstance(error, ParseError) and error.errors:
        return f"line {error.errors[0]['line']}, column {error.errors[0]['col']}"
    return "an open quote or a character that is no SQL"
