"""Redaction inside the query: what the nomination expression lets through goes to Python, all else never leaves SQL."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache

import duckdb
import pyarrow as pa

from logsight_assets.intake.redact import Redactor
from logsight_assets.intake.redaction.catalogue import nomination_pattern
from logsight_assets.intake.redaction.policy import RedactionPolicy
from logsight_assets.intake.redaction.tokens import KeyRing
from logsight_assets.settings import Redaction, Settings
from logsight_assets.sqltext import literal

_TEXT, _ATTRIBUTES = "logsight_redact_text", "logsight_redact_attributes"


def policy_of(redaction: Redaction) -> RedactionPolicy:
    return RedactionPolicy(**redaction.model_dump())


def redactor_of(settings: Settings, ring: KeyRing) -> Callable[[str], Redactor]:
    """The redactor of a tenant, made once."""

    @lru_cache(maxsize=4096)
    def of(tenant: str) -> Redactor:
        return Redactor(policy_of(settings.redaction_of(tenant)), ring, tenant)

    return of


class SqlRedaction:
    """The redaction functions of one DuckDB instance and the expressions that call them."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, settings: Settings, ring: KeyRing) -> None:
        # DuckDB keeps no reference of its own to a Python function: without the connection that registered it, a call
        # lands in whatever object has taken its place in memory (seen with 1.5.5).
        self._connection = connection
        redactor = redactor_of(settings, ring)

        def text(tenants: pa.Array, texts: pa.Array) -> pa.Array:
            pairs = zip(tenants.to_pylist(), texts.to_pylist(), strict=True)
            return pa.array([redactor(tenant).text(value) for tenant, value in pairs], pa.string())

        def attributes(tenants: pa.Array, texts: pa.Array) -> pa.Array:
            pairs = zip(tenants.to_pylist(), texts.to_pylist(), strict=True)
            return pa.array([redactor(tenant).attributes(value) for tenant, value in pairs], pa.string())

        for name, function in ((_TEXT, text), (_ATTRIBUTES, attributes)):
            connection.create_function(name, function, ["VARCHAR", "VARCHAR"], "VARCHAR", type="arrow")  # type: ignore[arg-type]
        self._nominates = literal(nomination_pattern(_widest(settings)))

    def text(self, column: str) -> str:
        return self._when(f"regexp_matches({column}, {self._nominates})", _TEXT, column)

    def attributes(self, column: str) -> str:
        return self._when(f"regexp_matches({column}, {self._nominates})", _ATTRIBUTES, column)

    def identifier(self, column: str) -> str:
        """An id is a hash or a number nearly always; only an '@' makes it worth a look."""
        return self._when(f"contains({column}, '@')", _TEXT, column)

    @staticmethod
    def _when(condition: str, function: str, column: str) -> str:
        return f"case when {condition} then {function}(tenant, {column}) else {column} end"


def _widest(settings: Settings) -> RedactionPolicy:
    """What any tenant wants: one expression serves an object of many tenants."""
    policies = [settings.redaction, *(tenant.redaction for tenant in settings.tenants.values() if tenant.redaction)]
    return RedactionPolicy(
        **{f.name: any(getattr(policy, f.name) for policy in policies) for f in fields(RedactionPolicy)}
    )
