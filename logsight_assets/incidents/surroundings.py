"""What else the lake knows around an alarm: changes, anomalies that stand, objectives, earlier incidents.

Each is a list of the stored evidence, made of rows that code has counted or people have decided; no text that a model
wrote is among them. Hours count only when they ended by `as_of`: an hour's row that is refreshed later holds later
events, and those are no evidence. The window itself is the investigation's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from logsight_assets.anomalies.episodes import Episode, anomalies_between
from logsight_assets.declarations import Refused
from logsight_assets.errors import ObjectMissing
from logsight_assets.failures import Failures, told
from logsight_assets.incidents.change_rules import FOLDER as CHANGE_RULES
from logsight_assets.incidents.change_rules import find_changes, read_rules
from logsight_assets.incidents.changes import changes_between
from logsight_assets.incidents.reading import readable_tenants
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.windows import Window
from logsight_assets.incidents.wrong_files import told_of
from logsight_assets.lake import PLATFORM, Lake, incidents_key, templates_key
from logsight_assets.parquet import read_rows
from logsight_assets.slo.budget import BURNING, EXHAUSTED
from logsight_assets.slo.days import objectives_at
from logsight_assets.slo.objective import FOLDER as OBJECTIVES
from logsight_assets.slo.objective import read_objectives
from logsight_assets.timeline import Hour, nano_of

_CHANGES_BEFORE = timedelta(hours=24)
_ANOMALIES_BEFORE = timedelta(hours=6)  # an episode that stands has a row in each of its hours
_MOST_CHANGES, _MOST_ANOMALIES, _MOST_OBJECTIVES, _MOST_EARLIER = 50, 20, 20, 5


@dataclass(frozen=True)
class About:
    """The incident that is looked around."""

    tenant: str
    incident_id: str
    window: Window
    alarms: frozenset[str]  # names
    services: frozenset[str]  # that its alarms are about, and its suspects

    @property
    def as_of(self) -> datetime:
        return datetime.fromtimestamp(self.window.as_of / 1e9, UTC)

    @property
    def start(self) -> datetime:
        return datetime.fromtimestamp(self.window.start / 1e9, UTC)


Rows = list[dict[str, Any]]


class Seen(NamedTuple):
    """What a look found, and the files that it had to do without."""

    rows: Rows
    refused: Sequence[Refused] = ()


def surroundings(lake: Lake, about: About, failures: Failures) -> tuple[dict[str, Rows], list[str]]:
    """Lists by name, and what could not be read, in words: a table or a file that fails leaves an answer without it."""
    found: dict[str, Rows] = {}
    missing = []
    for name, look in _LOOKS.items():
        window = f"{name.replace('_', ' ')} of incident {about.incident_id}"
        found[name] = []
        with failures.attempt(window):
            found[name], refused = look(lake, about)
            missing += told_of(refused, _tenants(lake, about))
        if error := failures.held.get(window):
            missing.append(f"{name.replace('_', ' ')} could not be read: {told(error)}")
    return found, missing


def _tenants(lake: Lake, about: About) -> list[str]:
    return [*readable_tenants(lake), PLATFORM] if about.tenant == PLATFORM else [about.tenant]


def _changes(lake: Lake, about: About) -> Seen:
    """What was changed in the day before the window and in it, the latest first."""
    start, tenants = about.start - _CHANGES_BEFORE, _tenants(lake, about)
    rules = read_rules(lake.config / CHANGE_RULES)
    for name in tenants:
        find_changes(lake, name, start, about.as_of, list(rules.by_name.values()))
    found = {change for name in tenants for change in changes_between(lake, name, start, about.as_of)}
    latest = sorted(found, key=lambda change: (-change.time_unix_micro, change.change_id))[:_MOST_CHANGES]
    return Seen([{"change_id": change.change_id, **asdict(change)} for change in latest], rules.refused)


def _anomalies(lake: Lake, about: About) -> Seen:
    """Episodes of the hours before, those of the incident's services first, then by score."""
    end = Hour.of(about.as_of).start
    start = about.start - _ANOMALIES_BEFORE
    found = [each for name in _tenants(lake, about) for each in anomalies_between(lake, name, start, end)]
    found.sort(key=lambda each: (each.series.service not in about.services, -each.score, each.series, each.tenant))
    chosen = found[:_MOST_ANOMALIES]
    texts = {name: _templates(lake, name) for name in {each.tenant for each in chosen if each.series.template_id}}
    return Seen([_anomaly(each, texts.get(each.tenant, {})) for each in chosen])


