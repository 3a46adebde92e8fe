"""Which patterns were seen: the objects of `patterns` of some hours, merged. Events are never read for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from logsight_assets.lake import Lake, values
from logsight_assets.sqltext import sql
from logsight_assets.tables import PATTERNS
from logsight_assets.templates.registry import Pattern, pattern_of
from logsight_assets.timeline import Hour
from logsight_assets.trends.parts import hours_of_day
from resources.object_store import ObjectStore
from resources.query_engine import QueryEngine

Seen = dict[str, dict[int, Pattern]]  # service → pattern id → pattern
_MOST_OBJECTS = 2000  # of one question: each is a path in its text


def pattern_objects(lake: Lake, hours: Iterable[Hour]) -> dict[str, list[str]]:
    """Keys of the patterns of these hours, by tenant."""
    wanted = frozenset(hours)
    days = sorted({hour.day for hour in wanted})
    found: dict[str, list[str]] = {}
    for tenant in values(lake.store, "patterns/", "tenant"):
        below = (pair for day in days for pair in hours_of_day(lake.store, f"patterns/tenant={tenant}/", day))
        if keys := [entry.key for hour, entry in below if hour in wanted]:
            found[tenant] = keys
    return found


def all_pattern_objects(store: ObjectStore, tenant: str) -> list[str]:
    return [entry.key for entry in store.list(f"patterns/tenant={tenant}/") if entry.key.endswith(".parquet")]


def read_seen(store: ObjectStore, engine: QueryEngine, objects: Mapping[str, Iterable[str]]) -> dict[str, Seen]:
    """What these objects say, by tenant; one that went since it was listed says nothing."""
    found: dict[str, Seen] = defaultdict(dict)
    pairs = [(tenant, key) for tenant, keys in objects.items() for key in keys]
    for start in range(0, len(pairs), _MOST_OBJECTS):
        for tenant, service, pattern_id, pattern in _read(store, engine, pairs[start : start + _MOST_OBJECTS]):
            merge(found[tenant], {service: {pattern_id: pattern}})
    return found


def merge(into: Seen, more: Mapping[str, Mapping[int, Pattern]]) -> None:
    for service, patterns in more.items():
        own = into.setdefault(service, {})
        for pattern_id, pattern in patterns.items():
            own[pattern_id] = own[pattern_id] | pattern if pattern_id in own else pattern


def _read(
    store: ObjectStore, engine: QueryEngine, pairs: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, str, int, Pattern]]:
    present = list(pairs)
    while True:
        uris: dict[str, list[str]] = defaultdict(list)
        for tenant, key in present:
            uris[tenant].append(store.uri(key))
        try:
            with engine.session() as session:
                session.define_tenants("patterns", PATTERNS, uris)
                rows = session.fetch(sql("templates/seen_patterns", patterns="patterns")).to_pylist()
            break
        except Exception:
            # Engines say in their own ways that an object is gone; whether it is, the store says.
            left = [(tenant, key) for tenant, key in present if store.head(key)]
            if len(left) == len(present):
                raise
            present = left
    for row in rows:
        yield row["tenant"], row["service"], row["pattern_id"], pattern_of(row)
