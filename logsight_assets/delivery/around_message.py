"""What is said of all that the lake knows around an incident: changes, objectives, anomalies, incidents like it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from logsight_assets.delivery.message import Item, Part, Style, moment, shown
from logsight_assets.incidents.state import IncidentState
from logsight_assets.incidents.surroundings import told_of_budget, told_of_cause

_MOST = 5  # items of a part
Row = Mapping[str, Any]


def around_parts(state: IncidentState, style: Style) -> Iterator[Part]:
    """Parts that have something to say."""
    for title, name, item in (
        ("Changed before", "changes", _change),
        ("Objectives", "objectives", _objective),
        ("Out of the ordinary before", "anomalies", _anomaly),
        ("Incidents like it", "earlier_incidents", _earlier),
    ):
        rows: Sequence[Row] = state.evidence.get(name, ())
        if rows:
            yield Part(title, tuple(item(row, style) for row in rows[:_MOST]))


def _change(row: Row, style: Style) -> Item:
    what = " ".join(shown(row[name], 120) for name in ("service", "version", "description") if row[name])
    return Item(f"{shown(row['kind'], 40)}, {moment(row['time_unix_micro'] // 1000, style.zone)}", what)


def _objective(row: Row, _: Style) -> Item:
    return Item(f"{shown(row['objective'], 80)} of {shown(row['service'], 80)}: {told_of_budget(row)}")


def _anomaly(row: Row, style: Style) -> Item:
    since = moment(row["since_unix_nano"] // 1_000_000, style.zone)
    line = f": {shown(row['template'], 160)}" if row["template"] else ""
    return Item(f"{shown(row['service'], 80)}, {row['metric']}, since {since}", shown(row["reason"], 200) + line)


def _earlier(row: Row, _: Style) -> Item:
    cause = told_of_cause(row, lambda name: shown(name, 80))
    return Item(f"{row['incident_id']}: {cause}", shown(row["alarm"] or "", 120))
