"""The windows of an hour, one a tenant: its event files become four objects, little tenants counted together."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict

from logsight_assets.errors import ConservationError, ObjectMissing
from logsight_assets.lake import Lake, events_prefix, minute_key, patterns_key
from logsight_assets.parquet import INPUTS, VERSION, parquet_bytes
from logsight_assets.tables import PATTERNS, TREND_NAMES, TRENDS
from logsight_assets.timeline import Hour
from logsight_assets.trends.hour_inputs import hour_inputs, is_late
from logsight_assets.trends.hour_rows import HourRows, TenantFiles, compute_hour, event_count
from logsight_assets.trends.publish import Holding, Inputs, Window, hold
from logsight_assets.versions import TRENDS_VERSION
from resources.query_engine import QueryEngine

# Event files that one session counts, about 120,000 events: more of them together are no faster, and what they take in
# memory is what all hours at work take at their peak. A tenant with more has a session of its own.
BATCH_BYTES = 16_000_000
EVENT_COUNT = "logsight.event_count"  # sum of the rows' event_count: what the level above must arrive at


def hour_keys(tenant: str, hour: Hour) -> dict[str, str]:
    """Key of each object of a tenant's hour, by the name of its table's family."""
    return {name: minute_key(name, tenant, hour) for name in TREND_NAMES} | {"patterns": patterns_key(tenant, hour)}


class HourWindows:
    """Rows of an hour's tenants: of little ones together, of a large one, or one that changed meanwhile, alone."""

    def __init__(self, lake: Lake, engine: QueryEngine, hour: Hour) -> None:
        self._lake, self._engine, self._hour = lake, engine, hour
        self._batches: dict[str, Mapping[str, Inputs]] = {}  # of the tenants that wait
        self._rows: dict[tuple[str, str | None], HourRows | ConservationError] = {}

    def prepare(self, tenants: Sequence[str], *, replay: bool) -> None:
        """Decide which tenants that are not up to date are computed together, when the first of them is wanted."""
        batch: dict[str, Inputs] = {}
        held_bytes = 0
        for tenant, inputs in self._wanted(tenants, replay=replay):
            size = sum(entry.size for entry in self._lake.store.list(events_prefix(tenant, self._hour)))
            if held_bytes + size > BATCH_BYTES:
                batch, held_bytes = {}, 0
            batch[tenant] = inputs
            held_bytes += size
            self._batches[tenant] = batch

    def _wanted(self, tenants: Sequence[str], *, replay: bool) -> Iterator[tuple[str, Inputs]]:
        for tenant in tenants:
            window = self.of(tenant)
            try:
                holding = hold(self._lake.store, window.keys)
                inputs = window.survey(holding)
            except ObjectMissing:  # changing right now: computed alone, when it is published
                continue
            is_current = all(held.inputs == inputs.fingerprint for held in holding.values())
            if inputs.parts and not inputs.is_frozen and (replay or not is_current):
                yield tenant, inputs

    def of(self, tenant: str) -> Window:
        """A tenant's hour, for `publish`."""

        def survey(_: Holding) -> Inputs:
            return hour_inputs(self._lake.store, tenant, self._hour)

        def make(inputs: Inputs, _: Holding) -> Mapping[str, bytes]:
            return _hour_objects(tenant, self._hour, inputs, self._rows_of(tenant, inputs))

        return Window(f"hour {self._hour}", list(hour_keys(tenant, self._hour).values()), survey, make)

    def _rows_of(self, tenant: str, inputs: Inputs) -> HourRows:
        batch = self._batches.get(tenant, {})
        for together in batch:
            del self._batches[together]
        if len(batch) > 1:
            with contextlib.suppress(Exception):
                # A file may have gone while it was read. Whatever went wrong comes up again where a tenant is computed
                # alone, and is judged there.
                self._compute(batch)
        if (tenant, inputs.fingerprint) not in self._rows:
            self._compute({tenant: inputs})
        rows = self._rows.pop((tenant, inputs.fingerprint))
        if isinstance(rows, ConservationError):
            raise rows
        return rows

    def _compute(self, wanted: Mapping[str, Inputs]) -> None:
        files = {}
        for tenant, inputs in wanted.items():
            prefix = events_prefix(tenant, self._hour)
            uris = {name: self._lake.store.uri(prefix + name) for name in sorted(inputs.parts)}
            late = frozenset(uri for name, uri in uris.items() if is_late(name, self._hour))
            files[tenant] = TenantFiles(list(uris.values()), late)
        for tenant, rows in compute_hour(self._engine, files, self._lake.settings.trends).items():
            self._rows[tenant, wanted[tenant].fingerprint] = rows


def _hour_objects(tenant: str, hour: Hour, inputs: Inputs, rows: HourRows) -> Mapping[str, bytes]:
    facts = {INPUTS: inputs.fingerprint or "", VERSION: str(TRENDS_VERSION), "logsight.files": str(len(inputs.parts))}
    facts |= {f"logsight.{name}": str(value) for name, value in asdict(rows.counts).items()}
    tables = {f"{name}_minute": name for name in TREND_NAMES}
    objects = {
        minute_key(name, tenant, hour): parquet_bytes(
            rows.tables[name], TRENDS[table], facts | {EVENT_COUNT: str(event_count(rows.tables[name]))}
        )
        for table, name in tables.items()
    }
    patterns = rows.tables["patterns"]
    objects[patterns_key(tenant, hour)] = parquet_bytes(
        patterns, PATTERNS, facts | {EVENT_COUNT: str(event_count(patterns))}
    )
    return objects
