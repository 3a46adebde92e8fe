"""What operators ask for by name: retention, and the erasure of a tenant over all stages."""

from __future__ import annotations

from collections.abc import Mapping

from logsight_assets.intake.blank import blank_tenant
from logsight_assets.lake import Lake
from logsight_assets.scratch import embedded_engine
from logsight_assets.trends.erase import Blanked, Certificate, TenantLines, erase
from logsight_assets.trends.refresh import refresh
from logsight_assets.trends.retention import RetentionOutcome, apply_retention


def retain(lake: Lake) -> RetentionOutcome:
    """Seal and remove what the settings no longer keep."""
    with embedded_engine(lake) as engine:
        return apply_retention(lake, engine)


def erase_tenant(lake: Lake, tenant: str) -> Certificate:
    """Remove a tenant everywhere; the same call finishes an interrupted erasure."""

    def blank(where: Lake, lines: Mapping[str, TenantLines]) -> Blanked:
        done = blank_tenant(where, tenant, {raw_object: held.own for raw_object, held in lines.items()})
        shared = sum(len(held.shared) for held in lines.values())
        return Blanked(len(done), sum(each.lines for each in done), shared)

    certificate = erase(lake, tenant, blank)
    with embedded_engine(lake) as engine:
        refresh(lake, engine)
    return certificate
