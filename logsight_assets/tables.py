"""The tables of the lake and their columns, declared once.

DuckDB casts, Parquet schemas, Dagster column schemas, the reader's views and `docs/tables.md` derive from here.
Add a column here and in the SQL that fills it; raise the table's version in `versions.py` when rows change.
"""

from __future__ import annotations

from dataclasses import replace

from logsight_assets.table_model import Column, Table, Type

_V, _B, _I, _T, _F, _D, _TS = (
    Type.VARCHAR,
    Type.BIGINT,
    Type.INTEGER,
    Type.TINYINT,
    Type.BOOLEAN,
    Type.DECIMAL,
    Type.TIMESTAMP,
)

EVENTS = Table(
    "events",
    "Typed, redacted log events; one file holds what one raw object brought to one tenant and event hour.",
    ("tenant", "dt", "hour"),
    ("raw_object", "raw_line", "raw_record"),
    (
        Column("event_time", _TS, "When it happened, UTC, to the microsecond; for people."),
        Column("time_unix_nano", _B, "When it happened, nanoseconds since 1970; for computing."),
        Column("observed_time", _TS, "When the collector saw it; the arrival hour's start if no one said."),
        Column("environment", _V, "deployment.environment, such as prod."),
        Column("service", _V, "service.name."),
        Column("host", _V, "host.name."),
        Column("severity_number", _T, "OpenTelemetry severity 1 to 24; NULL when the record has none."),
        Column("severity_text", _V, "The record's own word for its severity."),
        Column("body", _V, "The message, redacted."),
        Column("attributes", _V, "Attributes of the record, redacted, as a JSON object."),
        Column("resource", _V, "Attributes of what emitted it, as a JSON object."),
        Column("trace_id", _V, "32 hex digits."),
        Column("span_id", _V, "16 hex digits."),
        Column("event_id", _V, "The record's own id, else a hash of its place."),
        Column("record_hash", _B, "Keyed hash of the record's raw bytes; NULL when it has no id of its own."),
        Column("pattern_id", _B, "Hash of the body's coarse mask."),
        Column("duration_ns", _B, "Duration in nanoseconds; NULL when absent or outside 0 to 30 days."),
        Column("duration_bucket", _I, "Log-linear bucket of the duration, see docs/concepts.md."),
        Column("is_error", _F, "Matches the source's error rule."),
        Column("is_request", _F, "Matches the source's request rule."),
        Column("body_bytes", _B, "UTF-8 length of the stored body."),
        Column("sensitivity", _V, "The record's own label, else 'personal' if redaction changed it, else 'none'."),
        Column(
            "sample_weight", _I, "n of a sampler that kept one in n; 1 without one; NULL when outside 1 to 1,000,000."
        ),
        Column("time_inferred", _F, "The record had no usable time: it took its neighbour's or the arrival hour's."),
        Column("source", _V, "Name of the source."),
        Column("raw_object", _V, "Id of the raw object."),
        Column("raw_line", _B, "Physical line in the raw object, from 1."),
        Column("raw_record", _I, "Index of the record within its line."),
    ),
)

_MEASURES = (
    Column("event_count", _B, "Distinct events."),
    Column("error_count", _B, "Events that match the error rule."),
    Column("request_count", _B, "Events that match the request rule."),
    Column("bytes", _B, "Sum of the bodies' UTF-8 lengths."),
    Column("duration_count", _B, "Events with a duration."),
    Column("duration_sum_ns", _D, "Sum of durations, nanoseconds."),
    Column("duration_min_ns", _B, "Shortest duration, nanoseconds."),
    Column("duration_max_ns", _B, "Longest duration, nanoseconds."),
    Column("weighted_event_count", _B, "Events, each counted sample_weight times; once where that is NULL."),
    Column("weighted_error_count", _B, "Errors, each counted sample_weight times."),
    Column("weighted_request_count", _B, "Requests, each counted sample_weight times."),
    Column("first_seen_unix_nano", _B, "Time of the earliest event."),
    Column("last_seen_unix_nano", _B, "Time of the latest event."),
    Column("exemplar_event_id", _V, "Smallest event id: an example that every recomputation picks again."),
)
_ENVIRONMENT = Column("environment", _V, "deployment.environment; '' when the events name none.")
_SERVICE = Column("service", _V, "service.name; '_other' beyond the cardinality cap.")
_SEVERITY = Column("severity_number", _T, "OpenTelemetry severity; 0 when the events have none.")
_PATTERN = Column("pattern_id", _B, "Hash of the coarse mask; 0 is '_other', beyond the cardinality cap.")
_BUCKET = Column("duration_bucket", _I, "Log-linear bucket, see docs/concepts.md.")

