"""What of templates does not stay: those that no trend counts any more, and old versions of a registry.

Retention of the trends decides when a kind of line is forgotten: text and samples go when the last count has gone. What
people pinned or named stays. A version holds all that earlier ones say, so a few are kept to look back; none that holds
what was forgotten.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from logsight_assets.decisions import decisions, standing
from logsight_assets.lake import Lake, is_erased, registry_prefix, values
from logsight_assets.templates.growth import Grower
from logsight_assets.templates.mine import mine
from logsight_assets.templates.pins import NAME, PIN, names_of
from logsight_assets.templates.registry import Held, put_version, read_all, read_patterns, version_key
from logsight_assets.templates.seen import merge
from logsight_assets.templates.tenant import TenantWork, published_looks
from logsight_assets.templates.totals import read_totals
from resources.object_store import ObjectStore
from resources.query_engine import QueryEngine

KEPT_VERSIONS = 30


def forget_templates(lake: Lake, engine: QueryEngine) -> Counter[str]:
    """Forget in every tenant; counts of templates and of versions that went."""
    gone: Counter[str] = Counter()
    for tenant in values(lake.store, "templates/", "tenant"):
        if not is_erased(lake.store, tenant):
            gone += _forget(lake, engine, tenant)
    return gone


def _forget(lake: Lake, engine: QueryEngine, tenant: str) -> Counter[str]:
    # The registry before the totals: whatever it holds was counted when it came in.
    held = read_all(lake.store, tenant)
    totals = read_totals(lake, engine, [tenant])[tenant]
    counted = set(zip(*(totals.rows[name].to_pylist() for name in ("service", "pattern_id")), strict=True))
    dead = _uncounted(held, counted, _decided(lake, tenant, held))
    gone = sum(
        len(ids) for service, ids in dead.items() if ids and _put_without(lake.store, tenant, held[service], ids)
    )
    # The mapping is put last: until then it says what was forgotten, to whoever takes over from a killed run.
    forgotten = _known_to_the_table_alone(lake.store, tenant) - counted
    versions = 0
    for service in held:
        kept = 1 if any(service == each for each, _ in forgotten) else KEPT_VERSIONS
        versions += _prune(lake.store, tenant, service, kept)
    if forgotten:
        grower = Grower(lake.store, tenant, mine)
        work = TenantWork(lake, engine, grower, {}, totals, has_read_all=True, forgotten=frozenset(forgotten))
        work.refresh()
    return Counter(templates=gone, template_versions=versions)


def _known_to_the_table_alone(store: ObjectStore, tenant: str) -> set[tuple[str, int]]:
    """Service and id of patterns that are in the mapping and no longer in the registry."""
    homes = {service: each.registry.homes for service, each in read_all(store, tenant).items()}
    return {
        (service, pattern_id)
        for service, looks in published_looks(store, tenant).items()
        for pattern_id in looks.keys() - homes.get(service, {}).keys()
    }


def _decided(lake: Lake, tenant: str, held: Mapping[str, Held]) -> set[str]:
    """Ids of templates that are pinned or named."""
    pins, names = (standing(decisions(lake.store, tenant, kind), lake.clock()) for kind in (PIN, NAME))
    homes = {service: each.registry.homes for service, each in held.items()}
    return {*pins, *names_of(names.values(), homes)}


def _uncounted(
    held: Mapping[str, Held], counted: Collection[tuple[str, int]], kept: Collection[str]
) -> dict[str, set[str]]:
    """By service, ids of templates of which the trends hold no event."""
    living = {
        home
        for service, pattern_id in counted
        if service in held and (home := held[service].registry.homes.get(pattern_id))
    }
    return {service: each.registry.templates.keys() - living - {*kept} for service, each in held.items()}


def _put_without(store: ObjectStore, tenant: str, held: Held, dead: Collection[str]) -> bool:
    """Put the next version without these templates; False if somebody was faster: they wait for the next time."""
    registry, service = held.registry, held.registry.service
    looks = {service: read_patterns(store, tenant, service, held.number)}
    merge(looks, {service: published_looks(store, tenant).get(service, {})})
    homes = {pattern_id: home for pattern_id, home in registry.homes.items() if home not in dead}
    left = replace(
        registry,
        homes=homes,
        templates={name: template for name, template in registry.templates.items() if name not in dead},
        aliases={old: new for old, new in registry.aliases.items() if new not in dead},
    )
    return put_version(store, tenant, left, {each: looks[service][each] for each in homes}, held.number + 1)


def _prune(store: ObjectStore, tenant: str, service: str, kept: int) -> int:
    """Remove all but the newest versions."""
    folder = registry_prefix(tenant, service)
    numbers = [int(entry.key.removeprefix(folder).removesuffix(".parquet")) for entry in store.list(folder)]
    for number in numbers[:-kept]:
        store.delete(version_key(tenant, service, number))
    return len(numbers[:-kept])
