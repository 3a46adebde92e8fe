"""Brokers, and consumers that poll them: lines by timers, levels in brackets, some severities."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from bench.systems.model import BURSTS, TIMER, Chatter, Failure, Step, System


def _style(moment: float, service: str, level: str, text: str, _dice: Random) -> str:
    if service.startswith("broker") or service == "zookeeper":
        return (
            f"[{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M:%S},{int(moment * 1000) % 1000:03}] {level} {text}"
        )
    return text


def _batch(broker: str) -> tuple[Step, ...]:
    return (
        Step("ingest", "polled {n} records from partition {k} in {took}", 8),
        Step(broker, "Appended batch of {n} bytes at offset {n} (kafka.log.LocalLog)", 4),
        Step("enrich", "enriched {n} records, lookup took {took}", 30),
        Step("sink", "flushed {n} rows to table events_{k} in {took}", 50),
        Step("sink", "committed offset {n} of partition {k}", 5),
    )


_BROKERS = ("broker-1", "broker-2", "broker-3")

STREAM = System(
    "stream",
    _style,
    tuple(_batch(broker) for broker in _BROKERS),
    (
        *(
            Chatter(name, "[GroupCoordinator] Member {id} in group enrich has sent heartbeat", 0.1, rhythm=TIMER)
            for name in _BROKERS
        ),
        *(
            Chatter(name, "Rolled new log segment at offset {n} in {k} ms. (kafka.log.UnifiedLog)", 0.04)
            for name in _BROKERS
        ),
        Chatter("zookeeper", "Processed session termination for sessionid: 0x{id}", 0.03),
        Chatter("zookeeper", "Connection request from old client /{ip}:{n}", 0.04, "WARN", BURSTS),
        Chatter("enrich", "record {n} has no country, default is taken", 0.08, "WARN", BURSTS),
        Chatter("ingest", "consumer lag of partition {k} is {n}", 0.1, rhythm=TIMER),
        Chatter("sink", "retrying insert of {k} rows: serialization conflict", 0.03, "WARN"),
        Chatter("broker-2", "[ReplicaFetcher] Error in response for fetch request, will retry", 0.01, "ERROR", BURSTS),
    ),
    {
        "broker-1": (
            Failure(
                "Error while appending records to events-{k} in dir /data: java.io.IOException: "
                "No space left on device",
                "Got error produce response: NOT_LEADER_OR_FOLLOWER on partition {k}, retrying",
            ),
            Failure(
                "[KafkaApi] Unexpected error: org.apache.kafka.common.errors.NotEnoughReplicasException",
                "send to partition {k} failed after {took}",
            ),
        ),
        "enrich": (
            Failure("lookup failed: dial tcp: lookup geo.internal: no such host"),
            Failure("poison record at offset {n}: unexpected token in JSON at position {k}"),
        ),
        "sink": (
            Failure("insert into events_{k} failed: FATAL: remaining connection slots are reserved"),
            Failure("commit of offset {n} failed: group has rebalanced, member is unknown"),
        ),
        "ingest": (Failure("SASL authentication failed: credentials have been revoked"),),
    },
    {
        "broker-3": (
            Failure("Shrinking ISR from 1,2,3 to 3 for partition events-{k}", level="INFO"),
            Failure("Scheduler thread blocked for {n} ms, possible GC pause", level="WARN"),
        ),
        "zookeeper": (
            Failure("fsync-ing the write ahead log took {n}ms which will adversely affect latency", level="WARN"),
        ),
        "enrich": (Failure("worker queue is full ({n}), back pressure applied", level="WARN"),),
        "sink": (Failure("Attempt to heartbeat failed since group is rebalancing", level="INFO"),),
    },
    ("starting (version {k}.{k}.0)", "configuration loaded from /etc/app.conf", "joined the cluster as member {k}"),
    2.0,
)
