"""The summary run: every incident that waits for a summary gets one, or the reason why its first answer stands."""

from __future__ import annotations

from dataclasses import dataclass, field

from logsight_assets.failures import Failures
from logsight_assets.incidents.handover import hand_over
from logsight_assets.incidents.overview import refresh_rows
from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.incidents.summary.due import due_summaries
from logsight_assets.incidents.summary.summarize import MODEL, summarize
from logsight_assets.lake import Lake, is_erased
from resources.model import Model


@dataclass
class Summarised:
    """What a run did, by ids of incidents."""

    by_model: list[str] = field(default_factory=list)
    first_answers: dict[str, str] = field(default_factory=dict)  # id → why the first answer stands


def summarize_due(lake: Lake, model: Model, failures: Failures, only: str | None = None) -> Summarised:
    """Make every summary that is due, or that of one incident; one that fails keeps no other waiting."""
    done = Summarised()
    for tenant, incident_id, note in due_summaries(lake):
        if only not in (None, incident_id):
            continue
        with failures.attempt(f"incident {incident_id}"):
            if not is_erased(lake.store, tenant):
                _summarize(lake, IncidentRecords(lake, tenant, incident_id), model, failures, done)
            lake.store.delete(note)
    return done


def _summarize(lake: Lake, records: IncidentRecords, model: Model, failures: Failures, done: Summarised) -> None:
    made = summarize(lake, records, model, failures)
    hand_over(lake, records)
    refresh_rows(lake, records.tenant, [records.incident_id])
    if made.body["kind"] == MODEL:
        done.by_model.append(records.incident_id)
    else:
        done.first_answers[records.incident_id] = made.body["reason"]
