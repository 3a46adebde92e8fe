"""What the patterns of an hour are called: their templates, since when these are known, and what was merged since.

Only what concerns the hour is taken in, so that a template that is born elsewhere makes no hour out of date.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow.parquet as pq

from logsight_assets.anomalies.series import Series
from logsight_assets.lake import patterns_key, template_patterns_key, templates_key
from logsight_assets.timeline import Hour
from logsight_assets.trends.remembered import Remembered
from resources.object_store import ObjectStore

_Pattern = tuple[str, int]  # service, pattern id


@dataclass(frozen=True)
class Naming:
    """Template of each pattern of an hour, the templates that were first seen in it, and ids that were merged."""

    template_of: Mapping[_Pattern, str]
    first_seen: frozenset[str]  # template ids
    aliases: Mapping[str, str]  # merged id → id now

    @property
    def fingerprint(self) -> str:
        """Changes when rows of the hour could."""
        told = [[*key, name] for key, name in sorted(self.template_of.items())]
        held = [told, sorted(self.first_seen), sorted(self.aliases.items())]
        return hashlib.sha256(json.dumps(held).encode()).hexdigest()

    def current(self, series: Series) -> Series:
        """The series under today's id of its template."""
        return series._replace(template_id=self.aliases.get(series.template_id, series.template_id))


@dataclass(frozen=True)
class _Templates:
    first_seen: Mapping[str, Hour]
    aliases: Mapping[str, str]


def naming_of(store: ObjectStore, tenant: str, hour: Hour) -> Naming:
    """Names of a tenant's hour; patterns that have no template yet are left out."""
    homes: Mapping[_Pattern, str] = {}
    templates = _Templates({}, {})
    if entry := store.head(template_patterns_key(tenant)):
        homes = _homes(store, entry)
    if entry := store.head(templates_key(tenant)):
        templates = _templates(store, entry)
    patterns = _patterns(store, entry) if (entry := store.head(patterns_key(tenant, hour))) else []
    template_of = {pattern: homes[pattern] for pattern in patterns if pattern in homes}
    first = frozenset(name for name in template_of.values() if templates.first_seen.get(name) == hour)
    return Naming(template_of, first, templates.aliases)


def _read_patterns(store: ObjectStore, key: str) -> list[_Pattern]:
    with store.open(key) as stream:
        rows = pq.read_table(stream, columns=["service", "pattern_id"])
    return list(zip(rows["service"].to_pylist(), rows["pattern_id"].to_pylist(), strict=True))


def _read_homes(store: ObjectStore, key: str) -> dict[_Pattern, str]:
    with store.open(key) as stream:
        rows = pq.read_table(stream, columns=["service", "pattern_id", "template_id"])
    columns = (rows[name].to_pylist() for name in rows.column_names)
    return {(service, pattern): name for service, pattern, name in zip(*columns, strict=True)}


def _read_templates(store: ObjectStore, key: str) -> _Templates:
    with store.open(key) as stream:
        rows = pq.read_table(stream, columns=["template_id", "aliases", "first_seen_time"]).to_pylist()
    first_seen = {row["template_id"]: _hour(row["first_seen_time"]) for row in rows if row["first_seen_time"]}
    aliases = {alias: row["template_id"] for row in rows for alias in json.loads(row["aliases"] or "[]")}
    return _Templates(first_seen, aliases)


def _hour(naive: datetime) -> Hour:
    return Hour.of(naive.replace(tzinfo=UTC))


_patterns = Remembered(_read_patterns, 512)
_homes = Remembered(_read_homes, 64)
_templates = Remembered(_read_templates, 64)
