"""What an operator may set: `logsight.yaml`, the environment and flags, validated once with file and field in errors.

Precedence is flag > environment (`LOGSIGHT_<SECTION>_<FIELD>`) > file > default; `logsight doctor` prints each
effective value with its origin. Secrets are references, never values. Log sources are files of their own: see
`intake/sources.py`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationError, field_validator, model_validator

from logsight_assets.channel_settings import (
    FILE_CHANNEL,
    SECRET_FAULT,
    Channel,
    Disclosure,
    FileChannel,
    Route,
    Site,
    checked_channels,
)
from logsight_assets.errors import ConfigurationError
from logsight_assets.model_settings import Model, Price
from logsight_assets.sections import Section as Section  # noqa: PLC0414  readers of other files know it from here

TENANT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
_SUBSCRIBER = re.compile(r"[\w.+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+|#[a-z0-9][a-z0-9._-]{0,79}", re.ASCII)
_Model = TypeVar("_Model", bound=BaseModel)


class Limits(Section):
    """What one raw object may cost."""

    max_line_bytes: int = Field(16 * 1024**2, ge=1024**2, le=32 * 1024**2, description="longest line that is parsed")
    max_object_bytes: int = Field(1024**3, ge=1024, description="most bytes of an unpacked object that are read")
    max_depth: int = Field(64, ge=4, le=1000, description="deepest nesting of JSON")


class Engine(Section):
    """How much of the machine a run may use."""

    memory_mb: int = Field(512, ge=128, description="memory limit of the query engine, MiB")
    threads: int = Field(0, ge=0, description="threads of the query engine; 0 is the number of cores")
    workers: int = Field(0, ge=0, description="raw objects read at a time; 0 is the number of cores")


class Trends(Section):
    """Cardinality caps, applied once in the hour's minute object."""

    max_services: int = Field(1000, ge=1, description="(environment, service) pairs of a tenant and hour")
    max_patterns: int = Field(10000, ge=1, description="(service, pattern) pairs of a tenant and hour")
    close_after_minutes: int = Field(20, ge=0, description="an hour is closed this long after its end")


class Retention(Section):
    """Days that each table is kept; 0 keeps for ever."""

    raw_days: int = Field(0, ge=0, description="raw objects of the lake")
    events_days: int = Field(0, ge=0, description="events; the hour is sealed before they go")
    quarantine_days: int = Field(30, ge=0, description="quarantined lines, which hold unredacted bytes")
    trends_minute_days: int = Field(0, ge=0, description="minute level of the trends and patterns")
    trends_hour_days: int = Field(0, ge=0, description="hour level of the trends")
    trends_day_days: int = Field(0, ge=0, description="day level of the trends")
    signals_days: int = Field(0, ge=0, description="anomalies, objectives and backtests; 35 days are looked back at")
    metrics_days: int = Field(0, ge=0, description="metric objects, and the service metrics made of them")
    reports_days: int = Field(0, ge=0, description="reports: pages and numbers, from the end of their day or week")
    incidents_days: int = Field(0, ge=0, description="incidents that are over, with messages, changes and silences")
    model_use_days: int = Field(0, ge=0, description="the ledger of what models were asked, and what it cost")


class Redaction(Section):
    """Which kinds of personal data become tokens; secrets always vanish."""

    email: bool = Field(True, description="e-mail addresses")
    phone: bool = Field(True, description="phone numbers")
    card: bool = Field(True, description="payment cards")
    iban: bool = Field(True, description="bank accounts")
    national_id: bool = Field(True, description="national identity numbers with a checksum or a keyword")
    ip: bool = Field(False, description="IPv4 and IPv6 addresses")
    mac: bool = Field(False, description="hardware addresses")
    other: bool = Field(False, description="street addresses, coordinates, wallets and other kinds of weak evidence")


class Reports(Section):
    """Which trend reports are made by themselves. Days and weeks are UTC's; there is no other time zone yet."""

    daily: bool = Field(True, description="the report of each day, early on the next")
    weekly: bool = Field(True, description="the report of each ISO week, early on the next Monday")


