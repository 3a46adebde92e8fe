"""The seam to delivery: which incidents have news, and up to which record. Delivery reads the folder itself.

A note is named for the incident and the number of its last record. So whoever delivers may remove what it has told
while newer notes come in, and loses none.
"""

from __future__ import annotations

from logsight_assets.incidents.records import IncidentRecords
from logsight_assets.lake import Lake, due_delivery_key


def hand_over(lake: Lake, records: IncidentRecords) -> None:
    """Tell delivery that an incident has news."""
    last = records.all()[-1].number
    lake.store.put(due_delivery_key(records.tenant, records.incident_id, last), b"")