LEVELS = ("minute", "hour", "day")
_PARTITIONS = {"minute": ("tenant", "dt", "hour"), "hour": ("tenant", "dt"), "day": ("tenant", "month")}
_TIME = {level: Column(f"{level}_time", _TS, f"Start of the {level}, UTC.") for level in LEVELS}


def _pyramid(name: str, description: str, dimensions: tuple[Column, ...], measures: tuple[Column, ...]) -> list[Table]:
    return [
        Table(
            f"{name}_{level}",
            f"{description}, by {level}.",
            _PARTITIONS[level],
            (_TIME[level].name, *(column.name for column in dimensions)),
            (_TIME[level], *dimensions, *measures),
        )
        for level in LEVELS
    ]


TREND_NAMES = ("service_trend", "template_trend", "service_duration")

TRENDS = {
    table.name: table
    for table in (
        *_pyramid(
            "service_trend",
            "Counts and durations by environment, service and severity",
            (_ENVIRONMENT, _SERVICE, _SEVERITY),
            _MEASURES,
        ),
        *_pyramid(
            "template_trend",
            "Counts and durations by environment, service, severity and pattern",
            (_ENVIRONMENT, _SERVICE, _SEVERITY, _PATTERN),
            _MEASURES,
        ),
        *_pyramid(
            "service_duration",
            "Histogram of durations by environment, service and severity: exact counts of logarithmic buckets",
            (_ENVIRONMENT, _SERVICE, _SEVERITY, _BUCKET),
            (
                Column("event_count", _B, "Distinct events in the bucket."),
                Column(
                    "weighted_event_count", _B, "Events, each counted sample_weight times; once where that is NULL."
                ),
            ),
        ),
    )
}

PATTERNS = Table(
    "patterns",
    "Coarse masks of an hour: what a pattern_id stands for, with two samples.",
    ("tenant", "dt", "hour"),
    ("service", "pattern_id"),
    (
        _SERVICE,
        _PATTERN,
        Column("mask", _V, "First line of the body with numbers and hex words replaced by 0."),
        Column("sample_min", _V, "Smallest body of the pattern, at most 1,000 characters."),
        Column("sample_max", _V, "Largest body of the pattern, at most 1,000 characters."),
        Column("first_seen_unix_nano", _B, "Time of the earliest event in the hour."),
        Column("event_count", _B, "Distinct events in the hour."),
    ),
)

_TEMPLATE_ID = Column("template_id", _V, "Given at birth and kept: hash of the service and the earliest pattern.")
_TEMPLATE = Column("template", _V, "Text that its lines share, with wildcards like <NUM>; '_other' beyond the cap.")
_NAME = Column("name", _V, "What people call it; NULL if nobody named it.")

TEMPLATES = Table(
    "templates",
    "Templates of a tenant's log lines: what kinds of lines there are, how often, since when, under which name.",
    ("tenant",),
    ("service", "template_id"),
    (
        _SERVICE,
        _TEMPLATE_ID,
        _TEMPLATE,
        _NAME,
        Column("is_pinned", _F, "Its text and patterns are fixed by a person's decision."),
        Column("version", _I, "Number of its text: 1 at birth, one more with each change."),
        Column("aliases", _V, "Ids that were merged into it, as a JSON array."),
        Column("pattern_count", _B, "Patterns that belong to it."),
        Column("event_count", _B, "Distinct events, over all that the trends hold."),
        Column("error_count", _B, "Events that match the error rule."),
        Column("event_ratio", Type.DOUBLE, "Share of the tenant's events, 0 to 1."),
        Column("severities", _V, "Events by OpenTelemetry severity number, as a JSON object; 0 is none."),
        Column("environments", _V, "Environments in which it was seen, as a JSON array."),
        Column("first_seen_time", _TS, "Its earliest event, UTC."),
        Column("last_seen_time", _TS, "Its latest event, UTC; NULL when the trends hold none any more."),
        Column("exemplar_event_id", _V, "Smallest event id: an example that every recomputation picks again."),
    ),
)

