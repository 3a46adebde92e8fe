"""Whose a record is: from the raw path, and only in a `_mixed` source from the record, among the tenants granted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.lake import MIXED
from logsight_assets.settings import TENANT_NAME
from logsight_assets.sqltext import literal

TENANT_ATTRIBUTE = "tenant.id"


@dataclass(frozen=True)
class Tenancy:
    """The rule of one raw object."""

    path_tenant: str  # of the raw path, or MIXED
    default: str  # for records of a mixed source that name none
    source: SourceDefinition

    def of(self, resource: dict[str, Any]) -> tuple[str, str | None]:
        """(tenant, None), or ('', reason of quarantine). A bound source's records cannot choose."""
        if self.path_tenant != MIXED:
            return self.path_tenant, None
        named = resource.get(TENANT_ATTRIBUTE)
        if named is None or named == "":
            return self.default, None
        if isinstance(named, bool) or not isinstance(named, str | int) or not TENANT_NAME.fullmatch(str(named)):
            return "", "tenant_invalid"
        if not self.source.grants(str(named)):
            return "", "tenant_not_granted"
        return str(named), None

    def sql(self) -> tuple[str, str]:
        """(tenant, whether SQL alone may decide) as expressions over the flat format's `raw`.

        The second is only a conservative test: what it turns down is decided by `of`.
        """
        if self.path_tenant != MIXED:
            return literal(self.path_tenant), "true"
        named = f"""from_json(raw.resource, '{{"{TENANT_ATTRIBUTE}":"VARCHAR"}}')."{TENANT_ATTRIBUTE}\""""
        tenant = f"coalesce({named}, {literal(self.default)})"
        if self.source.tenants == "any":
            return tenant, f"regexp_full_match(tenant, '{TENANT_NAME.pattern}')"
        granted = ", ".join(literal(name) for name in sorted({*self.source.tenants, self.source.tenant, self.default}))
        return tenant, f"tenant in ({granted})"
