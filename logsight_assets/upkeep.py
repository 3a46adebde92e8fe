"""What operators ask for by name: retention, late events of sealed hours, and the erasure of a tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from logsight_assets.declarations import Declared
from logsight_assets.delivery.retention import forget_messages
from logsight_assets.incidents.forget import forget_tenant
from logsight_assets.incidents.retention import expire_incidents
from logsight_assets.intake.blank import Blanking
from logsight_assets.intake.run import declared_sources
from logsight_assets.lake import Lake
from logsight_assets.metrics.retention import expire_metrics
from logsight_assets.reports.store import forget
from logsight_assets.scratch import embedded_engine
from logsight_assets.templates.forget import forget_templates
from logsight_assets.trends.completeness import refresh_completeness
from logsight_assets.trends.erase import Certificate, count, erase, places_in_raw
from logsight_assets.trends.late import LateHour, Replayed, is_unsettled, replay_late, settle
from logsight_assets.trends.refresh import refresh
from logsight_assets.trends.retention import RetentionOutcome, apply_retention


def retain(lake: Lake) -> RetentionOutcome:
    """Seal and remove what the settings no longer keep, then forget what has lost its cause: templates, messages."""
    with embedded_engine(lake) as engine:
        outcome = apply_retention(lake, engine)
        outcome.removed += forget_templates(lake, engine)
    expire_metrics(lake, outcome)
    expire_incidents(lake, outcome)
    outcome.removed += Counter(deliveries=forget_messages(lake))
    return outcome


def replay(lake: Lake, found: Iterable[LateHour]) -> list[Replayed]:
    """Count late events in sealed hours, and in the days and months above; the same call finishes an interrupted one.

    Hours that have nothing waiting, or no minutes any more, are left as they are.
    """
    with embedded_engine(lake) as engine:
        done = [
            replay_late(lake, engine, each.tenant, each.hour)
            for each in found
            if each.has_minutes and (each.files or is_unsettled(lake, each.tenant, each.hour))
        ]
        refresh(lake, engine, []).check()
    for each in done:
        settle(lake, each.tenant, each.hour)
    return done


def would_erase(lake: Lake, tenant: str) -> Certificate:
    """What an erasure would remove now; nothing is changed."""
    lines = Blanking(lake, declared_sources(lake).whole(), tenant, places_in_raw(lake.store, tenant))
    return count(lake.store, tenant, lines.survey())


def erase_tenant(lake: Lake, tenant: str) -> Certificate:
    """Remove a tenant everywhere; the same call finishes an interrupted erasure.

    ConfigurationError while a source's file is wrong: which lines are the tenant's is for that to say.
    """
    sources = declared_sources(lake).whole()
    certificate = erase(lake, tenant, lambda places: Blanking(lake, sources, tenant, places))
    forget(lake.store, tenant)
    forget_tenant(lake, tenant)
    forget_messages(lake)
    with embedded_engine(lake) as engine:
        refresh(lake, engine)
    refresh_completeness(lake, Declared(sources))
    return certificate
