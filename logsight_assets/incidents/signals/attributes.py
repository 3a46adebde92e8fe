"""Attributes that failing events have and healthy ones of the same service lack: a version, a host, a shard."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from logsight_assets.incidents.observed import Observed
from logsight_assets.incidents.reading import EVENTS_READ
from logsight_assets.incidents.signals.findings import NEW, SURGING, Finding
from logsight_assets.sqltext import literal, sql
from resources.query_engine import Session

_SAMPLED = 300  # events on either side that are looked at
_LEAST = 5  # events on either side
_COMMON = 0.6  # share of the failing events that have it …
_RARE = 0.5  # … against so many times as many healthy ones at most, by ratio of shares
_LONGEST = 200  # characters of a value that can be a group's name


@dataclass(frozen=True)
class Telling:
    """A value that tells failing events from healthy ones."""

    name: str
    value: str
    failing_share: float
    healthy_share: float


def shared_by_failing(session: Session, observed: Observed, service: int, findings: Sequence[Finding]) -> list[Telling]:
    """What a service's new and surging lines share; the session holds the events read (see reading.py)."""
    patterns = {
        pattern
        for finding in findings
        if finding.kind in (NEW, SURGING) and finding.template is not None
        for pattern in observed.templates[finding.template].patterns
    }
    if not patterns:
        return []
    values = ", ".join(f"({pattern})" for pattern in sorted(patterns))
    rows = session.fetch(
        sql(
            "incidents/attribute_samples",
            events=EVENTS_READ,
            failing=f"(select pattern_id from (values {values}) as v (pattern_id))",
            service=literal(observed.services[service]),
            since=str(observed.window.start),
            until=str(observed.window.as_of),
            most=str(_SAMPLED),
        )
    ).to_pylist()
    failing, healthy = (
        [row["attributes"] or "" for row in rows if row["is_failing"] == side] for side in (True, False)
    )
    return telling(failing, healthy)


def telling(failing: Sequence[str], healthy: Sequence[str]) -> list[Telling]:
    """Values of JSON attribute objects, the most telling first; what is no object counts as empty."""
    if len(failing) < _LEAST or len(healthy) < _LEAST:
        return []
    bad, good = _counts(failing), _counts(healthy)
    found = [
        Telling(name, value, count / len(failing), good[name, value] / len(healthy))
        for (name, value), count in bad.items()
        if count >= _COMMON * len(failing) and good[name, value] / len(healthy) <= _RARE * count / len(failing)
    ]
    return sorted(found, key=lambda each: (each.healthy_share - each.failing_share, each.name, each.value))


def _counts(documents: Iterable[str]) -> Counter[tuple[str, str]]:
    counted: Counter[tuple[str, str]] = Counter()
    for document in documents:
        try:
            found = json.loads(document) if document else {}
        except ValueError:
            continue
        if isinstance(found, dict):
            counted.update(
                (name, str(value))
                for name, value in found.items()
                if isinstance(value, (str, int, bool)) and len(str(value)) <= _LONGEST
            )
    return counted
