"""Which channels are told of a subject: pure functions of the settings."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import get_args

from logsight_assets.channel_settings import (
    FILE_CHANNEL,
    Disclosure,
    EmailChannel,
    Route,
    Severity,
    SlackChannel,
    SubjectKind,
)
from logsight_assets.lake import PLATFORM
from logsight_assets.settings import Settings

_SEVERITIES: tuple[str, ...] = get_args(Severity)
_DISCLOSURES: tuple[Disclosure, ...] = get_args(Disclosure)  # from the least to the most


def channels_for(
    settings: Settings, kind: SubjectKind, tenant: str, services: Iterable[str] = (), severity: str = "critical"
) -> list[str]:
    """Names of the channels by the rules that fit, in their order. An incident that none fits gets the file channel."""
    held = list(services)
    names = [
        name
        for route in settings.routing
        if kind in route.kinds and _fits(route, tenant, held, severity)
        for name in route.channels
    ]
    return list(dict.fromkeys(names)) or ([FILE_CHANNEL] if kind == "incident" else [])


def _fits(route: Route, tenant: str, services: list[str], severity: str) -> bool:
    return (
        (not route.tenants or _any_fits(route.tenants, [tenant]))
        and (not route.services or _any_fits(route.services, services))
        and _SEVERITIES.index(severity) >= _SEVERITIES.index(route.least_severity)
    )


def _any_fits(patterns: Iterable[str], names: Iterable[str]) -> bool:
    held = list(names)
    return any(
        re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), name, re.DOTALL)
        for pattern in patterns
        for name in held
    )


def subscribers_of(settings: Settings, tenant: str) -> list[tuple[str, str]]:
    """(channel, whom to) of each subscriber of a tenant's reports.

    An address is reached through the first channel of type email, a #channel through the first of type slack that has
    a token; where there is none, the file channel holds what was meant for them.
    """
    named = settings.report_subscribers if tenant == PLATFORM else settings.report_subscribers_of(tenant)
    return [(_carrier(settings, subscriber), subscriber) for subscriber in named]


def _carrier(settings: Settings, subscriber: str) -> str:
    for name, channel in settings.channels.items():
        if subscriber.startswith("#"):
            if isinstance(channel, SlackChannel) and channel.token is not None:
                return name
        elif isinstance(channel, EmailChannel):
            return name
    return FILE_CHANNEL


def disclosure_in(settings: Settings, tenant: str, channel: str) -> Disclosure:
    """What a message may show: the less of what the tenant and the channel allow."""
    tenants = settings.disclosure_of(tenant)
    held = settings.all_channels.get(channel)
    own = (held.disclosure if held else None) or tenants
    return min(tenants, own, key=_DISCLOSURES.index)
