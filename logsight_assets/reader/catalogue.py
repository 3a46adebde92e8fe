"""Which objects each table of a question is made of. They are chosen here by prefix: others are never opened.

A new table gets a line in `PROVIDERS`. How the levels of the trends are read is in `levels.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from logsight_assets.lake import (
    Lake,
    changes_key,
    completeness_key,
    incidents_key,
    is_erased,
    is_owner,
    template_patterns_key,
    templates_key,
    values,
)
from logsight_assets.reader.levels import ROWS, wanted_hours
from logsight_assets.reader.records import model_use, quarantine, receipts, report_numbers
from logsight_assets.reader.views import Need, Provider, View, rows_of, view
from logsight_assets.sqltext import sql
from logsight_assets.table_model import Table
from logsight_assets.tables import (
    ANOMALIES,
    BACKTEST_ALARMS,
    CHANGES,
    COMPLETENESS,
    EVENTS,
    INCIDENTS,
    LEVELS,
    MODEL_USE,
    PATTERNS,
    QUARANTINE,
    RECEIPTS,
    REPORT_NUMBERS,
    SERVICE_METRICS,
    SLO,
    TEMPLATE_COUNTS,
    TEMPLATE_PATTERNS,
    TEMPLATES,
    TREND_NAMES,
)


def tenants_of(lake: Lake, tenant: str | None, prefixes: Sequence[str]) -> list[str]:
    """Tenants below prefixes that may be seen: one, or for an operator all; never one that was erased."""
    found = {name for prefix in prefixes for name in values(lake.store, prefix, "tenant")}
    if tenant is not None:
        found &= {tenant}
    return [name for name in sorted(found) if is_owner(name) and not is_erased(lake.store, name)]


# Tables cut by hour or day --------------------------------------------------------------------------------------------


def _by_hour(table: Table, prefix: str) -> Provider:
    def provide(need: Need) -> View:
        entries = [entry for tenant in need.tenants for _, entry in wanted_hours(need, f"{prefix}tenant={tenant}/")]
        return View([view(table.name, f"select * from {rows_of(table, entries, need)}")], entries)

    return provide


def _by_day(table: Table, prefix: str) -> Provider:
    def provide(need: Need) -> View:
        entries = [
            entry
            for tenant in need.tenants
            for day in values(need.lake.store, f"{prefix}tenant={tenant}/", "dt")
            if need.constraint.wants_day(day)
            for entry in need.lake.store.list(f"{prefix}tenant={tenant}/dt={day}/")
        ]
        return View([view(table.name, f"select * from {rows_of(table, entries, need)}")], entries)

    return provide


def _events(need: Need) -> View:
    entries = [entry for tenant in need.tenants for _, entry in wanted_hours(need, f"events/tenant={tenant}/")]
    # No question can name it: the statement's tables are checked against those of `tables.py`.
    files = "logsight_event_files"
    statements = [
        view(files, f"select * from {rows_of(EVENTS, entries, need)}"),
        view(EVENTS.name, sql("reader/events", files=files)),
    ]
    return View(statements, entries)


def _whole(table: Table, key_of: Callable[[str], str]) -> Provider:
    """A table that is one object a tenant."""

    def provide(need: Need) -> View:
        entries = [entry for tenant in need.tenants if (entry := need.lake.store.head(key_of(tenant)))]
        return View([view(table.name, f"select * from {rows_of(table, entries, need)}")], entries)

    return provide


# The pyramid ----------------------------------------------------------------------------------------------------------


def _level(name: str, level: str) -> Provider:
    def provide(need: Need) -> View:
        rows = ROWS[level](need, name)
        return View([view(f"{name}_{level}", rows.select)], rows.entries)

    return provide


def _template_counts(level: str) -> Provider:
    """A level of `template_trend` by template: its patterns are labelled here, so no published row ever changes."""
    table = TEMPLATE_COUNTS[f"template_counts_{level}"]

    def provide(need: Need) -> View:
        rows = ROWS[level](need, "template_trend")
        labels = [
            [entry for tenant in need.tenants if (entry := need.lake.store.head(key_of(tenant)))]
            for key_of in (template_patterns_key, templates_key)
        ]
        select = sql(
            "reader/template_counts",
            time=f"{level}_time",
            partition=", ".join(f"t.{name}" for name in table.partition),
            rows=f"({rows.select})",
            patterns=rows_of(TEMPLATE_PATTERNS, labels[0], need),
            templates=rows_of(TEMPLATES, labels[1], need),
        )
        return View([view(table.name, select)], [*rows.entries, *labels[0], *labels[1]])

    return provide


@dataclass(frozen=True)
class Held:
    """Below which prefixes a table's tenants are listed, and how it is read."""

    prefixes: Sequence[str]
    provide: Provider


def _levels(name: str, provider: Callable[[str], Provider], trend: str) -> Mapping[str, Held]:
    """The three tables of a trend; a level's tenants are those of its objects and of what it is made of."""
    areas = [f"trends/{trend}_{level}/" for level in LEVELS]
    return {f"{name}_{level}": Held(areas[:below], provider(level)) for below, level in enumerate(LEVELS, 1)}


PROVIDERS: Mapping[str, Held] = {
    EVENTS.name: Held(["events/"], _events),
    PATTERNS.name: Held(["patterns/"], _by_hour(PATTERNS, "patterns/")),
    **{t: held for name in TREND_NAMES for t, held in _levels(name, partial(_level, name), name).items()},
    **_levels("template_counts", _template_counts, "template_trend"),
    TEMPLATES.name: Held(["templates/"], _whole(TEMPLATES, templates_key)),
    TEMPLATE_PATTERNS.name: Held(["template_patterns/"], _whole(TEMPLATE_PATTERNS, template_patterns_key)),
    ANOMALIES.name: Held(["anomalies/"], _by_hour(ANOMALIES, "anomalies/")),
    BACKTEST_ALARMS.name: Held(["backtests/"], _by_day(BACKTEST_ALARMS, "backtests/")),
    SLO.name: Held(["slo/"], _by_day(SLO, "slo/")),
    SERVICE_METRICS.name: Held(["service_metrics/"], _by_hour(SERVICE_METRICS, "service_metrics/")),
    COMPLETENESS.name: Held(["completeness/"], _whole(COMPLETENESS, completeness_key)),
    INCIDENTS.name: Held(["incidents/"], _whole(INCIDENTS, incidents_key)),
    CHANGES.name: Held(["changes/"], _whole(CHANGES, changes_key)),
    QUARANTINE.name: Held(["quarantine/"], quarantine),
    RECEIPTS.name: Held(["receipts/"], receipts),
    REPORT_NUMBERS.name: Held(["reports/"], report_numbers),
    MODEL_USE.name: Held(["model_calls/"], model_use),
}
