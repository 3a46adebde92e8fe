"""The templates of one tenant: its registry grows, then its two tables are published.

Unlike a window of the trends, a table is known to be current by its rows: levels of the pyramid replace one another
without changing a sum, so what rows were made from changes more often than the rows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from logsight_assets.decisions import Decision, decisions, standing
from logsight_assets.errors import ObjectMissing
from logsight_assets.lake import Lake, is_erased, template_patterns_key, templates_key
from logsight_assets.parquet import INPUTS, VERSION, parquet_bytes, read_facts, read_rows
from logsight_assets.table_model import Table
from logsight_assets.tables import TEMPLATE_PATTERNS, TEMPLATES
from logsight_assets.templates.growth import Grower, Growth
from logsight_assets.templates.pins import NAME, PIN, names_of
from logsight_assets.templates.registry import Registry, pattern_of, read_all, read_patterns
from logsight_assets.templates.seen import Seen, all_pattern_objects, merge, read_seen
from logsight_assets.templates.table_rows import TemplateRows, pattern_rows, template_rows
from logsight_assets.templates.totals import Totals, read_totals
from logsight_assets.trends.publish import Holding, Inputs, Window, publish
from logsight_assets.versions import TEMPLATES_VERSION
from resources.object_store import ObjectStore
from resources.query_engine import QueryEngine

_UNLABELLED = "logsight.unlabelled"  # hash of the patterns that are counted and have no template


@dataclass(frozen=True)
class TenantTemplates:
    """What refreshing a tenant found and did."""

    templates: int = 0
    patterns: int = 0
    new_patterns: int = 0
    mined_services: int = 0
    events: int = 0
    unlabelled_events: int = 0  # of patterns of which nothing is left but their counts
    published: tuple[str, ...] = ()  # keys of tables that changed


@dataclass
class TenantWork:
    """A tenant's templates while they are refreshed."""

    lake: Lake
    engine: QueryEngine
    grower: Grower
    seen: Seen
    totals: Totals
    has_read_all: bool
    forgotten: frozenset[tuple[str, int]] = frozenset()  # service and id of patterns that are to be known no more
    _growth: Growth = field(default_factory=Growth)
    _made: tuple[object, TemplateRows] | None = None

    @property
    def tenant(self) -> str:
        return self.grower.tenant

    @property
    def store(self) -> ObjectStore:
        return self.lake.store

    def refresh(self) -> TenantTemplates:
        """Bring registry and tables up to date; of an erased tenant nothing stays."""
        if self._is_erased():
            return self._remove()
        self._grow()
        rows = self._template_rows()
        if rows.unlabelled and not self.has_read_all and _hash(rows.unlabelled) != self._published_unlabelled():
            merge(self.seen, self._read_all())
            self._grow()
        changed = self._publish(TEMPLATES, templates_key(self.tenant), self._template_facts)
        changed += self._publish(TEMPLATE_PATTERNS, template_patterns_key(self.tenant), self._pattern_rows)
        rows, registries = self._template_rows(), self._registries()
        return TenantTemplates(
            templates=rows.rows.num_rows,
            patterns=sum(len(registry.homes) for registry in registries.values()),
            new_patterns=self._growth.new_patterns,
            mined_services=self._growth.mined_services,
            events=rows.events,
            unlabelled_events=sum(rows.unlabelled.values()),
            published=tuple(changed),
        )

    # The registry -----------------------------------------------------------------------------------------------------

    def _grow(self) -> None:
        known = self._looks()
        merge(known, self.seen)
        self._growth += self.grower.grow(known, self._standing(PIN))

    def _read_all(self) -> Seen:
        objects = {self.tenant: all_pattern_objects(self.store, self.tenant)}
        return read_seen(self.store, self.engine, objects).get(self.tenant, {})

    def _standing(self, kind: str) -> list[Decision]:
        return list(standing(decisions(self.store, self.tenant, kind), self.lake.clock()).values())

    def _registries(self) -> dict[str, Registry]:
        return {service: held.registry for service, held in read_all(self.store, self.tenant).items()}

    def _looks(self) -> Seen:
        looks = published_looks(self.store, self.tenant)
        for service, pattern_id in self.forgotten:
            looks.get(service, {}).pop(pattern_id, None)
        return looks

    # The tables -------------------------------------------------------------------------------------------------------

    def _template_rows(self) -> TemplateRows:
        """Rows by what is there now; made once for the same registries, decisions and totals."""
        if not self.totals.is_current(self.lake, self.tenant):
            self.totals = read_totals(self.lake, self.engine, [self.tenant])[self.tenant]
        held, names, pins = read_all(self.store, self.tenant), self._standing(NAME), self._standing(PIN)
        inputs = (
            self.totals.objects,
            {service: each.number for service, each in held.items()},
            [decision.number for decision in (*names, *pins)],
        )
        if self._made is None or self._made[0] != inputs:
            registries = {service: each.registry for service, each in held.items()}
            named = names_of(names, {service: registry.homes for service, registry in registries.items()})
            rows = template_rows(registries, named, frozenset(pin.subject for pin in pins), self.totals.rows)
            self._made = (inputs, rows)
        return self._made[1]

    def _template_facts(self) -> tuple[pa.Table, Mapping[str, str]]:
        found = self._template_rows()
        return found.rows, {_UNLABELLED: _hash(found.unlabelled)}

    def _pattern_rows(self) -> tuple[pa.Table, Mapping[str, str]]:
        """What is published and what was seen now, merged; a pattern that neither knows is looked up in its version."""
        looks = self._looks()
        merge(looks, self.seen)
        for service, held in read_all(self.store, self.tenant).items():
            if held.registry.homes.keys() - looks.get(service, {}).keys():
                merge(looks, {service: read_patterns(self.store, self.tenant, service, held.number)})
        return pattern_rows(self._registries(), looks), {}

    def _publish(
        self, table: Table, key: str, make: Callable[[], tuple[pa.Table, Mapping[str, str]]]
    ) -> tuple[str, ...]:
        def data(facts: Mapping[str, str]) -> bytes:
            rows, own = make()
            return parquet_bytes(rows, table, {VERSION: str(TEMPLATES_VERSION), **own, **facts})

        def survey(_: Holding) -> Inputs:
            return Inputs({} if self._is_erased() else {key: hashlib.sha256(data({})).hexdigest()})

        def put(inputs: Inputs, _: Holding) -> Mapping[str, bytes]:
            return {key: data({INPUTS: inputs.fingerprint or ""})}

        done = publish(self.store, Window(f"table {table.name}", [key], survey, put), lambda: None)
        return (*done.put, *done.removed)

    def _published_unlabelled(self) -> str:
        return (read_facts(self.store, templates_key(self.tenant)) or {}).get(_UNLABELLED, "")

    # Erasure ----------------------------------------------------------------------------------------------------------

    def _is_erased(self) -> bool:
        return is_erased(self.store, self.tenant)

    def _remove(self) -> TenantTemplates:
        areas = (f"templates/tenant={self.tenant}/", f"template_patterns/tenant={self.tenant}/")
        gone = [entry.key for area in areas for entry in self.store.list(area)]
        for key in gone:
            self.store.delete(key)
        return TenantTemplates(published=tuple(gone))


def published_looks(store: ObjectStore, tenant: str) -> Seen:
    """What the patterns of a tenant look like, by the published table."""
    looks: Seen = {}
    try:
        rows = read_rows(store, template_patterns_key(tenant)).to_pylist()
    except ObjectMissing:
        return looks
    for row in rows:
        looks.setdefault(row["service"], {})[row["pattern_id"]] = pattern_of(row)
    return looks


def _hash(unlabelled: Mapping[tuple[str, int], int]) -> str:
    said = "\n".join(f"{pattern_id} {service}" for service, pattern_id in sorted(unlabelled))
    return hashlib.sha256(said.encode()).hexdigest() if said else ""
