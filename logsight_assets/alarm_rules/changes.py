"""A change of an alarm's state, written as CloudWatch writes it: the EventBridge event that the inbox takes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from logsight_assets.alarm_rules.evaluate import Verdict
from logsight_assets.alarm_rules.rule import COUNTS, DURATIONS, AlarmRule

NAMESPACE = "LogSight"


@dataclass(frozen=True)
class Watched:
    """One series of a rule: an alarm of its own."""

    tenant: str
    service: str

    @property
    def key(self) -> str:
        return json.dumps([self.tenant, self.service])


def alarm_name(rule: AlarmRule, watched: Watched) -> str:
    return f"{rule.name} {watched.tenant} {watched.service}"


def change_event(rule: AlarmRule, watched: Watched, previous: str, verdict: Verdict, changed_nano: int) -> bytes:
    """The event; the same change gives the same bytes, so that it can be sent again."""
    time = _time(changed_nano)
    arn = f"arn:logsight:alarm:{watched.tenant}:{rule.name}:{hashlib.sha256(watched.key.encode()).hexdigest()[:16]}"
    document = {
        "version": "0",
        "id": hashlib.sha256(f"{arn} {changed_nano} {verdict.state}".encode()).hexdigest()[:32],
        "detail-type": "CloudWatch Alarm State Change",
        "source": "logsight",
        "account": "",
        "time": time,
        "region": "",
        "resources": [arn],
        "detail": {
            "alarmName": alarm_name(rule, watched),
            "configuration": {"description": rule.description, "metrics": [_metric(rule, watched)]},
            "previousState": {"value": previous},
            "state": {
                "value": verdict.state,
                "reason": verdict.reason,
                "reasonData": json.dumps(_reason_data(rule, verdict, time)),
                "timestamp": time,
            },
        },
    }
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode() + b"\n"


def _metric(rule: AlarmRule, watched: Watched) -> dict[str, Any]:
    dimensions = {"Tenant": watched.tenant, "Service": watched.service}
    if rule.environment is not None:
        dimensions["Environment"] = rule.environment
    if rule.objective is not None:
        dimensions["Objective"] = rule.objective
    metric = {"namespace": NAMESPACE, "name": rule.metric, "dimensions": dimensions}
    stat = {"metric": metric, "period": rule.period_minutes * 60, "stat": _statistic(rule)}
    return {"id": "m1", "metricStat": stat, "returnData": True}


def _statistic(rule: AlarmRule) -> str:
    if rule.metric in DURATIONS:
        return rule.metric.split("_")[1]
    return "Sum" if rule.metric in COUNTS else "Maximum"


def _reason_data(rule: AlarmRule, verdict: Verdict, time: str) -> dict[str, Any]:
    present = [point for point in verdict.evaluated if point.value is not None]
    return {
        "version": "1.0",
        "queryDate": time,
        "startDate": _time(verdict.evaluated[0].start_nano) if verdict.evaluated else time,
        "statistic": _statistic(rule),
        "period": rule.period_minutes * 60,
        "recentDatapoints": [round(point.value or 0.0, 6) for point in present],
        "threshold": rule.threshold,
        "evaluatedDatapoints": [
            {"timestamp": _time(point.start_nano)} | ({} if point.value is None else {"value": round(point.value, 6)})
            for point in reversed(verdict.evaluated)
        ],
    }


def _time(nano: int) -> str:
    moment = datetime.fromtimestamp(nano // 10**9, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{nano % 10**9 // 10**6:03d}+0000"
