"""What programs, nodes and the cloud account say without a visitor: heartbeats, housekeeping, deployments, audit."""

from __future__ import annotations

from typing import Any

from logsight_assets.lake import PLATFORM
from logsight_assets.sample.catalogue import NODE_MESSAGES, SERVICES
from logsight_assets.sample.dice import Dice, Weighted
from logsight_assets.sample.encode import pod_name
from logsight_assets.sample.journal import Journal, Line
from logsight_assets.sample.scenario import Deployment, Scenario
from logsight_assets.sample.spec import NS
from logsight_assets.timeline import HOUR_NS

NODES = 6
_NODE_LINES = Weighted(
    *(("kubelet.synced", 22), ("kubelet.pulled", 8), ("containerd.start", 20), ("sshd.closed", 14)),
    *(("chronyd.source", 10), ("systemd.slice", 18), ("kubelet.probe", 3), ("kubelet.disk", 2)),
    *(("kernel.throttled", 1), ("containerd.shim", 1)),
)
_AUDIT_EVENTS = (
    ("ec2.amazonaws.com", "DescribeInstances", True),
    ("s3.amazonaws.com", "GetBucketPolicy", True),
    ("kms.amazonaws.com", "Decrypt", True),
    ("sts.amazonaws.com", "AssumeRole", True),
    ("iam.amazonaws.com", "ListRoles", True),
    ("ecr.amazonaws.com", "PutImage", False),
)
_ACCOUNT = "123456789012"  # the one that AWS uses in its documentation


def housekeeping(journal: Journal, hour_ns: int, heartbeats: int) -> None:
    """An hour of one tenant's programs: `heartbeats` checks, and jobs that run a few times an hour."""
    dice = journal.dice
    services = tuple(SERVICES)
    for _ in range(heartbeats):
        at, draw = hour_ns + dice.below(HOUR_NS), dice.below(10)
        service = dice.pick(services)
        if draw < 6:
            journal.log(at, "any.health", {}, service=service, ms=dice.between(1, 20))
        elif draw < 8:
            journal.log(at, "any.memory", {}, service=service, count=dice.between(90, 480), ms=dice.between(2, 90))
        else:
            _pool(journal, at)
    for minute in range(0, 60, 15):
        at = hour_ns + (minute * 60 + dice.below(600)) * NS
        journal.log(at, "checkout.queue", {}, count=dice.below(12), age=dice.below(30))
        journal.log(at, "cart.evicted", {}, count=dice.between(1, 60), ms=dice.between(3, 80))
        journal.log(at, "cart.expired", {}, cart=dice.hexadecimal(12), count=30)
    at = hour_ns + dice.below(HOUR_NS)
    journal.log(at, "catalog.reloaded", {}, count=dice.between(870, 900), ms=dice.between(200, 900))
    journal.log(at, "inventory.synced", {}, warehouse="fra-3", count=dice.between(400, 900), ms=dice.between(300, 2000))
    journal.log(at, "payment.settled", {}, batch=f"b-{dice.hexadecimal(8)}", count=dice.between(3, 90))
    journal.log(at, "payment.refund", {}, order=f"o-{dice.hexadecimal(10)}", cents=dice.between(9, 90) * 100 - 1)
    journal.log(at, "notification.bounced", {}, id=dice.hexadecimal(12), count=dice.pick((450, 550, 552)))
    sent = dice.between(40, 200)
    journal.log(at, "notification.digest", {}, batch=dice.hexadecimal(8), count=sent, ms=dice.between(500, 4000))
    if dice.chance(0.5):
        journal.log(at, "frontend.limit", {}, route="/api/login", limit=60)


def _pool(journal: Journal, at: int) -> None:
    dice = journal.dice
    if journal.scenario.failure_share(journal.tenant, at) > 0:
        journal.log(at, "payment.pool", {}, active=20, idle=0, waiting=dice.between(3, 60))
    else:
        active = dice.between(1, 7)
        journal.log(at, "payment.pool", {}, active=active, idle=20 - active, waiting=0)


