"""Reads raw objects back with nothing of the product, so that the generator's truth has a second witness."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

from logsight_assets.sample.delivery import SampleObject

KEY = re.compile(
    r"raw/tenant=(?P<tenant>[a-z0-9_-]+)/source=(?P<source>[a-z-]+)/dt=(?P<dt>\d{4}-\d\d-\d\d)/hour=(?P<hour>\d\d)/"
    r"(?P=source)-1-(?P=dt)-(?P=hour)-\d\d-\d\d-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}\.gz"
)
ACCESS = re.compile(r'\S+ - - \[([^]]+)] "[A-Z]+ \S+ HTTP/1\.1" (\d{3}) \d+ "-" "[^"]+" \d+\.\d{3}')
SYSLOG = re.compile(r"<(\d+)>1 (\d{4}-\d\d-\d\dT\d\d):\S+Z \S+ (\S+) \d+ - - .+")
SYSLOG_SEVERITY = {7: 5, 6: 9, 4: 13, 3: 17, 0: 21}


@dataclass(frozen=True)
class Event:
    """One delivered record."""

    source: str
    arrival_hour: str
    tenant: str
    event_hour: str
    service: str
    severity: int
    event_id: str | None = None
    body: str = ""
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def cell(self) -> str:
        return f"{self.tenant}|{self.event_hour}|{self.service}|{self.severity}"


@dataclass
class Seen:
    """What the objects hold, duplicates included."""

    events: list[Event] = field(default_factory=list)
    lines: Counter[str] = field(default_factory=Counter)
    bad_lines: Counter[str] = field(default_factory=Counter)
    blank_lines: Counter[str] = field(default_factory=Counter)
    events_of: Counter[str] = field(default_factory=Counter)
    refused: list[Event] = field(default_factory=list)
    text: list[bytes] = field(default_factory=list)

    @cached_property
    def distinct(self) -> list[Event]:
        """Each event once, at its first delivery."""
        found: dict[object, Event] = {}
        for number, event in enumerate(self.events):
            key = (event.source, event.event_id) if event.event_id else number
            if key not in found or event.arrival_hour < found[key].arrival_hour:
                found[key] = event
        return list(found.values())


def _hour(time_ns: int) -> str:
    return datetime.fromtimestamp(time_ns // 10**9, UTC).strftime("%Y-%m-%dT%H")


def _flat(source: str, arrival: str, line: bytes) -> list[Event]:
    record = json.loads(line)
    who = record["resource"]
    return [
        Event(
            source,
            arrival,
            who["tenant.id"],
            _hour(record["timeUnixNano"]),
            who["service.name"],
            record["severityNumber"],
            record["event_id"],
            record["body"],
            record,
        )
    ]


def _plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {it["key"]: next(iter(it["value"].values())) for it in attributes}


def _otlp(source: str, arrival: str, line: bytes) -> list[Event]:
    found = []
    for group in json.loads(line)["resourceLogs"]:
        who = _plain(group["resource"]["attributes"])
        for record in (record for scope in group["scopeLogs"] for record in scope["logRecords"]):
            held = record | {"attributes": _plain(record["attributes"])}
            hour, uid = _hour(int(record["timeUnixNano"])), held["attributes"]["log.record.uid"]
            body, severity = record["body"]["stringValue"], record["severityNumber"]
            event = Event(source, arrival, who["tenant.id"], hour, who["service.name"], severity, uid, body, held)
            found.append(event)
    return found


def _access(source: str, arrival: str, tenant: str, line: str) -> Event:
    match = ACCESS.fullmatch(line)
    assert match, line
    when, status = datetime.strptime(match[1], "%d/%b/%Y:%H:%M:%S %z"), int(match[2])
    severity = 17 if status >= 500 else 13 if status >= 400 else 9
    return Event(source, arrival, tenant, f"{when:%Y-%m-%dT%H}", "edge", severity, None, line, {"status": status})


def _syslog(source: str, arrival: str, tenant: str, line: str) -> Event:
    match = SYSLOG.fullmatch(line)
    assert match, line
    return Event(source, arrival, tenant, match[2], match[3], SYSLOG_SEVERITY[int(match[1]) % 8], None, line)


def _audit(source: str, arrival: str, tenant: str, line: bytes) -> list[Event]:
    return [
        Event(
            source, arrival, tenant, record["eventTime"][:13], record["eventSource"], 13 if "errorCode" in record else 9
        )
        for record in json.loads(line)["Records"]
    ]


def _events(source: str, arrival: str, tenant: str, line: bytes) -> list[Event]:
    if source == "shop":
        return _flat(source, arrival, line)
    if source == "shop-otlp":
        return _otlp(source, arrival, line)
    if source == "audit":
        return _audit(source, arrival, tenant, line)
    one = _access if source == "edge-nginx" else _syslog
    return [one(source, arrival, tenant, line.decode())]


def recount(objects: Iterable[SampleObject], tenants: Iterable[str]) -> Seen:
    """Read every line of every object."""
    seen, granted = Seen(), {*tenants, "_platform"}
    for key, data in objects:
        match = KEY.fullmatch(key)
        assert match, key
        text = gzip.decompress(data)
        assert text.endswith(b"\n")
        seen.text.append(text)
        arrival = f"{match['dt']}T{match['hour']}"
        for line in text[:-1].split(b"\n"):
            seen.lines[key] += 1
            if not line:
                seen.blank_lines[key] += 1
                continue
            try:
                events = _events(match["source"], arrival, match["tenant"], line)
            except ValueError:
                seen.bad_lines[key] += 1
                continue
            for event in events:
                kept = event.tenant in granted
                (seen.events if kept else seen.refused).append(event)
                seen.events_of[key] += kept
    return seen
