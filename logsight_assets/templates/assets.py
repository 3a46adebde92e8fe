"""Dagster's side of templates: two tables of each tenant, brought up to date together."""

from collections.abc import Iterator

import dagster as dg

from logsight_assets.failures import telling_only_what_may_be_told
from logsight_assets.lake import Lake
from logsight_assets.partitions import is_replay, newest
from logsight_assets.scratch import embedded_engine
from logsight_assets.tables import TEMPLATE_PATTERNS, TEMPLATES, TRENDS
from logsight_assets.templates.refresh import TemplatesOutcome, refresh_templates
from logsight_assets.trends.assets import table_metadata

LABELLED = "labelled"
MOST_UNLABELLED = 0.01
_TABLES = (TEMPLATES, TEMPLATE_PATTERNS)
_DEPS = newest("patterns", *(name for name in TRENDS if name.startswith("template_trend_")))


def templates_assets() -> dg.AssetsDefinition:
    """`templates` and `template_patterns`: unpartitioned, because a template lives longer than any window."""

    @dg.multi_asset(
        name="templates",
        specs=[
            dg.AssetSpec(table.name, deps=_DEPS, description=table.description, metadata=table_metadata(table))
            for table in _TABLES
        ],
        check_specs=[
            dg.AssetCheckSpec(
                LABELLED,
                asset=TEMPLATES.name,
                description=f"Less than {MOST_UNLABELLED:.0%} of all counted events belong to no template.",
            )
        ],
    )
    def templates(
        context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        with telling_only_what_may_be_told(lake, "templates"), embedded_engine(lake) as engine:
            outcome = refresh_templates(lake, engine, replay=is_replay(context))
        for table in _TABLES:
            yield dg.MaterializeResult(asset_key=table.name, metadata=templates_metadata(outcome))
        yield labelled(outcome)

    return templates


def templates_metadata(outcome: TemplatesOutcome) -> dict[str, dg.MetadataValue]:
    """Counts over the tenants that this run looked at."""
    counts = ("templates", "patterns", "new_patterns", "mined_services", "unlabelled_events")
    return {
        "tenants_looked_at": dg.MetadataValue.int(len(outcome.tenants)),
        "objects_changed": dg.MetadataValue.int(len(outcome.published)),
        **{count: dg.MetadataValue.int(outcome.total(count)) for count in counts},
    }


def labelled(outcome: TemplatesOutcome) -> dg.AssetCheckResult:
    """Patterns whose hours are gone and whose registry was lost have counts, but no text to make a template of."""
    events, unlabelled = outcome.total("events"), outcome.total("unlabelled_events")
    ratio = unlabelled / events if events else 0.0
    return dg.AssetCheckResult(
        passed=ratio < MOST_UNLABELLED,
        asset_key=TEMPLATES.name,
        check_name=LABELLED,
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"events": events, "unlabelled_events": unlabelled, "unlabelled_ratio": ratio},
    )
