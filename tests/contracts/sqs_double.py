"""A small SQS on loopback: its JSON protocol, visibility timeouts, long polls, redrive, and its limits of a call.

What it does as the real one: a receipt is of one delivery, a new delivery makes the older ones useless without a fault;
a batch holds 1 to 10 entries with different ids; a message that was received `maxReceiveCount` times moves to the
dead-letter queue at the next look.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_MOST = 10


@dataclass
class _Held:
    body: str
    attributes: dict[str, Any]
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    receipt: str = ""
    received: int = 0
    visible_at: float = 0.0


class Refused(Exception):
    """An answer with status 400: the name of SQS's error."""


class SqsDouble:
    """Queues by name; `alarms` redrives to `alarms-dead`, `bare` has no redrive policy."""

    def __init__(self, clock: Callable[[], float], most_deliveries: int) -> None:
        self.clock, self.most_deliveries = clock, most_deliveries
        self.queues: dict[str, list[_Held]] = {"alarms": [], "alarms-dead": [], "bare": []}
        self.calls: list[str] = []
        self.url = ""
        self._lock = threading.Lock()

    def queue_url(self, name: str) -> str:
        return f"{self.url}/123456789012/{name}"

    def answer(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(operation)
        if operation == "GetQueueUrl":
            return {"QueueUrl": self.queue_url(asked["QueueName"])}
        name = asked["QueueUrl"].rpartition("/")[2]
        if name not in self.queues:
            raise Refused("QueueDoesNotExist")
        if operation == "ReceiveMessage":
            return self._receive(name, asked)
        with self._lock:
            return getattr(self, f"_{operation}")(name, asked)

    def _GetQueueAttributes(self, name: str, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        if name == "bare":
            return {"Attributes": {}}
        target = "arn:aws:sqs:eu-central-1:123456789012:alarms-dead"
        policy = {"deadLetterTargetArn": target, "maxReceiveCount": self.most_deliveries}
        return {"Attributes": {"RedrivePolicy": json.dumps(policy)}}

    def _SendMessage(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        held = _Held(asked["MessageBody"], asked.get("MessageAttributes", {}))
        self.queues[name].append(held)
        return {"MessageId": held.id, "MD5OfMessageBody": _md5(held.body)}

    def _DeleteMessageBatch(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        entries = asked["Entries"]
        if not entries:
            raise Refused("EmptyBatchRequest")
        if len(entries) > _MOST:
            raise Refused("TooManyEntriesInBatchRequest")
        if len({entry["Id"] for entry in entries}) < len(entries):
            raise Refused("BatchEntryIdsNotDistinct")
        done, failed = [], []
        for entry in entries:
            if not entry["ReceiptHandle"].startswith("AQEB"):
                failed.append({"Id": entry["Id"], "Code": "ReceiptHandleIsInvalid", "SenderFault": True})
                continue
            self.queues[name] = [held for held in self.queues[name] if held.receipt != entry["ReceiptHandle"]]
            done.append({"Id": entry["Id"]})
        return {"Successful": done, "Failed": failed}

    def _receive(self, name: str, asked: dict[str, Any]) -> dict[str, Any]:
        if not 1 <= asked.get("MaxNumberOfMessages", 1) <= _MOST or not 0 <= asked.get("WaitTimeSeconds", 0) <= 20:
            raise Refused("InvalidParameterValue")
        deadline = time.monotonic() + asked.get("WaitTimeSeconds", 0)
        while True:
            with self._lock:
                found = list(self._taken(name, asked))
            if found or time.monotonic() >= deadline:
                return {"Messages": found} if found else {}
            time.sleep(0.01)

    def _taken(self, name: str, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
        now, count = self.clock(), 0
        for held in list(self.queues[name]):
            if held.visible_at > now or count == asked.get("MaxNumberOfMessages", 1):
                continue
            if name == "alarms" and held.received >= self.most_deliveries:
                self.queues[name].remove(held)
                self.queues["alarms-dead"].append(held)
                continue
            held.received += 1
            held.receipt = f"AQEB{uuid.uuid4().hex}"
            held.visible_at = now + asked.get("VisibilityTimeout", 30)
            count += 1
            yield {
                "MessageId": held.id,
                "Body": held.body,
                "MD5OfBody": _md5(held.body),
                "ReceiptHandle": held.receipt,
                "Attributes": {"ApproximateReceiveCount": str(held.received)},
                "MessageAttributes": held.attributes,
            }


@contextlib.contextmanager
def sqs_server(double: SqsDouble) -> Iterator[str]:
    """Serve a double on a free port of loopback; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            operation = self.headers["X-Amz-Target"].removeprefix("AmazonSQS.")
            try:
                status, answer = 200, double.answer(operation, asked)
            except Refused as refused:
                status, answer = 400, {"__type": f"com.amazonaws.sqs#{refused}", "message": str(refused)}
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        double.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield double.url
        finally:
            server.shutdown()
            thread.join()


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
