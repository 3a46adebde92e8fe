"""What happens when: deployments, the fault, and how busy an hour is. Pure functions of the spec and a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from logsight_assets.sample.catalogue import (
    FAULT_MESSAGES,
    MESSAGES,
    SERVICES,
    STOPPED_MESSAGE,
    constant_text,
    template_text,
)
from logsight_assets.sample.dice import Dice
from logsight_assets.sample.spec import MINUTE_NS, NS, ShopSpec
from logsight_assets.sample.truth import FaultTruth
from logsight_assets.timeline import HOUR_NS

# Per mille of the mean by hour of the day where the tenant sells, and by weekday from Monday.
_BY_HOUR = (
    *(640, 560, 520, 500, 510, 560, 680, 820, 950, 1060, 1140, 1200),
    *(1260, 1240, 1190, 1170, 1180, 1230, 1320, 1420, 1440, 1310, 1140, 960),
)
_BY_WEEKDAY = (980, 960, 970, 1000, 1090, 1050, 950)

# (service, hours before the end, version): ordinary deployments, after which nothing goes wrong.
_ROUTINE = (("catalog", 19, "3.9.0"), ("frontend", 11, "5.15.0"), ("shipping", 5, "0.20.0"))
_FAULTY_SERVICE, _FAULTY_VERSION = "payment", "2.9.0"
_RAMP_NS = 10 * MINUTE_NS


@dataclass(frozen=True)
class Deployment:
    """A new version of a service, for all tenants at once."""

    service: str
    time_ns: int
    version: str
    previous: str

    def to_json(self) -> dict[str, str | int]:
        """As the truth holds it."""
        return {
            "service": self.service,
            "time": self.time_ns,
            "version": self.version,
            "previous": self.previous,
        }


class Scenario:
    """Deployments and the fault of one spec."""

    def __init__(self, spec: ShopSpec) -> None:
        dice = Dice(spec.seed, "scenario")
        self._spec = spec
        found = []
        for service, hours, version in _ROUTINE:
            at = spec.end_ns - hours * HOUR_NS + dice.below(50 * MINUTE_NS)
            if at >= spec.start_ns:
                found.append(Deployment(service, at, version, SERVICES[service].version))
        rollout = spec.end_ns - 2 * HOUR_NS + 20 * MINUTE_NS + dice.below(5 * MINUTE_NS)
        # Leaked connections pile up for a few minutes before the pool runs dry.
        self.fault_start_ns = rollout + 3 * MINUTE_NS + dice.below(2 * MINUTE_NS) if spec.fault else spec.end_ns
        if spec.fault:
            previous = SERVICES[_FAULTY_SERVICE].version
            found.append(Deployment(_FAULTY_SERVICE, rollout, _FAULTY_VERSION, previous))
        self.deployments = tuple(found)
        self._deployed = {deployment.service: deployment for deployment in found}

    def version(self, service: str, at_ns: int) -> str:
        """Which version of a service runs at a time."""
        deployment = self._deployed.get(service)
        if deployment is not None and at_ns >= deployment.time_ns:
            return deployment.version
        return SERVICES[service].version

    def failure_share(self, tenant: str, at_ns: int) -> float:
        """The share of payment calls that find no connection."""
        since = at_ns - self.fault_start_ns
        if since < 0:
            return 0.0
        if tenant == self._spec.faulty_tenant:
            return 1.0
        return 0.15 + 0.45 * min(since, _RAMP_NS) / _RAMP_NS

    def fault(self) -> FaultTruth | None:
        """What the truth says about the fault."""
        if not self._spec.fault:
            return None
        deployment = self._deployed[_FAULTY_SERVICE]
        stopped = MESSAGES[STOPPED_MESSAGE].text
        return FaultTruth(
            service=_FAULTY_SERVICE,
            kind="connection pool exhausted after a deployment",
            deployment_time=deployment.time_ns,
            version=deployment.version,
            previous_version=deployment.previous,
            start_time=self.fault_start_ns,
            templates=tuple(_template(name) for name in FAULT_MESSAGES),
            stopped={
                "tenant": self._spec.faulty_tenant,
                "service": _FAULTY_SERVICE,
                "text": template_text(stopped),
                "constant": constant_text(stopped),
            },
            affected_services=("checkout", "frontend", "edge"),
        )


def _template(name: str) -> dict[str, str]:
    text = MESSAGES[name].text
    return {"service": name.partition(".")[0], "text": template_text(text), "constant": constant_text(text)}


def season(hour_ns: int, tenant_index: int) -> float:
    """How busy an hour is against the mean; tenants sell in zones seven hours apart."""
    local = datetime.fromtimestamp(hour_ns // NS + tenant_index * 7 * 3600, UTC)
    return _BY_HOUR[local.hour] * _BY_WEEKDAY[local.weekday()] / 1_000_000


def tenant_share(tenants: int, index: int) -> float:
    """A tenant's share of the traffic: the second has half of the first's, the third a third."""
    return (1 / (index + 1)) / sum(1 / (place + 1) for place in range(tenants))
