"""Where everything lies: the layout of a lake, and what a run needs to work on one.

Keys are made and read here and nowhere else. A tenant comes first in every path: isolation and erasure are by prefix.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from logsight_assets.errors import ConfigurationError, UsageError
from logsight_assets.settings import TENANT_NAME, Effective, Settings, load_settings
from logsight_assets.timeline import Clock, Hour, parse_day, utc_now
from resources.object_store import FolderStore, ObjectStore

MIXED = "_mixed"  # raw of a source whose lines choose their tenant
PLATFORM = "_platform"  # what belongs to no tenant
DAYS_BEFORE_BIRTH = 400


@dataclass(frozen=True)
class Lake:
    """A store of objects, its settings, the state folder beside it, and the clock of whoever opened it."""

    store: ObjectStore
    state: Path
    config: Path
    effective: Effective
    partitions_start: str  # YYYY-MM-DD
    clock: Clock

    @property
    def settings(self) -> Settings:
        return self.effective.settings

    @property
    def now(self) -> Hour:
        """The hour that the clock shows."""
        return Hour.of(self.clock())


def open_lake(
    location: str,
    environment: Mapping[str, str],
    flags: Mapping[str, object] | None = None,
    clock: Clock = utc_now,
) -> Lake:
    """Open the lake at a folder, making its state on first use; UsageError for a place that holds something else."""
    if "://" in location:
        raise UsageError(f"lake {location!r}: only a folder can be a lake so far; give a path")
    root = Path(location).absolute()
    if root.exists() and not root.is_dir():
        raise UsageError(f"lake {location!r} is a file; give a folder")
    config = Path(environment.get("LOGSIGHT_CONFIG") or root / "logsight.yaml")
    if environment.get("LOGSIGHT_CONFIG") and not config.is_file():
        # Defaults in its place would keep what the file says to remove.
        raise ConfigurationError(f"LOGSIGHT_CONFIG: {config} is no file; correct the path, or unset the variable")
    effective = load_settings(config, environment, flags)
    state = Path(environment.get("LOGSIGHT_STATE") or root / ".logsight")
    try:
        state.mkdir(parents=True, exist_ok=True)
        start = effective.settings.partitions_start or _birth(state, clock)
    except OSError as error:
        raise UsageError(f"lake {location!r}: its state cannot be kept in {state} ({error.strerror})") from error
    return Lake(FolderStore(root), state, config.parent, effective, start, clock)


def _birth(state: Path, clock: Clock) -> str:
    """First day of the partitions: fixed when the lake is made, so that it never moves with the clock."""
    file = state / "lake.json"
    if not file.exists():
        start = clock() - timedelta(days=DAYS_BEFORE_BIRTH)
        handle, staged = tempfile.mkstemp(dir=state)
        with os.fdopen(handle, "w", encoding="utf-8") as new:
            new.write(json.dumps({"partitions_start": f"{start:%Y-%m-%d}"}) + "\n")
        # A link, not a rename: whoever is first decides, and everybody else uses what is there.
        with contextlib.suppress(FileExistsError):
            os.link(staged, file)
        Path(staged).unlink()
    try:
        return f"{parse_day(json.loads(file.read_text(encoding='utf-8'))['partitions_start']):%Y-%m-%d}"
    except (KeyError, TypeError, ValueError, UsageError) as error:
        raise ConfigurationError(
            f'{file}: partitions_start: must be the day on which the partitions begin; write {{"partitions_start": '
            '"YYYY-MM-DD"} into it'
        ) from error


# Keys -----------------------------------------------------------------------------------------------------------------


def is_owner(name: str) -> bool:
    """Whether a name can stand behind `tenant=` in a path."""
    return TENANT_NAME.fullmatch(name) is not None or name in (MIXED, PLATFORM)


def raw_prefix(tenant: str, source: str, hour: Hour) -> str:
    return f"raw/tenant={tenant}/source={source}/{hour.path}/"


def receipts_prefix(tenant: str, source: str) -> str:
    return f"receipts/tenant={tenant}/source={source}/"


def receipt_prefix(tenant: str, source: str, hour: Hour) -> str:
    return f"{receipts_prefix(tenant, source)}{hour.path}/"


def receipt_key(tenant: str, source: str, hour: Hour, object_id: str) -> str:
    return f"{receipt_prefix(tenant, source, hour)}{object_id}.json"


def quarantine_key(tenant: str, source: str, hour: Hour, object_id: str) -> str:
    return f"quarantine/tenant={tenant}/source={source}/{hour.path}/{object_id}.jsonl.gz"


def event_file_name(source: str, arrival_hour: Hour, object_id: str) -> str:
    return f"{source}~{arrival_hour}~{object_id}.parquet"


def events_prefix(tenant: str, hour: Hour) -> str:
    return f"events/tenant={tenant}/{hour.path}/"


def late_prefix(tenant: str, hour: Hour) -> str:
    return f"late/tenant={tenant}/{hour.path}/"


def minute_key(table: str, tenant: str, hour: Hour) -> str:
    return f"trends/{table}_minute/tenant={tenant}/{hour.path}/part.parquet"


def hour_key(table: str, tenant: str, day: str) -> str:
    return f"trends/{table}_hour/tenant={tenant}/dt={day}/part.parquet"


def day_key(table: str, tenant: str, month: str) -> str:
    return f"trends/{table}_day/tenant={tenant}/month={month}/part.parquet"


def patterns_key(tenant: str, hour: Hour) -> str:
    return f"patterns/tenant={tenant}/{hour.path}/part.parquet"


def seal_key(tenant: str, hour: Hour) -> str:
    return f"seals/tenant={tenant}/{hour.path}/seal.json"


def tombstone_key(tenant: str) -> str:
    return f"tombstones/tenant={tenant}.json"


def is_erased(store: ObjectStore, tenant: str) -> bool:
    """Whether a tenant was erased: from then on nothing of it is read or written."""
    return store.head(tombstone_key(tenant)) is not None


def certificate_key(tenant: str) -> str:
    """Where an erasure's counts stay; the name is a hash, because the tenant's own name is erased too."""
    return f"certificates/{hashlib.sha256(tenant.encode()).hexdigest()[:32]}.json"


def completeness_key(tenant: str) -> str:
    return f"completeness/tenant={tenant}/part.parquet"


def stream_key(tenant: str, source: str) -> str:
    """Where it is remembered what the receipts of a raw path say together."""
    return f"streams/tenant={tenant}/source={source}/days.json"


def templates_key(tenant: str) -> str:
    return f"templates/tenant={tenant}/part.parquet"


def template_patterns_key(tenant: str) -> str:
    return f"template_patterns/tenant={tenant}/part.parquet"


def registry_prefix(tenant: str, service: str) -> str:
    """Below it lie the numbered versions of a service's registry. A service's name comes from a log line: hashed."""
    return f"templates/tenant={tenant}/registry/{hashlib.sha256(service.encode()).hexdigest()[:32]}/"


def decisions_prefix(tenant: str, kind: str) -> str:
    return f"decisions/tenant={tenant}/{kind}/"


def waiting_alarm_key(tenant: str, name: str) -> str:
    """Where a change of an alarm's state lies from its arrival until it is dealt with."""
    return f"alarms/waiting/tenant={tenant}/{name}.json"


