"""The sample's way in: a shop whose raw objects come hour by hour, and the truth about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from logsight_assets.errors import UsageError
from logsight_assets.lake import PLATFORM
from logsight_assets.sample.background import audit_records, deployment_lines, housekeeping, node_lines
from logsight_assets.sample.catalogue import ERROR, INFO, SERVICES, WARN
from logsight_assets.sample.customers import Customer, customers
from logsight_assets.sample.delivery import (
    AUDIT,
    EDGE_SOURCE,
    OTLP,
    SHOP,
    SYSLOG,
    Delivery,
    Kind,
    Parcel,
    SampleObject,
    Stream,
)
from logsight_assets.sample.dice import Dice
from logsight_assets.sample.encode import Resource, access_line, audit_record, flat_line, otlp_record, syslog_line
from logsight_assets.sample.journal import Access, Journal, Line
from logsight_assets.sample.journeys import JOURNEYS
from logsight_assets.sample.leaks import LEAKS
from logsight_assets.sample.scenario import Scenario, season, tenant_share
from logsight_assets.sample.spec import ShopSpec
from logsight_assets.sample.truth import Tally, Truth
from logsight_assets.timeline import HOUR_NS, Hour

# Measured over a week without a fault: what a journey writes in all sources.
_LINES_PER_JOURNEY = 5.7
# What no visitor causes: jobs of one tenant in an hour, and shares of the lines.
_JOB_LINES = 20
_HEARTBEAT_SHARE, _NODE_SHARE, _AUDIT_PER_HOUR = 0.06, 0.04, 10
_INVALID_TENANTS = ("../etc", "UPPER CASE", "acme/../globex", "a'; drop table events; --", "\u202eacme")
_UNGRANTED_TENANT = "umbrella"


class Shop:
    """Raw objects in arrival order; when all are taken, `truth` is known. Each iteration begins anew."""

    def __init__(self, spec: ShopSpec) -> None:
        self.spec = spec
        self._truth: Truth | None = None

    @property
    def truth(self) -> Truth:
        """UsageError before an iteration has ended."""
        if self._truth is None:
            raise UsageError("the sample's truth is known when all of its objects have been taken; iterate first")
        return self._truth

    def __iter__(self) -> Iterator[SampleObject]:
        """One hour after the other, never more than that in memory."""
        run = _Run(self.spec)
        first = self.spec.start_ns // HOUR_NS
        for index in range(first, first + self.spec.hours):
            run.write_hour(index * HOUR_NS)
            yield from run.delivery.objects(Hour(index))
        self._truth = run.tally.truth((it.to_json() for it in run.scenario.deployments), run.scenario.fault())


def generate(spec: ShopSpec) -> Iterator[SampleObject]:
    """The raw objects alone."""
    return iter(Shop(spec))


def generate_with_truth(spec: ShopSpec) -> tuple[Iterator[SampleObject], Callable[[], Truth]]:
    """The raw objects, and a function that gives the truth once they are all taken."""
    shop = Shop(spec)
    return iter(shop), lambda: shop.truth


def truth(spec: ShopSpec) -> Truth:
    """The truth alone: generates all and keeps nothing."""
    shop = Shop(spec)
    for _ in shop:
        pass
    return shop.truth


def source_definitions(spec: ShopSpec) -> dict[str, dict[str, Any]]:
    """What to write to `sources/<name>.yaml`, by name."""
    mixed = {"tenants": list(spec.tenants), "lateness_minutes": 20}
    return {
        SHOP.source: {
            "name": SHOP.source,
            "description": "the shop's services through the log router, one JSON object a line",
            "format": "flat",
            **mixed,
        },
        OTLP.source: {
            "name": OTLP.source,
            "description": "the shop's services that speak OTLP, through the collector, one export request a line",
            "format": "otlp",
            **mixed,
        },
        EDGE_SOURCE: {
            "name": EDGE_SOURCE,
            "description": "each tenant's edge proxy, nginx's combined format with the request's time",
            "format": "access",
            "service": "edge",
            **mixed,
        },
        SYSLOG.source: {
            "name": SYSLOG.source,
            "description": "the cluster's nodes, RFC 5424",
            "format": "syslog",
            "tenants": [],
            "lateness_minutes": 20,
        },
        AUDIT.source: {
            "name": AUDIT.source,
            "description": "the cloud account's audit trail, one file an hour",
            "format": "cloudtrail",
            "tenants": [],
            "lateness_minutes": 20,
        },
    }


class _Run:
    """One pass over the window."""

    def __init__(self, spec: ShopSpec) -> None:
        self.spec = spec
        self.tally = Tally()
        self.scenario = Scenario(spec)
        self.delivery = Delivery(spec, self.tally)
        self._people: dict[str, list[Customer]] = {it: customers(spec.seed, it) for it in spec.tenants}
        self._dice = Dice(spec.seed, "trouble", spec.end_ns)

    def write_hour(self, hour_ns: int) -> None:
        """Make all that begins in an hour and send it; what began before and reaches into it has been sent."""
        spec = self.spec
        for index, tenant in enumerate(spec.tenants):
            journal = self._tenant_hour(hour_ns, index, tenant)
            for line in journal.lines:
                self._send_line(line)
            for request in journal.requests:
                self._send_access(request)
        dice = Dice(spec.seed, "platform", hour_ns)
        nodes = max(4, int(spec.events_per_hour * _NODE_SHARE))
        for line in node_lines(dice, self.scenario, spec.tenants, hour_ns, nodes):
            self._send_node(line)
        if hour_ns // HOUR_NS % 4 == 0:  # a daemon's restart leaves a blank line
            self.delivery.put(SYSLOG, Parcel(hour_ns + dice.below(HOUR_NS), b"", "ignored", 0))
        for at, record in audit_records(dice, self.scenario.deployments, hour_ns, _AUDIT_PER_HOUR):
            self._send_audit(at, record)

    def _tenant_hour(self, hour_ns: int, index: int, tenant: str) -> Journal:
        spec = self.spec
        dice = Dice(spec.seed, "tenant", tenant, hour_ns)
        journal = Journal(dice, tenant, self.scenario, self._people[tenant])
        events = spec.events_per_hour * tenant_share(len(spec.tenants), index)
        visited = max(0.0, events * (1 - _HEARTBEAT_SHARE - _NODE_SHARE) - _JOB_LINES) * season(hour_ns, index)
        journeys = visited * (1 - spec.pii_share) / _LINES_PER_JOURNEY * (0.97 + 0.06 * dice.fraction())
        for _ in range(int(journeys + dice.fraction())):
            JOURNEYS.draw(dice)(journal, hour_ns + dice.below(HOUR_NS))
        for _ in range(int(visited * spec.pii_share + dice.fraction())):
            LEAKS.draw(dice)(journal, hour_ns + dice.below(HOUR_NS))
        housekeeping(journal, hour_ns, int(events * _HEARTBEAT_SHARE))
        for deployment in self.scenario.deployments:
            if hour_ns <= deployment.time_ns < hour_ns + HOUR_NS:
                deployment_lines(journal, deployment)
        return journal

    def _is_outside(self, time_ns: int) -> bool:
        return not self.spec.start_ns <= time_ns < self.spec.end_ns

    def _count(self, source: str, line: Line | Access, service: str, severity: int, *, late: bool) -> int:
        hour_ns = line.time_ns - line.time_ns % HOUR_NS
        self.tally.event(source, line.tenant, hour_ns, service, severity, late=late)
        if line.personal:
            self.tally.personal(line.personal)
        return hour_ns

    def _send_line(self, line: Line) -> None:
        if self._is_outside(line.time_ns):
            return
        arrival_ns, late = self.delivery.arrival(line.time_ns)
        version = self.scenario.version(line.service, line.time_ns)
        resource = Resource(line.tenant, line.service, version, line.pod)
        event_id = f"{self._dice.bits(128):032x}"
        stream = OTLP if SERVICES[line.service].speaks_otlp else SHOP
        hour_ns = self._count(stream.source, line, line.service, line.severity, late=late)
        if stream is OTLP:
            data = otlp_record(line, arrival_ns, event_id)
            self.delivery.put(OTLP, Parcel(arrival_ns, data, hour_ns=hour_ns, resource=resource))
        else:
            parcel = Parcel(arrival_ns, flat_line(line, resource, arrival_ns, event_id))
            self._send_flat(parcel, line, resource, hour_ns)

    def _send_flat(self, parcel: Parcel, line: Line, resource: Resource, hour_ns: int) -> None:
        """A flat line, and at times its copy, a cut one before it, or one that claims another tenant."""
        spec = self.spec
        trouble = self._dice.fraction() - spec.duplicate_share
        if trouble < 0:
            self.delivery.repeat(SHOP, parcel)
            self.tally.duplicate(line.tenant, hour_ns)
        elif trouble < spec.bad_share:
            self.delivery.put_cut(SHOP, parcel)
        elif trouble < spec.bad_share + spec.foreign_tenant_share:
            invalid = self._dice.chance(0.7)
            claimed = self._dice.pick(_INVALID_TENANTS) if invalid else _UNGRANTED_TENANT
            event_id = f"{self._dice.bits(128):032x}"
            data = flat_line(line, resource._replace(tenant=claimed), parcel.arrival_ns, event_id)
            kind: Kind = "tenant_invalid" if invalid else "tenant_not_granted"
            self.delivery.put(SHOP, Parcel(parcel.arrival_ns, data, kind))
        self.delivery.put(SHOP, parcel)

    def _send_access(self, request: Access) -> None:
        if self._is_outside(request.time_ns):
            return
        severity = ERROR if request.status >= 500 else WARN if request.status >= 400 else INFO
        arrival_ns, late = self.delivery.arrival(request.time_ns)
        self._count(EDGE_SOURCE, request, "edge", severity, late=late)
        self.delivery.put(Stream(request.tenant, EDGE_SOURCE), Parcel(arrival_ns, access_line(request)))

    def _send_node(self, line: Line) -> None:
        arrival_ns, late = self.delivery.arrival(line.time_ns)
        self._count(SYSLOG.source, line, line.service, line.severity, late=late)
        self.delivery.put(SYSLOG, Parcel(arrival_ns, syslog_line(line)))

    def _send_audit(self, time_ns: int, record: dict[str, Any]) -> None:
        arrival_ns, late = self.delivery.arrival(time_ns)
        severity = WARN if "errorCode" in record else INFO  # refused callers only: not the called service's fault
        hour_ns = time_ns - time_ns % HOUR_NS
        self.tally.event(AUDIT.source, PLATFORM, hour_ns, record["eventSource"], severity, late=late)
        self.delivery.put(AUDIT, Parcel(arrival_ns, audit_record(time_ns, record)))
