"""Erasure: everything of a tenant goes, nothing of another does, and a killed one is finished by the next call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

import pytest

from logsight_assets.errors import UsageError
from logsight_assets.intake.blank import Blanked
from logsight_assets.intake.tenant_lines import Place
from logsight_assets.lake import MIXED, Lake, certificate_key, raw_prefix, seal_key, tombstone_key
from logsight_assets.trends.erase import Certificate, erase, places_in_raw
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.doubles import HookedStore

from .conftest import published
from .event_files import HOUR, event, put_events


@dataclass(frozen=True)
class _Lines:
    """Counts the lines that the event files name; what blanking does to them is tried in tests/test_erasure.py."""

    places: Mapping[str, frozenset[Place]]

    def survey(self) -> Blanked:
        return Blanked(len(self.places), sum(len(held) for held in self.places.values()))

    def apply(self) -> None:
        """Nothing: there are no raw objects here."""


@pytest.fixture
def filled(lake: Lake, engine: DuckDBEngine) -> Lake:
    for tenant in ("acme", "globex"):
        put_events(lake, [event(1), event(2)], tenant=tenant, raw_object=f"of-{tenant}")
        lake.store.put(raw_prefix(tenant, "app", HOUR) + "o", b"x")
        lake.store.put(seal_key(tenant, HOUR + 1), b"{}")
        lake.store.put(f"templates/tenant={tenant}/service=a/1.json", b"{}")
    lake.store.put(raw_prefix(MIXED, "app", HOUR) + "o", b"x")
    refresh(lake, engine, [HOUR])
    return lake


def _others(lake: Lake) -> dict[str, bytes]:
    kept = ("tombstones/", "certificates/")
    return {entry.key: lake.store.get(entry.key) for entry in lake.store.list("") if not entry.key.startswith(kept)}


def test_a_tenant_goes_everywhere_and_others_stay(filled: Lake, engine: DuckDBEngine) -> None:
    before = _others(filled)
    certificate = erase(filled, "acme", _Lines)
    assert _others(filled) == {key: data for key, data in before.items() if "tenant=acme" not in key}
    assert filled.store.head(tombstone_key("acme"))
    assert certificate == Certificate(
        {"events": 1, "raw": 1, "seals": 1, "templates": 1, "patterns": 1, "trends": 9}, 2, Blanked(1, 2)
    )
    stored = filled.store.get(certificate_key("acme"))
    assert b"acme" not in stored
    assert json.loads(stored)["events"] == 2
    refresh(filled, engine, [HOUR])
    assert [key for key in published(filled) if "tenant=acme" in key] == []


def test_erasing_again_keeps_the_counts(filled: Lake) -> None:
    first = erase(filled, "acme", _Lines)
    assert erase(filled, "acme", _Lines) == first


class _Killed(BaseException):
    pass


def test_an_interrupted_erasure_is_finished_with_the_same_counts(filled: Lake) -> None:
    # Every change of the store in turn: the certificate's counts are those of an erasure that was never interrupted.
    whole = {"events": 1, "raw": 1, "seals": 1, "templates": 1, "patterns": 1, "trends": 9}
    before = {entry.key: filled.store.get(entry.key) for entry in filled.store.list("")}
    for at in range(1, 40):
        for key, data in before.items():
            filled.store.put(key, data)
        filled.store.delete(certificate_key("acme"))
        changes = iter(range(1, 1000))

        def die(operation: str, key: str, at: int = at, changes: object = changes) -> None:
            if next(changes) == at:  # type: ignore[call-overload]
                raise _Killed

        try:
            erase(replace(filled, store=HookedStore(filled.store, before=die)), "acme", _Lines)
        except _Killed:
            certificate = erase(filled, "acme", _Lines)
            assert (certificate.objects, certificate.events) == (whole, 2), at
            assert not [key for key in _others(filled) if "tenant=acme" in key]
            continue
        assert at > 15
        return
    raise AssertionError("never ended")


def test_what_a_run_puts_behind_the_tombstone_goes_too(filled: Lake) -> None:
    late = iter([1])

    def put_more(operation: str, key: str) -> None:
        if operation == "delete" and next(late, None):
            put_events(filled, [event(9)], raw_object="o9", tenant="acme", hour=HOUR - 5)

    certificate = erase(replace(filled, store=HookedStore(filled.store, after=put_more)), "acme", _Lines)
    assert certificate.events == 3
    assert not [key for key in _others(filled) if "tenant=acme" in key]


def test_the_places_of_a_tenants_events_are_told_by_its_files(lake: Lake) -> None:
    rows = [event(1, raw_line=3), event(2, raw_line=5), event(3, raw_line=5, raw_record=1)]
    put_events(lake, rows, tenant="acme", raw_object="m1", source="mix")
    put_events(lake, [event(1, hour=HOUR + 1, raw_line=9)], tenant="acme", raw_object="m1", hour=HOUR + 1)
    put_events(lake, [event(1, raw_line=5, raw_record=2), event(1, raw_line=8)], tenant="globex", raw_object="m1")
    assert places_in_raw(lake.store, "acme") == {"m1": {(3, 0), (5, 0), (5, 1), (9, 0)}}


def test_a_name_that_is_no_tenants_is_refused(lake: Lake) -> None:
    with pytest.raises(UsageError, match="must match"):
        erase(lake, "../x", _Lines)
