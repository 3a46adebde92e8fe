"""From an alarm in the inbox to its first answer, by stages, and a burst: `python -m bench.alarms`.

    python -m bench.alarms --latency 8          alarms one at a time, `logsight up` over the demo's lake
    python -m bench.alarms --burst 1000         alarms of 200 services within a minute, the same way

Stages: the message waits for the sensor; the sensor asks for a run, which waits, starts and loads; the run decides,
reads evidence and answers. The first two are Dagster's, see docs/alarms.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.datasets import cache_folder
from bench.engines import logsight, logsight_environment
from bench.latency import served
from bench.processes import ROOT, BenchError
from logsight_assets.incidents.inbox import INBOX
from logsight_assets.incidents.records import IncidentRecords, Record, incidents_of, tenants_with_incidents
from logsight_assets.lake import Lake, open_lake
from logsight_assets.sample.spec import last_full_hour

APART = timedelta(minutes=16)  # alarms nearer to each other would join
BEFORE_THE_DEMO = timedelta(hours=2)  # its incidents would take an alarm of the hour before
_DEADLINE = 900.0  # seconds
_LOOK_SECONDS = 0.02
_GOLDEN = 0.618  # steps of this share of an interval visit all of its phases evenly
_SENSOR_SECONDS = 5.0


@dataclass(frozen=True)
class Stages:
    """Seconds of one alarm."""

    sensor: float  # in the inbox until it is taken
    run: float  # until the run writes its first record
    answer: float  # until the first answer is stored

    @property
    def total(self) -> float:
        return self.sensor + self.run + self.answer


def alarm(name: str, service: str, moment: datetime, tenant: str = "acme") -> dict[str, Any]:
    """An alarm's change of state as EventBridge sends it."""
    stamp = f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}+0000"
    metric = {"namespace": "Shop", "name": "Errors", "dimensions": {"ServiceName": service, "tenant": tenant}}
    reason = json.dumps({"period": 300, "recentDatapoints": [9.0], "threshold": 1.0})
    return {
        "detail-type": "CloudWatch Alarm State Change", "source": "aws.cloudwatch", "account": "123456789012",
        "region": "eu-central-1", "time": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "resources": [f"arn:aws:cloudwatch:eu-central-1:123456789012:alarm:{name}"],
        "detail": {
            "alarmName": name, "state": {"value": "ALARM", "timestamp": stamp, "reasonData": reason},
            "previousState": {"value": "OK"},
            "configuration": {"metrics": [{"id": "m", "metricStat": {"metric": metric, "period": 300, "stat": "Sum"}}]},
        },
    }  # fmt: skip


def drop(lake: Lake, name: str, event: dict[str, Any]) -> float:
    """Put a file into the inbox by a rename; when that was."""
    inbox = Path(lake.store.uri("x")).parent / INBOX
    inbox.mkdir(exist_ok=True)
    staged = inbox / f".{name}"
    staged.write_text(json.dumps(event), encoding="utf-8")
    staged.rename(inbox / f"{name}.json")
    return time.time()


def answered(lake: Lake) -> Iterator[tuple[Record, Record]]:
    """For each alarm that went off, its record and the first answer of its incident."""
    for tenant in tenants_with_incidents(lake.store):
        for name in incidents_of(lake.store, tenant):
            records = IncidentRecords(lake, tenant, name).all()
            answer = next((record for record in records if record.kind == "first_answer"), None)
            if answer:
                yield from ((record, answer) for record in records if record.body.get("state") == "ALARM")


