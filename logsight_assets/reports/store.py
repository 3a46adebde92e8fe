"""Reports in the lake: a page and its numbers, both carrying the hash of what they were made from.

A report stays as it was made. When its inputs have changed since, that is said; it is rendered anew only when somebody
asks for it, so that late data never sets off a cascade.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow.compute as pc

from logsight_assets.errors import ObjectMissing, PublishConflict
from logsight_assets.lake import PLATFORM, Lake, is_erased, report_numbers_key, report_page_key, values
from logsight_assets.parquet import INPUTS, VERSION, parquet_bytes, read_facts, read_rows
from logsight_assets.reports.gather import Gathered
from logsight_assets.reports.headlines import headlines
from logsight_assets.reports.inputs import fingerprint_of
from logsight_assets.reports.number_rows import number_rows
from logsight_assets.reports.page import INPUTS_NAME, render
from logsight_assets.reports.period import Kind, Period
from logsight_assets.reports.pictures import Picture, pictures
from logsight_assets.tables import REPORT_NUMBERS
from logsight_assets.versions import REPORTS_VERSION
from resources.object_store import ObjectStore

HEADLINES = "logsight.headlines"  # JSON: the lines of "what changed", text and quote
PARTS = "logsight.parts"  # JSON: name → content hash of what the report was made from
_STATED = re.compile(rb'<meta name="' + INPUTS_NAME.encode() + rb'" content="([0-9a-f]{64})">')
_HEAD_BYTES = 4096  # the page says it in its head
_TURNS = 5


class Drift(StrEnum):
    """How the inputs of a report stand to what they were when it was made."""

    UNCHANGED = "unchanged"
    CHANGED = "changed"
    GONE = "gone"  # retention took some, nothing else changed: a report made now would know less


@dataclass(frozen=True)
class Standing:
    """What is published of a report."""

    page_version: str | None
    page_inputs: str | None
    numbers_version: str | None
    facts: Mapping[str, str]

    @property
    def is_whole(self) -> bool:
        """Page and numbers are there and were made from the same inputs."""
        return self.numbers_version is not None and self.page_inputs == self.facts.get(INPUTS)

    @property
    def parts(self) -> Mapping[str, str]:
        held: dict[str, str] = json.loads(self.facts.get(PARTS, "{}"))
        return held

    @property
    def lines(self) -> list[dict[str, str]]:
        """Text and quote of each headline."""
        held: list[dict[str, str]] = json.loads(self.facts.get(HEADLINES, "[]"))
        return held

    def drift(self, parts: Mapping[str, str]) -> Drift:
        """Compare with what the inputs are now."""
        held = self.parts
        if held == parts:
            return Drift.UNCHANGED
        return Drift.GONE if parts.items() <= held.items() else Drift.CHANGED


@dataclass(frozen=True)
class Report:
    """A report as it stands in the lake after looking at it."""

    tenant: str
    page_key: str
    numbers_key: str
    lines: list[dict[str, str]]
    drift: Drift
    is_new: bool  # rendered by this call
    pictures: list[Picture]  # of this call; empty if nothing was rendered


def standing(store: ObjectStore, tenant: str, period: Period) -> Standing:
    """What is there; versions are read before contents, so that a newer one fails a conditional put."""
    page, numbers = _keys(tenant, period)
    page_entry, numbers_entry = store.head(page), store.head(numbers)
    facts = read_facts(store, numbers) if numbers_entry else None
    return Standing(
        page_entry.version if page_entry else None,
        _stated_inputs(store, page) if page_entry else None,
        numbers_entry.version if numbers_entry and facts is not None else None,
        facts or {},
    )


def report(lake: Lake, period: Period, gathered: Gathered, *, again: bool = False) -> Report:
    """Make a tenant's or the platform's report if there is none, or `again`.

    One whose inputs are gone stays as it is: made again it would know less. Raises PublishConflict when others keep
    being faster.
    """
    numbers, parts = gathered.numbers, gathered.parts
    held = standing(lake.store, numbers.tenant, period)
    drift = held.drift(parts)
    if held.is_whole and (drift is Drift.GONE or not again):
        return Report(numbers.tenant, *_keys(numbers.tenant, period), held.lines, drift, False, [])
    drawn = pictures(numbers, lake.state / "matplotlib")
    page, rows, lines = _objects(gathered, drawn)
    _put(lake.store, period, numbers.tenant, held, page, rows)
    _withdraw_if_erased(lake.store, gathered)
    return Report(numbers.tenant, *_keys(numbers.tenant, period), lines, Drift.UNCHANGED, True, drawn)


def _keys(tenant: str, period: Period) -> tuple[str, str]:
    return report_page_key(tenant, period.kind, period.name), report_numbers_key(tenant, period.kind, period.name)


def _objects(gathered: Gathered, drawn: list[Picture]) -> tuple[bytes, bytes, list[dict[str, str]]]:
    """Page, numbers, and the lines of what changed."""
    numbers, fingerprint = gathered.numbers, fingerprint_of(gathered.parts)
    found = headlines(numbers)
    lines = [{"text": line.text, "quote": line.quote} for line in found]
    facts = {
        INPUTS: fingerprint,
        VERSION: str(REPORTS_VERSION),
        PARTS: json.dumps(dict(sorted(gathered.parts.items())), separators=(",", ":")),
        HEADLINES: json.dumps(lines, ensure_ascii=False),
    }
    return render(numbers, found, drawn, fingerprint), parquet_bytes(number_rows(numbers), REPORT_NUMBERS, facts), lines


def _put(store: ObjectStore, period: Period, tenant: str, held: Standing, page: bytes, rows: bytes) -> None:
    """Put both, each over the version that was read; again until both are ours."""
    page_key, numbers_key = _keys(tenant, period)
    for _ in range(_TURNS):
        if store.put_if(page_key, page, held.page_version) and store.put_if(numbers_key, rows, held.numbers_version):
            return
        held = standing(store, tenant, period)
    raise PublishConflict(f"report of {period.name}: others published {_TURNS} times in a row; run it again")


def _withdraw_if_erased(store: ObjectStore, gathered: Gathered) -> None:
    """A tenant that was erased while its report was made leaves none behind."""
    numbers = gathered.numbers
    named = {service.name for service in numbers.parts} if numbers.tenant == PLATFORM else {numbers.tenant}
    if any(is_erased(store, tenant) for tenant in named):
        for key in _keys(numbers.tenant, numbers.period):
            store.delete(key)


def _stated_inputs(store: ObjectStore, page_key: str) -> str | None:
    """The hash that a page names in its head."""
    try:
        with store.open(page_key) as stream:
            match = _STATED.search(stream.read(_HEAD_BYTES))
    except ObjectMissing:
        return None
    return match[1].decode() if match else None


# What is there --------------------------------------------------------------------------------------------------------


def reported(store: ObjectStore, tenant: str, kind: Kind) -> list[Period]:
    """Periods of which a tenant has a report, in order."""
    part, read = ("dt", Period.day) if kind == "daily" else ("week", Period.week)
    return [read(name) for name in values(store, f"reports/tenant={tenant}/{kind}/", part)]


def forget(store: ObjectStore, tenant: str) -> int:
    """Remove the platform's reports that name an erased tenant; returns how many. They can be made anew without it."""
    removed = 0
    for kind in ("daily", "weekly"):
        for period in reported(store, PLATFORM, kind):
            page_key, numbers_key = _keys(PLATFORM, period)
            try:
                items = read_rows(store, numbers_key)["item"]
            except ObjectMissing:
                continue
            if pc.any(pc.equal(items, tenant)).as_py():
                store.delete(page_key)
                store.delete(numbers_key)
                removed += 1
    return removed
