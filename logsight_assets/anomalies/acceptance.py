"""What people accept: a series whose anomaly is known, or is the new normal. It has an owner, a reason and an end.

A decision is looked at as of each hour, never by a clock, so the same hour judged again is judged alike.
"""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from logsight_assets.anomalies.series import Series
from logsight_assets.decisions import Decision, Said, decide, decisions
from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake, anomalies_key, hours_below, mark, values
from logsight_assets.parquet import read_rows
from logsight_assets.timeline import Hour, hours_between
from logsight_assets.trends.hours import ANOMALIES
from resources.object_store import ObjectStore

KIND = "anomaly"


def accepted_series(records: list[Decision], hour: Hour) -> frozenset[Series]:
    """Series that are accepted in an hour: by the last record about each, from its first hour until its end."""
    last = {record.subject: record for record in records}
    return frozenset(
        Series(*json.loads(record.subject))
        for record in last.values()
        if record.value is not None
        and Hour.parse(record.value["since"]) <= hour
        and (record.until is None or hour.start < record.until)
    )


def acceptances(store: ObjectStore, tenant: str) -> list[Decision]:
    return decisions(store, tenant, KIND)


def fingerprint(accepted: frozenset[Series]) -> str:
    return hashlib.sha256(json.dumps(sorted(accepted)).encode()).hexdigest()


def accept(lake: Lake, tenant: str, episode_id: str, said: Said) -> Series:
    """Accept the series of an episode from its first hour on; returns it. UsageError if it is not there."""
    if not said.why or said.until is None:
        raise UsageError("anomalies accept: say why (--why) and until when (--until): nothing is accepted for ever")
    found = _hours_of(lake.store, tenant, episode_id)
    if not found:
        raise UsageError(f"anomaly {episode_id!r} is not there; `logsight anomalies list` shows all")
    since, series = min(found.items())
    decide(lake, tenant, KIND, _subject(series), {"since": str(since), "episode_id": episode_id}, said)
    _mark(lake, since, said.until)
    return series


def take_back(lake: Lake, tenant: str, episode_id: str, said: Said) -> Series:
    """Take the acceptance of an episode back; returns its series. UsageError if it is not accepted."""
    last: dict[str, Decision] = {record.subject: record for record in acceptances(lake.store, tenant)}
    for record in last.values():
        if record.value is not None and record.value["episode_id"] == episode_id:
            decide(lake, tenant, KIND, record.subject, None, said)
            _mark(lake, Hour.parse(record.value["since"]), record.until)
            return Series(*json.loads(record.subject))
    raise UsageError(f"anomaly {episode_id!r} is not accepted; `logsight anomalies list` shows what is")


def tenant_of(lake: Lake, episode_id: str, tenant: str | None) -> str:
    """The tenant that has an episode; UsageError if none has, or several have."""
    names = [name for name in values(lake.store, "anomalies/", "tenant") if tenant in (None, name)]
    found = [name for name in names if _hours_of(lake.store, name, episode_id)]
    if len(found) > 1:
        raise UsageError(f"anomaly {episode_id!r} is there for {len(found)} tenants; name one with --tenant")
    if not found:
        raise UsageError(f"anomaly {episode_id!r} is not there; `logsight anomalies list` shows all")
    return found[0]


def _hours_of(store: ObjectStore, tenant: str, episode_id: str) -> dict[Hour, Series]:
    """The hours of an episode, which follow one another, each with the episode's series."""
    found: dict[Hour, Series] = {}
    for hour in reversed(list(hours_below(store, f"anomalies/tenant={tenant}/"))):
        rows = read_rows(store, anomalies_key(tenant, hour)).to_pylist()
        own = next((row for row in rows if row["episode_id"] == episode_id), None)
        if own is None and found:
            break
        if own is not None:
            found[hour] = Series(own["service"], own["template_id"], own["metric"])
    return found


def _subject(series: Series) -> str:
    return json.dumps(series)


def _mark(lake: Lake, since: Hour, until: datetime | None) -> None:
    """Say that the hours which a decision is about are to be judged again."""
    last = lake.now if until is None else min(lake.now, Hour.of(until))
    for hour in hours_between(since, last + 1):
        mark(lake.store, ANOMALIES, str(hour), "decided")
