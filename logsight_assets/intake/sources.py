"""A log source: one YAML file that says how its lines are read and whose they are.

`sources/<name>.yaml` in the lake, or beside `$LOGSIGHT_CONFIG`. Without a file a source is automatic: its format is
detected, and its lines may name any valid tenant. Add a field here, to `docs/sources.md`, and where it takes effect.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Literal, Self
from zoneinfo import ZoneInfo

import re2
from pydantic import Field, field_validator, model_validator

from logsight_assets.declarations import Declaration, Declared, DeclaredName, read_declarations
from logsight_assets.errors import ConfigurationError, UsageError
from logsight_assets.intake.formats import ALIASES, FORMATS
from logsight_assets.intake.formats.zones import fixed_offset
from logsight_assets.settings import TENANT_NAME, Section, validated


class RequestRule(Section):
    """An event is a request when it carries one of these attributes."""

    attributes: tuple[str, ...] = Field(
        ("http.response.status_code", "http.status_code", "rpc.grpc.status_code"),
        description="attributes of which one makes an event a request",
    )

    @field_validator("attributes")
    @classmethod
    def _are_plain(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if not re2.fullmatch(r"[A-Za-z0-9_.@/-]{1,128}", name):
                raise ValueError(f"attribute {name!r} may hold letters, digits and _ . @ / - only")
        return value


class ErrorRule(Section):
    """An event is an error when its severity or its HTTP status says so."""

    severity_at_least: int = Field(17, ge=1, le=25, description="lowest severity number of an error; 25 for never")
    status_at_least: int = Field(500, ge=100, le=1000, description="lowest HTTP status of an error; 1000 for never")


class SourceDefinition(Declaration):
    """The whole of a source's file."""

    _without_effect: ClassVar[frozenset[str]] = frozenset({"description", "lateness_minutes", "location"})

    name: DeclaredName = Field(description="name of the source, as in the path")
    description: str = Field("", description="for people")
    format: str = Field("auto", description="a format's name, regex, or auto to detect it")
    pattern: str | None = Field(None, description="RE2 with named groups, for format regex")
    fields: dict[str, str] = Field(default_factory=dict, description="our field name → the record's key")
    time_unit: Literal["s", "ms", "us", "ns"] | None = Field(None, description="unit of numeric times")
    time_zone: str | None = Field(None, description="zone of times without an offset; UTC when absent")
    multiline_start: str | None = Field(None, description="RE2; a line that does not match continues the one before")
    tenants: tuple[str, ...] | Literal["any"] = Field((), description="tenants that a line may name beside `tenant`")
    tenant: DeclaredName = Field("default", description="tenant of lines that name none")
    service: str | None = Field(None, description="service of lines that name none")
    environment: str | None = Field(None, description="environment of lines that name none")
    id_field: str | None = Field(None, description="key of the record's own id")
    request: RequestRule = RequestRule()
    error: ErrorRule = ErrorRule()
    lateness_minutes: int = Field(
        20, ge=0, description="how long after an hour its lines may still come; 0 for imports"
    )
    location: str | None = Field(
        None, description="folder that is read in place; relative to the folder of logsight.yaml"
    )

    @field_validator("format")
    @classmethod
    def _is_known(cls, value: str) -> str:
        name = ALIASES.get(value, value)
        if name not in FORMATS and name != "auto":
            raise ValueError(f"{value!r} is none of: auto, {', '.join(sorted({*FORMATS, *ALIASES}))}")
        return name

    @field_validator("tenants")
    @classmethod
    def _are_tenants(cls, value: tuple[str, ...] | str) -> tuple[str, ...] | str:
        for name in value if isinstance(value, tuple) else ():
            if not TENANT_NAME.fullmatch(name):
                raise ValueError(f"tenant {name!r} must match {TENANT_NAME.pattern}")
        return value

    @field_validator("pattern", "multiline_start")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                re2.compile(value)
            except re2.error as error:
                raise ValueError(f"no RE2 expression: {error}") from error
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str | None) -> str | None:
        if value is not None and fixed_offset(value) is None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError):
                raise ValueError("must be a zone like Europe/Berlin, or an offset like +02:00") from None
        return value

    @model_validator(mode="after")
    def _has_its_expression(self) -> Self:
        if self.format == "regex" and (self.pattern is None or not re2.compile(self.pattern).groupindex):
            raise ValueError("format regex needs `pattern`, an RE2 expression with named groups like (?P<time>[0-9:]+)")
        return self

    def grants(self, tenant: str) -> bool:
        """Whether a line of this source may choose `tenant`."""
        if self.tenants == "any":
            return bool(TENANT_NAME.fullmatch(tenant))
        return tenant == self.tenant or tenant in self.tenants

    @property
    def fingerprint(self) -> str:
        """Changes when an edit can change events: such an edit makes just this source's objects stale."""
        return super().fingerprint[:12]


def automatic_source(name: str) -> SourceDefinition:
    """What holds for a source without a file: any format, and its lines may name any valid tenant."""
    try:
        return validated(SourceDefinition, {"name": name, "tenants": "any"}, f"source {name!r}")
    except ConfigurationError as error:
        raise UsageError(str(error)) from error


def source_of(sources: Mapping[str, SourceDefinition], name: str) -> SourceDefinition:
    """The source of this name as it is declared, else the automatic one."""
    return sources.get(name) or automatic_source(name)


def read_sources(folder: Path) -> Declared[SourceDefinition]:
    """Every `*.yaml` of a folder, by source name, and those that are wrong."""
    declared = read_declarations(folder, SourceDefinition, "a source")
    found = {}
    for name, source in declared.by_name.items():
        # Relative to the folder of the settings: the daemon runs in another working folder than the command line.
        place = None if source.location is None else str((folder.parent / source.location).absolute())
        found[name] = source.model_copy(update={"location": place})
    return Declared(found, declared.refused)
