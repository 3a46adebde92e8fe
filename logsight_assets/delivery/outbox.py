"""The outbox: what has news becomes messages that wait; what waits is delivered, whoever is killed, or asks to wait.

A message is brought to the revision that is wanted; how it gets there is the channel's. Before a channel is spoken to,
an attempt is recorded: the next one, after a kill or an answer that was lost, then looks for what may have arrived
before it sends anything. Only what came in live is marked as having news: neither backfills nor replays are told.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from logsight_assets.delivery.channel import Channel, Handles
from logsight_assets.delivery.entries import Entry, EntryRecords, EntryState, Subject, entries_of
from logsight_assets.delivery.letters import Gone, Silenced, letter_for
from logsight_assets.delivery.message import Letter, Wrote
from logsight_assets.delivery.report_message import REVISION, report_name
from logsight_assets.delivery.routing import channels_for, subscribers_of
from logsight_assets.delivery.turns import (
    Turn,
    Waiting,
    claim,
    mark,
    may_be_tried,
    pause,
    paused_until,
    read_turn,
    release,
    reset,
    unmark,
    waiting,
    wake,
)
from logsight_assets.errors import LogSightError, PermanentError, TransientError, TryLater
from logsight_assets.failures import Failures, told
from logsight_assets.incidents.people import cover_of, note_cover
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.state import IncidentState, fold
from logsight_assets.lake import Lake, is_erased, report_page_key, values
from logsight_assets.reports.period import Period

_DUE_PREFIX = "deliveries/due/"
_LONGEST_WAIT = 3600  # seconds between two attempts


@dataclass
class Delivered:
    """What a run did: counts of messages, and ids by which people find the incidents."""

    told: int = 0  # brought to their revision
    later: int = 0  # failed, or were asked to wait, and will be tried again
    dead: int = 0  # given up
    withheld: int = 0  # silenced, or gone
    incidents: tuple[str, ...] = ()  # those of which something was told, once a message

    def __add__(self, other: Delivered) -> Delivered:
        return Delivered(*(getattr(self, name) + getattr(other, name) for name in asdict(self)))


# What has news --------------------------------------------------------------------------------------------------------


def enqueue_incident(lake: Lake, tenant: str, incident_id: str) -> list[Entry]:
    """Put what is new of an incident into the outbox: for the channels that rules name now, and those told before."""
    records = IncidentRecords(lake, tenant, incident_id).all()
    if not records or is_erased(lake.store, tenant):
        return []
    state, subject = fold(records), Subject(tenant, "incident", incident_id)
    routed = channels_for(lake.settings, "incident", tenant, state.services, state.severity)
    entries = dict.fromkeys([*(Entry.to(subject, name) for name in routed), *entries_of(lake.store, subject)])
    for entry in entries:
        _want(lake, entry, records[-1].number)
        _look_at_silence(lake, entry, state)
    return list(entries)


def _look_at_silence(lake: Lake, entry: Entry, incident: IncidentState) -> None:
    """Wake a message that waits for the end of a silence, unless that is still to end when it was to."""
    until = EntryRecords(lake, entry).state().withheld_until
    if until is not None:
        cover = cover_of(lake, entry.subject.tenant, incident)
        if cover is None or cover.until != until:
            wake(lake, entry, until)


def enqueue_reports(lake: Lake, period: Period) -> list[Entry]:
    """Put the reports of a period that are there into the outbox: for subscribers, and channels that rules name."""
    found = []
    for tenant in values(lake.store, "reports/", "tenant"):
        if lake.store.head(report_page_key(tenant, period.kind, period.name)) is None:
            continue
        subject = Subject(tenant, "report", report_name(period))
        addressed = [(name, "") for name in channels_for(lake.settings, "report", tenant)]
        for channel, to in [*addressed, *subscribers_of(lake.settings, tenant)]:
            entry = Entry.to(subject, channel, to)
            if EntryRecords(lake, entry).state().wanted < REVISION:
                _want(lake, entry, REVISION, to)
                found.append(entry)
    return found


def _want(lake: Lake, entry: Entry, revision: int, to: str = "") -> None:
    EntryRecords(lake, entry).append("intent", f"intent:{revision}", {"revision": revision, "to": to})
    mark(lake, entry, revision)


def take_news(lake: Lake, failures: Failures) -> int:
    """Put everything that was handed over into the outbox; how many incidents had news."""
    count = 0
    for entry in list(lake.store.list(_DUE_PREFIX)):
        tenant, name = entry.key.removeprefix(f"{_DUE_PREFIX}tenant=").split("/")
        incident_id = name.partition("~")[0]
        with failures.attempt(f"news of incident {incident_id}"):
            enqueue_incident(lake, tenant, incident_id)
            lake.store.delete(entry.key)
            count += 1
    return count


def has_news(lake: Lake) -> bool:
    return next(iter(lake.store.list(_DUE_PREFIX)), None) is not None


# Delivering -----------------------------------------------------------------------------------------------------------


def due(lake: Lake) -> list[Waiting]:
    """Messages that may be tried now, of channels that did not ask to wait."""
    return due_of(lake, [(each, read_turn(lake, each.entry)) for each in waiting(lake)])


def due_of(lake: Lake, held: Sequence[tuple[Waiting, Turn]]) -> list[Waiting]:
    """Of all that waits, with its turns, what `due` is."""
    paused = {name for name in {each.entry.channel for each, _ in held} if paused_until(lake, name)}
    return [each for each, turn in held if each.entry.channel not in paused and may_be_tried(lake, each, turn)]


def deliver_due(lake: Lake, channels: Mapping[str, Channel], failures: Failures) -> Delivered:
    """Deliver all that is due, and what becomes due meanwhile; a message that fails keeps no other waiting."""
    done = Delivered()
    take_news(lake, failures)
    failed = set[Entry]()
    while found := [each for each in due(lake) if each.entry not in failed]:
        for waits in found:
            if paused_until(lake, waits.entry.channel):
                continue
            what = f"{waits.entry.subject.kind} {waits.entry.subject.name} to channel {waits.entry.channel}"
            with failures.attempt(f"delivery of {what}"):
                done += deliver(lake, waits, channels)
            if f"delivery of {what}" in failures.held:
                failed.add(waits.entry)
        take_news(lake, failures)
    return done


def deliver_incident(lake: Lake, incident: Subject, channels: Mapping[str, Channel], failures: Failures) -> Delivered:
    """Tell what is new of one incident, for whoever has it in hand; what waits of others is left to its run."""
    enqueue_incident(lake, incident.tenant, incident.name)
    done = Delivered()
    for waits in [each for each in due(lake) if each.entry.subject == incident]:
        with failures.attempt(f"delivery of incident {incident.name} to channel {waits.entry.channel}"):
            done += deliver(lake, waits, channels)
    return done


def deliver(lake: Lake, waits: Waiting, channels: Mapping[str, Channel]) -> Delivered:
    """Deliver one message, if it is its turn. What is no fault of a channel is raised, and its turn stays taken."""
    turn = claim(lake, waits)
    if turn is None:
        return Delivered()
    records = EntryRecords(lake, waits.entry)
    state = records.state()
    wanted = max(state.wanted, *waits.revisions)
    if is_erased(lake.store, waits.entry.subject.tenant):
        return _nothing_to_tell(lake, waits, turn)
    if state.told and state.told.revision >= wanted and state.trying is None:
        return _nothing_to_tell(lake, waits, turn, Delivered())
    letter = letter_for(lake, waits.entry, state, wanted)
    if isinstance(letter, Silenced):
        subject = waits.entry.subject
        note_cover(lake, IncidentRecords(lake, subject.tenant, subject.name), letter.cover)
        # The same silences may hold it back again behind a telling in between, so the key names what was known.
        key = f"withheld:{letter.cover.silences[0].number}:{state.records}"
        records.append("withheld", key, {"until": letter.cover.until.isoformat()})
        release(lake, waits.entry, turn, letter.cover.until)
        return Delivered(withheld=1)
    if isinstance(letter, Gone):
        return _nothing_to_tell(lake, waits, turn)
    try:
        wrote = _spoken_to(records, state, letter, channels)
    except TryLater as error:
        # Asked for, so no failure: the whole channel waits, and nothing is counted.
        until = lake.clock() + timedelta(seconds=error.seconds)
        pause(lake, waits.entry.channel, until)
        release(lake, waits.entry, turn, until)
        return Delivered(later=1)
    except LogSightError as error:
        return _failed(lake, waits, turn, records, error)
    _keep_told(records, letter, wrote)
    unmark(lake, waits.entry, [revision for revision in waits.revisions if revision <= letter.revision])
    release(lake, waits.entry, turn, None)
    subject = waits.entry.subject
    return Delivered(told=1, incidents=(subject.name,) if subject.kind == "incident" else ())


def _nothing_to_tell(lake: Lake, waits: Waiting, turn: Turn, done: Delivered | None = None) -> Delivered:
    unmark(lake, waits.entry, waits.revisions)
    release(lake, waits.entry, turn, None)
    return Delivered(withheld=1) if done is None else done


def _spoken_to(records: EntryRecords, state: EntryState, letter: Letter, channels: Mapping[str, Channel]) -> Wrote:
    """Let the channel deliver the letter, unless it would be word for word what it holds."""
    if state.told and not letter.news and state.told.fingerprint == letter.document.fingerprint:
        return Wrote(state.told.wrote)
    channel = channels.get(records.entry.channel)
    if channel is None:
        raise PermanentError(
            f"channel {records.entry.channel}: is not in the settings; name it, then `logsight deliveries redrive`"
        )
    if state.trying is None:
        records.append_next("attempt", {"revision": letter.revision})
    handles = Handles(
        state.handles, lambda name, value: records.append("handle", f"handle:{name}", {"name": name, "value": value})
    )
    return channel.deliver(letter, handles)


def _keep_told(records: EntryRecords, letter: Letter, wrote: Wrote) -> None:
    body = {
        "revision": letter.revision,
        "facts": dict(letter.facts),
        "fingerprint": letter.document.fingerprint,
        "wrote": dict(wrote.fields),
        "left": list(wrote.left),
    }
    records.append("told", f"told:{letter.revision}", body)


def _failed(lake: Lake, waits: Waiting, turn: Turn, records: EntryRecords, error: LogSightError) -> Delivered:
    failures, settings = records.state().failures + 1, lake.settings.delivery
    # Whatever is not transient stays as it is until somebody corrects it: a token, a setting, an address.
    if not isinstance(error, TransientError) or failures >= settings.attempts:
        records.append_next("dead", {"reason": told(error)})
        release(lake, waits.entry, turn, None, dead_revision=max(waits.revisions))
        return Delivered(dead=1)
    records.append_next("failed", {"reason": told(error)})
    wait = backoff_seconds(waits.entry.key, failures, settings.retry_seconds)
    release(lake, waits.entry, turn, lake.clock() + timedelta(seconds=wait))
    return Delivered(later=1)


def backoff_seconds(key: str, failures: int, first: int) -> float:
    """Time before the next attempt: doubled each time, to an hour; a quarter of it by the key, so that none crowd."""
    wait = min(first << min(failures - 1, 20), _LONGEST_WAIT)
    dice = hashlib.sha256(f"{key} {failures}".encode()).digest()[0] / 255
    return wait * (1 + dice / 4)


# People ---------------------------------------------------------------------------------------------------------------


def redrive(lake: Lake, entries: Iterable[Entry], who: str) -> int:
    """Let messages that were given up be tried again; how many."""
    count = 0
    for entry in entries:
        records = EntryRecords(lake, entry)
        if records.state().is_dead:
            records.append_next("redriven", {}, who)
            reset(lake, entry)
            count += 1
    return count
