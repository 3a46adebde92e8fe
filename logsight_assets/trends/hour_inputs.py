"""What an event hour is made from: a tenant's event files by name and content, and the tenants that have any."""

from __future__ import annotations

from logsight_assets.lake import events_prefix, is_erased, seal_key, values
from logsight_assets.tables import TREND_NAMES
from logsight_assets.timeline import Hour
from logsight_assets.trends.publish import Inputs
from logsight_assets.trends.remembered import Remembered
from resources.object_store import ObjectStore, sha256_of


def tenants_of(store: ObjectStore, hour: Hour) -> list[str]:
    """Tenants that have event files or published trends of an hour."""
    areas = ["events/", "patterns/", *(f"trends/{name}_minute/" for name in TREND_NAMES)]
    return sorted(
        {
            tenant
            for area in areas
            for tenant in values(store, area, "tenant")
            if any(store.list(f"{area}tenant={tenant}/{hour.path}/"))
        }
    )


def hour_inputs(store: ObjectStore, tenant: str, hour: Hour) -> Inputs:
    """Event files of a tenant's hour by name and content. An erased tenant has none; a sealed hour stays as it is.

    Tombstone and seal are looked at after the listing: both stand before the first file goes.
    """
    files = event_files(store, tenant, hour)
    if is_erased(store, tenant):
        return Inputs({})
    if store.head(seal_key(tenant, hour)):
        return Inputs({}, is_frozen=True)
    return Inputs(files)


def event_files(store: ObjectStore, tenant: str, hour: Hour) -> dict[str, str]:
    """Event files of a tenant's hour: name → content hash."""
    listed = list(store.list(events_prefix(tenant, hour)))
    return {entry.key.rpartition("/")[2]: content_hash(store, entry) for entry in listed}


# Event files are read whole for their hash: once, not again for each refresh of a live hour.
content_hash = Remembered(sha256_of, 65_536)


def is_late(file_name: str, hour: Hour) -> bool:
    """Whether an event file arrived after the hour that follows its events' hour; its name says when it arrived."""
    return Hour.parse(file_name.split("~")[1]) > hour + 1
