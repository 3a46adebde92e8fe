"""A lake that `logsight up` serves with its real daemon and web server, asked through the guard by JSON posts."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from logsight_assets.lake import Lake, open_lake, raw_prefix
from logsight_assets.reader.ask import ask
from logsight_assets.timeline import Hour

LOGSIGHT = [sys.executable, "-m", "logsight_assets.cli"]
REPO = Path(__file__).parents[2]
MINUTE = ["service_trend_minute", "template_trend_minute", "service_duration_minute", "patterns"]


def eventually(what: str, condition: Callable[[], object], seconds: float, every: float = 0.2) -> float:
    """Wait until a condition holds, asking `every` so many seconds; how long that took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"not in {seconds} s: {what}"
        time.sleep(every)
    return time.monotonic() - began


def say(text: str) -> None:
    """What was measured, for whoever looks (`pytest -s`)."""
    sys.stdout.write(f"{text}\n")


class Served:
    """One `logsight up` and the lake behind it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.lake: Lake = open_lake(str(root), {})
        self.out = root.parent / "up.out"
        named = {"LOGSIGHT_LAKE": str(root), "LOGSIGHT_SERVE_DAGSTER_PORT": "0", "PYTHONPATH": str(REPO)}
        self.environment = {**os.environ, **named}

    @contextlib.contextmanager
    def up(self) -> Iterator[None]:
        with self.out.open("wb") as out:
            process = subprocess.Popen(
                [*LOGSIGHT, "up"], stdout=out, stderr=out, env=self.environment, cwd=self.root.parent
            )
        try:
            eventually("ready", lambda: "Ready:" in self._said() or process.poll() is not None, 120)
            assert process.poll() is None, self._said()
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def _said(self) -> str:
        return self.out.read_text(encoding="utf-8")

    def logsight(self, *arguments: str) -> dict[str, Any]:
        """A verb of the command line, its JSON."""
        done = subprocess.run(
            [*LOGSIGHT, *arguments, "--json"],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answer: dict[str, Any] = json.loads(done.stdout)
        return answer

    # Dagster ----------------------------------------------------------------------------------------------------------

    def graphql(self, query: str, **variables: Any) -> dict[str, Any]:
        port = int(re.search(r"Dagster UI\s+http://127\.0\.0\.1:(\d+)", self._said())[1])  # type: ignore[index]
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(connection):
            body = json.dumps({"query": query, "variables": variables})
            connection.request("POST", "/graphql", body, {"Content-Type": "application/json"})
            answer = json.loads(connection.getresponse().read())
        assert "errors" not in answer, answer
        data: dict[str, Any] = answer["data"]
        return data

    def backfill(self, backfill_id: str) -> dict[str, Any]:
        """Status of a backfill and counts by asset."""
        answer = self.graphql(
            """query($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill {
            status assetBackfillData { assetBackfillStatuses { ... on AssetPartitionsStatusCounts { assetKey { path }
            numPartitionsTargeted numPartitionsMaterialized numPartitionsFailed } } } } } }""",
            id=backfill_id,
        )["partitionBackfillOrError"]
        statuses = (answer["assetBackfillData"] or {}).get("assetBackfillStatuses", [])
        return {
            "status": answer["status"],
            **{
                s["assetKey"]["path"][-1]: (
                    s["numPartitionsTargeted"],
                    s["numPartitionsMaterialized"],
                    s["numPartitionsFailed"],
                )
                for s in statuses
            },
        }

    def runs(self, **tags: str) -> list[dict[str, Any]]:
        """Runs with these tags, the newest first: id, status, job, tags."""
        filters = [{"key": key, "value": value} for key, value in tags.items()]
        answer = self.graphql(
            """query($tags: [ExecutionTag!]) { runsOrError(filter: {tags: $tags}, limit: 500) { ... on Runs { results {
            runId status jobName startTime endTime tags { key value } } } } }""",
            tags=filters,
        )
        found: list[dict[str, Any]] = answer["runsOrError"]["results"]
        return found

    def process_of(self, run_id: str) -> int | None:
        """The process of a run, as Dagster says when it starts one."""
        answer = self.graphql(
            """query($id: ID!) { logsForRun(runId: $id) { ... on EventConnection { events { ... on MessageEvent {
            message } } } } }""",
            id=run_id,
        )
        said = " ".join(event["message"] for event in answer["logsForRun"]["events"])
        found = re.search(r"Started process for run \(pid: (\d+)\)", said)
        return int(found[1]) if found else None

    # The lake -------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> Hour:
        return Hour.of(datetime.now(UTC))

    def land(self, service: str, event_hour: Hour, arrival_hour: Hour, events: int = 5, source: str = "e2e") -> None:
        """Put a raw object as a delivery stream would."""
        lines = [
            json.dumps(
                {
                    "timeUnixNano": str(event_hour.start_nano + number * 10**9),
                    "severityText": "INFO",
                    "body": f"order {number} placed",
                    "resource": {"service.name": service, "tenant.id": "acme"},
                }
            )
            for number in range(events)
        ]
        data = "".join(line + "\n" for line in lines).encode()
        self.lake.store.put(f"{raw_prefix('_mixed', source, arrival_hour)}{service}.json", data)

    def counted(self, service: str, table: str = "service_trend_minute") -> int:
        """Events of a service, by the guarded reader."""
        question = f"select coalesce(sum(event_count), 0)::bigint as n from {table} where service = '{service}'"
        return int(ask(self.lake, question).rows[0]["n"])

    def versions(self) -> dict[str, str]:
        return {entry.key: entry.version for area in ("trends/", "patterns/") for entry in self.lake.store.list(area)}
