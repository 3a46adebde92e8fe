"""Verbs about alarms in hand: investigate."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logsight_assets.cli.verbs import Verbs, lake_of, show
from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake

if TYPE_CHECKING:
    from logsight_assets.delivery.entries import Subject
    from logsight_assets.incidents.records import IncidentRecords


def register(verbs: Verbs) -> None:
    parser = verbs.add("investigate", _investigate, "what the logs say about an alarm: suspects, lines, verdict")
    parser.add_argument("alarm", type=Path, help="EventBridge event of a CloudWatch alarm, a JSON file")


def _investigate(options: argparse.Namespace) -> int:
    from logsight_assets.delivery.channels import channels_of
    from logsight_assets.delivery.outbox import deliver_incident
    from logsight_assets.failures import Failures
    from logsight_assets.incidents.foreign_json import MAX_BYTES
    from logsight_assets.incidents.investigate import investigate
    from logsight_assets.incidents.once import answer_alarm
    from logsight_assets.incidents.show import incident_text
    from logsight_assets.incidents.summary.configured import model_of

    try:
        with options.alarm.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{options.alarm}: {error.strerror}; give the JSON file of an alarm") from error
    lake = lake_of(options)
    records = answer_alarm(lake, data, investigate, model_of(lake))
    failures = Failures(lake)
    deliver_incident(lake, _subject(records), channels_of(lake), failures)
    code = show(options, answered(lake, records), incident_text(records))
    failures.check()
    return code


def answered(lake: Lake, records: IncidentRecords) -> dict[str, Any]:
    """The latest answer of an incident, and where it was told."""
    from logsight_assets.delivery.entries import entries_of
    from logsight_assets.delivery.overview import row_of
    from logsight_assets.incidents.once import answer_document

    told = [row_of(lake, entry).to_json() for entry in entries_of(lake.store, _subject(records))]
    return answer_document(records) | {"deliveries": told}


def _subject(records: IncidentRecords) -> Subject:
    """What messages of an incident are about."""
    from logsight_assets.delivery.entries import Subject

    return Subject(records.tenant, "incident", records.incident_id)
