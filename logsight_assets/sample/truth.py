"""What is true of the generated logs, counted while they are made.

A *record* is a well-formed log record as delivered; an *event* a record that is stored, so not one whose tenant is
refused. A *duplicate* is a further delivery of a byte-identical line that carries an id: it is stored and not counted.
A *late* event is one whose first delivery has a later arrival hour than its event hour. Text lines are given the
severity that their format has for them: of the status in an access log, of the priority in syslog.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from logsight_assets.timeline import Hour


@dataclass(frozen=True)
class ObjectTruth:
    """One raw object: lines = lines that hold records + bad_lines + ignored_lines."""

    lines: int
    records: int
    events: int  # records - tenant_invalid - tenant_not_granted; duplicates are among them
    bad_lines: int  # cut JSON: quarantined as no JSON
    ignored_lines: int  # blank
    tenant_invalid: int  # records that name what can be no tenant
    tenant_not_granted: int  # records that name a tenant which the source does not grant


@dataclass(frozen=True)
class FaultTruth:
    """The injected fault; times in nanoseconds. It lasts to the end of the window."""

    service: str  # the root cause
    kind: str
    deployment_time: int
    version: str
    previous_version: str
    start_time: int  # no new template is older; its first line comes with the first request that fails
    templates: tuple[dict[str, str], ...]  # new ones: service, text with <*>, constant: a part that never varies
    stopped: dict[str, str]  # the line that no longer comes: tenant, service, text, constant
    affected_services: tuple[str, ...]  # by propagation, nearest first


@dataclass(frozen=True)
class Truth:
    """All of it; `to_json` gives plain lists and dictionaries."""

    objects: Mapping[str, ObjectTruth]  # by key
    counts: Mapping[str, Mapping[str, int]]  # source → "tenant|event hour|service|severity" → distinct events
    duplicates: Mapping[str, int]  # "tenant|event hour" → duplicate deliveries
    late: Mapping[str, int]  # "tenant|event hour" → distinct events
    pii: tuple[tuple[str, str], ...]  # sorted (kind, value): none may be found outside raw and quarantine
    pii_events: int  # distinct events that carry at least one of them
    deployments: tuple[dict[str, str | int], ...]  # service, time, version, previous
    fault: FaultTruth | None

    def totals(self, sources: Iterable[str] | None = None) -> dict[str, int]:
        """Distinct events by "tenant|event hour|service|severity" over `sources`, or over all of them."""
        total: Counter[str] = Counter()
        for source in self.counts if sources is None else sources:
            total.update(self.counts[source])
        return dict(sorted(total.items()))

    @property
    def events(self) -> int:
        """Distinct events of all sources."""
        return sum(sum(cells.values()) for cells in self.counts.values())

    def to_json(self) -> dict[str, Any]:
        """What json.dumps takes."""
        return asdict(self)


class Tally:
    """Counts while events are made; `truth` reads the counters off."""

    def __init__(self) -> None:
        self._cells: Counter[tuple[str, str, int, str, int]] = Counter()
        self._late: Counter[tuple[str, int]] = Counter()
        self._duplicates: Counter[tuple[str, int]] = Counter()
        self._pii: set[tuple[str, str]] = set()
        self._pii_events = 0
        self._objects: dict[str, ObjectTruth] = {}

    def event(self, source: str, tenant: str, hour_ns: int, service: str, severity: int, *, late: bool) -> None:
        """A distinct event; `hour_ns` is the start of its event hour."""
        self._cells[source, tenant, hour_ns, service, severity] += 1
        if late:
            self._late[tenant, hour_ns] += 1

    def duplicate(self, tenant: str, hour_ns: int) -> None:
        """One more delivery of an event that is counted already."""
        self._duplicates[tenant, hour_ns] += 1

    def personal(self, values: Iterable[tuple[str, str]]) -> None:
        """An event that carries these (kind, value)."""
        self._pii.update(values)
        self._pii_events += 1

    def object(self, key: str, counted: ObjectTruth) -> None:
        """A finished raw object."""
        self._objects[key] = counted

    def truth(self, deployments: Iterable[dict[str, str | int]], fault: FaultTruth | None) -> Truth:
        """Everything counted so far."""

        def by_hour(counter: Counter[tuple[str, int]]) -> dict[str, int]:
            return {f"{tenant}|{Hour.of_nano(hour)}": count for (tenant, hour), count in sorted(counter.items())}

        counts: dict[str, dict[str, int]] = {}
        for (source, tenant, hour, service, severity), count in sorted(self._cells.items()):
            counts.setdefault(source, {})[f"{tenant}|{Hour.of_nano(hour)}|{service}|{severity}"] = count
        return Truth(
            objects=dict(self._objects),
            counts=counts,
            duplicates=by_hour(self._duplicates),
            late=by_hour(self._late),
            pii=tuple(sorted(self._pii)),
            pii_events=self._pii_events,
            deployments=tuple(deployments),
            fault=fault,
        )