class Reader(Section):
    """Caps of one guarded question."""

    max_rows: int = Field(10_000, ge=1, description="rows that a question may return")
    max_seconds: float = Field(30.0, gt=0, allow_inf_nan=False, description="time that a question may take")
    max_scan_bytes: int = Field(8 * 1024**3, ge=1, description="bytes of objects that a question may read")
    memory_mb: int = Field(512, ge=64, description="memory limit of a question, MiB")


class Alarms(Section):
    """Where alarms come from."""

    queue_url: str = Field("", description="SQS queue of EventBridge events; empty reads `inbox/` of the lake")
    region: str = Field("", description="region of the queue; empty is the SDK's own choice")
    endpoint_url: str = Field("", description="address of SQS where it is not AWS's own")
    wait_seconds: float = Field(19.0, ge=0, le=20, description="how long one look waits for the first message")
    hidden_seconds: int = Field(120, ge=30, le=43_200, description="how long a message that was taken stays hidden")
    stalled_minutes: int = Field(5, ge=1, description="after this time without a look the path stands still")


class Heartbeat(Section):
    """Whether CloudWatch is told how old the oldest waiting alarm and message are."""

    namespace: str = Field(
        "", max_length=255, pattern=r"^[\w./#:-]*$", description="namespace of the metrics; empty tells nobody"
    )
    region: str = Field("", description="region of CloudWatch; empty is the SDK's own choice")
    endpoint_url: str = Field("", description="address of CloudWatch where it is not AWS's own")


class Metrics(Section):
    """Where named metrics come from beside the metric files of the lake."""

    adapter: Literal["otlp_files", "cloudwatch"] = Field(
        "otlp_files", description="otlp_files reads files and no more; cloudwatch also asks CloudWatch"
    )
    region: str = Field("", description="region of CloudWatch; empty is the SDK's own choice")
    endpoint_url: str = Field("", description="address of CloudWatch where it is not AWS's own")
    fetch_seconds: int = Field(300, ge=60, le=3600, description="how often named metrics are asked for")
    timeout_seconds: float = Field(5.0, ge=1, le=60, description="how long one call may take, also for an alarm")


class Incidents(Section):
    """What belongs together, and how often an answer is made again."""

    join_minutes: int = Field(15, ge=0, description="alarms of one cause join within this time of each other")
    join_open_minutes: int = Field(120, ge=0, description="the same where an alarm of the incident is still on")
    reopen_minutes: int = Field(60, ge=0, description="an alarm that goes off again within this time re-opens")
    share_changes: bool = Field(False, description="tenants' evidence also holds changes that belong to no tenant")
    reanalyses: int = Field(3, ge=0, description="times that an answer is made again when late data is in")
    actions: bool = Field(False, description="whether approved actions of runbooks may be carried out")
    reanalyse_minutes: int = Field(5, ge=1, description="shortest time before that; doubled each time")


def _as_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # none that is known, or no name at all
        raise ValueError("must be a time zone such as Europe/Berlin") from None
    return value


Zone = Annotated[str, AfterValidator(_as_zone)]


class Delivery(Section):
    """What messages say, and how often one is tried."""

    base_url: Site | Literal[""] = Field("", description="where links lead; empty names commands instead")
    time_zone: Zone = Field("UTC", description="zone of times in messages, beside UTC")
    disclosure: Disclosure = Field("templates", description="a message shows links, templates, or redacted quotes")
    attempts: int = Field(12, ge=1, le=50, description="failures of one message after which it is a dead letter")
    retry_seconds: int = Field(30, ge=1, le=3600, description="time before the second attempt; then doubled")
    stalled_minutes: int = Field(15, ge=1, description="messages due for so long count as standing still")


class Serve(Section):
    """Addresses of `logsight up`."""

    host: str = Field("127.0.0.1", description="address that the web servers bind")
    dagster_port: int = Field(3000, ge=0, le=65535, description="port of the Dagster UI; 0 picks a free one")


def _as_subscriber(value: str) -> str:
    if not _SUBSCRIBER.fullmatch(value):
        raise ValueError("must be an address like ops@example.org or a channel like #ops")
    return value


def _each_once(value: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(value)) < len(value):
        raise ValueError("must name each subscriber once")
    return value


Subscribers = Annotated[tuple[Annotated[str, AfterValidator(_as_subscriber)], ...], AfterValidator(_each_once)]


