"""What alarms of different services have to do with each other: failing requests that pass through both."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from logsight_assets.incidents.episodes import Pair
from logsight_assets.lake import PLATFORM, Lake, events_prefix, minute_key, values
from logsight_assets.parquet import read_rows
from logsight_assets.scratch import embedded_engine
from logsight_assets.sqltext import literal, sql
from logsight_assets.tables import EVENTS
from logsight_assets.timeline import Hour

# Two services share a cause when at least this many failing traces, and one in this many of the smaller one's, are of
# both.
_LEAST_TRACES, _SHARE = 3, 5
_MOST_HOURS = 6  # of events that a decision may read


def linked_services(lake: Lake, tenant: str, hours: Iterable[Hour], services: Collection[str]) -> frozenset[Pair]:
    """Pairs of these services whose failing traces are shared in these hours; of many hours the newest count."""
    chosen = sorted(set(hours))[-_MOST_HOURS:]
    keys = [
        entry.key
        for name in _tenants(lake, tenant)
        for hour in chosen
        for entry in lake.store.list(events_prefix(name, hour))
        if entry.key.endswith(".parquet")
    ]
    if len(services) < 2 or not keys:
        return frozenset()
    question = sql(
        "incidents/shared_traces",
        events="events",
        services=", ".join(literal(service) for service in sorted(services)),
        least=str(_LEAST_TRACES),
        share=str(_SHARE),
    )
    with embedded_engine(lake) as engine, engine.session() as session:
        session.define("events", EVENTS, [lake.store.uri(key) for key in keys])
        rows = session.fetch(question).to_pylist()
    return frozenset(frozenset((row["one"], row["other"])) for row in rows)


def services_seen(lake: Lake, tenant: str, hours: Iterable[Hour]) -> list[str]:
    """Services that were counted in these hours: the names that an alarm can mean."""
    found: set[str] = set()
    for name in _tenants(lake, tenant):
        for hour in set(hours):
            key = minute_key("service_trend", name, hour)
            if lake.store.head(key):
                found.update(read_rows(lake.store, key, ["service"])["service"].unique().to_pylist())
    return sorted(found - {None})


def _tenants(lake: Lake, tenant: str) -> list[str]:
    """Whose events an incident may read: its own tenant's, or everybody's where it belongs to the platform."""
    return values(lake.store, "events/", "tenant") if tenant == PLATFORM else [tenant]
