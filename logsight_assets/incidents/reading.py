"""From the lake to `Observed`: the event files of the window and of the time before it, aggregated by the engine.

Nothing later than `as_of` is read. Rows that reach Python are counts, samples and a bounded sample of traces, however
large the window is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from logsight_assets.incidents.hours_before import TimeRead, time_read
from logsight_assets.incidents.normal_hours import Kind
from logsight_assets.incidents.observed import Counts, Observed, SeenTemplate, TraceLines
from logsight_assets.incidents.said_durations import said_durations
from logsight_assets.incidents.seen_templates import Label, PatternSample, label
from logsight_assets.incidents.signals.call_sites import call_site_sql, with_call_site
from logsight_assets.incidents.signals.gravity import gravity_of
from logsight_assets.incidents.windows import Window
from logsight_assets.lake import Lake, events_prefix, is_erased, values
from logsight_assets.settings import TENANT_NAME
from logsight_assets.sqltext import sql
from logsight_assets.tables import EVENTS
from logsight_assets.timeline import Hour
from logsight_assets.trends.event_hours import rows_of
from logsight_assets.trends.hour_rows import masks_of
from resources.query_engine import Session

EVENTS_READ = "window_events"
_NEVER = np.iinfo(np.int64).max
TRACES_BEFORE, TRACES_DURING, LINES_OF_A_TRACE = 1_500, 1_000, 300


Pattern = tuple[str, int]  # service, pattern id
Key = tuple[str, int, str]  # service, pattern id, call site or ''


@dataclass(frozen=True)
class Files:
    """Event files by tenant, and the time of theirs that is read."""

    uris: Mapping[str, Sequence[str]]
    time: TimeRead


def readable_tenants(lake: Lake) -> list[str]:
    """Tenants that have events and were not erased."""
    names = values(lake.store, "events/", "tenant")
    return [name for name in names if TENANT_NAME.fullmatch(name) and not is_erased(lake.store, name)]


def files_of(lake: Lake, tenants: Sequence[str], window: Window, kind_of: Callable[[Hour], Kind]) -> Files:
    """Files of the window's hours, and of those before it that say what is normal; `kind_of` says what each was."""
    uris: dict[str, list[str]] = {}

    def take(hour: Hour) -> int:
        events = 0
        for tenant in tenants:
            for entry in lake.store.list(events_prefix(tenant, hour)):
                uris.setdefault(tenant, []).append(lake.store.uri(entry.key))
                events += rows_of(lake.store, entry)
        return events

    time = time_read(window, take, kind_of)
    return Files({tenant: sorted(own) for tenant, own in uris.items()}, time)


def observe(session: Session, files: Files, read: TimeRead, known: Mapping[Pattern, Label]) -> Observed:
    """Read the files' events of a time, up to its window's `as_of`; the session then holds them as EVENTS_READ."""
    window = read.window
    origin = {"origin": str(window.start)}
    session.define_tenants("events", EVENTS, files.uris)
    time = {"since": str(read.since), "until": str(window.as_of)}
    time["is_read"] = read.condition("time_unix_nano", str)
    session.keep(EVENTS_READ, sql("incidents/window_events", events="events", call_site=call_site_sql("body"), **time))
    session.keep("repeated", sql("trends/repeated_events", events=EVENTS_READ))
    session.keep("lines", sql("incidents/window_lines", events=EVENTS_READ, repeated="repeated"))
    counted = session.fetch(sql("incidents/pattern_counts", lines="lines", slice_ns=str(window.slice_ns), **origin))
    samples = _samples(session.fetch(sql("incidents/pattern_samples", events=EVENTS_READ)))
    labels = label(samples, known)
    services = tuple(sorted({service for service, _ in labels}))
    templates, template_of = _templates(counted, samples, labels, services)
    counts = _counts(counted, template_of, window, len(templates))
    sampled = {"before": str(TRACES_BEFORE), "during": str(TRACES_DURING), "longest": str(LINES_OF_A_TRACE)}
    return Observed(
        window,
        services,
        templates,
        counts,
        _trace_lines(session.fetch(sql("incidents/trace_lines", lines="lines", **origin, **sampled)), template_of),
        _durations(session.fetch(sql("incidents/durations", lines="lines", **origin)), services),
        {row["host"]: row["service"] for row in session.fetch(sql("incidents/hosts", lines="lines")).to_pylist()},
        sum(counted["event_count"].to_pylist()),
        said_durations(session, EVENTS_READ, templates, services, counts, window),
    )