def deployment_lines(journal: Journal, deployment: Deployment) -> None:
    """The lines of a rolling update in one tenant's namespace; the new version runs from `deployment.time_ns` on."""
    dice, service, at = journal.dice, deployment.service, deployment.time_ns
    version, previous, revision = deployment.version, deployment.previous, dice.hexadecimal(12)
    about: dict[str, object] = {"deployment.id": f"d-{dice.hexadecimal(8)}", "service.version": version}
    for replica in range(SERVICES[service].replicas):
        start = at + replica * 4 * NS
        journal.log(start - NS, "any.stopping", {}, service=service, count=dice.below(5))
        journal.log(start + NS, "any.configured", {}, service=service, count=dice.between(40, 70))
        journal.log(start + 2 * NS, "any.starting", about, service=service, version=version, count=dice.between(7, 40))
    journal.log(at + 20 * NS, "any.deployed", about, service=service, version=version, previous=previous, id=revision)


def node_lines(dice: Dice, scenario: Scenario, tenants: tuple[str, ...], hour_ns: int, count: int) -> list[Line]:
    """An hour of the cluster's nodes; they serve all tenants, so the lines belong to none."""
    lines = []
    for _ in range(count):
        at = hour_ns + dice.below(HOUR_NS)
        lines.append(_node_line(dice, scenario, tenants, at, _NODE_LINES.draw(dice), dice.pick(tuple(SERVICES))))
    sick = 60 * (hour_ns + HOUR_NS - scenario.fault_start_ns) // HOUR_NS  # about one failed probe a minute
    for _ in range(max(0, min(60, sick))):
        at = max(hour_ns, scenario.fault_start_ns) + dice.below(HOUR_NS)
        if at < hour_ns + HOUR_NS:
            lines.append(_node_line(dice, scenario, tenants, at, "kubelet.probe", "payment"))
    return lines


def _node_line(dice: Dice, scenario: Scenario, tenants: tuple[str, ...], at: int, name: str, service: str) -> Line:
    message, version = NODE_MESSAGES[name], scenario.version(service, at)
    body = message.text.format(
        pod=f"shop-{dice.pick(tenants)}/{pod_name(service, version, dice.below(SERVICES[service].replicas))}",
        service=service,
        version=version,
        id=dice.hexadecimal(64),
        count=dice.between(1, 99),
        ms=dice.between(200, 9000),
        net=dice.below(8),
        host=dice.between(2, 250),
        port=dice.between(32768, 60999),
    )
    node = dice.below(NODES)
    return Line(at, PLATFORM, name.partition(".")[0], message.severity, body, {}, "", "", node, ())


def audit_records(
    dice: Dice, deployments: tuple[Deployment, ...], hour_ns: int, count: int
) -> list[tuple[int, dict[str, Any]]]:
    """An hour of the cloud account's audit trail: (time, record); each deployment in it started a pipeline."""
    found = []
    for _ in range(count):
        source, name, read_only = dice.pick(_AUDIT_EVENTS)
        found.append(_audit(dice, hour_ns + dice.below(HOUR_NS), source, name, read_only, None))
    for deployment in deployments:
        if hour_ns <= deployment.time_ns < hour_ns + HOUR_NS:
            parameters = {"name": f"shop-{deployment.service}", "version": deployment.version}
            at, source = deployment.time_ns, "codepipeline.amazonaws.com"
            found.append(_audit(dice, at, source, "StartPipelineExecution", False, parameters))
    return found


def _audit(
    dice: Dice, at: int, source: str, name: str, read_only: bool, parameters: dict[str, str] | None
) -> tuple[int, dict[str, Any]]:
    role = dice.pick(("ci-deployer", "node-agent", "backup"))
    record: dict[str, Any] = {
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "AssumedRole",
            "arn": f"arn:aws:sts::{_ACCOUNT}:assumed-role/{role}/session-{dice.below(100)}",
            "accountId": _ACCOUNT,
        },
        "eventTime": "",
        "eventSource": source,
        "eventName": name,
        "awsRegion": "eu-central-1",
        "sourceIPAddress": f"10.20.{dice.below(8)}.{dice.between(2, 250)}",
        "userAgent": "aws-sdk-go-v2/1.30.3",
        "requestParameters": parameters,
        "responseElements": None,
        "requestID": dice.uuid(),
        "eventID": dice.uuid(),
        "readOnly": read_only,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": _ACCOUNT,
    }
    if parameters is None and dice.chance(0.04):
        record |= {"errorCode": "AccessDenied", "errorMessage": f"not authorized to perform: {name}"}
    return at, record
