"""Log lines that tell a change: a rule is one YAML file, `change_rules/<name>.yaml`, beside the sources.

Rules are evaluated where somebody asks: over the events of the hours that an investigation looks at, or that
`logsight change scan` is given. So a corrected rule needs no replay, and without rules nothing is read. What is found
joins the table `changes`; the same line found again is the same change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import re2
from pydantic import Field, field_validator

from logsight_assets.declarations import Declaration, Declared, read_declarations
from logsight_assets.incidents.changes import Change, add_changes
from logsight_assets.lake import Lake, events_prefix
from logsight_assets.scratch import embedded_engine
from logsight_assets.sqltext import literal, sql
from logsight_assets.tables import EVENTS
from logsight_assets.timeline import Hour, hours_between

FOLDER = "change_rules"
_MOST = 1000  # lines of a rule that one look takes
GROUPS = ("service", "environment", "version", "ref", "description")


class ChangeRule(Declaration):
    """The whole of a rule's file."""

    description: str = Field("", description="for people")
    kind: Literal["deployment", "configuration", "scaling", "other"] = Field(description="what such a line tells")
    service: str | None = Field(None, description="only lines of this service")
    pattern: str = Field(description=f"RE2 found in the body; its groups named {', '.join(GROUPS)} fill the columns")

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            named = re2.compile(value).groupindex
        except re2.error as error:
            raise ValueError(f"no RE2 expression: {error}") from error
        if unknown := set(named) - set(GROUPS):
            raise ValueError(f"group {min(unknown)!r} is none of {', '.join(GROUPS)}")
        return value


def read_rules(folder: Path) -> Declared[ChangeRule]:
    """Every `*.yaml` of a folder, in order of names, and those that are wrong."""
    return read_declarations(folder, ChangeRule, "a change rule")


def load_rules(folder: Path) -> list[ChangeRule]:
    """The same for whoever can correct a file; ConfigurationError names file and field."""
    return list(read_rules(folder).whole().values())


def find_changes(lake: Lake, tenant: str, start: datetime, end: datetime, rules: Collection[ChangeRule]) -> int:
    """Find what lines of a tenant tell from `start` until before `end`; how many changes are new in the table."""
    if not rules:
        return 0
    hours = hours_between(Hour.of(start), Hour.of(end) + 1)
    uris = [lake.store.uri(entry.key) for hour in hours for entry in lake.store.list(events_prefix(tenant, hour))]
    if not uris:
        return 0
    return add_changes(lake, tenant, _found(lake, rules, uris, start, end))


def _found(lake: Lake, rules: Iterable[ChangeRule], uris: list[str], start: datetime, end: datetime) -> list[Change]:
    found: list[Change] = []
    with embedded_engine(lake) as engine, engine.session() as session:
        session.define("events", EVENTS, uris)
        for rule in rules:
            question = sql(
                "incidents/change_lines",
                events="events",
                pattern=literal(rule.pattern),
                service=literal(rule.service),
                since=str(_nano(start)),
                until=str(_nano(end)),
                most=str(_MOST),
            )
            found += _told(rule, session.fetch(question).to_pylist())
    return found


def _told(rule: ChangeRule, rows: Iterable[Mapping[str, Any]]) -> Iterator[Change]:
    pattern = re2.compile(rule.pattern)
    for row in rows:
        match = pattern.search(row["body"])
        told = match.groupdict() if match else {}
        named = {name: told.get(name) or row.get(name) for name in ("service", "environment")}
        yield Change(
            row["time_unix_nano"] // 1000,
            rule.kind,
            f"rule:{rule.name}",
            version=told.get("version"),
            ref=told.get("ref") or row["event_id"],
            description=told.get("description") or row["body"][:500],
            **named,
        )


def _nano(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9