TEMPLATE_PATTERNS = Table(
    "template_patterns",
    "Which template a pattern belongs to: trends keep the pattern, its template comes by this join.",
    ("tenant",),
    ("service", "pattern_id"),
    (
        _SERVICE,
        _PATTERN,
        Column("template_id", _V, "The template that the pattern belongs to now."),
        Column("mask", _V, "First line of the body with numbers and hex words replaced by 0."),
        Column("sample_min", _V, "Smallest body of the pattern that was seen, at most 1,000 characters."),
        Column("sample_max", _V, "Largest body of the pattern that was seen, at most 1,000 characters."),
        Column("first_seen_unix_nano", _B, "Time of the earliest event that was seen."),
    ),
)

TEMPLATE_COUNTS = {
    table.name: table
    for table in _pyramid(
        "template_counts",
        "Counts and durations by environment, service, severity and template: template_trend under today's labels",
        (_ENVIRONMENT, _SERVICE, _SEVERITY, replace(_TEMPLATE_ID, description="'' of a pattern that has none yet.")),
        (_TEMPLATE, _NAME, *_MEASURES),
    )
}

QUARANTINE = Table(
    "quarantine",
    "Lines and records that could not become events: reason, place and a redacted excerpt.",
    ("tenant", "source", "dt", "hour"),
    ("raw_object", "raw_line", "raw_record"),
    (
        Column("reason", _V, "Why, one of the reasons in docs/sources.md."),
        Column("raw_object", _V, "Id of the raw object."),
        Column("raw_line", _B, "Physical line, from 1."),
        Column("raw_record", _I, "Index of the record within its line."),
        Column("excerpt", _V, "Beginning of the line, redacted."),
    ),
)

RECEIPTS = Table(
    "receipts",
    "One a raw object, written last: what became of it.",
    ("tenant", "source", "dt", "hour"),
    ("raw_object",),
    (
        Column("raw_object", _V, "Id of the raw object."),
        Column("raw_key", _V, "Its key in the lake or below the source's prefix."),
        Column("format", _V, "Format that read it."),
        Column("raw_bytes", _B, "Size as delivered."),
        Column("lines", _B, "Physical lines."),
        Column("consumed_lines", _B, "Lines that became events."),
        Column("quarantined_lines", _B, "Lines in quarantine."),
        Column("ignored_lines", _B, "Lines left out by a declared rule."),
        Column("records", _B, "Records read."),
        Column("events", _B, "Events written."),
        Column("quarantined", _B, "Lines and records in quarantine."),
        Column("late", _B, "Events for sealed hours."),
        Column("erased", _B, "Records of erased tenants."),
        Column("durations_out_of_range", _B, "Events whose duration is NULL because it was outside 0 to 30 days."),
        Column("weights_out_of_range", _B, "Events whose sample_weight is NULL because it was no weight."),
        Column("faults", _V, "Faults of the object itself, comma-separated."),
        Column("newest_event_unix_nano", _B, "Newest event time in it."),
    ),
)

COMPLETENESS = Table(
    "completeness",
    "How complete the inputs of a tenant's hour are: the one truth for reports, objectives and incidents.",
    ("tenant",),
    ("source", "event_hour"),
    (
        Column("source", _V, "Name of the source."),
        Column("event_hour", _TS, "Start of the hour, UTC."),
        Column("watermark", _TS, "Newest event time of the source minus its lateness; NULL before the first object."),
        Column("state", _V, "complete, open (still expected), or behind (raw objects without a receipt)."),
    ),
)

INCIDENTS = Table(
    "incidents",
    "Incidents as their records tell them now; `logsight incidents show ID` has all of one.",
    ("tenant",),
    ("incident_id",),
    (
        Column("incident_id", _V, "Its id: when its first episode began, and a hash of it."),
        Column("state", _V, "open or resolved."),
        Column("severity", _V, "critical, high, medium or low, see docs/incidents.md."),
        Column("opened_time", _TS, "When its earliest alarm went off, UTC."),
        Column("resolved_time", _TS, "When the last of its alarms was over, or a person said so; NULL while open."),
        Column("service", _V, "Services that its alarms are about, comma-separated: the symptom."),
        Column("alarm", _V, "Name of the alarm that went off first."),
        Column("alarm_count", _I, "Different alarms in it."),
        Column("episode_count", _I, "Times that an alarm of it went off."),
        Column("reopened_count", _I, "Times that it was re-opened."),
        Column("verdict", _V, "Of the latest first answer: explained, not_in_logs or incomplete; NULL before it."),
        Column("suspect", _V, "Service that is most likely the cause; NULL without one."),
        Column("suspect_score", Type.DOUBLE, "Its score, 0 to 1."),
        Column("answer_count", _I, "First answers that were made; more than one when late data came in."),
        Column("acknowledged_by", _V, "Who acknowledged it last."),
        Column("assigned_to", _V, "Who is to deal with it."),
        Column("record_count", _I, "Records in its folder."),
    ),
)

