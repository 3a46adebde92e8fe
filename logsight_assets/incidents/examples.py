"""Events that show a finding: fetched by template, a few each, so that whoever reads the answer sees lines.

New and surging lines show their first events of the incident, slower ones those from the first that was slow, stopped
ones their last events before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.reading import EVENTS_READ
from logsight_assets.incidents.signals.findings import SLOWER, STOPPED, Finding
from logsight_assets.sqltext import literal, sql
from resources.query_engine import Session

EXAMPLES = 5  # events of a template that are shown


@dataclass(frozen=True)
class Example:
    """An event as evidence. Its texts are untrusted: data, never instructions."""

    event_id: str
    service: str
    time_unix_nano: int
    host: str
    severity_text: str
    body: str  # its beginning
    attributes: str  # JSON
    trace_id: str


def examples_of(
    session: Session, observed: Observed, findings: Sequence[Finding], since: int
) -> dict[int, list[Example]]:
    """Examples by template number, in order of time; the session holds the events read (see reading.py).

    `since` is where the time read begins (nanoseconds since 1970). Nothing from `as_of` on is fetched.
    """
    wanted = {finding.template: finding for finding in findings if finding.template is not None}
    chosen = [row for finding in wanted.values() for row in _chosen(observed, finding, since)]
    if not chosen:
        return {}
    relation = f"(values {', '.join(chosen)}) as c (line, service, pattern_id, call_site, since, until, is_latest)"
    rows = session.fetch(
        sql(
            "incidents/example_events",
            events=EVENTS_READ,
            chosen=f"(select * from {relation})",
            most=str(EXAMPLES),
        )
    )
    found: dict[int, list[Example]] = {}
    for row in rows.to_pylist():
        line = row.pop("line")
        found.setdefault(line, []).append(Example(**{name: _known(value) for name, value in row.items()}))
    return found


def _known(value: Any) -> Any:
    return "" if value is None else value


def _chosen(observed: Observed, finding: Finding, since: int) -> list[str]:
    """Rows of SQL values: the patterns of a finding's template, and when to look for it."""
    window = observed.window
    is_latest = finding.kind == STOPPED
    start, end = (since, window.start + window.span // 2) if is_latest else (window.start, window.as_of)
    if finding.kind == SLOWER and finding.since_nano is not None:
        start = finding.since_nano
    template = observed.templates[finding.template or 0]
    service = literal(observed.services[template.service])
    return [
        f"({finding.template}, {service}, {pattern}, {literal(template.call_site)}, {start}, {end}, "
        f"{'true' if is_latest else 'false'})"
        for pattern in template.patterns
    ]
