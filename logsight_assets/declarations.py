"""What people declare one file at a time: sources, objectives, alarm rules. A declaration is named by its file.

A new kind of declaration is a model with a `name`; fields that are names or tenants have their types from here.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, ClassVar, Generic, TypeVar

from pydantic import AfterValidator, Field

from logsight_assets.errors import ConfigurationError
from logsight_assets.sections import Section
from logsight_assets.settings import TENANT_NAME, read_yaml, validated
from logsight_assets.visible import visible

# Keeps Hive's reserved characters and the '~' of event file names out of a path.
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_MOST_FIELDS, _LONGEST_FIELD = 5, 60  # that are told of a wrong file: a key may be any text


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


_Declared = TypeVar("_Declared")
_Model = TypeVar("_Model", bound=Declaration)


@dataclass(frozen=True)
class Refused:
    """A file that declares nothing, because it is wrong."""

    file: Path
    error: ConfigurationError
    tenant: str | None = None  # whose it says it is; None where that cannot be read, or is everybody

    @property
    def name(self) -> str:
        """What it would declare."""
        return self.file.stem

    @property
    def place(self) -> str:
        """The file's name in its folder: where the file lies is nobody's business who sees an incident."""
        return f"{self.file.parent.name}/{self.file.name}"

    @property
    def told(self) -> str:
        """File and fields and nothing that stands there, for whoever may know of the file."""
        named = ", ".join(visible(field)[:_LONGEST_FIELD] for field in self.error.fields[:_MOST_FIELDS])
        return f"{self.place} could not be read" + (f": {named}" if named else "")

    def may_be_of(self, tenant: str) -> bool:
        """Whether it may declare something of a tenant."""
        return self.tenant in (None, tenant)


@dataclass(frozen=True)
class Declared(Generic[_Declared]):
    """What the files of a folder declare, by name, and those that are wrong: each stops what it declares, alone."""

    by_name: dict[str, _Declared]
    refused: tuple[Refused, ...] = ()

    @cached_property
    def wrong(self) -> dict[str, Refused]:
        """The wrong files by the name of what they would declare."""
        return {each.name: each for each in self.refused}

    def wrong_names(self, tenant: str) -> frozenset[str]:
        """Names of what wrong files may declare of a tenant."""
        return frozenset(each.name for each in self.refused if each.may_be_of(tenant))

    def whole(self) -> dict[str, _Declared]:
        """All of it, for whoever can correct a file; ConfigurationError names each that is wrong, and its fields."""
        if self.refused:
            fields = tuple(field for each in self.refused for field in each.error.fields)
            raise ConfigurationError("\n".join(str(each.error) for each in self.refused), fields)
        return self.by_name

    def fail_each(self, attempt: Callable[[str], AbstractContextManager[None]]) -> None:
        """Fail each wrong file like a window of its own: a run says it when all the rest is done."""
        for each in self.refused:
            with attempt(each.place):
                raise each.error


def read_declarations(folder: Path, model: type[_Model], what: str) -> Declared[_Model]:
    """Every `*.yaml` of a folder, each for itself; `what` is such as `a source`."""
    found: dict[str, _Model] = {}
    refused = []
    for file in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
        held: dict[str, Any] = {}
        try:
            held = _mapping(file, what)
            found[file.stem] = _declared(model, file, held)
        except ConfigurationError as error:
            tenant = held.get("tenant")
            is_named = isinstance(tenant, str) and TENANT_NAME.fullmatch(tenant)
            refused.append(Refused(file, error, tenant if is_named else None))
    wrong = {each.name for each in refused}
    return Declared({name: each for name, each in found.items() if name not in wrong}, tuple(refused))


def _mapping(file: Path, what: str) -> dict[str, Any]:
    if file.suffix == ".yml":
        # Passed over, what it declares would hold nowhere: of a source, any line could name any tenant.
        raise ConfigurationError(f"{file}: {what}'s file ends in .yaml; rename it")
    return read_yaml(file)


def _declared(model: type[_Model], file: Path, held: dict[str, Any]) -> _Model:
    declared = validated(model, {"name": file.stem} | held, str(file))
    if declared.name != file.stem:
        raise ConfigurationError(
            f"{file}: name: {declared.name!r} must be the file's own name, {file.stem!r}", ("name",)
        )
    return declared
