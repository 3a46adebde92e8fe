"""From lines to raw objects: when each arrives, in which object, and what goes wrong on the way.

Everything waits by arrival hour, and an hour's objects leave as soon as all hours up to it were written; so memory
holds one hour and the few late and repeated lines of the next ones.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Literal, NamedTuple

from logsight_assets.lake import MIXED, PLATFORM, raw_prefix
from logsight_assets.sample.dice import Dice, Weighted
from logsight_assets.sample.encode import Resource, audit_file, gzip_member, otlp_request
from logsight_assets.sample.spec import NS, ShopSpec
from logsight_assets.sample.truth import ObjectTruth, Tally
from logsight_assets.timeline import HOUR_NS, Hour

Kind = Literal["event", "bad", "ignored", "tenant_invalid", "tenant_not_granted"]

# The log router's agents disconnect for an hour or a few; nothing comes after six.
_DELAY_HOURS = Weighted((1, 8), (2, 4), (3, 2), (4, 1), (5, 1), (6, 1))
_BATCH = 16  # records of an export request: small, so that requests hold a few services


class Stream(NamedTuple):
    """One delivery stream: the raw layout's tenant and source."""

    tenant: str
    source: str


SHOP = Stream(MIXED, "shop")
OTLP = Stream(MIXED, "shop-otlp")
SYSLOG = Stream(PLATFORM, "platform-syslog")
AUDIT = Stream(PLATFORM, "audit")
EDGE_SOURCE = "edge-nginx"


class SampleObject(NamedTuple):
    """A raw object; `key` is relative to the lake."""

    key: str
    data: bytes


class Parcel(NamedTuple):
    """What arrives: a whole line, or with a resource one record of an export request."""

    arrival_ns: int
    data: bytes
    kind: Kind = "event"
    records: int = 1
    hour_ns: int = 0  # event hour and resource are known to records only, whose request may be repeated
    resource: Resource | None = None


