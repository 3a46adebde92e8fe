"""What is published of an hour, read from the footers of its objects: for checks, and to find what was overlooked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from logsight_assets.lake import Lake, events_prefix
from logsight_assets.tables import PATTERNS, TREND_NAMES
from logsight_assets.timeline import Hour
from logsight_assets.trends.event_hours import rows_of
from logsight_assets.trends.hour_inputs import hour_inputs, tenants_of
from logsight_assets.trends.hour_windows import hour_keys
from logsight_assets.trends.hours import HourOutcome, tenant_hour
from logsight_assets.trends.publish import Published, hold
from resources.object_store import ObjectStore


@dataclass(frozen=True)
class TableSize:
    """Rows and bytes of some objects of a table."""

    rows: int = 0
    bytes: int = 0


def table_sizes(store: ObjectStore, keys: Iterable[str], level: str) -> Mapping[str, TableSize]:
    """Size of each table of a level in these objects; tables that have none of them are there with nothing."""
    tables = {f"trends/{name}_{level}/": f"{name}_{level}" for name in TREND_NAMES}
    if level == "minute":
        tables["patterns/"] = PATTERNS.name
    sizes = dict.fromkeys(tables.values(), TableSize())
    for key in keys:
        prefix = next(prefix for prefix in tables if key.startswith(prefix))
        if entry := store.head(key):
            held = sizes[tables[prefix]]
            sizes[tables[prefix]] = TableSize(held.rows + rows_of(store, entry), held.bytes + entry.size)
    return sizes


def published_hour(lake: Lake, hour: Hour) -> HourOutcome:
    """Counts of each tenant as they were published; nothing is computed."""
    tenants = {}
    for tenant in tenants_of(lake.store, hour):
        holding = hold(lake.store, list(hour_keys(tenant, hour).values()))
        if any(held.version for held in holding.values()):
            tenants[tenant] = tenant_hour(Published(holding))
    return HourOutcome(hour, tenants, [], [], [], {})


def is_current(lake: Lake, hour: Hour) -> bool:
    """Whether every tenant's wanted hash is the published one; reads every event file of the hour."""
    for tenant in tenants_of(lake.store, hour):
        inputs = hour_inputs(lake.store, tenant, hour)
        holding = hold(lake.store, list(hour_keys(tenant, hour).values()))
        if not inputs.is_frozen and any(held.inputs != inputs.fingerprint for held in holding.values()):
            return False
    return True


def looks_current(lake: Lake, hour: Hour) -> bool:
    """Whether nothing in the listing speaks against `is_current`: as many files as were counted, none of them newer.

    Costs no reading of event files, so it can be asked of many hours, often. It may be wrong in favour of a refresh,
    which then finds that nothing changed.
    """
    return all(_looks_current(lake, tenant, hour) for tenant in tenants_of(lake.store, hour))


def _looks_current(lake: Lake, tenant: str, hour: Hour) -> bool:
    keys = list(hour_keys(tenant, hour).values())
    published = [lake.store.head(key) for key in keys]
    files = list(lake.store.list(events_prefix(tenant, hour)))
    if not all(published):
        return not files and not any(published)
    counted = {held.facts.get("logsight.files") for held in hold(lake.store, keys).values()}
    if not files:
        # Emptied, or sealed by retention: the seal says which.
        return hour_inputs(lake.store, tenant, hour).is_frozen
    oldest = min(entry.modified for entry in published if entry)
    return counted == {str(len(files))} and all(entry.modified <= oldest for entry in files)