def _samples(rows: pa.Table) -> list[PatternSample]:
    masks = masks_of(rows["smallest_body"]).to_pylist()
    return [
        PatternSample(
            row["service"],
            row["pattern_id"],
            mask,
            row["smallest_body"] or "",
            row["largest_body"] or "",
            row["first_seen_unix_nano"],
        )
        for row, mask in zip(rows.to_pylist(), masks, strict=True)
    ]


@dataclass
class _Tally:
    """What is counted of one call site of a pattern of a service."""

    events: int = 0
    errors: int = 0
    severity: int = 0


def _templates(
    counted: pa.Table, samples: Sequence[PatternSample], labels: Mapping[Pattern, Label], services: Sequence[str]
) -> tuple[tuple[SeenTemplate, ...], dict[Key, int]]:
    """Templates in order of (service, id, call site), and the number of the template of each key."""
    tallies: dict[Key, _Tally] = {}
    for key, row in zip(_keys(counted), counted.to_pylist(), strict=True):
        tally = tallies.setdefault(key, _Tally())
        tally.events += row["event_count"]
        tally.errors += row["error_count"]
        tally.severity = max(tally.severity, row["severity_number"])
    members: dict[tuple[str, str, str], list[Key]] = {}
    for key in sorted(tallies):
        service, pattern, site = key
        members.setdefault((service, labels[service, pattern].template_id, site), []).append(key)
    number = {service: index for index, service in enumerate(services)}
    bodies = {(sample.service, sample.pattern_id): sample.smallest for sample in samples}
    found: list[SeenTemplate] = []
    template_of: dict[Key, int] = {}
    for (service, template_id, site), own in sorted(members.items()):
        held = [tallies[key] for key in own]
        severity = max(held, key=lambda tally: tally.events).severity
        share = sum(tally.errors for tally in held) / sum(tally.events for tally in held)
        text = labels[own[0][:2]].template
        template_of |= dict.fromkeys(own, len(found))
        found.append(
            SeenTemplate(
                template_id,
                number[service],
                with_call_site(text, site),
                site,
                bodies[own[0][:2]][:500],
                tuple(sorted(key[1] for key in own)),
                gravity_of(severity, share, text, bodies[own[0][:2]]),
            )
        )
    return tuple(found), template_of


def _keys(rows: pa.Table) -> list[Key]:
    columns = (rows[name].to_pylist() for name in ("service", "pattern_id", "call_site"))
    return [(service, pattern, site) for service, pattern, site in zip(*columns, strict=True)]


def _counts(rows: pa.Table, template_of: Mapping[Key, int], window: Window, templates: int) -> Counts:
    owners = np.array([template_of[key] for key in _keys(rows)], dtype=np.int64)
    slices, place = np.unique(rows["slice_start"].to_numpy() // window.slice_ns, return_inverse=True)
    events = np.zeros((templates, len(slices)))
    np.add.at(events, (owners, place), rows["event_count"].to_numpy())
    came = rows["slice_start"].to_numpy() >= 0
    first = np.full(templates, _NEVER, dtype=np.int64)
    np.minimum.at(first, owners[came], rows["first_unix_nano"].to_numpy()[came])
    return Counts(slices, events, np.where(first == _NEVER, 0, first))


def _trace_lines(rows: pa.Table, template_of: Mapping[Key, int]) -> TraceLines:
    trace = rows["trace_id"].combine_chunks().dictionary_encode().indices.to_numpy().astype(np.int64)
    template = np.array([template_of[key] for key in _keys(rows)], dtype=np.int64)
    return TraceLines(
        trace, rows["time_unix_nano"].to_numpy(), template, rows["event_id"].to_numpy(zero_copy_only=False)
    )


def _durations(rows: pa.Table, services: Sequence[str]) -> dict[int, tuple[dict[int, int], dict[int, int]]]:
    number = {service: index for index, service in enumerate(services)}
    found: dict[int, tuple[dict[int, int], dict[int, int]]] = {}
    for row in rows.to_pylist():
        both = found.setdefault(number[row["service"]], ({}, {}))
        both[row["is_incident"]][row["duration_bucket"]] = row["event_count"]
    return found
