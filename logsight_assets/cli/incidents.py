"""Verbs about alarms in hand: investigate."""

from __future__ import annotations

import argparse
from pathlib import Path

from logsight_assets.cli.verbs import Verbs, lake_of, show
from logsight_assets.errors import UsageError


def register(verbs: Verbs) -> None:
    parser = verbs.add("investigate", _investigate, "what the logs say about an alarm: suspects, lines, verdict")
    parser.add_argument("alarm", type=Path, help="EventBridge event of a CloudWatch alarm, a JSON file")


def _investigate(options: argparse.Namespace) -> int:
    from logsight_assets.incidents.alarm import MAX_BYTES
    from logsight_assets.incidents.investigate import investigate
    from logsight_assets.incidents.once import answer_alarm, answer_document
    from logsight_assets.incidents.show import incident_text
    from logsight_assets.incidents.summary.configured import model_of

    try:
        with options.alarm.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"{options.alarm}: {error.strerror}; give the JSON file of an alarm") from error
    lake = lake_of(options)
    records = answer_alarm(lake, data, investigate, model_of(lake))
    return show(options, answer_document(records), incident_text(records))
