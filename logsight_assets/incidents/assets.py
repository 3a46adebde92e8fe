"""Dagster's side of incidents: alarms come from outside, one run makes incidents of all that wait."""

from collections import Counter
from collections.abc import Iterable

import dagster as dg

from logsight_assets.failures import Failures, telling_only_what_may_be_told
from logsight_assets.incidents.handle import Handled, answer_again, handle_waiting
from logsight_assets.incidents.investigate import investigate
from logsight_assets.incidents.summary.configured import model_of
from logsight_assets.incidents.summary.summaries import Summarised, summarize_due
from logsight_assets.incidents.waiting import Taken
from logsight_assets.lake import Lake
from logsight_assets.partitions import newest
from logsight_assets.tables import INCIDENTS
from logsight_assets.trends.assets import table_metadata

# What the alarm rules look at. Alarms of others come from nowhere that Dagster knows.
_WATCHED = ("service_trend_minute", "service_duration_minute", "anomalies")
ALARMS = dg.AssetSpec(
    "alarms",
    deps=["completeness", *newest(*_WATCHED)],
    description="State changes of alarms: of the alarm rules, and whatever else comes to the inbox or an SQS queue.",
)
INCIDENT_TAG = "logsight/incident"
# Evidence of an answer, beside what has no partitions.
_READ = ("events", "service_trend_minute", "anomalies", "slo", "service_metrics")
_NAMED = 50  # incidents that a run names; more would swell the event log


def incidents_asset() -> dg.AssetsDefinition:
    """The asset `incidents`: unpartitioned, because one run deals with all that waits, whenever it went off."""

    @dg.asset(
        name="incidents",
        deps=["alarms", "completeness", "templates", *newest(*_READ)],
        description=INCIDENTS.description,
        metadata=table_metadata(INCIDENTS),
    )
    def incidents(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        failures = Failures(lake)
        with telling_only_what_may_be_told(lake, "the incident run"):
            handled = handle_waiting(lake, investigate, failures) + answer_again(lake, investigate, failures)
            if handled.incidents:
                context.instance.add_run_tags(context.run.run_id, {INCIDENT_TAG: _named(handled)})
            # Said before what failed is raised: the others are done, and people look for them.
            context.add_asset_metadata(incident_metadata(handled))
            failures.check()
        return dg.MaterializeResult()

    return incidents


def summaries_asset() -> dg.AssetsDefinition:
    """The asset `summaries`: behind `incidents` in a run of its own, so that no first answer waits for a model."""

    @dg.asset(
        name="summaries",
        deps=["incidents"],
        description="Summaries of incidents by a model, each statement checked by code; a record of its incident each.",
    )
    def summaries(context: dg.AssetExecutionContext, lake: dg.ResourceParam[Lake]) -> dg.MaterializeResult[None]:
        failures = Failures(lake)
        with telling_only_what_may_be_told(lake, "the summary run"):
            model = model_of(lake)
            done = summarize_due(lake, model, failures) if model else Summarised()
            context.add_asset_metadata(summary_metadata(done))
            failures.check()
        return dg.MaterializeResult()

    return summaries


def summary_metadata(done: Summarised) -> dict[str, dg.MetadataValue]:
    """Counts, ids, and why first answers stand."""
    reasons = Counter(done.first_answers.values())
    return {
        "by_model": dg.MetadataValue.int(len(done.by_model)),
        "first_answers": dg.MetadataValue.int(len(done.first_answers)),
        "reasons": dg.MetadataValue.text(", ".join(f"{reason}: {count}" for reason, count in reasons.most_common())),
        "incident_ids": dg.MetadataValue.text(listed([*done.by_model, *done.first_answers])),
    }


def taken_events(looks: Iterable[Taken]) -> list[dg.AssetMaterialization | dg.AssetObservation]:
    """What Dagster is told of `alarms` after looks into the queue: numbers alone, and nothing if no message came."""
    counts = Counter[str]()
    for look in looks:
        counts.update(taken=look.alarms, set_aside=look.set_aside, come_again=look.failed)
    if not counts.total():
        return []
    # What was only set aside is no news of the asset.
    event = dg.AssetMaterialization if counts["taken"] else dg.AssetObservation
    return [event(ALARMS.key, metadata={name: dg.MetadataValue.int(count) for name, count in counts.items()})]


def incident_metadata(handled: Handled) -> dict[str, dg.MetadataValue]:
    """Counts, and ids by which people find the incidents; nothing of the alarms themselves."""
    return {
        "alarm_changes": dg.MetadataValue.int(handled.changes),
        "incidents": dg.MetadataValue.int(len(handled.incidents)),
        "opened": dg.MetadataValue.int(handled.opened),
        "answers": dg.MetadataValue.int(handled.answered),
        "incident_ids": dg.MetadataValue.text(_named(handled)),
    }


def _named(handled: Handled) -> str:
    return listed(list(handled.incidents))


def listed(names: list[str]) -> str:
    """Ids for people, so many as an event may name."""
    return " ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
