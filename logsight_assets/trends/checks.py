"""Checks of an event hour as published."""

from dataclasses import dataclass, field

import dagster as dg

from logsight_assets.lake import Lake, seal_key
from logsight_assets.partition_checks import HourCheck, Verdict, hour_checks
from logsight_assets.timeline import Hour
from logsight_assets.trends.event_hours import EventHour, survey_hour
from logsight_assets.trends.hours import HourOutcome
from logsight_assets.trends.published_hours import published_hour

MOST_LATE = 0.20


@dataclass
class SeenHours:
    """Event hours as they lie in files and as they are published, each looked at once."""

    lake: Lake
    _surveys: dict[Hour, EventHour] = field(default_factory=dict)
    _published: dict[Hour, HourOutcome] = field(default_factory=dict)

    def survey(self, hour: Hour) -> EventHour:
        if hour not in self._surveys:
            self._surveys[hour] = survey_hour(self.lake, hour)
        return self._surveys[hour]

    def published(self, hour: Hour) -> HourOutcome:
        if hour not in self._published:
            self._published[hour] = published_hour(self.lake, hour)
        return self._published[hour]


def trend_checks(hours: dg.HourlyPartitionsDefinition) -> dg.AssetChecksDefinition:
    return hour_checks("trend_checks", _CHECKS, hours, SeenHours)


def late_share(seen: SeenHours, hour: Hour) -> Verdict:
    found = seen.survey(hour)
    figures = {"late_events": found.late_events, "late_ratio": found.late_ratio}
    return Verdict(found.late_ratio <= MOST_LATE, figures)


def conservation(seen: SeenHours, hour: Hour) -> Verdict:
    """Files, rows of the files, and counts of every published table, compared anew."""
    survey, published = seen.survey(hour), seen.published(hour)
    events, counted, duplicates = (published.total(name) for name in ("events", "counted", "duplicates"))
    # Retention removes the files of a sealed hour and keeps what was published.
    is_sealed = any(seen.lake.store.head(seal_key(tenant, hour)) for tenant in published.tenants)
    is_right = events == counted + duplicates and (is_sealed or events == survey.events) and not survey.unreadable_files
    figures = {"events": events, "counted": counted, "duplicates": duplicates, "in_files": survey.events}
    return Verdict(is_right, {**figures, "unreadable_files": survey.unreadable_files})


def id_conflicts(seen: SeenHours, hour: Hour) -> Verdict:
    conflicts = seen.published(hour).total("id_conflicts")
    return Verdict(conflicts == 0, {"id_conflicts": conflicts})


_ERROR = dg.AssetCheckSeverity.ERROR
_SUMS = "Of each event hour: events = counted + duplicates, in all tables alike."
_CHECKS = [
    HourCheck("events", "late_share", f"At most {MOST_LATE:.0%} of an hour's events came late.", late_share),
    HourCheck("service_trend_minute", "conservation", _SUMS, conservation, _ERROR),
    HourCheck("service_trend_minute", "id_conflicts", "No own id stands for two different contents.", id_conflicts),
]
