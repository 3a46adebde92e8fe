"""The parts of a cluster of containers, in klog's words: a letter for the level, no severities, no traces."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from bench.systems.model import BURSTS, TIMER, Chatter, Failure, Step, System

_LETTER = {"ERROR": "E", "WARN": "W", "INFO": "I", "DEBUG": "I"}
_FILES = {
    "apiserver": "trace.go",
    "scheduler": "schedule_one.go",
    "controller-manager": "replica_set.go",
    "kubelet-a": "kubelet.go",
    "kubelet-b": "kubelet.go",
    "kubelet-c": "kubelet.go",
    "coredns": "log.go",
    "etcd": "server.go",
}


def _style(moment: float, service: str, level: str, text: str, _dice: Random) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    place = sum(map(ord, [letter for letter in text if letter.isalpha()][:12])) % 900 + 40
    return f"{_LETTER[level]}{at:%m%d %H:%M:%S.%f}       1 {_FILES[service]}:{place}] {text}"


def _pod(kubelet: str) -> tuple[Step, ...]:
    return (
        Step("controller-manager", '"Too few replicas" replicaSet="shop/web-{id}" need={k} creating=1', 2),
        Step("apiserver", '"HTTP" verb="POST" URI="/api/v1/namespaces/shop/pods" latency="{took}" resp=201', 12),
        Step("etcd", "apply request took {took} range_response_count:{k}", 6),
        Step(
            "scheduler", '"Successfully bound pod to node" pod="shop/web-{id}" node="node-{k}" evaluatedNodes={k}', 15
        ),
        Step(kubelet, '"SyncLoop ADD" source="api" pods=["shop/web-{id}"]', 20),
        Step(kubelet, '"Pulled image" image="shop/web:{k}" duration="{took}"', 700),
        Step(kubelet, '"Observed pod startup duration" pod="shop/web-{id}" podStartSLOduration={took}', 200),
        Step("apiserver", '"HTTP" verb="PATCH" URI="/api/v1/pods/web/status" latency="{took}" resp=200', 9),
    )


_LIST = (
    Step("apiserver", '"HTTP" verb="LIST" URI="/api/v1/services" latency="{took}" resp=200', 6),
    Step("coredns", '{ip}:{n} - {n} "A IN web.shop.svc.cluster.local. udp 45" NOERROR qr,aa,rd {n} {took}', 1),
)

KUBE = System(
    "kube",
    _style,
    (_pod("kubelet-a"), _pod("kubelet-b"), _pod("kubelet-c"), _LIST, _LIST, _LIST),
    (
        *(Chatter(f"kubelet-{name}", '"Node status patched" node="node-{k}"', 0.1, rhythm=TIMER) for name in "abc"),
        *(Chatter(f"kubelet-{name}", "cAdvisor housekeeping took {took}", 0.05) for name in "abc"),
        Chatter(
            "kubelet-b",
            '"Probe failed" probeType="Readiness" pod="shop/cart-{id}" output="HTTP 503"',
            0.04,
            "WARN",
            BURSTS,
        ),
        Chatter("etcd", "compacted revision {n} in {took}", 0.03, rhythm=TIMER),
        Chatter("etcd", "slow fdatasync took {n}ms expected 1s", 0.01, "WARN"),
        Chatter("controller-manager", "Garbage collected {k} objects", 0.05, rhythm=TIMER),
        Chatter("apiserver", "watch chan error: etcdserver: mvcc: required revision has been compacted", 0.03, "WARN"),
        Chatter("coredns", "plugin/errors: 2 example.org. A: read udp {ip}:{n}: i/o timeout", 0.03, "ERROR", BURSTS),
        Chatter("scheduler", '"Unable to schedule pod; no fit; waiting" pod="shop/batch-{id}"', 0.03, "INFO", BURSTS),
    ),
    {
        "kubelet-a": (
            Failure(
                '"Failed to pull image" err="rpc error: code = Unknown desc = x509: certificate has expired"',
                '"Error syncing pod, skipping" pod="shop/web-{id}" reason=ImagePullBackOff',
            ),
            Failure('"Failed to create sandbox" err="no space left on device" pod="shop/web-{id}"'),
        ),
        "kubelet-c": (
            Failure('"MountVolume.SetUp failed" err="timed out waiting for the condition" pod="shop/web-{id}"'),
        ),
        "etcd": (
            Failure(
                "failed to send out heartbeat on time; took too long, leader is overloaded likely from slow disk",
                '"Timeout or abort while handling" URI="/api/v1/namespaces/shop/pods" '
                'err="etcdserver: request timed out"',
            ),
        ),
        "scheduler": (Failure('"Error scheduling pod; retrying" err="binding rejected: running Bind plugin"'),),
    },
    {
        "kubelet-b": (
            Failure('"Eviction manager: attempting to reclaim" resourceName="memory"', level="WARN"),
            Failure('"Container exited" reason=OOMKilled exitCode=137 pod="shop/cart-{id}"', level="INFO"),
        ),
        "coredns": (Failure("plugin/errors: 2 web.shop.svc. A: dial udp {ip}:53: connection refused"),),
        "etcd": (Failure("database space exceeded, alarm raised: NOSPACE"),),
        "apiserver": (
            Failure("Unable to authenticate the request: x509: certificate has expired or is not yet valid"),
        ),
    },
    ("Version: v1.29.{k}", "Starting controllers", "Caches are synced for node", "Serving securely on [::]:{n}"),
    2.0,
    has_severity=False,
)
