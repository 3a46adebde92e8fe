"""What people declare one file at a time: sources, objectives, alarm rules. A declaration is named by its file.

A new kind of declaration is a model with a `name`; fields that are names or tenants have their types from here.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Annotated, ClassVar, TypeVar

from pydantic import AfterValidator, Field

from logsight_assets.errors import ConfigurationError
from logsight_assets.sections import Section
from logsight_assets.settings import TENANT_NAME, read_yaml, validated

# Keeps Hive's reserved characters and the '~' of event file names out of a path.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def _matching(pattern: re.Pattern[str]) -> AfterValidator:
    def matches(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(f"{value!r} must match {pattern.pattern}")
        return value

    return AfterValidator(matches)


DeclaredName = Annotated[str, _matching(_NAME)]
TenantName = Annotated[str, _matching(TENANT_NAME)]


class Declaration(Section):
    """The whole of a file."""

    name: DeclaredName = Field(description="the file's own name")

    # Fields of which an edit changes no row.
    _without_effect: ClassVar[frozenset[str]] = frozenset({"description"})

    @property
    def fingerprint(self) -> str:
        """Changes when an edit can change rows."""
        held = self.model_dump(mode="json", exclude=set(self._without_effect))
        return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:16]


_Declared = TypeVar("_Declared", bound=Declaration)


def load_declarations(folder: Path, model: type[_Declared], what: str) -> dict[str, _Declared]:
    """Every `*.yaml` of a folder, by name; ConfigurationError names file and field. `what` is such as `a source`."""
    found = {}
    for file in folder.glob("*.yml"):
        # Passed over, what it declares would hold nowhere: of a source, any line could name any tenant.
        raise ConfigurationError(f"{file}: {what}'s file ends in .yaml; rename it")
    for file in sorted(folder.glob("*.yaml")):
        declared = validated(model, {"name": file.stem} | read_yaml(file), str(file))
        if declared.name != file.stem:
            raise ConfigurationError(f"{file}: name: {declared.name!r} must be the file's own name, {file.stem!r}")
        found[declared.name] = declared
    return found
