"""The notebook into which journeys write: one tenant's lines of one hour, in no order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from logsight_assets.sample.catalogue import MESSAGES, SERVICES
from logsight_assets.sample.customers import Customer
from logsight_assets.sample.dice import Dice
from logsight_assets.sample.scenario import Scenario

Personal = tuple[tuple[str, str], ...]


class Line(NamedTuple):
    """What a program says, before it has a format."""

    time_ns: int
    tenant: str
    service: str
    severity: int
    body: str
    attributes: dict[str, object]
    trace_id: str
    span_id: str
    pod: int  # which replica
    personal: Personal  # (kind, value) of what should not be in a log, wherever it stands in the line


class Access(NamedTuple):
    """A request as the edge proxy saw it, when it was answered."""

    time_ns: int
    tenant: str
    client: str
    method: str
    target: str
    status: int
    size: int
    agent: str
    duration_us: int
    personal: Personal


class Span(NamedTuple):
    """Where in a trace a line belongs."""

    trace_id: str
    span_id: str


NO_SPAN = Span("", "")


@dataclass
class Journal:
    """Chance, people and time of one tenant's hour, and what was written so far."""

    dice: Dice
    tenant: str
    scenario: Scenario
    people: list[Customer]
    lines: list[Line] = field(default_factory=list)
    requests: list[Access] = field(default_factory=list)

    def trace(self) -> Span:
        """A new trace, with its first span."""
        return Span(f"{self.dice.bits(128):032x}", f"{self.dice.bits(64):016x}")

    def span(self, parent: Span) -> Span:
        """A new span in a trace."""
        return Span(parent.trace_id, f"{self.dice.bits(64):016x}")

    def log(
        self,
        time_ns: int,
        name: str,
        attributes: dict[str, object],
        span: Span = NO_SPAN,
        service: str = "",
        personal: Personal = (),
        **values: object,
    ) -> None:
        """Write the message `name` of the catalogue; `service` only where the name does not begin with it."""
        message = MESSAGES[name]
        service = service or name[: name.index(".")]
        body = message.text.format(**values) if values else message.text
        pod = int(self.dice.fraction() * SERVICES[service].replicas)
        self.lines.append(Line(time_ns, self.tenant, service, message.severity, body, attributes, *span, pod, personal))


def http(method: str, route: str, status: int, duration_us: int) -> dict[str, object]:
    """The attributes of an answered request, in OpenTelemetry's names; the duration in milliseconds."""
    return {
        "http.request.method": method,
        "http.route": route,
        "http.response.status_code": status,
        "url.scheme": "https",
        "duration_ms": duration_us / 1000,
    }
