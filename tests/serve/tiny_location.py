"""A code location that is as small as one can be: what the tests of serving load instead of LogSight's own."""

from __future__ import annotations

import dagster as dg

tenants = dg.DynamicPartitionsDefinition(name="tenants")


@dg.asset
def answer() -> None: ...


@dg.asset(partitions_def=tenants)
def answer_by_tenant() -> None: ...


defs = dg.Definitions(assets=[answer, answer_by_tenant], jobs=[dg.define_asset_job("everything", [answer])])
