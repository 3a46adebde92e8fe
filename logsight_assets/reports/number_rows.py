"""The numbers of a report as rows of `report_numbers`: everything that the page says, and more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter, methodcaller
from typing import Any, TypeAlias

import pyarrow as pa

from logsight_assets.lake import PLATFORM
from logsight_assets.reports.measured import QUANTILES, Measured
from logsight_assets.reports.novelties import Novelty
from logsight_assets.reports.numbers import Compared, Numbers
from logsight_assets.tables import REPORT_NUMBERS

Row: TypeAlias = Mapping[str, Any]
_COUNTS = {
    "event_count": "events",
    "error_count": "errors",
    "request_count": "requests",
    "bytes": "bytes",
    "weighted_event_count": "weighted_events",
    "duration_count": "duration_count",
}


def number_rows(numbers: Numbers) -> pa.Table:
    """All rows, ordered by the table's key."""
    same = {"kind": numbers.period.kind, "period": numbers.period.name, "environment": "", "service": "", "item": ""}
    rows = [same | dict(row) for make in _SECTIONS for row in make(numbers)]
    rows.sort(key=lambda row: tuple(row[name] for name in REPORT_NUMBERS.key))
    return pa.Table.from_pylist(rows, REPORT_NUMBERS.arrow_schema)


def _total(numbers: Numbers) -> Iterator[Row]:
    yield from _compared({"section": "total"}, numbers.total)


def _parts(numbers: Numbers) -> Iterator[Row]:
    for service, part in numbers.parts.items():
        if numbers.tenant == PLATFORM:
            yield from _compared({"section": "tenant", "item": service.name}, part)
        else:
            place = {"section": "service", "environment": service.environment, "service": service.name}
            yield from _compared(place, part)


def _compared(place: Row, part: Compared) -> Iterator[Row]:
    for measure, attribute in _COUNTS.items():
        yield {**place, "measure": measure, **_values(part, attrgetter(attribute))}
    if part.whole.durations or any(change.then.durations for change in part.changes.values()):
        for name in QUANTILES:
            yield {**place, "measure": f"duration_{name}_ns", **_values(part, methodcaller("duration_ns", name))}


def _values(part: Compared, read: Callable[[Measured], int | None]) -> dict[str, int | None]:
    values = {"value": read(part.whole)}
    for name, change in part.changes.items():
        values |= {f"value_like_{name}": read(change.now), name: read(change.then)}
    return values


def _hours(numbers: Numbers) -> Iterator[Row]:
    for each in numbers.hours:
        place = {"section": "hour", "item": str(each.hour)}
        events, errors = (each.events, each.errors) if each.is_known else (None, None)
        yield {**place, "measure": "event_count", "value": events, "before": each.before}
        yield {**place, "measure": "error_count", "value": errors}


def _novelties(numbers: Numbers) -> Iterator[Row]:
    for section, held in numbers.novelties.all.items():
        for novelty in held:
            yield from _novelty(section, novelty)
    for tenant, counts in numbers.novelty_counts.items():
        for section in ("new", "surging", "gone"):
            yield {"section": section, "item": tenant, "measure": "template_count", "value": getattr(counts, section)}


def _novelty(section: str, novelty: Novelty) -> Iterator[Row]:
    kind = novelty.kind
    # Unsigned, as a hash is read; a template's id is text already.
    item = kind.template_id or f"pattern {kind.pattern_id & 0xFFFF_FFFF_FFFF_FFFF:016x}"
    place = {"section": section, "service": kind.service, "item": item, "label": novelty.label.text}
    compared: dict[str, int] = {}
    for name, (now, then) in novelty.compared.items():
        compared |= {f"value_like_{name}": now, name: then}
    yield {**place, "measure": "event_count", "value": novelty.now.events, **compared}
    yield {**place, "measure": "error_count", "value": novelty.now.errors}


def _quality(numbers: Numbers) -> Iterator[Row]:
    quality = numbers.quality
    for source, hours in quality.sources.items():
        for state in ("complete", "open", "behind", "absent"):
            yield {"section": "source", "item": source, "measure": f"{state}_hours", "value": getattr(hours, state)}
    facts = {
        "missing_hours": len(quality.missing),
        "stored_events": quality.stored,
        "late_events": quality.late,
        "duplicates": quality.duplicates,
        "id_conflicts": quality.id_conflicts,
        "lines": quality.received.lines,
        "quarantined": quality.received.quarantined,
    }
    for measure, value in facts.items():
        yield {"section": "quality", "measure": measure, "value": value}


_SECTIONS = (_total, _parts, _hours, _novelties, _quality)
