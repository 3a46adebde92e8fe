"""Which keys of a JSON record say its time, severity, body, service, host and ids: the names that loggers use.

One table, read for every key of every JSON line. A key that is not here is an attribute. Within a role the lower rank
wins; the losers stay attributes under their own names. Names are compared exactly, then without case.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple


class Role(NamedTuple):
    """What a key means, how strongly, and on which scale its number counts."""

    name: str
    rank: int
    scale: str = "level"


class Claim(NamedTuple):
    """A key's claim to be a record's time, body, …; the lowest rank wins."""

    rank: int
    key: str
    value: Any
    scale: str


Claims = dict[str, list[Claim]]

# Roles in the order of their names' strength.
_RANKED: dict[str, tuple[str, ...]] = {
    "time": (
        "timeunixnano", "time_unix_nano", "@timestamp", "@t", "timestamp", "time", "ts", "datetime", "date_time",
        "eventtime", "event_time", "__realtime_timestamp", "_source_realtime_timestamp", "asctime", "logtime",
        "log_time", "time_iso8601", "timestamp_ms", "timestampms", "timemillis", "epochmillis", "epoch_ms", "epoch",
        "date", "instant", "t", "created_at", "createdat", "start_time", "time_local", "timelocal", "timegenerated",
        "written_at", "_time", "occurred_at", "logged_at", "query_timestamp", "stagetimestamp",
        "requestreceivedtimestamp",
    ),
    "observed": ("observedtimeunixnano", "observed_time_unix_nano", "observedtimestamp", "receivetimestamp"),
    "severity_number": ("severitynumber", "severity_number"),
    "severity": (
        "severitytext", "severity_text", "severity", "level", "log.level", "loglevel", "log_level", "levelname",
        "level_name", "lvl", "@l", "@level", "priority", "levelno", "level_value", "loglevelname",
        "error_severity", "log.severity", "status",
    ),
    "body": (
        "body", "message", "msg", "@m", "@message", "renderedmessage", "textpayload", "short_message", "log", "event",
        "text", "@mt", "messagetemplate", "msgtext", "log.message", "full_message",
    ),
    "trace": (
        "traceid", "trace_id", "trace.id", "oteltraceid", "otel.trace_id", "@tr", "logging.googleapis.com/trace",
        "x-b3-traceid", "x_b3_traceid", "b3.traceid", "dd.trace_id", "dd.traceid", "xray_trace_id", "xraytraceid",
        "x-amzn-trace-id", "amzn_trace_id", "aws.xray.trace_id", "traceparent", "b3", "trace",
    ),
    "span": (
        "spanid", "span_id", "span.id", "otelspanid", "otel.span_id", "@sp", "logging.googleapis.com/spanid",
        "x-b3-spanid", "x_b3_spanid", "b3.spanid", "dd.span_id", "dd.spanid",
    ),
    "service.name": (
        "service.name", "service_name", "servicename", "service", "dd.service", "app", "app_name", "appname",
        "application", "application_name", "applicationname", "syslog_identifier", "program", "ident",
        "otelservicename",
    ),
    "service.version": ("service.version", "service_version", "dd.version"),
    "host.name": ("host.name", "hostname", "host", "host_name", "_hostname", "machinename", "dd.host"),
    "deployment.environment": (
        "deployment.environment.name", "deployment.environment", "service.environment", "environment", "dd.env", "env",
    ),
    "tenant.id": ("tenant.id",),
    "attributes": ("attributes",),
    "resource": ("resource",),
    "event_id": ("event_id",),
}  # fmt: skip

_SCALES = {
    "severity": "google", "levelno": "python", "level_value": "logback", "priority": "syslog",
    "severitytext": "otel", "severity_text": "otel",
}  # fmt: skip

ROLES: dict[str, Role] = {
    key: Role(name, rank, _SCALES.get(key, "level")) for name, keys in _RANKED.items() for rank, key in enumerate(keys)
}

# Keys whose value may be an object that holds a role under `key.inner` (ECS, Google Cloud, Datadog, logstash).
NESTED: dict[str, tuple[str, ...]] = {
    "log": ("level", "message"),
    "service": ("name", "version", "environment"),
    "host": ("name", "hostname"),
    "trace": ("id", "trace_id", "traceId"),
    "span": ("id",),
    "dd": ("trace_id", "span_id", "service", "env", "version", "host"),
    "@fields": ("lvl", "level", "severity", "msg", "message", "time", "timestamp", "service", "host"),
    "fields": ("level", "msg", "message", "service", "host"),
    "jsonPayload": ("message", "msg", "level", "severity", "logger"),
    "serviceContext": ("service", "version"),
    "contextMap": ("traceId", "spanId", "trace_id", "span_id"),
    "mdc": ("traceId", "spanId", "trace_id", "span_id"),
    "Properties": ("TraceId", "SpanId", "Application", "MachineName"),
    "extra": ("trace_id", "span_id"),
}
_INNER_ROLES: dict[tuple[str, str], Role] = {
    ("log", "level"): ROLES["log.level"],
    ("log", "message"): ROLES["log.message"],
    ("service", "name"): ROLES["service.name"],
    ("service", "version"): ROLES["service.version"],
    ("service", "environment"): ROLES["service.environment"],
    ("host", "name"): ROLES["host.name"],
    ("host", "hostname"): ROLES["hostname"],
    ("trace", "id"): ROLES["trace.id"],
    ("span", "id"): ROLES["span.id"],
    ("serviceContext", "version"): ROLES["service.version"],
    **{("dd", inner): ROLES[f"dd.{inner}"] for inner in NESTED["dd"]},
}
# These say that a record is in the flat format itself; `event_id` alone does not (Windows numbers its events so).
FLAT_MARKS = frozenset({"timeUnixNano", "observedTimeUnixNano", "severityNumber", "severityText"})
FLAT_COMPANIONS = frozenset({"attributes", "resource", "traceId", "spanId", "event_id"})


@lru_cache(maxsize=8192)
def role_of(key: str) -> Role | None:
    """The role of a top-level key."""
    role = ROLES.get(key)
    return role if role is not None else ROLES.get(key.lower())


@lru_cache(maxsize=1024)
def inner_role(outer: str, inner: str) -> Role | None:
    """The role of a key inside one of the NESTED objects; weaker than the same name at the top."""
    role = _INNER_ROLES.get((outer, inner)) or role_of(inner)
    return None if role is None else Role(role.name, role.rank + 50, role.scale)
