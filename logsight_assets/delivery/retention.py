"""Retention of messages: they go with what they are about, and with them what the file channel wrote.

So they have no time of their own: an incident's go with the incident, a report's with its page. What others hold of
them, in Slack or in a ticket, is theirs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

from logsight_assets.channel_settings import SubjectKind
from logsight_assets.delivery.entries import Subject
from logsight_assets.delivery.report_message import period_of
from logsight_assets.lake import MESSAGE_AREAS, Lake, incident_prefix, report_page_key, values


def forget_messages(lake: Lake) -> int:
    """Remove messages whose incident or report is gone; how many objects went. The same call ends a killed one."""
    removed = 0
    for subject in sorted(set(_subjects(lake))):
        if not _is_there(lake, subject):
            removed += _remove(lake, subject)
    return removed


def _subjects(lake: Lake) -> Iterator[Subject]:
    kinds: tuple[SubjectKind, ...] = get_args(SubjectKind)
    for area in MESSAGE_AREAS:
        for tenant in values(lake.store, area, "tenant"):
            for kind in kinds:
                names = values(lake.store, f"{area}tenant={tenant}/", kind)
                yield from (Subject(tenant, kind, name) for name in names)


def _is_there(lake: Lake, subject: Subject) -> bool:
    if subject.kind == "incident":
        records = lake.store.list(incident_prefix(subject.tenant, subject.name))
        return next(iter(records), None) is not None
    period = period_of(subject.name)
    return lake.store.head(report_page_key(subject.tenant, period.kind, period.name)) is not None


def _remove(lake: Lake, subject: Subject) -> int:
    places = [f"{area}tenant={subject.tenant}/{subject.kind}={subject.name}/" for area in MESSAGE_AREAS]
    keys = [entry.key for place in places for entry in lake.store.list(place)]
    for key in keys:
        lake.store.delete(key)
    return len(keys)
