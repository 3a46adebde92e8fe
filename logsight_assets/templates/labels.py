"""Which template each pattern belongs to, and what it is called: what turns rows of trends into something to read."""

from __future__ import annotations

import pyarrow as pa

from logsight_assets.errors import ObjectMissing
from logsight_assets.lake import Lake, template_patterns_key, templates_key
from logsight_assets.parquet import read_rows
from logsight_assets.table_model import Table
from logsight_assets.tables import TEMPLATE_PATTERNS, TEMPLATES
from resources.object_store import ObjectStore


def labels(lake: Lake, tenant: str) -> pa.Table:
    """Label of every known pattern: service, pattern_id, template_id, template, name; ordered by service and pattern.

    A pattern that is seen for the first time has none until its hour's templates are made: join from the left.
    """
    patterns = _rows(lake.store, template_patterns_key(tenant), TEMPLATE_PATTERNS)
    templates = _rows(lake.store, templates_key(tenant), TEMPLATES)
    joined = patterns.select(["service", "pattern_id", "template_id"]).join(
        templates.select(["service", "template_id", "template", "name"]), ["service", "template_id"], join_type="inner"
    )
    ordered = joined.sort_by([("service", "ascending"), ("pattern_id", "ascending")])
    return ordered.select(["service", "pattern_id", "template_id", "template", "name"])


def _rows(store: ObjectStore, key: str, table: Table) -> pa.Table:
    try:
        return read_rows(store, key).cast(table.arrow_schema)
    except ObjectMissing:
        return table.arrow_schema.empty_table()
