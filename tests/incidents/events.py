"""Alarms as EventBridge sends them, and what an investigation finds, for tests of all that is around it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from logsight_assets.failures import Failures
from logsight_assets.incidents.alarm import Alarm
from logsight_assets.incidents.handle import Handled, handle_waiting
from logsight_assets.lake import Lake
from tests.intake.lakes import HOUR

NOON = HOUR.start + timedelta(minutes=30)

# Changes, as EventBridge tells them.
ECS: dict[str, Any] = {
    "detail-type": "ECS Deployment State Change",
    "time": "2025-06-01T10:20:30Z",
    "resources": ["arn:aws:ecs:eu-central-1:123456789012:service/shop/payment"],
    "detail": {"eventName": "SERVICE_DEPLOYMENT_COMPLETED", "deploymentId": "ecs-svc/1", "reason": "completed"},
}
CODEDEPLOY: dict[str, Any] = {
    "detail-type": "CodeDeploy Deployment State-change Notification",
    "time": "2025-06-01T10:20:30Z",
    "detail": {"application": "payment", "deploymentGroup": "prod", "deploymentId": "d-1", "state": "SUCCESS"},
}
CLOUDFORMATION: dict[str, Any] = {
    "detail-type": "CloudFormation Stack Status Change",
    "time": "2025-06-01T10:20:30Z",
    "detail": {
        "stack-id": "arn:aws:cloudformation:eu-central-1:123456789012:stack/payment-stack/1a2b",
        "status-details": {"status": "UPDATE_COMPLETE"},
    },
}


def alarm_event(
    name: str = "checkout-5xx",
    state: str = "ALARM",
    minute: float = 0,
    *,
    service: str = "checkout",
    tenant: str | None = "acme",
    **detail: Any,
) -> dict[str, Any]:
    """A state change `minute` minutes after NOON."""
    moment = (NOON + timedelta(minutes=minute)).astimezone(UTC)
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"
    dimensions = {"ServiceName": service} | ({"tenant": tenant} if tenant else {})
    metric = {"namespace": "Shop", "name": "5xx", "dimensions": dimensions}
    return {
        "version": "0",
        "id": f"{name}-{state}-{minute}",
        "detail-type": "CloudWatch Alarm State Change",
        "source": "aws.cloudwatch",
        "account": "123456789012",
        "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "region": "eu-central-1",
        "resources": [f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{name}"],
        "detail": {
            "alarmName": name,
            "state": {"value": state, "reason": "Threshold crossed", "timestamp": stamp},
            "previousState": {"value": "OK" if state == "ALARM" else "ALARM"},
            "configuration": {"metrics": [{"id": "m", "metricStat": {"metric": metric, "period": 60, "stat": "Sum"}}]},
        }
        | detail,
    }


def body(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


@dataclass
class Answered:
    """An investigation whose findings a test chooses."""

    verdict: str = "explained"
    missing: list[str] = field(default_factory=list)
    quoted: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        suspect = {"service": "payment", "score": 0.8, "reasons": ["errors rose"]}
        return {
            "first_answer": {
                "verdict": self.verdict,
                "suspects": [suspect] if self.verdict == "explained" else [],
                "templates": [],
            },
            "evidence": [
                {
                    "number": number,
                    "kind": "event",
                    "change": "new",
                    "service": "payment",
                    "time_unix_nano": HOUR.start_nano,
                    "body": text,
                }
                for number, text in enumerate(self.quoted, 1)
            ],
            "completeness": {"is_complete": not self.missing, "missing": self.missing},
        }


def explains(_lake: Lake, _alarm: Alarm) -> Answered:
    """A stand-in for `investigate` that always finds the same."""
    return Answered()


def handle(lake: Lake, investigate: Callable[[Lake, Alarm], Answered] = explains) -> Handled:
    """One incident run; what fails in it is raised."""
    failures = Failures(lake)
    handled = handle_waiting(lake, investigate, failures)
    failures.check()
    return handled


def at(minute: float) -> datetime:
    return NOON + timedelta(minutes=minute)
