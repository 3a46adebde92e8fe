"""What counts for objectives, by the hour: read from the hour level of the trends, and from minutes of open hours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from logsight_assets.lake import Lake
from logsight_assets.slo.budget import Count
from logsight_assets.slo.objective import LATENCY, Objective
from logsight_assets.sqltext import sql
from logsight_assets.tables import TRENDS
from logsight_assets.timeline import Hour
from logsight_assets.trends.parts import Parts
from resources.query_engine import QueryEngine, Session

TRENDS_READ = ("service_trend", "service_duration")
_QUESTIONS = {"service_trend": "slo/service_hours", "service_duration": "trends/duration_hours"}
Counts = Mapping[str, Mapping[Hour, Count]]  # by objective


def count(lake: Lake, engine: QueryEngine, parts: Mapping[str, Parts], objectives: Iterable[Objective]) -> Counts:
    """Counts of each objective by hour, from these objects of each trend."""
    found: dict[str, dict[Hour, Count]] = {objective.name: defaultdict(Count) for objective in objectives}
    with engine.session() as session:
        for name, question in _QUESTIONS.items():
            own = [each for each in objectives if (each.kind == LATENCY) == (name == "service_duration")]
            if not own:
                continue
            _define(lake, session, name, parts[name])
            for row in session.fetch(sql(question, closed="closed", opened="opened")).to_pylist():
                for objective in own:
                    if row["service"] == objective.service and objective.environment in (None, row["environment"]):
                        found[objective.name][_hour(row["hour_time"])] += _count(objective, row)
    return found


def _define(lake: Lake, session: Session, name: str, parts: Parts) -> None:
    session.define("closed", TRENDS[f"{name}_hour"], [lake.store.uri(entry.key) for entry in parts.days])
    session.define("opened", TRENDS[f"{name}_minute"], [lake.store.uri(entry.key) for entry in parts.hours])


def _count(objective: Objective, row: Mapping[str, Any]) -> Count:
    if objective.kind == LATENCY:
        is_slow = row["duration_bucket"] > objective.slowest_good_bucket
        return Count(row["event_count"], row["event_count"] if is_slow else 0)
    if objective.of == "requests":
        return Count(row["request_count"], row["failed_request_count"])
    return Count(row["event_count"], row["error_count"])


def _hour(naive: datetime) -> Hour:
    return Hour.of(naive.replace(tzinfo=UTC))