REPORT_NUMBERS = Table(
    "report_numbers",
    "The numbers of every report, a row each; beside the page that shows them.",
    ("tenant",),
    ("kind", "period", "section", "environment", "service", "item", "measure"),
    (
        Column("kind", _V, "daily or weekly."),
        Column("period", _V, "The day YYYY-MM-DD, or the ISO week YYYY-Www."),
        Column("section", _V, "total, service, tenant, hour, new, surging, gone, source or quality."),
        Column("environment", _V, "deployment.environment of a service; '' elsewhere."),
        Column("service", _V, "Name of the service; '' elsewhere."),
        Column(
            "item", _V, "The tenant, the hour YYYY-MM-DDTHH, the template's or pattern's id, the source; '' of a total."
        ),
        Column("measure", _V, "What is counted, as in the trend tables; duration_p50_ns and the like are percentiles."),
        Column("value", _B, "In the whole period; NULL where there is nothing to count."),
        Column("value_like_before", _B, "In the hours of the period that share data with the period before."),
        Column("before", _B, "In the same hours of the period before; NULL where nothing is known of it."),
        Column("value_like_weekday", _B, "In the hours of the day that share data with the same weekday before."),
        Column("weekday", _B, "In the same hours of the same weekday a week before; NULL of a week."),
        Column("label", _V, "Text of the template, as it came; NULL elsewhere and on the platform's page."),
    ),
)

MODEL_USE = Table(
    "model_use",
    "What models were asked for and what that cost, by day. A call that was interrupted counts as it was reserved.",
    ("tenant", "dt"),
    ("model",),
    (
        Column("model", _V, "Id of the model or profile."),
        Column("call_count", _I, "Times that it was asked."),
        Column("answered_count", _I, "Times that it gave an answer in the schema."),
        Column("input_tokens", _I, "Tokens that it read."),
        Column("output_tokens", _I, "Tokens that it wrote."),
        Column("cost_micro_usd", _I, "Millionths of a US dollar, by the price of the day."),
    ),
)

CHANGES = Table(
    "changes",
    "What people and machines changed: deployments, configuration, scaling.",
    ("tenant",),
    ("change_time", "change_id"),
    (
        Column("change_time", _TS, "When it happened, UTC, to the microsecond."),
        Column("change_id", _V, "Hash of all that is said of it: the same change told twice is one."),
        Column("kind", _V, "deployment, configuration, scaling or other."),
        Column("environment", _V, "Where, such as prod; NULL if nobody said."),
        Column("service", _V, "What was changed; NULL if nobody said."),
        Column("version", _V, "What it was changed to; NULL if nobody said."),
        Column("source", _V, "Who told: the user, ecs, codedeploy, cloudformation, or rule:NAME of a log rule."),
        Column("ref", _V, "Its name where it comes from: a deployment's id, a commit, an event's id."),
        Column("description", _V, "For people."),
    ),
)

ANOMALIES = Table(
    "anomalies",
    "What each hour was like against its own past, by service, template and metric; also where nothing was found.",
    ("tenant", "dt", "hour"),
    ("service", "template_id", "metric"),
    (
        Column("hour_time", _TS, "Start of the hour, UTC."),
        _SERVICE,
        replace(_TEMPLATE_ID, description="'' where the row is about the whole service."),
        Column("metric", _V, "event_count, error_ratio, duration_p50_ns or duration_p95_ns."),
        Column("observed", Type.DOUBLE, "What the hour has, as far as it is known."),
        Column("sample_size", _B, "Events, or durations, that it was measured on."),
        Column("expected_low", Type.DOUBLE, "Lower end of what its past lets expect; NULL without a baseline."),
        Column("expected_high", Type.DOUBLE, "Upper end of what its past lets expect; NULL without a baseline."),
        Column("baseline", _V, "hour_of_week, hour_of_day, recent, or held: the range of the hour before."),
        Column("baseline_size", _I, "Earlier hours that the range was made of."),
        Column("score", Type.DOUBLE, "How far from what is expected, in standard deviations, 0 to 1,000."),
        Column("direction", _V, "high, low, new, vanished or silent; '' where nothing was found."),
        Column("state", _V, "ok, anomaly, standing, accepted, no_baseline or incomplete, see docs/anomalies.md."),
        Column("episode_id", _V, "The same in all hours of one lasting anomaly; NULL where nothing was found."),
        Column("reason", _V, "In words."),
        Column("example_event_ids", _V, "Events to look at, as a JSON array."),
    ),
)

