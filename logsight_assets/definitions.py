"""The code location: assembled here, in one place, for the UI, the command line and the tests alike.

Loading this module does nothing; calling `logsight` opens the lake that the environment names. Groups, owners, kinds
and freshness are given here once, by a map over the specs.
"""

from __future__ import annotations

import os
import warnings
from datetime import timedelta
from typing import Any

import dagster as dg

from logsight_assets.alarm_rules.assets import backtest_asset
from logsight_assets.anomalies.assets import anomalies_asset
from logsight_assets.anomalies.checks import anomaly_checks
from logsight_assets.delivery.assets import deliveries_asset
from logsight_assets.delivery.checks import outbox_check
from logsight_assets.incidents.assets import ALARMS, incidents_asset, summaries_asset
from logsight_assets.incidents.checks import alarm_path_check
from logsight_assets.intake.assets import RAW_LOGS, intake_asset
from logsight_assets.intake.checks import intake_checks
from logsight_assets.lake import Lake, open_lake
from logsight_assets.metrics.assets import RAW_METRICS, service_metrics_asset
from logsight_assets.partitions import daily, hourly, monthly, weekly
from logsight_assets.reports.assets import DAILY, WEEKLY, report_assets
from logsight_assets.reports.checks import report_checks
from logsight_assets.slo.assets import slo_asset
from logsight_assets.templates.assets import templates_assets
from logsight_assets.trends.assets import completeness_asset, events_asset, level_assets, minute_assets
from logsight_assets.trends.checks import trend_checks
from sensors import alarm_rules, alarms, arrivals, deliveries, late_hours, metrics, signals, summaries
from sensors.reports import report_schedules
from sensors.upkeep import upkeep_jobs, upkeep_schedules

OWNERS = ["team:platform"]


def build_defs(lake: Lake) -> dg.Definitions:
    """All definitions of a lake; tests and the command line pass their own."""
    with warnings.catch_warnings():
        # Ranged backfills, partitioned checks and owners of sensors (Dagster's own code names them) are not yet stable
        # in 1.13; pyproject.toml holds the line that was tested.
        warnings.simplefilter("ignore", dg.BetaWarning)
        warnings.simplefilter("ignore", dg.PreviewWarning)
        definitions = _definitions(lake)
        # Resolved here, while the warnings are off: Dagster keeps what it resolves.
        definitions.get_repository_def()
        return definitions


@dg.definitions
def logsight() -> dg.Definitions:
    """The lake of `$LOGSIGHT_LAKE`, or ./lake."""
    return build_defs(open_lake(os.environ.get("LOGSIGHT_LAKE", "lake"), os.environ))


def _definitions(lake: Lake) -> dg.Definitions:
    start = lake.partitions_start
    hours, days, months = hourly(start), daily(start), monthly(start)
    assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
        RAW_LOGS,
        intake_asset(hours),
        completeness_asset(),
        events_asset(hours),
        minute_assets(hours),
        *level_assets("hour", days),
        *level_assets("day", months),
        templates_assets(),
        anomalies_asset(hours),
        slo_asset(days),
        RAW_METRICS,
        service_metrics_asset(hours),
        backtest_asset(days),
        *report_assets(days, weekly(start)),
        ALARMS,
        incidents_asset(),
        summaries_asset(),
        deliveries_asset(),
    ]
    jobs, upkeep = _asset_jobs(), upkeep_jobs()
    return dg.Definitions(
        assets=dg.map_asset_specs(_dressed, assets),
        asset_checks=[
            intake_checks(hours),
            trend_checks(hours),
            anomaly_checks(hours),
            *report_checks(),
            alarm_path_check(),
            outbox_check(),
        ],
        jobs=[*jobs.values(), *upkeep],
        sensors=_sensors(jobs | {job.name: job for job in upkeep}),
        schedules=[*upkeep_schedules(upkeep), *report_schedules(jobs)],
        resources={"lake": lake},
        executor=dg.in_process_executor,
    )


def _sensors(jobs: dict[str, Any]) -> list[dg.SensorDefinition]:
    names = [arrivals.NAME, late_hours.NAME]
    late = ("refresh_hours", "refresh_days", "refresh_months", "refresh_completeness", "refresh_templates", "outside")
    return [
        arrivals.arrivals_sensor([jobs[name] for name in ("live", "catch_up", "outside")], names),
        late_hours.late_hours_sensor([jobs[name] for name in late], names),
        signals.signals_sensor([jobs[name] for name in (signals.ANOMALIES_JOB, signals.OBJECTIVES_JOB)]),
        metrics.metrics_sensor(jobs[metrics.JOB]),
        metrics.metrics_fetch_sensor(),
        alarm_rules.alarm_rules_sensor(),
        *alarms.alarm_sensors(jobs[alarms.JOB]),
        summaries.summaries_sensor(jobs[summaries.JOB]),
        deliveries.delivery_sensor(jobs[deliveries.JOB]),
    ]


