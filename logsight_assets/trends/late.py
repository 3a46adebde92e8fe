"""Late events of sealed hours: what waits, and the replay that counts it in because somebody asked for it.

The events of a sealed hour are gone as a rule, so it cannot be computed anew. Its late files are counted by themselves
and merged into the four objects that are published; days and months follow. Each object says which late files it
counts, and its inputs' hash covers them and what the hour was sealed with: a second replay finds nothing to do, and one
that was killed between two objects goes on with those that lack a file.

Not late, though it lies there, is a file of a name that the seal names: its raw object was read again behind the seal.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.receipts import key_digest
from logsight_assets.lake import (
    Lake,
    events_prefix,
    hours_below,
    is_erased,
    late_prefix,
    mark,
    markers,
    seal_key,
    unmark,
    values,
)
from logsight_assets.parquet import INPUTS, parquet_bytes
from logsight_assets.scratch import scratch_folder
from logsight_assets.timeline import Hour
from logsight_assets.trends.event_hours import rows_of
from logsight_assets.trends.hour_inputs import content_hash
from logsight_assets.trends.hour_rows import Counts, event_count
from logsight_assets.trends.hour_windows import EVENT_COUNT, hour_keys
from logsight_assets.trends.hours import mark_day, mark_templates
from logsight_assets.trends.late_rows import LateRows, late_rows, merged, minute_table
from logsight_assets.trends.publish import Held, Holding, Inputs, Window, hold, publish
from resources.object_store import ObjectInfo
from resources.query_engine import QueryEngine

MERGED = "logsight.late_files"  # JSON: late files that an object counts → content hash
SEALED = "logsight.sealed_inputs"  # hash of the inputs that the hour was sealed with
POSSIBLE_COPIES = "logsight.possible_copies"  # late events that may be copies of events that are gone
_COUNTS = [f"logsight.{field.name}" for field in fields(Counts)] + [POSSIBLE_COPIES]


@dataclass(frozen=True)
class LateHour:
    """Late files of a tenant's sealed hour."""

    tenant: str
    hour: Hour
    waiting: int  # events in files that are not counted yet
    files: int  # that hold them
    counted_files: int  # merged before, or named by the seal
    has_minutes: bool  # else retention removed the minute level: the hour can take nothing in any more


@dataclass(frozen=True)
class Replayed:
    """What one replay counted in a tenant's hour: events = counted + duplicates."""

    tenant: str
    hour: Hour
    events: int
    counted: int
    duplicates: int
    possible_copies: int  # of the counted: with an id of their own, and events of the hour are gone


def late_hours(
    lake: Lake, tenant: str | None = None, start: Hour | None = None, end: Hour | None = None
) -> Iterator[LateHour]:
    """Sealed hours in [start, end) that have late files, by tenant; of all tenants when None."""
    for name in values(lake.store, "late/", "tenant") if tenant is None else [tenant]:
        for hour in list(hours_below(lake.store, f"late/tenant={name}/")):
            if (start is None or hour >= start) and (end is None or hour < end):
                with contextlib.suppress(ObjectMissing):  # erased, or its files went meanwhile
                    yield _survey(lake, name, hour)


def _survey(lake: Lake, tenant: str, hour: Hour) -> LateHour:
    holding = hold(lake.store, list(hour_keys(tenant, hour).values()))
    listed, named = _listed(lake, tenant, hour), _sealed_names(lake, tenant, hour)
    counted = set(named).union(set.intersection(*(set(_merged(held)) for held in holding.values())))
    waiting = [entry for name, entry in listed.items() if name not in counted]
    events = sum(rows_of(lake.store, entry) for entry in waiting)
    has_minutes = all(held.version for held in holding.values())
    return LateHour(tenant, hour, events, len(waiting), len(listed) - len(waiting), has_minutes)


def replay_late(lake: Lake, engine: QueryEngine, tenant: str, hour: Hour) -> Replayed:
    """Count the waiting files of a tenant's sealed hour, and mark its day.

    Call `settle` once days and months are refreshed. Raises ConservationError, PublishConflict.
    """
    store = lake.store
    window = _window(lake, engine, tenant, hour)
    earlier = _markers(lake, tenant, hour)
    before = hold(store, window.keys)
    own: list[str] = []

    def announce() -> None:
        if not own:
            own.append(mark(store, "late", str(hour), key_digest(tenant)))

    done = publish(store, window, announce)
    if done.is_changed or earlier:
        mark_day(store, hour)
        mark_templates(store, hour, has_removed=False)
    # An object that an interrupted replay had put already gained less than the others.
    gained = [
        max(_count(done.holding[key], count) - _count(before[key], count) for key in window.keys)
        for count in ("logsight.events", "logsight.counted", "logsight.duplicates", POSSIBLE_COPIES)
    ]
    return Replayed(tenant, hour, *gained)


def settle(lake: Lake, tenant: str, hour: Hour) -> None:
    """Say that a replay, and what lies above its hour, is done; until then retention leaves its files alone."""
    unmark(lake.store, _markers(lake, tenant, hour))


