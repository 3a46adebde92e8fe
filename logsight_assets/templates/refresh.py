"""Templates brought up to date: new patterns join the registry, and the tables say what it and the trends hold.

Markers say which hours' patterns changed; only these are read, and merging them is the same however often it is done.
Whether anything was overlooked the totals tell: a counted pattern without a template makes its tenant's patterns be
read whole, once. Events are never read.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from logsight_assets.lake import (
    EVERYTHING,
    Lake,
    is_erased,
    marked,
    template_patterns_key,
    templates_key,
    unmark,
    values,
)
from logsight_assets.templates.groups import Mine
from logsight_assets.templates.growth import Grower
from logsight_assets.templates.mine import mine as mine_lines
from logsight_assets.templates.seen import Seen, all_pattern_objects, pattern_objects, read_seen
from logsight_assets.templates.tenant import TenantTemplates, TenantWork
from logsight_assets.templates.totals import Totals, read_totals
from logsight_assets.timeline import Hour
from resources.object_store import ObjectStore
from resources.query_engine import QueryEngine

LEVEL = "templates"  # of markers; a window is an hour, or EVERYTHING, or
DECISIONS = "decisions"  # somebody decided something
_AREAS = (
    "templates/",
    "template_patterns/",
    *(f"trends/template_trend_{level}/" for level in ("minute", "hour", "day")),
)


@dataclass(frozen=True)
class TemplatesOutcome:
    """What refreshing templates did."""

    tenants: Mapping[str, TenantTemplates] = field(default_factory=dict)

    @property
    def published(self) -> list[str]:
        """Keys of the tables that changed."""
        return [key for tenant in self.tenants.values() for key in tenant.published]

    def total(self, count: str) -> int:
        """Sum of one count over the tenants."""
        return sum(getattr(tenant, count) for tenant in self.tenants.values())


def refresh_templates(
    lake: Lake, engine: QueryEngine, *, everything: bool = False, replay: bool = False, mine: Mine = mine_lines
) -> TemplatesOutcome:
    """Bring the templates of all tenants that markers tell of up to date, then remove the markers.

    `everything` looks at every tenant and reads all of its patterns. `replay` does too, and groups anew what older
    rules grouped. A tenant that fails keeps no other from being done; what it raised is raised at the end, and the
    markers stay.
    """
    told = marked(lake.store, LEVEL)
    is_all = everything or replay or EVERYTHING in told
    objects = _objects(lake, told, is_all=is_all)
    read: dict[str, tuple[Seen, Totals]] = {}
    with contextlib.suppress(Exception):
        # All at once, because most of a question about few objects is planning it. What goes wrong comes up again where
        # its tenant is read alone.
        read = _read(lake, engine, objects)
    done: dict[str, TenantTemplates] = {}
    failures: list[Exception] = []
    for tenant in sorted(objects):
        grower = Grower(lake.store, tenant, mine, replay)
        try:
            seen, totals = (read or _read(lake, engine, {tenant: objects[tenant]}))[tenant]
            done[tenant] = TenantWork(lake, engine, grower, seen, totals, has_read_all=is_all).refresh()
        except Exception as error:  # noqa: BLE001 - it is raised when all others are done
            failures.append(error)
    if failures:
        raise failures[0]
    unmark(lake.store, [key for keys in told.values() for key in keys])
    return TemplatesOutcome(done)


def _read(lake: Lake, engine: QueryEngine, objects: Mapping[str, Sequence[str]]) -> dict[str, tuple[Seen, Totals]]:
    """What was seen in these objects, and the totals, of each tenant."""
    seen, totals = read_seen(lake.store, engine, objects), read_totals(lake, engine, objects)
    return {tenant: (seen.get(tenant, {}), totals[tenant]) for tenant in objects}


def templates_are_due(lake: Lake) -> bool:
    """Whether markers wait, or a tenant that has patterns has no tables."""
    return bool(marked(lake.store, LEVEL) or _without_tables(lake.store))


def _without_tables(store: ObjectStore) -> list[str]:
    """Tenants that have patterns and lack a table."""
    return [
        tenant
        for tenant in values(store, "patterns/", "tenant")
        if not (store.head(templates_key(tenant)) and store.head(template_patterns_key(tenant)))
        and not is_erased(store, tenant)
    ]


def _objects(lake: Lake, told: Mapping[str, Sequence[str]], *, is_all: bool) -> dict[str, list[str]]:
    """Tenants to look at, and the keys of their patterns to read; a tenant without tables is read whole."""
    store = lake.store
    hours = [Hour.parse(window) for window in told if window not in (EVERYTHING, DECISIONS)]
    found = {} if is_all else pattern_objects(lake, hours)
    for tenant in values(store, "patterns/", "tenant") if is_all else _without_tables(store):
        found[tenant] = all_pattern_objects(store, tenant)
    others = [*(_AREAS if is_all else ()), *(["decisions/"] if DECISIONS in told else ())]
    for tenant in sorted({tenant for area in others for tenant in values(store, area, "tenant")}):
        found.setdefault(tenant, [])
    return found
