"""Lakes whose hours are counted: event files from a few words, their trends, and what their templates say."""

from __future__ import annotations

from typing import Any

from logsight_assets.lake import Lake, template_patterns_key, templates_key
from logsight_assets.parquet import read_rows
from logsight_assets.templates.refresh import TemplatesOutcome, refresh_templates
from logsight_assets.timeline import Hour
from logsight_assets.trends.refresh import refresh
from resources.query_engine import DuckDBEngine
from tests.trends.event_files import HOUR, event, pattern_of, put_events

from .grouping import by_first_word


def count(
    lake: Lake, engine: DuckDBEngine, *bodies: str, hour: Hour = HOUR, tenant: str = "acme", name: str = "o1", **of: Any
) -> None:
    """Put an event a second with these bodies and publish its hour, and the day and month that are due."""
    rows = [event(second, body, hour, **of) for second, body in enumerate(bodies)]
    put_events(lake, rows, tenant=tenant, hour=hour, raw_object=name)
    refresh(lake, engine, [hour]).check()


def remake(lake: Lake, engine: DuckDBEngine, **options: Any) -> TemplatesOutcome:
    return refresh_templates(lake, engine, mine=by_first_word, **options)


def templates(lake: Lake, tenant: str = "acme") -> dict[str, dict[str, Any]]:
    """Rows of the table by their text."""
    return {row["template"]: row for row in read_rows(lake.store, templates_key(tenant)).to_pylist()}


def homes(lake: Lake, tenant: str = "acme") -> dict[tuple[str, int], str]:
    rows = read_rows(lake.store, template_patterns_key(tenant)).to_pylist()
    return {(row["service"], row["pattern_id"]): row["template_id"] for row in rows}


def home(lake: Lake, body: str, tenant: str = "acme") -> str:
    """Template id of a body of the service shop."""
    return homes(lake, tenant)["shop", pattern_of(body)]


def groups(lake: Lake, tenant: str = "acme") -> set[frozenset[tuple[str, int]]]:
    found = homes(lake, tenant)
    return {frozenset(key for key, home in found.items() if home == each) for each in found.values()}


def made(lake: Lake) -> dict[str, bytes]:
    """Every object of the templates: key → bytes."""
    areas = ("templates/", "template_patterns/")
    return {entry.key: lake.store.get(entry.key) for area in areas for entry in lake.store.list(area)}