SLO = Table(
    "slo",
    "Objectives by the hour: what was good, how fast the error budget burns, what is left, how much was measured.",
    ("tenant", "dt"),
    ("objective", "hour_time"),
    (
        Column("objective", _V, "Name of the objective: its file's."),
        Column("hour_time", _TS, "Start of the hour, UTC; every figure is as of its end."),
        Column("service", _V, "service.name that it is about."),
        Column("kind", _V, "availability or latency."),
        Column("target", Type.DOUBLE, "Share that is to be good, 0 to 1."),
        Column("total_count", _B, "What counts of the hour: requests, or events, or durations."),
        Column("bad_count", _B, "Of these, what was not good."),
        Column("window_total_count", _B, "What counts of the objective's window up to the hour's end."),
        Column("window_bad_count", _B, "Of these, what was not good."),
        Column("budget_left_ratio", Type.DOUBLE, "Error budget that is left, 1 to below 0; NULL if nothing counted."),
        Column("burn_rate_1h", Type.DOUBLE, "Bad share of the last hour ÷ allowed share; NULL if nothing counted."),
        Column("burn_rate_6h", Type.DOUBLE, "The same of the last 6 hours."),
        Column("burn_rate_3d", Type.DOUBLE, "The same of the last 3 days."),
        Column("coverage_ratio", Type.DOUBLE, "Hours of the window whose inputs are complete ÷ all of them."),
        Column("state", _V, "met, burning, exhausted, or unmeasured where less than half of the window is covered."),
    ),
)

SERVICE_METRICS = Table(
    "service_metrics",
    "Named metrics, from metric files and CloudWatch: one row a metric, statistic and period.",
    ("tenant", "dt", "hour"),
    ("metric", "statistic", "period_s", "point_time"),
    (
        Column("metric", _V, "Name of the metric: its file's; unnamed-… of what was fetched and no file names."),
        Column("statistic", _V, "SampleCount, Average, Sum, Minimum, Maximum, or a percentile such as p99."),
        Column("period_s", _I, "Length of the period, seconds; longer than declared where old values are kept so."),
        Column("point_time", _TS, "Start of the period, UTC; for people."),
        Column("time_unix_nano", _B, "Start of the period, nanoseconds since 1970; for computing."),
        Column("service", _V, "The service that it tells of; NULL if no file says."),
        Column("environment", _V, "Where, such as prod; NULL if no file says."),
        Column("namespace", _V, "CloudWatch's namespace; '' of a metric that it does not have."),
        Column("metric_name", _V, "The metric's name in CloudWatch or OTLP."),
        Column("dimensions", _V, "Dimensions, or attributes in OTLP, as a JSON object."),
        Column("unit", _V, "Unit of the value; NULL if no file says."),
        Column("value", Type.DOUBLE, "The statistic."),
        Column("sample_count", _B, "Values in the period; NULL where the source does not say."),
    ),
)

BACKTEST_ALARMS = Table(
    "backtest_alarms",
    "What today's alarm rules would have raised on a day of the past; nobody was woken by it.",
    ("tenant", "dt"),
    ("rule", "service", "alarm_time"),
    (
        Column("rule", _V, "Name of the rule, or 'anomalies' for the episodes of that table."),
        _SERVICE,
        Column("alarm_time", _TS, "When it would have gone off, UTC."),
        Column("ok_time", _TS, "When it would have been over; NULL if it was not by the end of the day."),
        Column("incident", _V, "Name of the labelled incident that explains it; NULL if none does."),
    ),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        EVENTS,
        PATTERNS,
        *TRENDS.values(),
        TEMPLATES,
        TEMPLATE_PATTERNS,
        ANOMALIES,
        SLO,
        SERVICE_METRICS,
        BACKTEST_ALARMS,
        *TEMPLATE_COUNTS.values(),
        QUARANTINE,
        RECEIPTS,
        COMPLETENESS,
        INCIDENTS,
        CHANGES,
        MODEL_USE,
        REPORT_NUMBERS,
    )
}
