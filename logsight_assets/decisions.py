"""What people decide while LogSight runs: pins and names of templates, and whatever else may be taken back.

A decision is a record that is only ever added: who, when, why, until when. Records of a tenant and kind are numbered; a
number is taken by put-if-absent, so two people who decide at the same moment both are heard. What stands is the fold:
the last record about a subject, unless it takes back or its time is over. Kinds belong to the stages that read them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from logsight_assets.errors import PublishConflict, UsageError
from logsight_assets.lake import Lake, decisions_prefix, is_erased
from resources.object_store import ObjectStore

_KIND = re.compile(r"[a-z][a-z_]*")
_LONGEST = 2000  # characters of what people write
_TURNS = 50


@dataclass(frozen=True)
class Decision:
    """One record."""

    number: int  # from 1, in the order in which they were made
    subject: str  # what it is about, such as a template's id
    value: Mapping[str, Any] | None  # JSON; None takes back what was decided before
    who: str
    why: str
    made_time: datetime
    until: datetime | None  # exclusive; None is for ever


@dataclass(frozen=True)
class Said:
    """Who decides, why, and until when it holds: a time with its zone."""

    who: str
    why: str = ""
    until: datetime | None = None


def decide(lake: Lake, tenant: str, kind: str, subject: str, value: Mapping[str, Any] | None, said: Said) -> Decision:
    """Add a record; UsageError for what cannot be one, PublishConflict when others keep being faster."""
    if not _KIND.fullmatch(kind):
        raise UsageError(f"decision kind {kind!r} must match {_KIND.pattern}")
    if not said.who or max(len(said.who), len(said.why), len(subject)) > _LONGEST:
        raise UsageError(f"a decision names who decides, and no text of it is longer than {_LONGEST:,} characters")
    now = lake.clock()
    if said.until is not None and said.until <= now:
        raise UsageError(f"a decision until {said.until:%Y-%m-%d %H:%M %Z}, which is over: give a later time")
    if is_erased(lake.store, tenant):
        raise UsageError(f"tenant {tenant} is erased: nothing can be decided about it")
    record = {
        "subject": subject,
        "value": value,
        "who": said.who,
        "why": said.why,
        "made_time": now.isoformat(),
        "until": said.until.isoformat() if said.until else None,
    }
    data = json.dumps(record, sort_keys=True, ensure_ascii=False).encode() + b"\n"
    for _ in range(_TURNS):
        keys = _keys(lake.store, tenant, kind)
        number = _number(keys[-1]) + 1 if keys else 1
        if lake.store.put_if(f"{decisions_prefix(tenant, kind)}{number:08d}.json", data, None):
            return _decision(number, data)
    raise PublishConflict(f"decision {kind}: others decided {_TURNS} times in a row; do it again")


def decisions(store: ObjectStore, tenant: str, kind: str) -> list[Decision]:
    """Every record of a kind, in the order in which they were made."""
    return [_decision(_number(key), store.get(key)) for key in _keys(store, tenant, kind)]


def standing(records: Iterable[Decision], now: datetime) -> dict[str, Decision]:
    """What holds now, by subject, in the order in which it was decided."""
    last = {record.subject: record for record in sorted(records, key=lambda record: record.number)}
    held = [r for r in last.values() if r.value is not None and (r.until is None or now < r.until)]
    return {record.subject: record for record in sorted(held, key=lambda record: record.number)}


def _keys(store: ObjectStore, tenant: str, kind: str) -> list[str]:
    return [entry.key for entry in store.list(decisions_prefix(tenant, kind)) if entry.key.endswith(".json")]


def _number(key: str) -> int:
    return int(key.rpartition("/")[2].removesuffix(".json"))


def _decision(number: int, data: bytes) -> Decision:
    held = json.loads(data)
    until = datetime.fromisoformat(held["until"]) if held["until"] else None
    made = datetime.fromisoformat(held["made_time"])
    return Decision(number, held["subject"], held["value"], held["who"], held["why"], made, until)


def forget_over(store: ObjectStore, tenant: str, kind: str, before: datetime) -> int:
    """Remove the records of subjects about which nothing has held since a time; how many went.

    The last record of the kind stays: its number must not be given twice. A subject's records go in their order, so
    that a kill leaves the one that ended it.
    """
    held = decisions(store, tenant, kind)
    last = {record.subject: record for record in held}
    over = {subject for subject, record in last.items() if _over_since(record) <= before}
    gone = [record for record in held[:-1] if record.subject in over]
    for record in gone:
        store.delete(f"{decisions_prefix(tenant, kind)}{record.number:08d}.json")
    return len(gone)


def _over_since(record: Decision) -> datetime:
    """When a record ended what it is about; the end of time if it did not."""
    end = record.made_time if record.value is None else record.until
    return end or datetime.max.replace(tzinfo=UTC)