def board_key(tenant: str) -> str:
    return f"incidents/tenant={tenant}/board.json"


def incidents_key(tenant: str) -> str:
    return f"incidents/tenant={tenant}/part.parquet"


def changes_key(tenant: str) -> str:
    return f"changes/tenant={tenant}/part.parquet"


def incident_prefix(tenant: str, incident_id: str) -> str:
    return f"incidents/tenant={tenant}/incident={incident_id}/"


def record_key(tenant: str, incident_id: str, number: int) -> str:
    return f"{incident_prefix(tenant, incident_id)}{number:04d}.json"


def watch_key(tenant: str, incident_id: str) -> str:
    """What an open incident's answer was made from, as long as it may be made again."""
    return f"incidents/tenant={tenant}/watched/{incident_id}.json"


def due_summary_prefix(tenant: str) -> str:
    return f"incidents/tenant={tenant}/unsummarised/"


def due_summary_key(tenant: str, incident_id: str, answer: int) -> str:
    """Says that a first answer of an incident, by its number, has no summary yet."""
    return f"{due_summary_prefix(tenant)}{incident_id}~{answer:02d}"


def model_calls_prefix(tenant: str, day: str) -> str:
    """What models were asked for a tenant on a day, an object a call."""
    return f"model_calls/tenant={tenant}/dt={day}/"


# Areas in which messages and what is known of them lie, each by tenant and subject; what waits first.
MESSAGE_AREAS = ("deliveries/waiting/", "deliveries/turns/", "deliveries/", "outbox/")


def due_delivery_key(tenant: str, incident_id: str, last_record: int) -> str:
    """Says to delivery that an incident has records, up to this one, that were not told yet."""
    return f"deliveries/due/tenant={tenant}/{incident_id}~{last_record:04d}"


def delivery_prefix(tenant: str, kind: str, name: str, address: str) -> str:
    """Below it lie the numbered records of one message; `address` is a channel, with a hash of whom it is to."""
    return f"deliveries/tenant={tenant}/{kind}={name}/channel={address}/"


def delivery_turn_key(tenant: str, kind: str, name: str, address: str) -> str:
    """Whose turn a message is, and when it may be tried again."""
    return f"deliveries/turns/tenant={tenant}/{kind}={name}/{address}.json"


def waiting_delivery_key(tenant: str, kind: str, name: str, address: str, revision: int) -> str:
    """Says that a message is not yet what it is to be; a key for each revision, so that none hides another."""
    return f"deliveries/waiting/tenant={tenant}/{kind}={name}/{address}/{revision:04d}"


def channel_pause_key(channel: str) -> str:
    """Until when a channel asked for nothing more."""
    return f"deliveries/pauses/{channel}.json"


def outbox_key(tenant: str, kind: str, name: str, channel: str, file: str) -> str:
    """Where a file channel writes."""
    return f"outbox/tenant={tenant}/{kind}={name}/channel={channel}/{file}"


