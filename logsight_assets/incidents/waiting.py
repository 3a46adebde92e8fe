"""Changes of alarms' states between their arrival and an incident: taken from the queue, laid into the lake.

Whoever takes messages decides nothing: a change lies below `alarms/waiting/` under a name that every delivery of it
shares, until the incident run has dealt with it. So a burst of messages is one run, and a killed run begins again with
what is still there.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from logsight_assets.errors import MalformedAlarm, MalformedChange, ObjectMissing, TransientError
from logsight_assets.failures import Failures
from logsight_assets.incidents.alarm import Alarm, parse_alarm, read_event
from logsight_assets.incidents.changes import add_changes, read_change
from logsight_assets.incidents.episodes import Transition, alarm_id
from logsight_assets.incidents.owners import KnownTenants
from logsight_assets.lake import HEARTBEAT_KEY, PLATFORM, Lake, values, waiting_alarm_key
from resources.queue import MessageQueue, cursor_with, receipts_in

WAITING_VERSION = 1
# A cursor holds a receipt a message, and SQS's have some hundred characters.
MOST_MESSAGES = 500
_PREFIX = "alarms/waiting/"
_TOMBSTONE = "tombstones/tenant="


@dataclass(frozen=True)
class Taken:
    """What one look into the queue brought."""

    cursor: str  # acknowledges the messages when it is given back
    alarms: int  # and changes
    set_aside: int  # messages that are no alarm
    failed: int = 0  # messages that nobody could deal with: not acknowledged, so they come again, to be set aside


@dataclass(frozen=True)
class WaitingAlarm:
    """A change that nobody has dealt with yet."""

    key: str  # of its object
    tenant: str
    event: Mapping[str, Any]  # as EventBridge sent it, without what JSON's other readers refuse
    alarm: Alarm
    received_time: str  # when it was taken from the queue, ISO 8601

    @property
    def alarm_id(self) -> str:
        return alarm_id(self.alarm.account, self.alarm.region, self.alarm.arn or self.alarm.name)

    def transition(self, services: tuple[str, ...] = ()) -> Transition:
        return Transition(self.alarm_id, self.alarm.state, self.alarm.state_change_nano // 1_000_000, services)


def take_in(lake: Lake, queue: MessageQueue, cursor: str | None, wait_seconds: float = 0.0) -> Taken:
    """Acknowledge what the given cursor names, then lay what the queue holds into the lake.

    A message that tells neither an alarm nor a change is set aside for people and stops no other. One whose taking
    fails comes again, until the queue sets it aside. StoreUnavailable, and what else is no message's fault, is raised:
    then none of them is acknowledged.
    """
    queue.acknowledge(receipts_in(cursor))
    messages = queue.receive(MOST_MESSAGES, wait_seconds)
    tenants = known_tenants(lake) if messages else KnownTenants(lake, (), {})
    failures, dealt_with, set_aside = Failures(lake), [], 0
    for message in messages:
        with failures.attempt(f"message {message.id}", passing=(TransientError,)):
            if not _is_taken(lake, message.body, tenants):
                queue.quarantine(message)
                set_aside += 1
            dealt_with.append(message)
    beat(lake)
    return Taken(cursor_with(dealt_with), len(dealt_with) - set_aside, set_aside, len(failures.held))


def _is_taken(lake: Lake, body: bytes, tenants: KnownTenants) -> bool:
    """Lay an alarm or a change into the lake; False if a message tells neither."""
    try:
        put_waiting(lake, body, tenants)
    except MalformedAlarm:
        try:
            add_changes(lake, PLATFORM, [read_change(body)])
        except MalformedChange:
            return False
    return True


def put_waiting(lake: Lake, body: bytes, tenants: KnownTenants) -> WaitingAlarm:
    """Lay one event into the lake; MalformedAlarm if it is none of an alarm."""
    event = read_event(body)
    alarm = parse_alarm(event)
    unplaced = WaitingAlarm("", "", event, alarm, lake.clock().isoformat(timespec="milliseconds"))
    change = unplaced.transition()
    tenant = tenants.owner(alarm, change)
    waiting = replace(unplaced, tenant=tenant, key=waiting_alarm_key(tenant, change.key))
    held = {"version": WAITING_VERSION, "received_time": waiting.received_time, "event": waiting.event}
    lake.store.put(waiting.key, json.dumps(held, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    tenants.lay(tenant, waiting.key)
    return waiting


def waiting_keys(lake: Lake) -> dict[str, list[str]]:
    """Keys of all that waits, by tenant."""
    found: dict[str, list[str]] = defaultdict(list)
    for entry in lake.store.list(_PREFIX):
        found[entry.key.removeprefix(f"{_PREFIX}tenant=").partition("/")[0]].append(entry.key)
    return dict(found)


def read_waiting(lake: Lake, tenant: str, key: str) -> list[WaitingAlarm]:
    """The change under a key; none if another run has dealt with it meanwhile."""
    try:
        held = json.loads(lake.store.get(key))
    except ObjectMissing:
        return []
    return [WaitingAlarm(key, tenant, held["event"], parse_alarm(held["event"]), held["received_time"])]


def known_tenants(lake: Lake) -> KnownTenants:
    """Tenants that an alarm may name: of which there are events, and erased ones, whose alarms nobody keeps."""
    erased = {entry.key.removeprefix(_TOMBSTONE).removesuffix(".json") for entry in lake.store.list(_TOMBSTONE)}
    return KnownTenants(lake, sorted(erased.union(values(lake.store, "events/", "tenant"))), waiting_keys(lake))


def beat(lake: Lake) -> None:
    """Say that alarms were looked for now."""
    lake.store.put(HEARTBEAT_KEY, json.dumps({"looked_time": lake.clock().isoformat()}).encode() + b"\n")
