"""The truth is counted while lines are made; here it is compared with what a separate reader finds in the objects."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logsight_assets.errors import UsageError
from logsight_assets.sample.customers import luhn_digit
from logsight_assets.sample.shop import Shop, generate_with_truth, source_definitions, truth
from logsight_assets.sample.spec import ShopSpec

from .conftest import Delivered
from .recount import recount

SOURCES = ("shop", "shop-otlp", "edge-nginx", "platform-syslog", "audit")


@pytest.mark.parametrize("source", SOURCES)
def test_distinct_events_of_each_cell_are_as_stated(delivered: Delivered, source: str) -> None:
    found = Counter(event.cell for event in delivered.seen.distinct if event.source == source)
    assert dict(found) == delivered.truth.counts[source]


def test_totals_add_up_the_sources(delivered: Delivered) -> None:
    totals = delivered.truth.totals()
    assert dict(Counter(event.cell for event in delivered.seen.distinct)) == totals
    assert sum(totals.values()) == delivered.truth.events
    assert set(delivered.truth.counts) == set(SOURCES) == set(source_definitions(delivered.spec))


def test_every_object_is_counted_line_by_line(delivered: Delivered) -> None:
    stated, seen = delivered.truth.objects, delivered.seen
    assert [key for key, _ in delivered.objects] == list(stated)
    assert {key: it.lines for key, it in stated.items()} == dict(seen.lines)
    assert {key: it.events for key, it in stated.items()} == {key: seen.events_of[key] for key in stated}
    assert {key: it.bad_lines for key, it in stated.items() if it.bad_lines} == dict(seen.bad_lines)
    assert {key: it.ignored_lines for key, it in stated.items() if it.ignored_lines} == dict(seen.blank_lines)
    assert {"shop", "shop-otlp"} == {key.split("source=")[1].split("/")[0] for key in seen.bad_lines}


def test_duplicates_are_further_deliveries_of_the_same_bytes(delivered: Delivered) -> None:
    copies: dict[tuple[str, str], list[tuple[str, str, object]]] = {}
    for event in delivered.seen.events:
        if event.event_id:
            held = (f"{event.tenant}|{event.event_hour}", event.arrival_hour, event.fields)
            copies.setdefault((event.source, event.event_id), []).append(held)
    repeated = [found for found in copies.values() if len(found) > 1]
    assert Counter(found[0][0] for found in repeated for _ in found[1:]) == delivered.truth.duplicates
    assert all(content == found[0][2] for found in repeated for _, _, content in found)
    assert {len({arrival for _, arrival, _ in found}) for found in repeated} == {1, 2}  # in its hour, and in another
    assert {source for (source, _), found in copies.items() if len(found) > 1} == {"shop", "shop-otlp"}


def test_late_events_arrive_in_a_later_hour_and_none_arrives_early(delivered: Delivered) -> None:
    events = delivered.seen.distinct
    late = Counter(f"{it.tenant}|{it.event_hour}" for it in events if it.arrival_hour > it.event_hour)
    assert late == delivered.truth.late
    assert all(event.arrival_hour >= event.event_hour for event in events)
    assert 0.03 < sum(late.values()) / len(events) < 0.06


def test_foreign_tenants_are_counted_by_reason(delivered: Delivered) -> None:
    objects = delivered.truth.objects.values()
    claimed = Counter(event.tenant == "umbrella" for event in delivered.seen.refused)
    assert claimed[True] == sum(it.tenant_not_granted for it in objects) > 0
    assert claimed[False] == sum(it.tenant_invalid for it in objects) > 0
    assert sum(it.records - it.events for it in objects) == len(delivered.seen.refused)


def test_each_personal_value_is_in_the_raw_text(delivered: Delivered) -> None:
    everything = b"".join(delivered.seen.text)
    assert {kind for kind, _ in delivered.truth.pii} == {"email", "phone", "card", "password", "bearer_token"}
    assert [value for _, value in delivered.truth.pii if value.encode() not in everything] == []


def test_no_mail_address_is_forgotten(delivered: Delivered) -> None:
    words = b"".join(delivered.seen.text).replace(b'"', b" ").replace(b"=", b" ").split()
    stated = {value for kind, value in delivered.truth.pii if kind == "email"}
    shaped = {word.decode() for word in words if b"@" in word and b"example." in word and b"\\" not in word}
    assert {it for it in shaped if it.endswith(("example.com", "example.org", "example.net"))} == stated


def test_cards_have_a_valid_check_digit(delivered: Delivered) -> None:
    cards = [value.replace(" ", "") for kind, value in delivered.truth.pii if kind == "card"]
    assert cards
    assert all(len(card) == 16 and luhn_digit(card[:-1]) == card[-1] for card in cards)


def test_a_small_share_of_events_is_personal(delivered: Delivered) -> None:
    assert 0.01 < delivered.truth.pii_events / delivered.truth.events < 0.03


def test_the_truth_is_plain_json(delivered: Delivered) -> None:
    assert json.loads(json.dumps(delivered.truth.to_json()))["counts"] == delivered.truth.counts


def test_the_truth_is_known_when_all_objects_are_taken() -> None:
    spec = ShopSpec(end=datetime(2025, 6, 4, tzinfo=UTC), hours=3, events_per_hour=50)
    objects, known = generate_with_truth(spec)
    next(objects)
    with pytest.raises(UsageError, match="iterate first"):
        known()
    assert len([*objects]) + 1 == len(known().objects)
    assert known() == truth(spec)


@settings(max_examples=12, deadline=None)
@given(
    hours=st.integers(1, 5),
    events=st.integers(1, 400),
    share=st.floats(0, 0.5),
    tenants=st.sampled_from([("solo",), ("a", "b"), ("acme", "globex", "initech", "hooli")]),
    objects=st.integers(1, 5),
    seed=st.integers(-(2**40), 2**40),
)
def test_lines_and_records_are_conserved_for_any_spec(
    hours: int, events: int, share: float, tenants: tuple[str, ...], objects: int, seed: int
) -> None:
    spec = ShopSpec(
        seed=seed,
        end=datetime(2025, 3, 1, tzinfo=UTC),
        hours=hours,
        events_per_hour=events,
        tenants=tenants,
        fault=hours >= 3,
        objects_per_hour=objects,
        late_share=share,
        duplicate_share=share,
        bad_share=share / 2,
        pii_share=share,
        foreign_tenant_share=share / 3,
    )
    shop = Shop(spec)
    seen = recount(shop, tenants)
    assert sum(it.events for it in shop.truth.objects.values()) == shop.truth.events + sum(
        shop.truth.duplicates.values()
    )
    assert dict(Counter(event.cell for event in seen.distinct)) == shop.truth.totals()
    assert {key: it.lines for key, it in shop.truth.objects.items()} == dict(seen.lines)
    assert sum(it.bad_lines for it in shop.truth.objects.values()) == seen.bad_lines.total()
