"""The registry: which pattern of a service belongs to which template, in immutable numbered versions.

A version is one Parquet object: a row a pattern, with what it takes to mine it again, and in the footer the templates
and aliases. The next number is taken by put-if-absent, so of two writers one is first, and the other looks again. A
version holds all of its service, so the newest alone is the state, and any earlier one is a state to start from.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from logsight_assets.lake import registry_prefix
from logsight_assets.parquet import VERSION, parquet_bytes, read_rows
from logsight_assets.table_model import Table
from logsight_assets.tables import TEMPLATE_PATTERNS
from logsight_assets.trends.remembered import Remembered
from logsight_assets.versions import TEMPLATES_VERSION
from resources.object_store import ObjectInfo, ObjectStore

_STATE = "logsight.registry"
_VERSIONS = Table(
    "template_registry",
    "A version of a service's registry.",
    (),
    ("pattern_id",),
    tuple(column for column in TEMPLATE_PATTERNS.columns if column.name != "service"),
)


@dataclass(frozen=True)
class Pattern:
    """What is known of a pattern: enough to mine it again when the hours in which it was seen are gone."""

    mask: str
    sample_min: str
    sample_max: str
    first_seen_unix_nano: int

    def __or__(self, other: Pattern) -> Pattern:
        """What both know together, in whatever order they are taken."""
        return Pattern(
            min(self.mask, other.mask),
            min(self.sample_min, other.sample_min),
            max(self.sample_max, other.sample_max),
            min(self.first_seen_unix_nano, other.first_seen_unix_nano),
        )


Patterns = Mapping[int, Pattern]  # by pattern id


@dataclass(frozen=True)
class Template:
    """A template as it stands."""

    text: str
    founder: int  # the pattern that its id is made of
    born_unix_nano: int  # first event of the founder, as known at birth: the older template survives a merge
    version: int  # number of its text, from 1


@dataclass(frozen=True)
class Registry:
    """The templates of a service."""

    service: str
    homes: Mapping[int, str] = field(default_factory=dict)  # pattern id → template id
    templates: Mapping[str, Template] = field(default_factory=dict)  # by id
    aliases: Mapping[str, str] = field(default_factory=dict)  # id of old → the id that took it in
    pins: str = ""  # digest of the pins that were obeyed
    rules: int = TEMPLATES_VERSION  # version of the rules that grouped it


@dataclass(frozen=True)
class Held:
    """The newest version of a service's registry; 0 before the first."""

    number: int
    registry: Registry


def newest(store: ObjectStore, tenant: str, service: str) -> Held:
    """The newest version of one service."""
    entries = list(store.list(registry_prefix(tenant, service)))
    return _held(store, entries[-1]) if entries else Held(0, Registry(service))


def read_all(store: ObjectStore, tenant: str) -> dict[str, Held]:
    """The newest version of every service, by service."""
    entries = {entry.key.rpartition("/")[0]: entry for entry in store.list(f"templates/tenant={tenant}/registry/")}
    found = [_held(store, entry) for entry in entries.values()]
    return {held.registry.service: held for held in found}


def _held(store: ObjectStore, entry: ObjectInfo) -> Held:
    number = int(entry.key.rpartition("/")[2].removesuffix(".parquet"))
    return Held(number, _read_once(store, entry))


def read_registry(store: ObjectStore, key: str) -> Registry:
    """A version without what its patterns look like."""
    with store.open(key) as stream:
        rows = pq.read_table(stream, columns=["pattern_id", "template_id"])
        held = pq.read_metadata(stream)
    state: dict[str, Any] = json.loads(held.metadata[_STATE.encode()])
    homes = dict(zip(rows["pattern_id"].to_pylist(), rows["template_id"].to_pylist(), strict=True))
    templates = {template_id: Template(**said) for template_id, said in state["templates"].items()}
    return Registry(state["service"], homes, templates, state["aliases"], state["pins"], state["rules"])


# A version never changes, and one refresh asks for it several times.
_read_once = Remembered(read_registry, 1024)


def read_patterns(store: ObjectStore, tenant: str, service: str, number: int) -> dict[int, Pattern]:
    """What the patterns of a version look like; nothing before the first."""
    if number == 0:
        return {}
    rows = read_rows(store, version_key(tenant, service, number)).to_pylist()
    return {row["pattern_id"]: pattern_of(row) for row in rows}


def put_version(store: ObjectStore, tenant: str, registry: Registry, patterns: Patterns, number: int) -> bool:
    """Put a version; False if that number is taken."""
    rows = [
        {"pattern_id": pattern_id, "template_id": registry.homes[pattern_id], **asdict(pattern)}
        for pattern_id, pattern in sorted(patterns.items())
    ]
    state = {
        "service": registry.service,
        "templates": {template_id: asdict(template) for template_id, template in registry.templates.items()},
        "aliases": dict(registry.aliases),
        "pins": registry.pins,
        "rules": registry.rules,
    }
    facts = {_STATE: json.dumps(state, sort_keys=True), VERSION: str(registry.rules)}
    data = parquet_bytes(pa.Table.from_pylist(rows, _VERSIONS.arrow_schema), _VERSIONS, facts)
    return store.put_if(version_key(tenant, registry.service, number), data, None)


def pattern_of(row: Mapping[str, Any]) -> Pattern:
    """From a row of `patterns` or `template_patterns`; `_other` shows no body."""
    return Pattern(row["mask"], row["sample_min"] or "", row["sample_max"] or "", row["first_seen_unix_nano"])


def version_key(tenant: str, service: str, number: int) -> str:
    return f"{registry_prefix(tenant, service)}{number:08d}.parquet"
