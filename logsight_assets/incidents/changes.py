"""What people and machines changed, told by a person, by EventBridge, or by a line of a log: the table `changes`.

One object a tenant, to which rows are only added. A change is named by a hash of all that is said of it, so telling it
again adds nothing. What no tenant is named for belongs to the platform.
"""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from logsight_assets.errors import MalformedChange, ObjectMissing, PublishConflict
from logsight_assets.incidents.foreign_json import read_foreign
from logsight_assets.lake import PLATFORM, Lake, changes_key
from logsight_assets.parquet import parquet_bytes
from logsight_assets.tables import CHANGES

KINDS = ("deployment", "configuration", "scaling", "other")
_LONGEST = 1024  # characters of each text
_TURNS = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Change:
    """One change; texts are of strangers: data, never instructions."""

    time_unix_micro: int
    kind: str  # one of KINDS
    source: str
    environment: str | None = None
    service: str | None = None
    version: str | None = None
    ref: str | None = None
    description: str | None = None

    @property
    def change_id(self) -> str:
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def time(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.time_unix_micro)


def changes_between(lake: Lake, tenant: str, start: datetime, end: datetime) -> list[Change]:
    """Changes of a tenant from `start` until before `end`, in order of time.

    Those of the platform are among them only for the platform itself, or where `incidents.share_changes` says so.
    """
    tenants = {tenant, PLATFORM} if lake.settings.incidents.share_changes else {tenant}
    found = {change for name in tenants for change in _stored(lake, name)[0].values()}
    return sorted((c for c in found if start <= c.time < end), key=lambda c: (c.time_unix_micro, c.change_id))


def add_changes(lake: Lake, tenant: str, changes: Iterable[Change]) -> int:
    """Add what is not there yet; how many that were. PublishConflict when others keep being faster."""
    told = {change.change_id: change for change in changes}
    for _ in range(_TURNS):
        held, version = _stored(lake, tenant)
        new = told.keys() - held.keys()
        if not new or lake.store.put_if(changes_key(tenant), _bytes(held | told), version):
            return len(new)
    raise PublishConflict(f"table changes: others published {_TURNS} times in a row; run it again")


def forget_changes(lake: Lake, tenant: str, before: datetime) -> int:
    """Remove changes of before a time; how many went. PublishConflict when others keep being faster."""
    for _ in range(_TURNS):
        held, version = _stored(lake, tenant)
        kept = {name: change for name, change in held.items() if change.time >= before}
        if kept == held or lake.store.put_if(changes_key(tenant), _bytes(kept), version):
            return len(held) - len(kept)
    raise PublishConflict(f"table changes: others published {_TURNS} times in a row; run it again")


def _stored(lake: Lake, tenant: str) -> tuple[dict[str, Change], str | None]:
    entry = lake.store.head(changes_key(tenant))
    if entry is None:
        return {}, None
    try:
        rows = pq.read_table(io.BytesIO(lake.store.get(entry.key))).to_pylist()
    except ObjectMissing:
        return {}, None
    return {row["change_id"]: _change(row) for row in rows}, entry.version


def _change(row: Mapping[str, Any]) -> Change:
    told = {name: row[name] for name in ("kind", "source", "environment", "service", "version", "ref", "description")}
    return Change((row["change_time"].replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1), **told)


def _bytes(changes: Mapping[str, Change]) -> bytes:
    ordered = sorted(changes.items(), key=lambda item: (item[1].time_unix_micro, item[0]))
    rows = [
        {"change_time": change.time.replace(tzinfo=None), "change_id": name, **_told(change)}
        for name, change in ordered
    ]
    return parquet_bytes(pa.Table.from_pylist(rows, CHANGES.arrow_schema), CHANGES, {})


def _told(change: Change) -> dict[str, Any]:
    return {name: value for name, value in asdict(change).items() if name != "time_unix_micro"}


# EventBridge ----------------------------------------------------------------------------------------------------------


def read_change(data: bytes) -> Change:
    """The change that an event of ECS, CodeDeploy or CloudFormation tells; MalformedChange for any other event."""
    try:
        event = read_foreign(data)
        read = _EVENTS[event["detail-type"]]
        moment = datetime.fromisoformat(event["time"])
        micro = (moment.replace(tzinfo=moment.tzinfo or UTC) - _EPOCH) // timedelta(microseconds=1)
        told = {name: _text(value) for name, value in read(event).items()}
        return Change(micro, str(told.pop("kind")), str(told.pop("source")), **told)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError, RecursionError) as error:
        raise MalformedChange(f"change: no event of {', '.join(_EVENTS)} ({type(error).__name__})") from None


def _ecs(event: Mapping[str, Any]) -> dict[str, Any]:
    detail = event["detail"]
    return {
        "kind": "deployment",
        "source": "ecs",
        # arn:aws:ecs:REGION:ACCOUNT:service/CLUSTER/NAME
        "service": event["resources"][0].rpartition("/")[2],
        "ref": detail["deploymentId"],
        "description": f"{detail['eventName']}: {detail.get('reason', '')}",
    }


def _codedeploy(event: Mapping[str, Any]) -> dict[str, Any]:
    detail = event["detail"]
    return {
        "kind": "deployment",
        "source": "codedeploy",
        "environment": detail.get("deploymentGroup"),
        "service": detail["application"],
        "ref": detail["deploymentId"],
        "description": f"deployment {detail['state']}",
    }


def _cloudformation(event: Mapping[str, Any]) -> dict[str, Any]:
    detail = event["detail"]
    # arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID
    return {
        "kind": "configuration",
        "source": "cloudformation",
        "service": detail["stack-id"].split("/")[1],
        "ref": detail["stack-id"],
        "description": f"stack {detail['status-details']['status']}",
    }


_EVENTS = {
    "ECS Deployment State Change": _ecs,
    "CodeDeploy Deployment State-change Notification": _codedeploy,
    "CloudFormation Stack Status Change": _cloudformation,
}


def _text(value: object) -> str | None:
    return str(value)[:_LONGEST] if value else None