class Delivery:
    """What is on its way."""

    def __init__(self, spec: ShopSpec, tally: Tally) -> None:
        self._spec = spec
        self._tally = tally
        self._dice = Dice(spec.seed, "delivery", spec.end_ns)
        self._waiting: defaultdict[int, defaultdict[Stream, list[Parcel]]] = defaultdict(lambda: defaultdict(list))

    def arrival(self, time_ns: int) -> tuple[int, bool]:
        """When an event arrives, and whether in a later hour than its own; within its hour, if not late."""
        dice, spec = self._dice, self._spec
        hour_ns = time_ns - time_ns % HOUR_NS
        if dice.fraction() < spec.late_share:
            later = hour_ns + _DELAY_HOURS.draw(dice) * HOUR_NS
            if later < spec.end_ns:
                return later + dice.below(HOUR_NS), True
        return min(time_ns + 50_000_000 + dice.bits(31), hour_ns + HOUR_NS - 1), False

    def put(self, stream: Stream, parcel: Parcel) -> None:
        """Let a parcel arrive at its time."""
        self._waiting[parcel.arrival_ns // HOUR_NS][stream].append(parcel)

    def repeat(self, stream: Stream, parcel: Parcel) -> None:
        """Let the same bytes arrive once more: later in the hour, or one to three hours after."""
        self.put(stream, parcel._replace(arrival_ns=self._again(parcel.arrival_ns)))

    def put_cut(self, stream: Stream, parcel: Parcel) -> None:
        """Let a cut copy arrive just before a JSON line, which then follows whole."""
        self.put(stream, self._cut(parcel.arrival_ns, parcel.data))

    def _again(self, arrival_ns: int) -> int:
        hour_end = arrival_ns - arrival_ns % HOUR_NS + HOUR_NS
        if self._dice.chance(0.5):
            later = arrival_ns + self._dice.between(1, 3) * HOUR_NS
            if later < self._spec.end_ns:
                return later
        return arrival_ns + self._dice.below(hour_end - arrival_ns)

    def _cut(self, arrival_ns: int, line: bytes) -> Parcel:
        """Between a fifth and nine tenths: it still opens like its neighbours, and is no JSON."""
        return Parcel(arrival_ns, line[: len(line) * self._dice.between(20, 90) // 100], "bad", 0)

    def objects(self, hour: Hour) -> Iterator[SampleObject]:
        """All raw objects of an arrival hour, by key's tenant and source."""
        waiting: dict[Stream, list[Parcel]] = self._waiting.pop(hour.index, defaultdict(list))
        for stream in sorted(waiting):
            count = self._spec.objects_per_hour if stream.tenant == MIXED else 1
            slots: list[list[Parcel]] = [[] for _ in range(count)]
            for parcel in sorted(waiting[stream], key=_by_arrival):
                slots[parcel.arrival_ns % HOUR_NS * count // HOUR_NS].append(parcel)
            for slot in slots:
                if slot:
                    yield self._object(stream, hour, self._packed(stream, slot))

    def _packed(self, stream: Stream, parcels: list[Parcel]) -> list[Parcel]:
        """Lines of an object: as they are, or records put together as their format has it."""
        if stream == AUDIT:
            return [Parcel(parcels[0].arrival_ns, audit_file([it.data for it in parcels]), records=len(parcels))]
        if stream != OTLP:
            return parcels
        lines = [parcel for parcel in parcels if parcel.resource is None]  # requests repeated from an earlier object
        records = [parcel for parcel in parcels if parcel.resource is not None]
        for place in range(0, len(records), _BATCH):
            lines.extend(self._request(records[place : place + _BATCH]))
        return sorted(lines, key=_by_arrival)

    def _request(self, batch: list[Parcel]) -> Iterator[Parcel]:
        """One export request, with what the collector's retries and restarts make of it."""
        groups: dict[Resource, list[bytes]] = {}
        for parcel in batch:
            if parcel.resource is not None:
                groups.setdefault(parcel.resource, []).append(parcel.data)
        request = Parcel(batch[-1].arrival_ns, otlp_request(list(groups.items())), records=len(batch))
        trouble = self._dice.fraction() - self._spec.duplicate_share
        if trouble < 0:
            for parcel in batch:
                if parcel.resource is not None:
                    self._tally.duplicate(parcel.resource.tenant, parcel.hour_ns)
            again = self._again(request.arrival_ns)
            if again // HOUR_NS > request.arrival_ns // HOUR_NS:
                self.put(OTLP, request._replace(arrival_ns=again))
            else:
                yield request  # in the same object
        elif trouble < self._spec.bad_share * len(batch):  # the longer a line, the likelier it is cut
            yield self._cut(request.arrival_ns, request.data)
        yield request

    def _object(self, stream: Stream, hour: Hour, lines: list[Parcel]) -> SampleObject:
        oldest = Hour.of_nano(lines[0].arrival_ns)
        second = lines[0].arrival_ns % HOUR_NS // NS
        stamp = f"{oldest.day}-{oldest.hh}-{second // 60:02d}-{second % 60:02d}"
        name = f"{stream.source}-1-{stamp}-{self._dice.uuid()}.gz"
        key = raw_prefix(stream.tenant, stream.source, hour) + name
        records: Counter[Kind] = Counter()
        for parcel in lines:
            records[parcel.kind] += parcel.records
        foreign = records["tenant_invalid"] + records["tenant_not_granted"]
        self._tally.object(
            key,
            ObjectTruth(
                lines=len(lines),
                records=records["event"] + foreign,
                events=records["event"],
                bad_lines=sum(parcel.kind == "bad" for parcel in lines),
                ignored_lines=sum(parcel.kind == "ignored" for parcel in lines),
                tenant_invalid=records["tenant_invalid"],
                tenant_not_granted=records["tenant_not_granted"],
            ),
        )
        return SampleObject(key, gzip_member(b"\n".join([*(parcel.data for parcel in lines), b""])))


def _by_arrival(parcel: Parcel) -> int:
    return parcel.arrival_ns
