"""What an hour has: values of each series, counted by the engine from the hour's minute tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from logsight_assets.anomalies.expected import LEAST_DURATIONS
from logsight_assets.anomalies.naming import Naming
from logsight_assets.anomalies.series import ERROR_RATIO, EVENT_COUNT, QUANTILES, Observation, Series
from logsight_assets.lake import Lake, minute_key
from logsight_assets.sqltext import sql
from logsight_assets.tables import TRENDS
from logsight_assets.timeline import Hour
from logsight_assets.trends.histogram import quantile
from resources.query_engine import QueryEngine

_QUESTIONS = {
    "service_trend": "anomalies/service_hours",
    "template_trend": "anomalies/pattern_hours",
    "service_duration": "anomalies/duration_hours",
}
Observed = dict[Series, Observation]


def observe(lake: Lake, engine: QueryEngine, hour: Hour, namings: Mapping[str, Naming]) -> dict[str, Observed]:
    """Observations of these tenants' hour, all in one session: most of a small question is planning it."""
    rows: dict[str, dict[str, list[Mapping[str, Any]]]] = {}
    with engine.session() as session:
        for name, question in _QUESTIONS.items():
            uris = {
                tenant: [lake.store.uri(key)]
                for tenant in namings
                if lake.store.head(key := minute_key(name, tenant, hour))
            }
            session.define_tenants("by_minute", TRENDS[f"{name}_minute"], uris)
            rows[name] = _by_tenant(session.fetch(sql(question, rows="by_minute")).to_pylist())
    return {
        tenant: {
            **dict(_services(rows["service_trend"].get(tenant, []))),
            **dict(_durations(rows["service_duration"].get(tenant, []))),
            **_templates(rows["template_trend"].get(tenant, []), naming),
        }
        for tenant, naming in namings.items()
    }


def _by_tenant(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row["tenant"]].append(row)
    return found


def _services(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Series, Observation]]:
    for row in rows:
        events, errors = row["event_count"], row["error_count"]
        examples = _examples(row["first_event_id"], row["last_event_id"])
        yield Series(row["service"], "", EVENT_COUNT), Observation(float(events), events, examples, errors)
        if events:
            failing = _examples(row["first_error_id"], row["last_error_id"])
            yield Series(row["service"], "", ERROR_RATIO), Observation(errors / events, events, failing, errors)


def _durations(rows: Iterable[Mapping[str, Any]]) -> Iterable[tuple[Series, Observation]]:
    histograms: dict[str, dict[int, int]] = defaultdict(dict)
    for row in rows:
        histograms[row["service"]][row["duration_bucket"]] = row["event_count"]
    for service, buckets in histograms.items():
        count = sum(buckets.values())
        if count >= LEAST_DURATIONS:
            for metric, q in QUANTILES.items():
                yield Series(service, "", metric), Observation(float(quantile(buckets, q)), count)


def _templates(rows: Iterable[Mapping[str, Any]], naming: Naming) -> Observed:
    """Patterns of one template are one series; a pattern without one waits for its template."""
    found: Observed = {}
    for row in rows:
        name = naming.template_of.get((row["service"], row["pattern_id"]))
        if name is None:
            continue
        series = Series(row["service"], name, EVENT_COUNT)
        held = found.get(series, Observation(0.0, 0))
        events = held.size + row["event_count"]
        examples = (*held.examples, *_examples(row["first_event_id"], row["last_event_id"]))[:2]
        errors = held.error_count + row["error_count"]
        found[series] = Observation(float(events), events, examples, errors, name in naming.first_seen)
    return found


def _examples(*event_ids: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in event_ids if name))