_MINUTE = ("service_trend_minute", "template_trend_minute", "service_duration_minute", "patterns")
_HOUR = ("service_trend_hour", "template_trend_hour", "service_duration_hour")
_DAY = ("service_trend_day", "template_trend_day", "service_duration_day")
_TEMPLATES = ("templates", "template_patterns")


def _asset_jobs() -> dict[str, Any]:
    """Jobs by what asks for them; their assets share a partitioning."""
    jobs = [
        _job(
            "live",
            "Arrival hours around now, read and counted in one run.",
            "intake",
            "completeness",
            "events",
            *_MINUTE,
            *_TEMPLATES,
        ),
        _job("catch_up", "Older arrival hours, read and counted in one run.", "intake", "events", *_MINUTE),
        _job("refresh_hours", "Event hours whose files changed.", "events", *_MINUTE),
        _job("refresh_days", "Days whose closed hours changed.", *_HOUR),
        _job("refresh_months", "Months whose days changed.", *_DAY),
        _job("refresh_completeness", "How complete the inputs are, after something was read.", "completeness"),
        _job("refresh_templates", "Templates of what was counted since they were last made.", *_TEMPLATES),
        _job(signals.ANOMALIES_JOB, "Hours judged by their past, where they or their past changed.", "anomalies"),
        _job(signals.OBJECTIVES_JOB, "Objectives of days that changed, and of the days that they are part of.", "slo"),
        _job(metrics.JOB, "Hours of named metrics whose objects or files changed.", "service_metrics"),
        _job("backtest_rules", "What today's alarm rules would have raised on days of the past.", "backtest_alarms"),
        _job(alarms.JOB, "Every alarm that waits, and answers that are due again.", "incidents"),
        _job(summaries.JOB, "Every answer that waits for a model's summary.", "summaries"),
        _job(deliveries.JOB, "Every message that is due in its channel.", "deliveries"),
        _job("daily_reports", "The reports of a day.", DAILY),
        _job("weekly_reports", "The reports of a week.", WEEKLY),
    ]
    return {job.name: job for job in jobs}


def _job(name: str, description: str, *assets: str) -> Any:
    # In one process: a process for each step would cost more than most steps do (measured 1.2 s).
    selection = dg.AssetSelection.assets(*assets)
    return dg.define_asset_job(name, selection, description=description, executor_def=dg.in_process_executor)


# In a lake in use every asset is materialised at least each hour: days and months are too, because an hour that closes
# changes them. The states are of an asset's last materialisation, so a backfill of old hours looks fresh as well;
# which hours there are is for the table `completeness`. An hour without any arrival is normal, a day is not.
_FRESH = dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=26), warn_window=timedelta(hours=3))
_GROUPS = {
    **dict.fromkeys(("raw_logs", "raw_metrics"), "raw"),
    "intake": "intake",
    **dict.fromkeys(_TEMPLATES, "templates"),
    **dict.fromkeys(("anomalies", "slo", "backtest_alarms"), "signals"),
    "service_metrics": "metrics",
    **dict.fromkeys((DAILY, WEEKLY), "reports"),
    **dict.fromkeys(("alarms", "incidents", "summaries"), "incidents"),
    "deliveries": "delivery",
}
_KINDS = {
    "raw_logs": {"s3"},
    "raw_metrics": {"cloudwatch"},
    "service_metrics": {"parquet"},
    "intake": {"python", "duckdb"},
    "events": {"parquet"},
    "completeness": {"parquet"},
    "alarms": {"sqs"},
    "incidents": {"duckdb", "parquet"},
    "summaries": {"bedrock"},
    "deliveries": {"slack", "jira"},
    DAILY: {"duckdb", "html", "parquet"},
    WEEKLY: {"duckdb", "html", "parquet"},
}


# They come when they come, where silence is good news, or by a schedule, whose ticks say whether it ran.
_UNTIMED = {
    "raw_logs",
    "raw_metrics",
    "service_metrics",
    "alarms",
    "incidents",
    "slo",
    "backtest_alarms",
    "summaries",
    "deliveries",
    DAILY,
    WEEKLY,
}


def _dressed(spec: dg.AssetSpec) -> dg.AssetSpec:
    """What every asset has, said once."""
    name = spec.key.path[-1]
    spec = spec.replace_attributes(
        group_name=_GROUPS.get(name, "trends"), owners=OWNERS, kinds=_KINDS.get(name, {"duckdb", "parquet"})
    )
    return spec if name in _UNTIMED else dg.apply_freshness_policy(spec, _FRESH)
