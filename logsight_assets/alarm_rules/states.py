"""In which state the alarms of a rule are, kept between two looks; and changes on their way to the inbox.

A change is written down together with the new state, sent, and only then crossed out. Whoever is killed between sends
it once more, the same bytes: the inbox takes a change once however often it comes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from logsight_assets.lake import alarm_states_key
from resources.object_store import ObjectStore


@dataclass(frozen=True)
class State:
    """State of one alarm."""

    value: str
    changed_nano: int  # nanoseconds since 1970


@dataclass(frozen=True)
class RuleStates:
    """States of a tenant's alarms of one rule, by service."""

    states: Mapping[str, State] = field(default_factory=dict)
    unsent: tuple[str, ...] = ()  # events, in the order in which they came about
    version: str | None = None  # of the object


def read_states(store: ObjectStore, tenant: str, rule: str) -> RuleStates:
    key = alarm_states_key(tenant, rule)
    entry = store.head(key)
    if entry is None:
        return RuleStates()
    held = json.loads(store.get(key))
    states = {service: State(value, changed) for service, (value, changed) in held["states"].items()}
    return RuleStates(states, tuple(held["unsent"]), entry.version)


def write_states(store: ObjectStore, tenant: str, rule: str, new: RuleStates) -> bool:
    """Put them over the version that was read; False if somebody else was faster."""
    held = {"states": {s: [state.value, state.changed_nano] for s, state in new.states.items()}, "unsent": new.unsent}
    data = json.dumps(held, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    return store.put_if(alarm_states_key(tenant, rule), data, new.version)


def send_unsent(store: ObjectStore, tenant: str, rule: str, send: Callable[[bytes], object]) -> int:
    """Send what is written down and not crossed out; how many."""
    held = read_states(store, tenant, rule)
    for event in held.unsent:
        send(event.encode())
    if held.unsent:
        write_states(store, tenant, rule, RuleStates(held.states, (), held.version))
    return len(held.unsent)
