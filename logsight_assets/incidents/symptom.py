"""Which services an alarm is about: by its dimensions, else by its name. They show the symptom, not the cause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from logsight_assets.incidents.alarm import Alarm

# How a dimension's value holds a name: the group is the name. Anything else is taken as a whole.
_NAMES: dict[str, re.Pattern[str]] = {
    "TargetGroup": re.compile(r"targetgroup/([^/]+)/"),
    "LoadBalancer": re.compile(r"(?:app|net|gwy)/([^/]+)/"),
    "LogGroupName": re.compile(r"(?:.*/)?([^/]+)/?"),
}
# Strongest first: what names a service itself, then what runs it, then what stands around it. Names without case and
# punctuation, so that `service.name`, `ServiceName` and `service_name` are one.
_RANKED = (
    ("servicename", "service", "functionname", "taskdefinitionfamily", "targetgroup", "deployment", "workload",
     "app", "application", "applicationname", "appname", "container", "containername", "job"),
    ("loggroupname", "apiname", "apiid", "dbinstanceidentifier", "dbclusteridentifier", "cacheclusterid", "tablename",
     "queuename", "topicname", "streamname", "statemachinearn", "podname", "pod", "component"),
    ("instanceid", "autoscalinggroupname", "host", "hostname", "instance", "nodename", "loadbalancer",
     "loadbalancername", "clustername", "namespace"),
)  # fmt: skip
_RANK = {name: rank for rank, names in enumerate(_RANKED) for name in names}
_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True)
class SymptomService:
    """A service that the alarm names, and how it is known."""

    service: str
    reason: str


def services_of(alarm: Alarm, known: Sequence[str], hosts: dict[str, str] | None = None) -> list[SymptomService]:
    """Known services that the alarm names, by the strongest rule that names any; empty if none does.

    A dimension's value names a service that it equals, else the longest one whose words it holds in a row
    (`prod-checkout-blue` names `checkout`); `hosts` maps host names to their service. Names without a dimension are
    tried last: the alarm's own name, then its description.
    """
    for rank in (*range(len(_RANKED)), None):
        found: dict[str, str] = {}
        for namespace, dimension, candidate in _named(alarm, rank):
            service = (hosts or {}).get(candidate) or named_service(candidate, known)
            if service:
                found.setdefault(service, f"dimension {dimension} of {namespace or 'the metric'} names it")
        if found:
            return [SymptomService(service, reason) for service, reason in found.items()]
    said = [(alarm.name, "name"), (alarm.description, "description")]
    # A composite alarm has no metrics, but its reason names the alarms that set it off.
    for text, place in said if alarm.metrics else [*said, (alarm.reason, "reason")]:
        service = named_service(text, known)
        if service:
            return [SymptomService(service, f"the alarm's {place} names it")]
    return []


def things_named(alarm: Alarm) -> list[str]:
    """What the alarm's strongest dimensions name, whether the logs know it or not; empty if none of them names any."""
    for rank in range(len(_RANKED)):
        if found := dict.fromkeys(candidate for _, _, candidate in _named(alarm, rank)):
            return list(found)
    return []


def _named(alarm: Alarm, rank: int | None) -> Iterator[tuple[str, str, str]]:
    """Namespace, dimension and what may be a service's name, of the dimensions of a rank; None for all without one."""
    for namespace, dimension, value in alarm.dimensions:
        if _RANK.get(_plain(dimension)) == rank:
            yield from ((namespace, dimension, candidate) for candidate in _candidates(dimension, value))


def named_service(text: str, known: Sequence[str]) -> str | None:
    """The known service that a text names: the one that it equals, else the longest whose words it holds in a row."""
    words = words_of(text)
    best: tuple[int, str] | None = None
    for service in known:
        own = words_of(service)
        if own and _holds(words, own):
            size = (len("".join(own)), service)
            if best is None or size > best:
                best = size
    return best[1] if best else None


def words_of(text: str) -> list[str]:
    """Words of a name in lower case: `TargetGroup-checkout_v2` is targetgroup, checkout, v2."""
    return _WORD.findall(text[:2048].lower())


def _holds(words: list[str], part: list[str]) -> bool:
    size = len(part)
    return any(words[start : start + size] == part for start in range(len(words) - size + 1))


def _plain(dimension: str) -> str:
    return "".join(words_of(dimension))


def _candidates(dimension: str, value: str) -> Iterator[str]:
    pattern = _NAMES.get(dimension)
    match = pattern.match(value) if pattern else None
    yield match[1] if match else value


def tenant_of(alarm: Alarm, known: Sequence[str]) -> str | None:
    """The tenant that a dimension names; None when none does: such an alarm belongs to the platform."""
    return next((name for name in named_tenants(alarm) if name in known), None)


def named_tenants(alarm: Alarm) -> Iterator[str]:
    """What dimensions name as a tenant, whether there is one of that name or not."""
    for _, dimension, value in alarm.dimensions:
        if _plain(dimension) in ("tenant", "tenantid", "tenantname"):
            yield value