def _templates(lake: Lake, tenant: str) -> dict[tuple[str, str], str]:
    """Text of each template, by service and id."""
    try:
        rows = read_rows(lake.store, templates_key(tenant))
    except ObjectMissing:
        return {}
    columns = (rows[name].to_pylist() for name in ("service", "template_id", "template"))
    return {(service, template_id): text for service, template_id, text in zip(*columns, strict=True)}


def _anomaly(episode: Episode, texts: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    return {
        "episode_id": episode.episode_id,
        **episode.series._asdict(),
        "template": texts.get(episode.series[:2], ""),
        "direction": episode.direction,
        "state": episode.state,
        "since_unix_nano": episode.since.start_nano,
        "last_hour_unix_nano": episode.last.start_nano,
        "score": episode.score,
        "observed": episode.observed,
        "expected_low": episode.expected_low,
        "expected_high": episode.expected_high,
        "baseline_size": episode.baseline_size,
        "reason": episode.reason,
        "example_event_ids": list(episode.example_event_ids),
    }


def _objectives(lake: Lake, about: About) -> Seen:
    """Objectives of the incident's services, and others that burn or are used up.

    Of an objective whose file is wrong there may be no rows, or none of late.
    """
    rows = [row for name in _tenants(lake, about) for row in objectives_at(lake, name, about.as_of)]
    wanted = [row for row in rows if row["service"] in about.services or row["state"] in (BURNING, EXHAUSTED)]
    wanted.sort(key=lambda row: (row["service"] not in about.services, str(row["objective"])))
    return Seen([_stored(row) for row in wanted[:_MOST_OBJECTIVES]], read_objectives(lake.config / OBJECTIVES).refused)


def _earlier(lake: Lake, about: About) -> Seen:
    """Incidents before this one that share an alarm, a service or a suspect with it, the latest first."""
    try:
        rows: Rows = read_rows(lake.store, incidents_key(about.tenant)).to_pylist()
    except ObjectMissing:
        return Seen([])
    began = datetime.fromtimestamp(about.window.state_change / 1e9, UTC).replace(tzinfo=None)
    before = [row for row in rows if row["incident_id"] != about.incident_id and row["opened_time"] < began]
    alike = sorted((row for row in before if _is_alike(row, about)), key=lambda row: row["opened_time"], reverse=True)
    return Seen([_stored(_with_cause(lake, about.tenant, row)) for row in alike[:_MOST_EARLIER]])


def _is_alike(row: Mapping[str, Any], about: About) -> bool:
    services = {*(row["service"] or "").split(", "), row["suspect"]}
    return row["alarm"] in about.alarms or not about.services.isdisjoint(services)


_KEPT = ("incident_id", "state", "opened_time", "resolved_time", "alarm", "service", "verdict", "suspect",
         "suspect_score")  # fmt: skip


def _with_cause(lake: Lake, tenant: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the cause that a person named last; `cause_named` tells "not in the logs" from nothing said."""
    said = [r for r in IncidentRecords(lake, tenant, row["incident_id"]).all() if r.kind == "feedback"]
    cause = said[-1].body.get("cause") if said else None
    return {name: row[name] for name in _KEPT} | {"cause_named": bool(said), "cause": cause}


def _stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON: times are nanoseconds since 1970, under names that say so."""
    return dict(_pair(name, value) for name, value in row.items())


def _pair(name: str, value: Any) -> tuple[str, Any]:
    if not name.endswith("_time"):
        return name, value
    return f"{name.removesuffix('_time')}_unix_nano", None if value is None else nano_of(value)


_LOOKS: Mapping[str, Callable[[Lake, About], Seen]] = {
    "changes": _changes,
    "anomalies": _anomalies,
    "objectives": _objectives,
    "earlier_incidents": _earlier,
}
SURROUNDINGS = tuple(_LOOKS)


# In words, for whoever shows them ------------------------------------------------------------------------------------


def told_of_budget(objective: Mapping[str, Any]) -> str:
    """State of an objective, and what is left of its budget."""
    left, burn = objective["budget_left_ratio"], objective["burn_rate_1h"]
    held = "nothing measured" if left is None else f"{left:.0%} left" if left >= 0 else f"overspent {_times(1 - left)}"
    return f"{objective['state']}, budget {held}" + (
        "" if burn is None else f", burning at {burn:.1f} in the last hour"
    )


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio < 10 else f"{ratio:,.0f} times"


def told_of_cause(earlier: Mapping[str, Any], shown: Callable[[str], str]) -> str:
    """What an earlier incident came from, as far as it is known, and who says so; `shown` makes a name safe to show."""
    if earlier["cause_named"]:
        return f"the cause was {shown(earlier['cause'] or 'not in the logs')}, as a person said"
    suspect = earlier["suspect"]
    return f"first suspect {shown(suspect)}" if suspect else str(earlier["verdict"] or "no answer")
