"""Durations that lines say: in a field of theirs, or in their text (`took 5312 ms`, `elapsed=4.2s`, `"rt": 0.31`).

Not every number with a unit is one that something took (`retrying in 30s`): those do not grow, and so say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from logsight_assets.incidents.observed import Counts, Durations, SeenTemplate
from logsight_assets.incidents.windows import Window
from logsight_assets.sqltext import literal, sql
from resources.query_engine import Session

_HEAD = 600  # characters of a body in which it stands
_MOST_BEFORE, _MOST_DURING = 400, 200  # lines of a template whose texts are read; of more, a fair sample
_NUMBER, _UNIT = "([0-9]+(?:[.][0-9]+)?)", "(ns|us|µs|μs|ms|msecs?|millis|milliseconds?|s|secs?|seconds?)"
_KEY = "duration|elapsed|latency|took|taken|cost|rt|(?:[a-z]+_?)?time"
# Behind a key that says what it is the unit may stand in the key, behind the number, or nowhere; elsewhere it must.
_SAID = (
    rf"(?:^|[^a-z])(?:{_KEY})(?:_?(?:in_?)?{_UNIT})?[\"']?\s?[=: ]\s?[\"']?{_NUMBER}\s?{_UNIT}?"
    rf"(?:[^-:0-9a-z.]|[.]\D|[.]?$)"
    rf"|(?:^|[\s=:(\[\"'>]){_NUMBER}\s?{_UNIT}(?:[^0-9a-z]|$)"
)
# A relation without rows still has types.
_NONE = "(cast(null as varchar), cast(null as bigint), cast(null as bigint), cast(null as bigint))"
_GROUPS = ("key_unit", "keyed_number", "keyed_unit", "bare_number", "bare_unit")
_SAYS = re.compile(_SAID, re.IGNORECASE)


def said_durations(
    session: Session,
    events: str,
    templates: Sequence[SeenTemplate],
    services: Sequence[str],
    counts: Counts,
    window: Window,
) -> Durations:
    """Durations by template and slice, of the events that the session holds under the name `events`."""
    rows = ", ".join(_timed(templates, services, counts)) or _NONE
    found = session.fetch(
        sql(
            "incidents/said_durations",
            events=events,
            timed=f"(select * from (values {rows}) as v (service, pattern_id, every_before, every_during))",
            said=_said_sql("e.body"),
            origin=str(window.start),
            slice_ns=str(window.slice_ns),
        )
    )
    return _durations(found, templates, services, window)


def _timed(templates: Sequence[SeenTemplate], services: Sequence[str], counts: Counts) -> list[str]:
    """Rows of SQL values: patterns whose texts may say it, and of how many of their events one is looked at."""
    before = counts.slices < 0
    lines = zip(counts.events[:, before].sum(axis=1), counts.events[:, ~before].sum(axis=1), strict=True)
    every: dict[tuple[str, int], tuple[int, int]] = {}
    for template, (past, now) in zip(templates, lines, strict=True):
        if says_duration(template.sample):
            rare = 1 + int(past) // _MOST_BEFORE, 1 + int(now) // _MOST_DURING
            # A pattern of several places in the code is read as often as its rarest.
            every |= {
                key: min(rare, every.get(key, rare))
                for key in ((services[template.service], pattern) for pattern in template.patterns)
            }
    return [
        f"({literal(service)}, {pattern}, {past}, {now})" for (service, pattern), (past, now) in sorted(every.items())
    ]


def says_duration(body: str) -> bool:
    """Whether a line says how long something took, as far as its form tells."""
    return _SAYS.search(body[:_HEAD]) is not None


def _said_sql(body: str) -> str:
    """DuckDB expression: number and unit as texts, in a struct of `_GROUPS`."""
    names = ", ".join(literal(name) for name in _GROUPS)
    return f"regexp_extract(substr({body}, 1, {_HEAD}), {literal(_SAID)}, [{names}], 'i')"


def _durations(rows: pa.Table, templates: Sequence[SeenTemplate], services: Sequence[str], window: Window) -> Durations:
    number = {
        (services[template.service], pattern, template.call_site): index
        for index, template in enumerate(templates)
        for pattern in template.patterns
    }
    keys = zip(*(rows[name].to_pylist() for name in ("service", "pattern_id", "call_site")), strict=True)
    return Durations(
        np.array([number[key] for key in keys], dtype=np.int64),
        rows["slice_start"].to_numpy() // window.slice_ns,
        rows["duration_bucket"].to_numpy().astype(np.int64),
        rows["event_count"].to_numpy(),
        rows["event_id"].to_numpy(zero_copy_only=False),
        rows["time_unix_nano"].to_numpy(),
    )
