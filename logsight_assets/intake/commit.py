"""What was read of a raw object appears in the lake so that a kill at any moment loses nothing and doubles nothing.

Order: intent → event files → quarantine → event files of earlier readings go → markers of the touched hours → receipt →
quarantine and receipts of earlier readings go → intents go. Each step repeats with the same bytes, so whoever comes
next simply does all of it again.
"""

from __future__ import annotations

from collections.abc import Iterable

from logsight_assets.intake.event_files import EventFile
from logsight_assets.intake.intents import Intent, intent_of, open_intents
from logsight_assets.intake.quarantine import QuarantineWriter
from logsight_assets.intake.raw import RawObject
from logsight_assets.intake.receipts import Receipt
from logsight_assets.lake import Lake, mark, quarantine_key, receipt_key
from logsight_assets.timeline import Hour
from resources.object_store import ObjectStore


def commit(
    lake: Lake,
    raw: RawObject,
    receipt: Receipt,
    written: Iterable[EventFile],
    quarantine: QuarantineWriter,
    previous: list[Receipt],
) -> None:
    """Put event files, quarantine and receipt of a raw object in place of what earlier readings of its key left.

    `previous` are their receipts. The intent stays where a file that is read in place was written to meanwhile: what
    was read may lack its end, so it is to be read once more.
    """
    store = lake.store
    begun = list(open_intents(store, raw))
    older = set[str]().union(*(each.files for each in previous), *(each.files for each in begun))
    intent = intent_of(raw, receipt.raw_object, older.union(receipt.files))
    store.put(intent.key, intent.to_json())
    for file in written:
        store.put_file(_target(receipt, file), file.path)
    vault = quarantine_key(raw.tenant, raw.source, raw.arrival_hour, receipt.raw_object)
    if quarantine.count:
        store.put_file(vault, quarantine.path)
    elif previous or begun:
        store.delete(vault)
    for file_key in sorted(older.difference(receipt.files)):
        store.delete(file_key)
    touched = set(receipt.event_hours).union(*(each.event_hours for each in previous), _hours_of(older))
    for hour in sorted(touched):
        mark(store, "hours", hour, receipt.raw_object)
    store.put(receipt.key, receipt.to_json())
    _remove_earlier(store, raw, receipt, previous, begun)
    if raw.store is store or not _was_written_to(raw):
        store.delete(intent.key)


def _remove_earlier(
    store: ObjectStore, raw: RawObject, receipt: Receipt, previous: list[Receipt], begun: list[Intent]
) -> None:
    """Remove quarantine, receipts and intents of earlier readings; the arrival hour of a file read in place moves."""
    places = {(each.arrival_hour, each.raw_object) for each in previous}
    places |= {(str(each.arrival_hour), each.raw_object) for each in begun}
    for hour, name in sorted(places - {(receipt.arrival_hour, receipt.raw_object)}):
        arrival = Hour.parse(hour)
        store.delete(quarantine_key(raw.tenant, raw.source, arrival, name))
        store.delete(receipt_key(raw.tenant, raw.source, arrival, name))
    for each in begun:
        if each.raw_object != receipt.raw_object:
            store.delete(each.key)


def _was_written_to(raw: RawObject) -> bool:
    """Whether a raw object is another than the one that was listed; one that is gone has nothing more to read."""
    found = raw.store.head(raw.key)
    return found is not None and (found.size, found.modified) != (raw.size, raw.modified)


def _target(receipt: Receipt, file: EventFile) -> str:
    """The file's key: the one of the receipt's files that lies in its tenant and hour."""
    place = f"/tenant={file.tenant}/{file.hour.path}/"
    return next(key for key in receipt.files if place in key)


def _hours_of(files: Iterable[str]) -> set[str]:
    """Event hours in the keys of event files."""
    found = set()
    for key in files:
        parts = dict(part.split("=", 1) for part in key.split("/") if "=" in part)
        if key.startswith("events/"):
            found.add(f"{parts['dt']}T{parts['hour']}")
    return found
