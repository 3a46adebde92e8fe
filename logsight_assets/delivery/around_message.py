"""What is said of all that the lake knows around an incident: changes, objectives, anomalies, incidents like it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from logsight_assets.delivery.message import Item, Part, Style, moment, shown
from logsight_assets.incidents.state import IncidentState

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
    left = "nothing measured" if row["budget_left_ratio"] is None else f"{row['budget_left_ratio']:.0%} left"
    burn = "" if row["burn_rate_1h"] is None else f", burning at {row['burn_rate_1h']:.1f} in the last hour"
    named = f"{shown(row['objective'], 80)} of {shown(row['service'], 80)}"
    return Item(f"{named}: {row['state']}, budget {left}{burn}")


def _anomaly(row: Row, style: Style) -> Item:
    since = moment(row["since_unix_nano"] // 1_000_000, style.zone)
    line = f": {shown(row['template'], 160)}" if row["template"] else ""
    return Item(f"{shown(row['service'], 80)}, {row['metric']}, since {since}", shown(row["reason"], 200) + line)


def _earlier(row: Row, _: Style) -> Item:
    if row["cause_named"]:
        cause = f"the cause was {shown(row['cause'] or 'not in the logs', 80)}, as a person said"
    else:
        cause = f"first suspect {shown(row['suspect'], 80)}" if row["suspect"] else str(row["verdict"] or "no answer")
    return Item(f"{row['incident_id']}: {cause}", shown(row["alarm"] or "", 120))
