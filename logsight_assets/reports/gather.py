"""From the lake to numbers: what a report is made of, together with the hashes that it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from logsight_assets.errors import ObjectMissing, StoreUnavailable
from logsight_assets.lake import MIXED, PLATFORM, Lake
from logsight_assets.reports.inputs import Inputs, received_hash, received_in, survey, tenants_of
from logsight_assets.reports.novelties import Kind, Label, Novelties, kinds_of, notable, novelties_of
from logsight_assets.reports.numbers import Numbers, platform_numbers, tenant_numbers
from logsight_assets.reports.period import Period
from logsight_assets.reports.quality import quality_of
from logsight_assets.reports.rows import Pattern, TenantRows, read_masks, read_tenant
from logsight_assets.reports.slices import Slice
from logsight_assets.templates.labels import labels
from resources.query_engine import QueryEngine

_TURNS = 5
_UNREAD = "a line whose text is not kept any more"


@dataclass(frozen=True)
class Gathered:
    """The numbers of a report, and name → content hash of everything that they depend on."""

    numbers: Numbers
    parts: Mapping[str, str]


def gather(lake: Lake, engine: QueryEngine, period: Period, tenant: str) -> Gathered:
    """A tenant's numbers from one state of its inputs; StoreUnavailable if they never stood still."""
    for _ in range(_TURNS):
        try:
            inputs = survey(lake, tenant, period)
            found = _gathered(lake, engine, period, inputs)
            if survey(lake, tenant, period).parts == inputs.parts:
                return found
        except ObjectMissing:
            continue  # listed, then replaced or removed: list again
        except Exception:
            # Engines say in their own ways that a file is gone; whether it is, a second look says.
            if _stands(lake, inputs, period):
                raise
    raise StoreUnavailable(f"report of {period.name}: its inputs changed {_TURNS} times while they were read")


def _stands(lake: Lake, inputs: Inputs, period: Period) -> bool:
    try:
        return survey(lake, inputs.tenant, period).parts == inputs.parts
    except ObjectMissing:
        return False


def _gathered(lake: Lake, engine: QueryEngine, period: Period, inputs: Inputs) -> Gathered:
    rows = read_tenant(lake, engine, period, inputs)
    known = _labels(lake, rows)
    quality = quality_of(period, inputs, rows.slices[Slice.PERIOD])
    novelties = _novelties(lake, engine, inputs, rows, known)
    numbers = tenant_numbers(period, rows, quality, novelties)
    return Gathered(numbers, {**inputs.parts, "labels": _labels_hash(known)})


def gather_platform(lake: Lake, period: Period, tenants: Iterable[Gathered]) -> Gathered:
    """The platform's numbers: the sum of all tenants', `_platform` among them, and what arrived on shared paths."""
    held = list(tenants)
    shared = received_in(lake.store, MIXED, period)
    parts = {f"{each.numbers.tenant}/{name}": content for each in held for name, content in each.parts.items()}
    parts[f"{MIXED}/receipts"] = received_hash(shared)
    numbers = platform_numbers(period, (each.numbers for each in held), PLATFORM, shared.values())
    return Gathered(numbers, parts)


def gather_all(lake: Lake, engine: QueryEngine, period: Period) -> list[Gathered]:
    """Every tenant of a period, what belongs to none among them, and last the platform; empty without any data."""
    tenants = [gather(lake, engine, period, tenant) for tenant in tenants_of(lake, period)]
    if not tenants:
        return []
    own = [each for each in tenants if each.numbers.tenant != PLATFORM]
    return [*own, gather_platform(lake, period, tenants)]


# What patterns are called ---------------------------------------------------------------------------------------------


def _labels(lake: Lake, rows: TenantRows) -> dict[Pattern, Mapping[str, Any]]:
    """The label of each pattern of the report that has one: of others a report does not depend."""
    seen = {pattern for found in rows.patterns.values() for pattern in found}
    return {
        pattern: row
        for row in labels(lake, rows.tenant).to_pylist()
        if (pattern := (row["service"], row["pattern_id"])) in seen
    }


def _labels_hash(known: Mapping[Pattern, Mapping[str, Any]]) -> str:
    lines = (
        repr((*pattern, row["template_id"], row["template"], row["name"])) for pattern, row in sorted(known.items())
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _novelties(
    lake: Lake, engine: QueryEngine, inputs: Inputs, rows: TenantRows, known: Mapping[Pattern, Mapping[str, Any]]
) -> Novelties:
    kinds = kinds_of(rows.slices, rows.patterns, {pattern: row["template_id"] for pattern, row in known.items()})
    found = notable(kinds)
    wanted: Sequence[Kind] = [kind for held in found.values() for kind in held]
    texts = {
        Kind(service, row["template_id"], 0): Label(row["template"], row["name"] or "")
        for (service, _), row in known.items()
    }
    unlabelled = {(kind.service, kind.pattern_id) for kind in wanted if not kind.template_id}
    masks = read_masks(lake, engine, inputs, unlabelled)
    texts |= {
        Kind(service, "", pattern): Label(masks.get((service, pattern), _UNREAD)) for service, pattern in unlabelled
    }
    return novelties_of(kinds, found, texts)
