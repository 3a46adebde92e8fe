"""Check of an hour's anomalies: whether the detector itself is to be trusted."""

from dataclasses import dataclass

import dagster as dg

from logsight_assets.anomalies.hours import AnomalyHour, published_hour
from logsight_assets.lake import Lake
from logsight_assets.partition_checks import HourCheck, Verdict, hour_checks
from logsight_assets.tables import ANOMALIES
from logsight_assets.timeline import Hour

MOST_FLAGGED, LEAST_SERIES = 0.20, 50


@dataclass(frozen=True)
class SeenAnomalies:
    """Hours as they are published."""

    lake: Lake

    def published(self, hour: Hour) -> AnomalyHour:
        return published_hour(self.lake, hour)


def anomaly_checks(hours: dg.HourlyPartitionsDefinition) -> dg.AssetChecksDefinition:
    return hour_checks("anomaly_checks", _CHECKS, hours, SeenAnomalies)


def flagged_share(seen: SeenAnomalies, hour: Hour) -> Verdict:
    """Where everything is unusual at once, the inputs changed: a new source, another naming, a doubled delivery."""
    found = seen.published(hour)
    ratio = found.running / found.series if found.series else 0.0
    figures = {"series": found.series, "running_episodes": found.running, "flagged_ratio": ratio}
    return Verdict(ratio <= MOST_FLAGGED or found.series < LEAST_SERIES, figures)


_CHECKS = [
    HourCheck(
        ANOMALIES.name,
        "flagged_share",
        f"At most {MOST_FLAGGED:.0%} of the series of an hour are in an episode.",
        flagged_share,
    )
]
