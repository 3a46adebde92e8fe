"""Checks of what intake made of an arrival hour."""

from dataclasses import dataclass, field
from itertools import islice

import dagster as dg

from logsight_assets.errors import ConservationError, ObjectMissing
from logsight_assets.intake.receipts import Receipt, read_receipt, read_receipts, receipt_entries
from logsight_assets.intake.transaction import check_conservation
from logsight_assets.lake import Lake, values
from logsight_assets.partition_checks import HourCheck, Verdict, hour_checks
from logsight_assets.timeline import Hour, hours_between

# Above these a person should look. They are shares of an hour of all sources; a new kind of log shows at once.
MOST_QUARANTINED = 0.05
MOST_WITHOUT_TIME = 0.20
_BEFORE = 24  # hours that an hour is compared with
_SAMPLE = 3  # receipts of a source's earlier hour that tell its formats: all of a day would be read for each live run

Stream = tuple[str, str]  # raw tenant, source


@dataclass
class SeenReceipts:
    """Receipts of the hours that a run checks and of those before them, each hour read once."""

    lake: Lake
    _receipts: dict[Hour, list[Receipt]] = field(default_factory=dict)
    _formats: dict[Hour, dict[Stream, set[str]]] = field(default_factory=dict)
    _streams: list[Stream] | None = None

    def of(self, hour: Hour) -> list[Receipt]:
        if hour not in self._receipts:
            self._receipts[hour] = list(read_receipts(self.lake, [hour]))
        return self._receipts[hour]

    def formats(self, hour: Hour) -> dict[Stream, set[str]]:
        """Streams that brought something in an hour, and formats by a few receipts."""
        if hour not in self._formats:
            found = {stream: self._sampled(stream, hour) for stream in self._all_streams()}
            self._formats[hour] = {stream: formats for stream, formats in found.items() if formats}
        return self._formats[hour]

    def _sampled(self, stream: Stream, hour: Hour) -> set[str]:
        entries = receipt_entries(self.lake.store, *stream, hour).values()
        formats = set()
        for entry in islice(entries, _SAMPLE):
            try:
                formats.add(read_receipt(self.lake.store, entry.key).format)
            except ObjectMissing:  # erased or replaced since the listing
                continue
        return formats

    def _all_streams(self) -> list[Stream]:
        if self._streams is None:
            store = self.lake.store
            self._streams = [
                (tenant, source)
                for tenant in values(store, "receipts/", "tenant")
                for source in values(store, f"receipts/tenant={tenant}/", "source")
            ]
        return self._streams


def intake_checks(hours: dg.HourlyPartitionsDefinition) -> dg.AssetChecksDefinition:
    return hour_checks("intake_checks", _CHECKS, hours, SeenReceipts)


def conservation(seen: SeenReceipts, hour: Hour) -> Verdict:
    """Sums of each receipt, and that the files it names are there."""
    broken = missing = 0
    found = seen.of(hour)
    for receipt in found:
        try:
            check_conservation(receipt)
        except ConservationError:
            broken += 1
        missing += sum(seen.lake.store.head(key) is None for key in receipt.files if key.startswith("events/"))
    return Verdict(broken == missing == 0, {"objects": len(found), "broken_sums": broken, "missing_files": missing})


def faults(seen: SeenReceipts, hour: Hour) -> Verdict:
    count = sum(len(receipt.faults) for receipt in seen.of(hour))
    return Verdict(count == 0, {"faults": count})


def quarantined(seen: SeenReceipts, hour: Hour) -> Verdict:
    found = seen.of(hour)
    lines, refused = sum(r.lines for r in found), sum(r.quarantined for r in found)
    ratio = refused / lines if lines else 0.0
    return Verdict(ratio <= MOST_QUARANTINED, {"quarantined": refused, "quarantined_ratio": ratio})


def clock_skew(seen: SeenReceipts, hour: Hour) -> Verdict:
    found = seen.of(hour)
    inferred, future = (sum(r.counts.get(name, 0) for r in found) for name in ("time_inferred", "future_times"))
    records = sum(r.records for r in found)
    ratio = inferred / records if records else 0.0
    figures = {"without_time": inferred, "from_the_future": future, "without_time_ratio": ratio}
    return Verdict(ratio <= MOST_WITHOUT_TIME and future == 0, figures)


def drift(seen: SeenReceipts, hour: Hour) -> Verdict:
    """A source whose format is new to it: a changed shipper, or a detection that went astray."""
    now: dict[Stream, set[str]] = {}
    for receipt in seen.of(hour):
        now.setdefault((receipt.tenant, receipt.source), set()).add(receipt.format)
    before: dict[Stream, set[str]] = {}
    for earlier in hours_between(hour - _BEFORE, hour):
        for stream, formats in seen.formats(earlier).items():
            before.setdefault(stream, set()).update(formats)
    changed = sum(bool(formats - before[stream]) for stream, formats in now.items() if stream in before)
    return Verdict(changed == 0, {"sources": len(now), "sources_in_a_new_format": changed})


def silence(seen: SeenReceipts, hour: Hour) -> Verdict:
    """Sources that brought something in most hours of the day before, and nothing in this hour."""
    heard: dict[Stream, int] = {}
    for earlier in hours_between(hour - _BEFORE, hour):
        for stream in seen.formats(earlier):
            heard[stream] = heard.get(stream, 0) + 1
    regular = {stream for stream, count in heard.items() if count > _BEFORE // 2}
    speaking = {(receipt.tenant, receipt.source) for receipt in seen.of(hour)}
    # An hour that is not over may still bring something.
    silent = len(regular - speaking) if hour < seen.lake.now else 0
    return Verdict(silent == 0, {"regular_sources": len(regular), "silent_sources": silent})


_ERROR = dg.AssetCheckSeverity.ERROR
_SUMS = "Of each raw object: lines = consumed + quarantined + ignored; records = events + quarantined + late + erased."
_SKEW = f"At most {MOST_WITHOUT_TIME:.0%} of the events lack a usable time; none claims to be from the future."
_CHECKS = [
    HourCheck("intake", "conservation", _SUMS, conservation, _ERROR),
    HourCheck("intake", "faults", "Raw objects that arrived cut, damaged or too long.", faults),
    HourCheck("intake", "quarantine_share", f"At most {MOST_QUARANTINED:.0%} of the lines are refused.", quarantined),
    HourCheck("intake", "clock_skew", _SKEW, clock_skew),
    HourCheck("intake", "schema_drift", "Each source comes in a format that it came in before.", drift),
    HourCheck("intake", "silence", "Sources of the day before still bring something.", silence),
]
