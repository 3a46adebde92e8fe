"""Whose a record is: from the raw path, and only in a `_mixed` source from the record, among the tenants granted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from logsight_assets.intake.imports import ImportName
from logsight_assets.intake.sources import SourceDefinition
from logsight_assets.lake import MIXED
from logsight_assets.settings import TENANT_NAME
from logsight_assets.sqltext import literal

TENANT_ATTRIBUTE = "tenant.id"
ERASED = "_erased"  # whose a record is that an erasure emptied; no name of a tenant
# SQL sees the text of a value, and these texts are also those of JSON's true, 5.0 and numbers over 64 bits.
_PERHAPS_NO_TEXT = re.compile(r"true|false|[0-9]+\.[0-9]+(?:e-?[0-9]+)?|[0-9]+e-?[0-9]+|[0-9]{19,}")


def tenancy_of(path_tenant: str, key: str, source: SourceDefinition) -> Tenancy:
    """The rule of a raw object by its path's tenant, its key and its source."""
    said = ImportName.parse(key.rpartition("/")[2])
    return Tenancy(path_tenant, (said and said.tenant) or source.tenant, source)


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

    def sql(self) -> str:
        """The tenant of a record, as an expression over `facts`; which of the names may be chosen, `of` decides."""
        if self.path_tenant != MIXED:
            return literal(self.path_tenant)
        return f"""coalesce(nullif(facts."{TENANT_ATTRIBUTE}", ''), {literal(self.default)})"""

    def refuses(self, tenant: str) -> bool:
        """Whether a name that SQL found is no choice of this source's records, or may be no name: `of` sees which."""
        if self.path_tenant != MIXED:
            return False
        return _PERHAPS_NO_TEXT.fullmatch(tenant) is not None or self.of({TENANT_ATTRIBUTE: tenant})[1] is not None
