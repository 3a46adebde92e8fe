"""Templates of a window: from the registry where it knows, else mined."""

from __future__ import annotations

from logsight_assets.incidents.seen_templates import Label, PatternSample, label
from logsight_assets.incidents.signals.call_sites import with_call_site
from logsight_assets.templates.groups import template_id_of


def sample(pattern: int, body: str, mask: str, seen: int = 0, service: str = "shop") -> PatternSample:
    return PatternSample(service, pattern, mask, body, body, seen)


def test_unknown_patterns_get_the_id_that_their_birth_will_give_them() -> None:
    found = label([sample(7, "order 12 placed", "order 0 placed", 5)], {})
    assert found == {("shop", 7): Label(template_id_of("shop", 7), "order <NUM> placed")}


def test_what_the_registry_knows_is_kept_as_it_is() -> None:
    known = {("shop", 7): Label("id-7", "order <NUM> placed by <*>")}
    assert label([sample(7, "order 12 placed", "order 0 placed")], known) == known


def test_a_new_variant_joins_the_template_that_the_registry_knows() -> None:
    hosts = ("10.0.0.1", "db-1.local", "10.0.0.2:5432")
    masks = ("0.0.0.0", "db-0.local", "0.0.0.0:0")
    samples = [
        sample(place, f"connected to {host}", f"connected to {mask}", place)
        for place, (host, mask) in enumerate(zip(hosts, masks, strict=True), 1)
    ]
    mined = label(samples, {})
    twins = [pattern for pattern in (1, 2, 3) if mined["shop", pattern] == mined["shop", 1]]
    known = {("shop", 1): Label("id-1", "connected to <IP>")}
    found = label(samples, known)
    assert len(twins) > 1
    assert {found["shop", pattern] for pattern in twins} == {Label("id-1", "connected to <IP>")}


def test_a_call_site_stands_in_place_of_its_placeholder_alone() -> None:
    assert with_call_site("INFO a.B#<NUM> took <NUM> ms", "72") == "INFO a.B#72 took <NUM> ms"
    assert with_call_site("caller=main.go:<NUM> port=<NUM>", "31") == "caller=main.go:31 port=<NUM>"
    assert with_call_site("took <NUM> ms", "72") == "took <NUM> ms"
