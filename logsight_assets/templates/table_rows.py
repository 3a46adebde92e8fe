"""Rows of the tables `templates` and `template_patterns` of a tenant, from registries, names and totals."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from logsight_assets.tables import TEMPLATE_PATTERNS, TEMPLATES
from logsight_assets.templates.registry import Patterns, Registry

Registries = Mapping[str, Registry]  # by service


@dataclass
class _Sum:
    """What the totals say of one template."""

    events: int = 0
    errors: int = 0
    severities: Counter[int] = field(default_factory=Counter)
    environments: set[str] = field(default_factory=set)
    first: int | None = None
    last: int | None = None
    exemplar: str | None = None

    def take(self, row: Mapping[str, Any]) -> None:
        self.events += row["event_count"]
        self.errors += row["error_count"]
        self.severities[row["severity_number"]] += row["event_count"]
        self.environments.add(row["environment"])
        first, last, exemplar = row["first_seen_unix_nano"], row["last_seen_unix_nano"], row["exemplar_event_id"]
        self.first = first if self.first is None else min(self.first, first)
        self.last = last if self.last is None else max(self.last, last)
        self.exemplar = exemplar if self.exemplar is None else min(self.exemplar, exemplar)


@dataclass(frozen=True)
class TemplateRows:
    """Rows of `templates`, and what of the events has no template."""

    rows: pa.Table
    events: int
    unlabelled: Mapping[tuple[str, int], int]  # service and pattern id → events


def template_rows(
    registries: Registries, names: Mapping[str, str], pinned: Collection[str], totals: pa.Table
) -> TemplateRows:
    """One row a template; `totals` are those of sql/templates/pattern_totals.sql, `pinned` the ids of standing pins."""
    sums: dict[str, _Sum] = defaultdict(_Sum)
    unlabelled: Counter[tuple[str, int]] = Counter()
    events = 0
    for row in totals.to_pylist():
        events += row["event_count"]
        registry = registries.get(row["service"])
        template_id = registry.homes.get(row["pattern_id"]) if registry else None
        if template_id is None:
            unlabelled[row["service"], row["pattern_id"]] += row["event_count"]
        else:
            sums[template_id].take(row)
    rows = [
        row | _counted(sums[row["template_id"]], events)
        for _, registry in sorted(registries.items())
        for row in _kept(registry, names, pinned)
    ]
    return TemplateRows(pa.Table.from_pylist(rows, TEMPLATES.arrow_schema), events, unlabelled)


def _kept(registry: Registry, names: Mapping[str, str], pinned: Collection[str]) -> Iterator[dict[str, Any]]:
    """What the registry and people say of each template of a service."""
    members, aliases = Counter(registry.homes.values()), defaultdict(list)
    for old, new in sorted(registry.aliases.items()):
        aliases[new].append(old)
    for template_id, template in sorted(registry.templates.items()):
        yield {
            "service": registry.service,
            "template_id": template_id,
            "template": template.text,
            "name": names.get(template_id),
            "is_pinned": template_id in pinned,
            "version": template.version,
            "aliases": _json(aliases[template_id]),
            "pattern_count": members[template_id],
            "first_seen_time": _time(template.born_unix_nano),
        }


def _counted(total: _Sum, events: int) -> dict[str, Any]:
    """What the trends say of a template; one that they no longer count keeps its birth as the first time."""
    seen = {} if total.first is None else {"first_seen_time": _time(total.first), "last_seen_time": _time(total.last)}
    return seen | {
        "event_count": total.events,
        "error_count": total.errors,
        "event_ratio": total.events / events if events else 0.0,
        "severities": _json({str(number): count for number, count in sorted(total.severities.items())}),
        "environments": _json(sorted(total.environments)),
        "exemplar_event_id": total.exemplar,
    }


def pattern_rows(registries: Registries, looks: Mapping[str, Patterns]) -> pa.Table:
    """One row a pattern that has a template; `looks` says of each what it looks like."""
    rows = [
        {"service": service, "pattern_id": pattern_id, "template_id": template_id, **asdict(looks[service][pattern_id])}
        for service, registry in sorted(registries.items())
        for pattern_id, template_id in sorted(registry.homes.items())
    ]
    return pa.Table.from_pylist(rows, TEMPLATE_PATTERNS.arrow_schema)


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _time(unix_nano: int | None) -> datetime | None:
    if unix_nano is None:
        return None
    return datetime(1970, 1, 1) + timedelta(microseconds=unix_nano // 1000)  # noqa: DTZ001  the column has no zone
