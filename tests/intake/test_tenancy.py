"""Whose a record is: what lines may choose, by which path of reading whatever, and what the raw path has said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from logsight_assets.intake.sources import automatic_source
from logsight_assets.intake.tenancy import TENANT_ATTRIBUTE, Tenancy
from logsight_assets.lake import MIXED
from logsight_assets.settings import TENANT_NAME
from tests.intake.lakes import define_source, events, flat_line, make_lake, put_raw, read_all, receipts, refused

ANY = automatic_source("shop")
GRANTED = ANY.model_copy(update={"tenants": ("acme", "globex"), "tenant": "acme"})


@pytest.mark.parametrize(
    ("named", "tenant", "reason"),
    [
        (None, "acme", None),
        ("", "acme", None),
        ("globex", "globex", None),
        ("acme", "acme", None),
        ("initech", "", "tenant_not_granted"),
        (5, "", "tenant_not_granted"),
        ("Globex", "", "tenant_invalid"),
        ("../etc", "", "tenant_invalid"),
        ("globex/../acme", "", "tenant_invalid"),
        ("globex\n", "", "tenant_invalid"),
        ("_platform", "", "tenant_invalid"),
        (True, "", "tenant_invalid"),
        (5.0, "", "tenant_invalid"),
        (["globex"], "", "tenant_invalid"),
        ({"globex": 1}, "", "tenant_invalid"),
    ],
    ids=repr,
)
def test_a_line_of_a_mixed_source_chooses_among_the_tenants_granted(
    named: Any, tenant: str, reason: str | None
) -> None:
    assert Tenancy(MIXED, "acme", GRANTED).of({TENANT_ATTRIBUTE: named}) == (tenant, reason)


@pytest.mark.parametrize("named", ["globex", "../etc", None, 7], ids=repr)
def test_a_line_of_a_bound_source_chooses_nothing(named: Any) -> None:
    tenancy = Tenancy("acme", "other", ANY)
    assert tenancy.of({TENANT_ATTRIBUTE: named}) == ("acme", None)
    assert not tenancy.refuses("globex")


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text(), max_size=2)))
def test_whatever_a_line_names_the_outcome_is_a_valid_name_or_a_reason(named: Any) -> None:
    tenant, reason = Tenancy(MIXED, "default", ANY).of({TENANT_ATTRIBUTE: named})
    assert (reason is None) == bool(TENANT_NAME.fullmatch(tenant))


def test_what_sql_would_take_as_a_name_is_looked_at_again_where_it_may_be_none() -> None:
    tenancy = Tenancy(MIXED, "default", ANY)
    assert [n for n in ("acme", "5", "a.5", "1e", "v1.0") if tenancy.refuses(n)] == []
    assert all(tenancy.refuses(name) for name in ("true", "false", "5.0", "1e-7", "1" * 20, "Acme", "a/b"))


@pytest.mark.parametrize("name", ["acme", "o'neil", "a' or true --"])
def test_the_tenant_in_sql_is_a_literal(name: str) -> None:
    """Names are validated before; should one ever not be, it is still text."""
    query = f"select {Tenancy(name, 'default', ANY).sql()}"
    assert duckdb.connect().execute(query).fetchall() == [(name,)]


NAMES: list[Any] = [None, "", "acme", "globex", "initech", 5, 5.0, 1e3, 1e-7, 10**22, True, False]
NAMES += ["true", "5.0", "A", "..", ["acme"], {"a": 1}]


@pytest.mark.parametrize("fields", [{"tenants": "any"}, {"tenants": ["globex", "5"], "tenant": "acme"}])
def test_both_ways_of_reading_put_a_line_with_the_same_tenant(tmp_path: Path, fields: dict[str, Any]) -> None:
    """An object of one line decides by its own line which way it is read; among 200 others DuckDB reads first."""
    found: dict[str, list[Any]] = {}
    for way, others in (("alone", 0), ("among_others", 200)):
        lake = make_lake(tmp_path / way)
        define_source(lake, "shop", **fields)
        lines = [flat_line(tenant=None, resource={TENANT_ATTRIBUTE: name}, body=repr(name)) for name in NAMES]
        if others:
            put_raw(lake, [*lines, *(flat_line(tenant=None, body="other") for _ in range(others))])
        else:
            for number, line in enumerate(lines):
                put_raw(lake, [line], f"{number}.gz")
        read_all(lake)
        kept = {e["body"]: e["tenant"] for e in events(lake) if e["body"] != "other"}
        assert sum(r.events + r.quarantined for r in receipts(lake)) == len(NAMES) + others
        found[way] = sorted(kept.items())
        assert all(TENANT_NAME.fullmatch(tenant) for tenant in kept.values())
        assert {entry.reason for entry in refused(lake)} <= {"tenant_invalid", "tenant_not_granted"}
    assert found["alone"] == found["among_others"]


def test_a_bound_sources_lines_stay_with_the_tenant_of_the_path(tmp_path: Path) -> None:
    lake = make_lake(tmp_path)
    put_raw(lake, [flat_line(tenant="globex"), flat_line(tenant="../etc"), flat_line(tenant=None)], tenant="acme")
    read_all(lake)
    assert [event["tenant"] for event in events(lake)] == ["acme"] * 3
    assert refused(lake) == []