def is_unsettled(lake: Lake, tenant: str, hour: Hour) -> bool:
    """Whether a replay of the hour was begun and not ended."""
    return bool(_markers(lake, tenant, hour))


def _markers(lake: Lake, tenant: str, hour: Hour) -> list[str]:
    # By a hash: the tenant's name would outlive its erasure here.
    start = f"pending/late/{hour}/{key_digest(tenant)}-"
    return [key for key in markers(lake.store, "late", str(hour)) if key.startswith(start)]


# The window -----------------------------------------------------------------------------------------------------------


def _window(lake: Lake, engine: QueryEngine, tenant: str, hour: Hour) -> Window:
    keys = hour_keys(tenant, hour)

    def survey(holding: Holding) -> Inputs:
        return _inputs(lake, tenant, hour, holding)

    def make(inputs: Inputs, holding: Holding) -> Mapping[str, bytes]:
        merge = _Merge(lake, engine, tenant, hour, inputs)
        return {key: data for name, key in keys.items() if (data := merge.made(name, key, holding[key]))}

    return Window(f"late events of hour {hour}", list(keys.values()), survey, make)


def _inputs(lake: Lake, tenant: str, hour: Hour, holding: Holding) -> Inputs:
    """What the hour was sealed with, the late files that any of its objects counts, and those that wait."""
    facts = [held.facts for held in holding.values() if held.version]
    late: dict[str, str] = {}
    if len(facts) == len(holding) and not is_erased(lake.store, tenant):
        named = _sealed_names(lake, tenant, hour)
        listed = {name: entry for name, entry in _listed(lake, tenant, hour).items() if name not in named}
        late = {name: content_hash(lake.store, entry) for name, entry in listed.items()}
        # A file that was read again since keeps the hash of what was counted.
        for held in holding.values():
            late |= _merged(held)
    if not late:
        return Inputs({}, is_frozen=True)
    return Inputs({SEALED: facts[0].get(SEALED) or facts[0][INPUTS]} | late)


def _listed(lake: Lake, tenant: str, hour: Hour) -> dict[str, ObjectInfo]:
    return {entry.key.rpartition("/")[2]: entry for entry in lake.store.list(late_prefix(tenant, hour))}


def _sealed_names(lake: Lake, tenant: str, hour: Hour) -> list[str]:
    names: list[str] = json.loads(lake.store.get(seal_key(tenant, hour)))["files"]
    return names


def _merged(held: Held) -> dict[str, str]:
    found: dict[str, str] = json.loads(held.facts.get(MERGED, "{}"))
    return found


def _count(held: Held, name: str) -> int:
    return int(held.facts.get(name, "0"))


class _Merge:
    """Late files counted into the objects of one hour; objects that lack the same files share the work."""

    def __init__(self, lake: Lake, engine: QueryEngine, tenant: str, hour: Hour, inputs: Inputs) -> None:
        self._lake, self._engine, self._tenant, self._hour = lake, engine, tenant, hour
        self._inputs = inputs
        self._late = {name: content for name, content in inputs.parts.items() if name != SEALED}
        self._rows: dict[frozenset[str], LateRows] = {}

    def made(self, name: str, key: str, held: Held) -> bytes | None:
        """The object with every late file counted; None if it is so already."""
        lacking = frozenset(self._late).difference(_merged(held))
        if not lacking:
            return None
        with scratch_folder(self._lake.state) as scratch:
            if lacking not in self._rows:
                self._rows[lacking] = self._counted(lacking, scratch)
            late = self._rows[lacking]
            rows = merged(self._engine, name, self._lake.store.uri(key), late.tables[name], scratch)
        counts = asdict(late.counts) | {"possible_copies": late.possible_copies}
        facts = dict(held.facts) | {fact: str(_count(held, fact) + counts[fact[9:]]) for fact in _COUNTS}
        facts |= {
            INPUTS: self._inputs.fingerprint or "",
            SEALED: self._inputs.parts[SEALED],
            MERGED: json.dumps(self._late, sort_keys=True, separators=(",", ":")),
            EVENT_COUNT: str(event_count(rows)),
        }
        return parquet_bytes(rows, minute_table(name), dict(sorted(facts.items())))

    def _counted(self, lacking: frozenset[str], scratch: Path) -> LateRows:
        store = self._lake.store
        here, sealed = late_prefix(self._tenant, self._hour), events_prefix(self._tenant, self._hour)
        before = [sealed + name for name in _sealed_names(self._lake, self._tenant, self._hour)]
        before += [here + name for name in sorted(self._late.keys() - lacking)]
        still = [key for key in before if store.head(key)]
        files = [here + name for name in sorted(lacking)]
        rows = late_rows(self._engine, store, files, still, self._lake.settings.trends, scratch)
        # Where nothing that was counted is gone, every copy was told.
        return rows if len(still) < len(before) else replace(rows, possible_copies=0)
