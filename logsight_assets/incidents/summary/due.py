"""Which incidents wait for a summary. First answers wait for none: summaries are made by a run of their own.

A note is put before the alarm that caused it stops waiting, and goes when the summary's record stands. It is named for
the answer, so that whoever removes it does not lose that of a later one.
"""

from __future__ import annotations

from collections.abc import Iterator

from logsight_assets.incidents.records import IncidentRecords, tenants_with_incidents
from logsight_assets.lake import Lake, due_summary_key, due_summary_prefix


def latest_answer(records: IncidentRecords) -> int:
    """Number of the latest first answer, from 1; 0 before there is one."""
    return sum(record.kind == "first_answer" for record in records.all())


def summary_key(answer: int) -> str:
    """Key of the record of an answer's summary."""
    return f"summary:{answer}"


def want_summary(lake: Lake, records: IncidentRecords) -> None:
    """Note that an answer has no summary, if a model is to make one."""
    number = latest_answer(records)
    if lake.settings.model.ladder and number and records.find(summary_key(number)) is None:
        lake.store.put(due_summary_key(records.tenant, records.incident_id, number), b"")


def due_summaries(lake: Lake) -> Iterator[tuple[str, str, str]]:
    """Tenant, id and note of each incident that waits for a summary."""
    for tenant in tenants_with_incidents(lake.store):
        prefix = due_summary_prefix(tenant)
        for entry in list(lake.store.list(prefix)):
            yield tenant, entry.key.removeprefix(prefix).rpartition("~")[0], entry.key
