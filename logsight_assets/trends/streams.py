"""How far each stream was read: what completeness needs of its receipts, kept so that only new receipts are read.

A stream is what one raw path brings. Its receipts are summed up by arrival day, in one object a stream; a day is summed
up anew when its listing (names and versions) is not the one that its sum was made from. Where receipts only joined, the
new ones alone are read: a sum is a maximum and a union, so it takes them in any order. The object is a memory, not a
truth: without it everything is read once more, with the same answer.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self, TypeAlias

from logsight_assets.errors import ObjectMissing
from logsight_assets.intake.receipts import Receipt, read_receipts_at, receipt_entries, receipt_hours
from logsight_assets.lake import receipt_key, stream_key, values
from logsight_assets.timeline import Hour
from resources.object_store import ObjectStore

Stream: TypeAlias = tuple[str, str]  # tenant of the raw path or _mixed, source
Listing: TypeAlias = Mapping[str, str]  # HH/<object id> of a receipt → its version

# Raised when `Reach` changes its meaning: what is remembered under another form is read anew.
_FORM = 1


@dataclass(frozen=True)
class Reach:
    """What some receipts say together."""

    newest: int | None = None  # event time, nanoseconds since 1970, of what may still be followed by more
    whole_until: Hour | None = None  # end of the last hour that `logsight add` touched: nothing of a file comes later
    hours: Mapping[str, frozenset[Hour]] = field(default_factory=dict)  # tenant → event hours

    @classmethod
    def of(cls, receipt: Receipt) -> Self:
        hours: dict[str, set[Hour]] = defaultdict(set)
        for hour, tenants in receipt.event_hours.items():
            for tenant in tenants:
                hours[tenant].add(Hour.parse(hour))
        held = {tenant: frozenset(found) for tenant, found in hours.items()}
        if receipt.imported and held:
            return cls(None, max(receipt.touched_hours) + 1, held)
        return cls(receipt.newest_event_unix_nano, None, held)


def joined(reaches: Iterable[Reach]) -> Reach:
    """What they say together, in whatever order they come."""
    newest: int | None = None
    whole_until: Hour | None = None
    hours: dict[str, set[Hour]] = defaultdict(set)
    for reach in reaches:
        if reach.newest is not None:
            newest = reach.newest if newest is None else max(newest, reach.newest)
        if reach.whole_until is not None:
            whole_until = reach.whole_until if whole_until is None else max(whole_until, reach.whole_until)
        for tenant, held in reach.hours.items():
            hours[tenant] |= held
    return Reach(newest, whole_until, {tenant: frozenset(held) for tenant, held in hours.items()})


@dataclass(frozen=True)
class _Day:
    """The sum of an arrival day's receipts, and the listing that it was made from."""

    fingerprint: str
    reach: Reach
    listing: Listing | None = None  # only of days that still change: it is as long as the day has receipts


def read_streams(store: ObjectStore) -> dict[Stream, Reach]:
    """The reach of every stream that has receipts."""
    listed: dict[Stream, dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    for tenant, source, hour in receipt_hours(store):
        for object_id, entry in receipt_entries(store, tenant, source, hour).items():
            listed[tenant, source][hour.day][f"{hour.hh}/{object_id}"] = entry.version
    for stream in _remembered_streams(store):
        if stream not in listed:
            store.delete(stream_key(*stream))
    return {stream: _read_stream(store, stream, days) for stream, days in listed.items()}


def _remembered_streams(store: ObjectStore) -> list[Stream]:
    return [
        (tenant, source)
        for tenant in values(store, "streams/", "tenant")
        for source in values(store, f"streams/tenant={tenant}/", "source")
    ]


def _read_stream(store: ObjectStore, stream: Stream, listed: Mapping[str, Listing]) -> Reach:
    held = _recall(store, stream)
    days = {day: _read_day(store, stream, day, held.get(day), listing) for day, listing in listed.items()}
    changed = {day for day, summed in days.items() if summed is not held.get(day)}
    if changed or held.keys() != days.keys():
        # A day that changes again after it lost its listing is read whole, once.
        recent = changed | {max(days)}
        kept = {day: summed if day in recent else replace(summed, listing=None) for day, summed in days.items()}
        # Whoever puts last is remembered: what its listing did not show is found missing by the next.
        store.put(stream_key(*stream), _to_json(kept))
    return joined(summed.reach for summed in days.values())


def _read_day(store: ObjectStore, stream: Stream, day: str, held: _Day | None, listing: Listing) -> _Day:
    fingerprint = _fingerprint(listing)
    if held and held.fingerprint == fingerprint:
        return held
    before, new = [], set(listing)
    if held and held.listing and held.listing.items() <= listing.items():
        before, new = [held.reach], set(listing) - held.listing.keys()
    keys = [receipt_key(*stream, Hour.parse(f"{day}T{name[:2]}"), name[3:]) for name in sorted(new)]
    return _Day(fingerprint, joined([*before, *map(Reach.of, read_receipts_at(store, keys))]), listing)


def _fingerprint(listing: Listing) -> str:
    lines = "\n".join(f"{name} {version}" for name, version in sorted(listing.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


# The object -----------------------------------------------------------------------------------------------------------


def _recall(store: ObjectStore, stream: Stream) -> dict[str, _Day]:
    try:
        held = json.loads(store.get(stream_key(*stream)))
    except ObjectMissing:
        return {}
    return {day: _day_from(said) for day, said in held["days"].items()} if held["form"] == _FORM else {}


def _day_from(said: Mapping[str, Any]) -> _Day:
    hours = {
        tenant: frozenset(Hour(index) for first, last in spans for index in range(first, last + 1))
        for tenant, spans in said["hours"].items()
    }
    whole_until = None if said["whole_until"] is None else Hour(said["whole_until"])
    return _Day(said["fingerprint"], Reach(said["newest"], whole_until, hours), said["listing"])


def _to_json(days: Mapping[str, _Day]) -> bytes:
    """Hours are spans of `Hour.index`, both ends included: a day of a tenant is one or two of them."""
    said = {
        day: {
            "fingerprint": summed.fingerprint,
            "newest": summed.reach.newest,
            "whole_until": summed.reach.whole_until.index if summed.reach.whole_until else None,
            "hours": {tenant: _spans(hours) for tenant, hours in summed.reach.hours.items()},
            "listing": summed.listing,
        }
        for day, summed in days.items()
    }
    return json.dumps({"form": _FORM, "days": said}, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def _spans(hours: Iterable[Hour]) -> list[list[int]]:
    spans: list[list[int]] = []
    for hour in sorted(hours):
        if spans and spans[-1][1] == hour.index - 1:
            spans[-1][1] = hour.index
        else:
            spans.append([hour.index, hour.index])
    return spans
