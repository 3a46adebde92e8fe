"""From a raw object that lands to the trend row that a reader sees, with `logsight up` as it runs.

Objects land one at a time and at all phases of the sensors' interval, in the arrival hour that is now.
"""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.datasets import RAW_SOURCE
from bench.engines import logsight, logsight_environment
from bench.processes import ROOT, BenchError
from logsight_assets.lake import Lake, minute_key, open_lake
from logsight_assets.parquet import read_rows
from logsight_assets.timeline import Hour

LINES = 1_000  # of an object
_SENSOR_SECONDS = 5.0  # the daemon looks this often
_GOLDEN = 0.618  # steps of this share of an interval visit all of its phases evenly
_START_SECONDS = 180.0
_VISIBLE_SECONDS = 120.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Latency:
    """Seconds from landing to visible."""

    seconds: list[float]

    @property
    def p50(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        if len(self.seconds) < 2:
            return self.seconds[0]
        return statistics.quantiles(self.seconds, n=20, method="inclusive")[-1]


def measure_latency(work: Path, objects: int) -> Latency:
    """Serve a fresh lake, land objects, end it."""
    folder = work / "latency"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with served(folder):
        lake = open_lake(str(folder), {})
        seconds = []
        for number in range(objects):
            time.sleep(number * _GOLDEN % 1 * _SENSOR_SECONDS)
            seconds.append(_until_visible(lake, folder, number))
    shutil.rmtree(folder, ignore_errors=True)
    return Latency(seconds)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[None]:
    """`logsight up` on a free port, ready; ended as a person does."""
    environment = logsight_environment() | {"LOGSIGHT_SERVE_DAGSTER_PORT": "0"}
    log = folder.with_name("latency.log")
    with log.open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            logsight("up", "--lake", str(folder)), stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT,
            env=environment, start_new_session=True,
        )  # fmt: skip
        try:
            _await_ready(process, log)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _await_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while "Ready:" not in log.read_text(encoding="utf-8"):
        if process.poll() is not None or time.monotonic() > deadline:
            logs = [log, *log.with_name("latency").glob(".logsight/logs/*.log")]
            said = " | ".join(f"{file.name}: {_last_line(file)}" for file in logs)
            raise BenchError(f"logsight up did not become ready: {said}")
        time.sleep(0.1)


def _last_line(file: Path) -> str:
    lines = file.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "nothing"


def _until_visible(lake: Lake, folder: Path, number: int) -> float:
    """Land an object whose service occurs nowhere else, and wait until it is counted."""
    now_ns = time.time_ns()
    hour = Hour.of_nano(now_ns)
    service = f"landing-{number:03d}"
    place = folder / RAW_SOURCE / hour.path / f"{service}.json.gz"
    place.parent.mkdir(parents=True, exist_ok=True)
    staged = folder / f"{service}.partial"
    staged.write_bytes(gzip.compress(_object(service, now_ns, number), mtime=0))
    staged.rename(place)
    landed = time.perf_counter()
    version = None
    while time.perf_counter() - landed < _VISIBLE_SECONDS:
        key = minute_key("service_trend", "acme", hour)
        entry = lake.store.head(key)
        if entry and entry.version != version:
            version = entry.version
            if service in read_rows(lake.store, key)["service"].to_pylist():
                return time.perf_counter() - landed
        time.sleep(_LOOK_SECONDS)
    raise BenchError(f"an object that landed is not in service_trend_minute after {_VISIBLE_SECONDS:.0f} s")


def _object(service: str, now_ns: int, number: int) -> bytes:
    """Lines of this moment; one that crosses the hour would count elsewhere, so all have one time."""
    resource = {"service.name": service, "tenant.id": "acme", "deployment.environment": "production"}
    lines = (
        {
            "timeUnixNano": str(now_ns), "severityNumber": 9, "severityText": "INFO",
            "body": f"order {index} stored in shard {index % 16}", "attributes": {"duration_ms": index / 10},
            "resource": resource, "event_id": f"{number:08x}{index:08x}",
        }
        for index in range(LINES)
    )  # fmt: skip
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)
