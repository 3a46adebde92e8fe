"""A run of intake: raw objects through a pool of threads, each object a transaction of its own."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from functools import partial

from logsight_assets.declarations import Declared
from logsight_assets.intake.arrivals import Arrival
from logsight_assets.intake.keys import load_keys
from logsight_assets.intake.receipts import Receipt, read_receipts
from logsight_assets.intake.redact_records import redaction_of
from logsight_assets.intake.sources import SourceDefinition, read_sources, source_of
from logsight_assets.intake.transaction import Workbench, reading_rules, take_in
from logsight_assets.lake import Lake, hours_below, values
from logsight_assets.scratch import embedded_engine, scratch_folder, workers
from logsight_assets.settings import Settings
from logsight_assets.timeline import Hour


@dataclass
class IntakeReport:
    """Sums over the objects that a run read."""

    objects: int = 0
    lines: int = 0
    events: int = 0
    quarantined: int = 0
    ignored_lines: int = 0
    late: int = 0
    erased: int = 0
    durations_out_of_range: int = 0
    weights_out_of_range: int = 0
    faults: list[dict[str, str]] = field(default_factory=list)
    event_hours: set[Hour] = field(default_factory=set)
    formats: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, receipt: Receipt) -> None:
        self.objects += 1
        self.lines += receipt.lines
        self.events += receipt.events
        self.quarantined += receipt.quarantined
        self.ignored_lines += sum(receipt.ignored_lines.values())
        self.late += receipt.late
        self.erased += receipt.erased
        self.durations_out_of_range += receipt.durations_out_of_range
        self.weights_out_of_range += receipt.weights_out_of_range
        self.faults += [
            {"raw_object": receipt.raw_object, "raw_key": receipt.raw_key, "fault": f} for f in receipt.faults
        ]
        self.event_hours.update(receipt.touched_hours)
        self.formats[receipt.format] += 1
        self.counts.update(receipt.counts)

    def merge(self, other: IntakeReport) -> None:
        self.objects += other.objects
        self.lines += other.lines
        self.events += other.events
        self.quarantined += other.quarantined
        self.ignored_lines += other.ignored_lines
        self.late += other.late
        self.erased += other.erased
        self.durations_out_of_range += other.durations_out_of_range
        self.weights_out_of_range += other.weights_out_of_range
        self.faults += other.faults
        self.event_hours |= other.event_hours
        self.formats += other.formats
        self.counts += other.counts


def declared_sources(lake: Lake) -> Declared[SourceDefinition]:
    """What the files of sources say, and those that are wrong. Objects of such a source wait until it is corrected:
    read by other rules, any of its lines could name any tenant.
    """
    return read_sources(lake.config / "sources")


@contextlib.contextmanager
def workbench(lake: Lake) -> Iterator[Workbench]:
    """Engine, keys and rules of one run; its scratch folder goes with it."""
    with scratch_folder(lake.state) as scratch, embedded_engine(lake, scratch, sharers=workers(lake)) as engine:
        keys, declared = load_keys(lake.state), declared_sources(lake)
        yield Workbench(
            lake,
            engine,
            redaction_of(lake.settings, keys.ring),
            keys,
            declared,
            _sealed(lake),
            frozenset(erased_tenants(lake)),
            redaction_fingerprint(lake.settings),
            scratch,
        )


def read_objects(
    bench: Workbench, arrivals: Iterable[Arrival], on_done: Callable[[Receipt], None] = lambda _: None
) -> IntakeReport:
    """Read each object; the first failure is raised after the others have ended, so what is done is kept."""
    with _readers(bench) as read:
        return _report(read(arrivals), on_done)


def read_hours(
    bench: Workbench, by_hour: Mapping[Hour, Iterable[Arrival]], on_done: Callable[[Receipt], None]
) -> Iterator[tuple[Hour, Callable[[], IntakeReport]]]:
    """Read the objects of hours; in their order, each with what gives its report or raises its first failure.

    One pool for all of them: a worker that finds nothing more of an hour goes on with the next one. A report is to be
    asked for in its turn: what has not begun when the caller stops is not read.
    """
    with _readers(bench) as read:
        tasks = {hour: read(arrivals) for hour, arrivals in by_hour.items()}
        for hour, own in tasks.items():
            yield hour, partial(_report, own, on_done)


@contextlib.contextmanager
def _readers(bench: Workbench) -> Iterator[Callable[[Iterable[Arrival]], list[Future[Receipt]]]]:
    """What starts reading objects, by a pool of threads; who leaves early waits for those at work alone."""
    pool = ThreadPoolExecutor(max_workers=workers(bench.lake), thread_name_prefix="intake")
    try:
        yield lambda arrivals: [pool.submit(take_in, bench, a.raw, a.previous(bench.lake)) for a in arrivals]
    finally:
        pool.shutdown(cancel_futures=True)


def _report(tasks: list[Future[Receipt]], on_done: Callable[[Receipt], None]) -> IntakeReport:
    report = IntakeReport()
    failure: BaseException | None = None
    for task in as_completed(tasks):
        error = task.exception()
        if error is not None:
            failure = failure or error
            continue
        report.add(task.result())
        on_done(task.result())
    if failure:
        raise failure
    return report


def stale_objects(lake: Lake) -> Counter[str]:
    """Raw objects by source that were read under another version, source definition or redaction than today's.

    A new redaction key makes nothing stale: older tokens stay searchable. Of a source whose file is wrong nobody knows.
    """
    declared, fingerprint = declared_sources(lake), redaction_fingerprint(lake.settings)
    found: Counter[str] = Counter()
    for receipt in (each for each in read_receipts(lake) if each.source not in declared.wrong):
        source = source_of(declared.by_name, receipt.source)
        today = reading_rules(source, fingerprint)
        if any(receipt.versions.get(name) != value for name, value in today.items()):
            found[receipt.source] += 1
    return found


def erased_tenants(lake: Lake) -> set[str]:
    """Tenants with a tombstone: their records never become events again."""
    entries = lake.store.list("tombstones/")
    return {e.key.removeprefix("tombstones/tenant=").removesuffix(".json") for e in entries}


def _sealed(lake: Lake) -> Callable[[str, Hour], bool]:
    seals = {
        (tenant, hour)
        for tenant in values(lake.store, "seals/", "tenant")
        for hour in hours_below(lake.store, f"seals/tenant={tenant}/")
    }
    return lambda tenant, hour: (tenant, hour) in seals


def redaction_fingerprint(settings: Settings) -> str:
    """Changes with what redaction would replace: objects read under another one are reported as stale."""
    policies = {"": settings.redaction, **{name: settings.redaction_of(name) for name in settings.tenants}}
    held = {name: policy.model_dump() for name, policy in policies.items()}
    return hashlib.sha256(json.dumps(held, sort_keys=True).encode()).hexdigest()[:12]
