"""What the logs look like to someone who works with them: layout, variety, seasons, traces, deployments."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
import yaml

from logsight_assets.errors import UsageError
from logsight_assets.sample.catalogue import MESSAGES, NODE_MESSAGES, template_text
from logsight_assets.sample.scenario import season, tenant_share
from logsight_assets.sample.shop import Shop, generate, source_definitions, truth
from logsight_assets.sample.spec import ShopSpec, last_full_hour
from logsight_assets.timeline import HOUR_NS, Hour

from .conftest import END, Delivered
from .recount import recount


def _template(text: str) -> re.Pattern[str]:
    return re.compile(".+".join(map(re.escape, template_text(text).split("<*>"))))


def test_objects_come_in_arrival_order_and_stay_in_the_window(delivered: Delivered) -> None:
    hours = [re.search(r"dt=(.+)/hour=(\d\d)/", key).groups() for key, _ in delivered.objects]  # type: ignore[union-attr]
    assert hours == sorted(hours)
    assert (hours[0], hours[-1]) == (("2025-06-04", "07"), ("2025-06-04", "14"))
    assert {event.event_hour for event in delivered.seen.events} == {f"2025-06-04T{hour:02d}" for hour in range(7, 15)}


def test_objects_come_before_later_hours_are_made() -> None:
    objects = generate(ShopSpec(end=END, hours=24 * 365 * 20, events_per_hour=50))
    assert next(objects).data


def test_mixed_sources_deliver_several_objects_an_hour(delivered: Delivered) -> None:
    found = Counter(key.rpartition("/")[0] for key, _ in delivered.objects)
    assert {count for folder, count in found.items() if "_mixed" in folder} == {2}
    assert {count for folder, count in found.items() if "_mixed" not in folder} == {1}


def test_at_least_sixty_templates_are_seen(delivered: Delivered) -> None:
    bodies = {event.body for event in delivered.seen.events}
    said = [name for name, it in MESSAGES.items() if any(map(_template(it.text).fullmatch, bodies))]
    nodes = [name for name, it in NODE_MESSAGES.items() if any(map(_template(it.text).search, bodies))]
    assert len(said) >= 60
    assert len(said) >= len(MESSAGES) - 4  # some are rare
    assert len(nodes) >= 8


def test_every_shop_line_is_one_of_the_templates(delivered: Delivered) -> None:
    patterns = [_template(it.text) for it in MESSAGES.values()]
    bodies = {event.body for event in delivered.seen.events if event.source.startswith("shop")}
    assert [body for body in bodies if not any(pattern.fullmatch(body) for pattern in patterns)] == []


def test_a_purchase_is_one_trace_through_the_services_in_order(delivered: Delivered) -> None:
    traces: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for event in delivered.seen.distinct:
        if trace := event.fields.get("traceId"):
            traces[trace].append((int(event.fields["timeUnixNano"]), event.service))
    bought = [sorted(trace) for trace in traces.values() if "shipping" in {service for _, service in trace}]
    assert len(bought) > 100
    whole = {"checkout", "cart", "inventory", "payment", "shipping", "notification", "frontend"}
    usual = [trace for trace in bought if {service for _, service in trace} == whole]
    assert len(usual) > 0.95 * len(bought)
    assert all(trace[0][1] == "checkout" and trace[-1][1] == "frontend" for trace in usual)


def test_spans_and_durations_have_opentelemetry_names(delivered: Delivered) -> None:
    answered = [it for it in delivered.seen.events if it.body.startswith("POST /api/checkout completed")]
    fields: dict[str, Any] = answered[0].fields
    assert re.fullmatch(r"[0-9a-f]{32}", fields["traceId"])
    assert re.fullmatch(r"[0-9a-f]{16}", fields["spanId"])
    assert fields["attributes"]["http.route"] == "/api/checkout"
    assert fields["attributes"]["http.response.status_code"] in (200, 402)
    assert fields["attributes"]["duration_ms"] > 0
    assert {"service.name", "service.version", "tenant.id", "k8s.pod.name"} <= fields["resource"].keys()


def test_a_deployment_changes_version_and_pods() -> None:
    shop = Shop(ShopSpec(end=END, hours=12, events_per_hour=600, fault=False))
    events = recount(shop, shop.spec.tenants).events
    deployment = next(it for it in shop.truth.deployments if it["service"] == "frontend")
    told = [it for it in events if it.body.startswith(f"deployment finished version={deployment['version']} ")]
    assert {it.tenant for it in told} == set(shop.spec.tenants)
    lines = [it for it in events if it.service == "frontend" and "traceId" in it.fields]
    sides: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for it in lines:
        who = it.fields["resource"]
        sides[it.fields["timeUnixNano"] >= deployment["time"]].add((who["service.version"], who["k8s.pod.name"]))
    assert {version for version, _ in sides[False]} == {deployment["previous"]}
    assert {version for version, _ in sides[True]} == {deployment["version"]}
    assert not {pod for _, pod in sides[True]} & {pod for _, pod in sides[False]}


def test_the_mean_hour_is_as_asked_for() -> None:
    spec = ShopSpec(end=datetime(2025, 6, 9, tzinfo=UTC), hours=7 * 24, events_per_hour=300, fault=False)
    assert truth(spec).events / spec.hours == pytest.approx(300, rel=0.15)


def test_a_day_has_a_season_in_each_tenants_zone() -> None:
    day = Hour.parse("2025-06-04T00").start_nano
    busiest = [max(range(24), key=lambda hour: season(day + hour * HOUR_NS, tenant)) for tenant in range(3)]
    assert len(set(busiest)) == 3
    hours = [season(day + hour * HOUR_NS, 0) for hour in range(7 * 24)]
    assert sum(hours) / len(hours) == pytest.approx(1, abs=0.01)
    assert max(hours) > 2.5 * min(hours)
    assert sum(tenant_share(3, tenant) for tenant in range(3)) == pytest.approx(1)


def test_without_trouble_there_is_none() -> None:
    shares = dict.fromkeys(("late_share", "duplicate_share", "bad_share", "pii_share", "foreign_tenant_share"), 0.0)
    quiet = truth(ShopSpec(end=END, hours=4, events_per_hour=500, fault=False, **shares))  # type: ignore[arg-type]
    assert (quiet.late, quiet.duplicates, quiet.pii, quiet.fault) == ({}, {}, (), None)
    assert all(it.lines - it.ignored_lines - it.bad_lines <= it.records == it.events for it in quiet.objects.values())
    assert not any(it.bad_lines for it in quiet.objects.values())


def test_source_definitions_can_be_written_as_yaml(delivered: Delivered) -> None:
    definitions = source_definitions(delivered.spec)
    assert yaml.safe_load(yaml.safe_dump(definitions)) == definitions
    assert all(name == it["name"] for name, it in definitions.items())
    sources = {key.split("source=")[1].split("/")[0] for key, _ in delivered.objects}
    assert sources == set(definitions)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("end", {"end": datetime(2025, 6, 4, 15, 30, tzinfo=UTC)}),
        ("end", {"end": datetime(2025, 6, 4, 15)}),  # noqa: DTZ001 - it is what must be refused
        ("end", {"end": datetime(2025, 6, 4, 15, tzinfo=timezone(timedelta(hours=2)))}),
        ("hours", {"hours": 2}),
        ("hours", {"hours": 0, "fault": False}),
        ("events_per_hour", {"events_per_hour": 0}),
        ("objects_per_hour", {"objects_per_hour": 0}),
        ("late_share", {"late_share": 0.6}),
        ("pii_share", {"pii_share": -0.1}),
        ("tenants", {"tenants": ()}),
        ("tenants", {"tenants": ("acme", "acme")}),
        ("tenants", {"tenants": ("../acme",)}),
        ("tenants", {"tenants": ("_platform",)}),
    ],
)
def test_a_spec_that_cannot_be_is_refused_by_field(field: str, change: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=rf"ShopSpec\.{field}:"):
        replace(ShopSpec(end=END), **change)


def test_the_default_end_is_the_last_full_hour() -> None:
    assert last_full_hour(datetime(2025, 6, 4, 15, 59, 59, 999, tzinfo=UTC)) == END
    assert last_full_hour(datetime(2025, 6, 4, 17, 5, tzinfo=timezone(timedelta(hours=2)))) == END
    assert ShopSpec().end <= datetime.now(UTC) < ShopSpec().end + timedelta(hours=2)