class Tenant(Section):
    """What differs for one tenant."""

    redaction: Redaction | None = Field(None, description="what differs from the lake's redaction")
    retention: Retention | None = Field(None, description="what differs from the lake's retention")
    report_subscribers: Subscribers = Field(
        (), description="who is to get the tenant's reports: addresses or #channels"
    )
    disclosure: Disclosure | None = Field(None, description="what messages show of this tenant")
    time_zone: Zone | None = Field(None, description="zone of times in the tenant's messages")
    summaries: bool = Field(True, description="whether a model may be shown the tenant's evidence")


class Settings(Section):
    """The whole of `logsight.yaml`."""

    partitions_start: str | None = Field(None, description="first day of the partitions, YYYY-MM-DD")
    tenants: dict[str, Tenant] = Field(default_factory=dict, description="what differs for single tenants")
    report_subscribers: Subscribers = Field(
        (), description="who is to get the platform's reports: addresses or #channels"
    )
    prices: tuple[Price, ...] = Field((), description="what models cost, from which day on")
    channels: dict[str, Channel] = Field(default_factory=dict, description="where messages can go, by name")
    routing: tuple[Route, ...] = Field((), description="which channels get what")
    limits: Limits = Limits()
    engine: Engine = Engine()
    trends: Trends = Trends()
    retention: Retention = Retention()
    redaction: Redaction = Redaction()
    reader: Reader = Reader()
    alarms: Alarms = Alarms()
    metrics: Metrics = Metrics()
    heartbeat: Heartbeat = Heartbeat()
    incidents: Incidents = Incidents()
    reports: Reports = Reports()
    delivery: Delivery = Delivery()
    model: Model = Model()
    serve: Serve = Serve()

    @field_validator("partitions_start", mode="before")
    @classmethod
    def _is_a_day(cls, value: object) -> object:
        # YAML reads a day without quotes as a date.
        text = value.isoformat() if isinstance(value, date) else value
        if isinstance(text, str):
            if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
                raise ValueError("must be a day, YYYY-MM-DD")
            date.fromisoformat(text)
        return text

    @field_validator("tenants")
    @classmethod
    def _are_names(cls, value: dict[str, Tenant]) -> dict[str, Tenant]:
        for name in value:
            if not TENANT_NAME.fullmatch(name):
                raise ValueError(f"tenant {name!r} must match {TENANT_NAME.pattern}")
        return value

    @field_validator("channels")
    @classmethod
    def _have_names(cls, value: dict[str, Channel]) -> dict[str, Channel]:
        return checked_channels(value)

    @model_validator(mode="after")
    def _routes_lead_somewhere(self) -> Self:
        for number, route in enumerate(self.routing):
            for name in route.channels:
                if name not in self.channels and name != FILE_CHANNEL:
                    raise ValueError(f"routing.{number}: no channel is named {name!r}; name it in channels")
        return self

    @property
    def all_channels(self) -> dict[str, Channel]:
        """The channels by name; the file channel is always among them."""
        return {FILE_CHANNEL: FileChannel(type="file"), **self.channels}

    def disclosure_of(self, tenant: str) -> Disclosure:
        """What messages show of a tenant."""
        own = self.tenants.get(tenant)
        return (own.disclosure if own else None) or self.delivery.disclosure

    def time_zone_of(self, tenant: str) -> str:
        """The zone of times in a tenant's messages."""
        own = self.tenants.get(tenant)
        return (own.time_zone if own else None) or self.delivery.time_zone

    def is_summarised(self, tenant: str) -> bool:
        """Whether a model may be shown a tenant's evidence; the platform's holds everybody's."""
        own = self.tenants.get(tenant)
        refused = [name for name, each in self.tenants.items() if not each.summaries]
        return not refused if tenant.startswith("_") else own is None or own.summaries

    def redaction_of(self, tenant: str) -> Redaction:
        """The lake's redaction with what the tenant says of its own."""
        own = self.tenants.get(tenant)
        return _with(self.redaction, own.redaction if own else None)

    def report_subscribers_of(self, tenant: str) -> tuple[str, ...]:
        """Who is to get a tenant's reports."""
        own = self.tenants.get(tenant)
        return own.report_subscribers if own else ()

    def retention_of(self, tenant: str) -> Retention:
        """The lake's retention with what the tenant says of its own."""
        own = self.tenants.get(tenant)
        return _with(self.retention, own.retention if own else None)