HEARTBEAT_KEY = "alarms/heartbeat.json"  # when alarms were last looked for, whoever's
RULES_HEARTBEAT_KEY = "alarms/rules_heartbeat.json"  # when the alarm rules were last evaluated


def report_prefix(tenant: str, kind: str, period: str) -> str:
    """Where the objects of one report lie: `kind` is daily or weekly, `period` a day or an ISO week."""
    return f"reports/tenant={tenant}/{kind}/{'dt' if kind == 'daily' else 'week'}={period}/"


def report_page_key(tenant: str, kind: str, period: str) -> str:
    return f"{report_prefix(tenant, kind, period)}report.html"


def report_numbers_key(tenant: str, kind: str, period: str) -> str:
    return f"{report_prefix(tenant, kind, period)}numbers.parquet"


def anomalies_key(tenant: str, hour: Hour) -> str:
    return f"anomalies/tenant={tenant}/{hour.path}/part.parquet"


def slo_key(tenant: str, day: str) -> str:
    return f"slo/tenant={tenant}/dt={day}/part.parquet"


def raw_metrics_prefix(tenant: str, source: str, hour: Hour) -> str:
    """Where metric objects lie as delivered or fetched, by the hour of arrival."""
    return f"raw_metrics/tenant={tenant}/source={source}/{hour.path}/"


def metric_receipt_prefix(tenant: str, source: str, hour: Hour) -> str:
    return f"metric_receipts/tenant={tenant}/source={source}/{hour.path}/"


def metric_files_prefix(tenant: str, hour: Hour) -> str:
    """Below it is noted which metric objects hold points of an event hour."""
    return f"metric_files/tenant={tenant}/{hour.path}/"


def metric_file_key(tenant: str, hour: Hour, name: str) -> str:
    return f"{metric_files_prefix(tenant, hour)}{name}.json"


def service_metrics_key(tenant: str, hour: Hour) -> str:
    return f"service_metrics/tenant={tenant}/{hour.path}/part.parquet"


def backtest_key(tenant: str, day: str) -> str:
    return f"backtests/tenant={tenant}/dt={day}/part.parquet"


def alarm_states_key(tenant: str, rule: str) -> str:
    """In which state the alarms of a rule are, and a change that is not yet in the inbox."""
    return f"alarm_states/tenant={tenant}/rule={rule}.json"


def values(store: ObjectStore, prefix: str, name: str) -> list[str]:
    """Values of the path part `name=` directly below a prefix, sorted."""
    start = f"{name}="
    return [folder.removeprefix(start) for folder in store.folders(prefix) if folder.startswith(start)]


def hours_below(store: ObjectStore, prefix: str, since: Hour | None = None) -> Iterator[Hour]:
    """Hours, from `since` on, that have a folder `dt=…/hour=…` below a prefix that ends with `/`, in order.

    A folder of another name (`dt=2025-13-45`) is no hour and stops nothing.
    """
    for day in values(store, prefix, "dt"):
        if since is not None and day < since.day:
            continue
        for hour in values(store, f"{prefix}dt={day}/", "hour"):
            try:
                found = Hour.parse(f"{day}T{hour}")
            except UsageError:
                continue
            if since is None or found >= since:
                yield found


def held_uris(store: ObjectStore, keys: Iterable[str]) -> list[str]:
    """Where an engine reads those of these objects that are there."""
    return [store.uri(key) for key in keys if store.head(key)]


# Work that is waiting -------------------------------------------------------------------------------------------------
# A marker says "this window may no longer match its inputs". It is a hint, never the truth (which is wanted hash ≠
# published hash): it makes finding changed windows cost a listing of what is waiting instead of one of the lake. It is
# put behind the change and removed by whoever published after reading it, so a kill leaves one too many, never one
# too few.

EVERYTHING = "everything"  # the window of a marker that tells of all windows of its level


def mark(store: ObjectStore, level: str, window: str, name: str) -> str:
    """Say that `window` (an hour, day or month) of a level has changed inputs; `name` says by what, for people.

    Returns the marker's key.
    """
    # Never the same key twice: a marker put while an older one is being worked off must survive it.
    key = f"pending/{level}/{window}/{name}-{secrets.token_hex(4)}"
    store.put(key, b"")
    return key


def mark_once(store: ObjectStore, level: str, window: str, name: str) -> None:
    """Mark a window in place of earlier markers of this name: the new one stands before the older ones go."""
    earlier = [key for key in markers(store, level, window) if key.rpartition("/")[2].startswith(f"{name}-")]
    mark(store, level, window, name)
    unmark(store, earlier)


def marked(store: ObjectStore, level: str) -> dict[str, list[str]]:
    """Waiting windows of a level and the markers' keys."""
    found: dict[str, list[str]] = {}
    for entry in store.list(f"pending/{level}/"):
        found.setdefault(entry.key.split("/")[2], []).append(entry.key)
    return found


def markers(store: ObjectStore, level: str, window: str) -> list[str]:
    """Keys of the markers of one window."""
    return [entry.key for entry in store.list(f"pending/{level}/{window}/")]


def unmark(store: ObjectStore, markers: list[str]) -> None:
    for marker in markers:
        store.delete(marker)