def measure_latency(lake: Lake, alarms: int, fault: datetime) -> list[Stages]:
    """Drop alarms one at a time, at all phases of the sensor's interval, none near another or those of the demo."""
    found = []
    for number in range(alarms):
        time.sleep(_SENSOR_SECONDS * (1 + number * _GOLDEN % 1))
        name = f"bench-{number}"
        dropped = drop(lake, name, alarm(name, "checkout", fault - BEFORE_THE_DEMO - APART * number))
        record, answer = await_answer(lake, name)
        received = datetime.fromisoformat(record.body["received_time"]).timestamp()
        began, ended = (datetime.fromisoformat(each.time).timestamp() for each in (record, answer))
        found.append(Stages(received - dropped, began - received, ended - began))
        stages = found[-1]
        tell(f"alarm {number}: {stages.sensor:.2f} + {stages.run:.2f} + {stages.answer:.2f} = {stages.total:.2f} s")
    return found


def await_answer(lake: Lake, name: str) -> tuple[Record, Record]:
    deadline = time.monotonic() + _DEADLINE
    while time.monotonic() < deadline:
        for record, answer in answered(lake):
            if record.body["alarm"] == name:
                return record, answer
        time.sleep(_LOOK_SECONDS)
    raise BenchError(f"alarm {name} has no answer after {_DEADLINE:.0f} s")


def measure_burst(lake: Lake, alarms: int, services: int, fault: datetime) -> None:
    """Drop all within a moment, and look until every one has an answer."""
    began = time.time()
    for number in range(alarms):
        moment = fault + timedelta(seconds=60 * number / alarms)
        drop(lake, f"burst-{number}", alarm(f"burst-{number}", f"service-{number % services}", moment))
    tell(f"{alarms} alarms dropped in {time.time() - began:.1f} s")
    deadline = time.monotonic() + _DEADLINE
    found: set[str] = set()
    while len(found) < alarms:
        if time.monotonic() > deadline:
            raise BenchError(f"{len(found)} of {alarms} alarms have an answer after {_DEADLINE:.0f} s")
        time.sleep(1)
        found = {record.body["alarm"] for record, _ in answered(lake) if record.body["alarm"].startswith("burst-")}
    times = sorted(
        datetime.fromisoformat(max(record.time, answer.time)).timestamp() - began
        for record, answer in answered(lake)
        if record.body["alarm"].startswith("burst-")
    )
    incidents = sum(len(incidents_of(lake.store, tenant)) for tenant in tenants_with_incidents(lake.store))
    tell(
        f"burst: {alarms} of {alarms} alarms answered in {incidents} incidents; first {times[0]:.1f} s, "
        f"median {statistics.median(times):.1f} s, last {times[-1]:.1f} s"
    )


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.alarms", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--latency", type=int, default=8, metavar="N", help="alarms one at a time (default: 8)")
    parser.add_argument("--burst", type=int, default=1000, metavar="N", help="alarms at once (default: 1000)")
    parser.add_argument("--services", type=int, default=200, metavar="N", help="of a burst (default: 200)")
    options = parser.parse_args(arguments)
    cache_folder().mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="alarms-", dir=cache_folder()) as work:
            folder = Path(work) / "lake"
            subprocess.run(
                logsight("demo", "--lake", str(folder)), cwd=ROOT, env=logsight_environment(), check=True,
                capture_output=True,
            )  # fmt: skip
            # Each alarm is to be answered, not to join what is open.
            (folder / "logsight.yaml").write_text("incidents: {join_open_minutes: 0}\n", encoding="utf-8")
            lake = open_lake(str(folder), {})
            # The demo ends with the last full hour; its fault is in that hour.
            fault = last_full_hour(datetime.now(UTC)) - timedelta(minutes=40)
            with served(folder):
                if stages := measure_latency(lake, options.latency, fault):
                    for name in ("sensor", "run", "answer", "total"):
                        values = sorted(getattr(each, name) for each in stages)
                        tell(f"{name:7} median {statistics.median(values):.2f} s, {values[0]:.2f} to {values[-1]:.2f}")
                if options.burst:
                    measure_burst(lake, options.burst, options.services, fault + timedelta(hours=2))
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    return 0


def tell(text: str) -> None:
    print(f"{datetime.now(UTC):%H:%M:%S} {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