def _with(lake: _Model, own: _Model | None) -> _Model:
    """A section in which only the fields that are set differ from the lake's."""
    return lake.model_copy(update=own.model_dump(exclude_unset=True)) if own else lake


Origin = Literal["flag", "environment", "file", "default"]


@dataclass(frozen=True)
class Effective:
    """Settings and, for each field `section.field`, where its value came from."""

    settings: Settings
    origins: Mapping[str, Origin]


def load_settings(
    file: Path | None,
    environment: Mapping[str, str],
    flags: Mapping[str, Any] | None = None,
) -> Effective:
    """Merge file, environment and flags (`section.field` → value); ConfigurationError names file and field."""
    values: dict[str, Any] = read_yaml(file) if file and file.exists() else {}
    validated(Settings, values, str(file))
    origins: dict[str, Origin] = {}
    for section, field in scalar_fields():
        name = f"{section}.{field}"
        held = values.setdefault(section, {})
        origins[name] = "file" if field in held else "default"
        variable = variable_of(name)
        if variable in environment:
            held[field] = environment[variable]
            validated(Settings, {section: {field: held[field]}}, f"environment variable {variable}")
            origins[name] = "environment"
        if flags and flags.get(name) is not None:
            held[field] = flags[name]
            validated(Settings, {section: {field: held[field]}}, "flag")
            origins[name] = "flag"
    for name in flags or {}:
        if name not in origins:
            raise ConfigurationError(f"flag: {name} names no setting; see docs/settings.md")
    known = {variable_of(name) for name in origins}
    for variable in sorted(environment):
        if variable.startswith(_SECTION_VARIABLES) and variable not in known:
            raise ConfigurationError(f"environment: {variable} names no setting; see docs/settings.md")
    return Effective(validated(Settings, values, str(file or "settings")), origins)


_SECTION_VARIABLES = tuple(
    f"LOGSIGHT_{section}_".upper()
    for section, info in Settings.model_fields.items()
    if isinstance(info.annotation, type) and issubclass(info.annotation, Section)
)


def variable_of(setting: str) -> str:
    """The environment variable of a setting `section.field`."""
    return f"LOGSIGHT_{setting.replace('.', '_')}".upper()


def scalar_fields() -> list[tuple[str, str]]:
    """(section, field) of everything that environment and flags may set."""
    return [
        (section, field)
        for section, info in Settings.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, Section)
        for field in info.annotation.model_fields
    ]


def read_yaml(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file, safely loaded; ConfigurationError names the file and the line."""
    try:
        loaded = yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - it is a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigurationError(f"{file}, line {line}: no valid YAML ({error.problem})") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: cannot be read ({type(error).__name__})") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # A control character, a day that does not exist, a thousand brackets: what the parser has no mark for.
        raise ConfigurationError(f"{file}: no valid YAML ({str(error).partition(chr(10))[0]})") from error
    if loaded is None:
        return {}
    if not isinstance(loaded, dict):
        raise ConfigurationError(f"{file}: must be a mapping of keys, is a {type(loaded).__name__}")
    return loaded


class _Loader(yaml.SafeLoader):
    """Safe, and a key that stands twice in a mapping is an error: the first one's value would be lost in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names: set[str] = set()
        for key in (key for key, _ in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in names:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} stands twice", key.start_mark)
            names.add(key.value)
        return super().construct_mapping(node, deep)


def validated(model: type[_Model], values: Mapping[str, Any], where: str) -> _Model:
    """Build a model, or a ConfigurationError that names file, field, value and what is wrong with it."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        lines = [
            f"{where}: {'.'.join(map(str, fault['loc'])) or 'the file'}: {fault['msg']}"
            + ("" if fault["type"] == SECRET_FAULT else _seen(fault["input"]))
            for fault in faults
        ]
        fields = dict.fromkeys(str(fault["loc"][0]) for fault in faults if fault["loc"])
        raise ConfigurationError("\n".join(lines), tuple(fields)) from None


def _seen(value: object) -> str:
    """The value that a fault is about; of a whole mapping, or what was read of one, the field's name says enough."""
    return "" if isinstance(value, dict | BaseModel) else f" (is {value!r:.80})"
