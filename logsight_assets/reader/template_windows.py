"""Which templates changed since a time: a window against the time before it, counted by the minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake
from logsight_assets.reader.ask import ask
from logsight_assets.sqltext import sql
from logsight_assets.templates.changes import Change, TemplateChange, template_changes


@dataclass(frozen=True)
class Windows:
    """[start, since) is compared with [since, until)."""

    start: datetime
    since: datetime
    until: datetime

    @classmethod
    def of(cls, since: datetime, until: datetime, before: timedelta) -> Windows:
        """By whole minutes; UsageError for a window without one."""
        since, until = (moment.astimezone(UTC).replace(second=0, microsecond=0) for moment in (since, until))
        if since >= until or before < timedelta(minutes=1):
            raise UsageError(f"templates: from {since:%Y-%m-%dT%H:%MZ} to {until:%Y-%m-%dT%H:%MZ} there is no minute")
        return cls(since - before, since, until)

    @property
    def length_ratio(self) -> float:
        return (self.until - self.since) / (self.since - self.start)


@dataclass(frozen=True)
class Changed:
    """Templates that changed, by tenant, the most surprising first; and whether the rows may be cut."""

    by_tenant: Mapping[str, list[TemplateChange]]
    is_truncated: bool

    def to_json(self) -> list[dict[str, Any]]:
        return [
            {"tenant": tenant, "service": each.service, "template_id": each.template_id, "template": each.template,
             "change": str(each.change), "before_count": each.before_count, "after_count": each.after_count,
             "rate_ratio": each.rate_ratio, "surprise": round(each.surprise, 1)}
            for tenant, changes in self.by_tenant.items()
            for each in changes
        ]  # fmt: skip


def changed_templates(lake: Lake, windows: Windows, tenant: str | None = None, service: str | None = None) -> Changed:
    """Templates that are new or gone, or whose rate is another; without a tenant, the operator's view of all.

    What arrives later counts when it is there: `completeness` says whether it is.
    """
    moments = {"start": windows.start, "since": windows.since, "until": windows.until}
    parameters = {name: f"{moment:%Y-%m-%d %H:%M:%S}" for name, moment in moments.items()}
    answer = ask(lake, sql("reader/template_windows"), tenant, parameters={**parameters, "service": service})
    found = {
        name: _changed(list(rows), windows.length_ratio)
        for name, rows in groupby(answer.rows, key=lambda row: str(row["tenant"]))
    }
    return Changed(found, answer.truncated)


def _changed(rows: list[dict[str, Any]], length_ratio: float) -> list[TemplateChange]:
    before, after = ([{**row, "event_count": row[name]} for row in rows] for name in ("before_count", "after_count"))
    found = template_changes(before, after, length_ratio=length_ratio)
    return [each for each in found if each.change != Change.SAME]
