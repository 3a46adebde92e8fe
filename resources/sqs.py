"""The queue port over Amazon SQS. What is no message for us goes to the queue's own dead-letter queue.

SQS moves there too what was delivered too often, so people look in one place. A queue without one is refused: a message
that nobody can read would come again and again, or be lost.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from logsight_assets.errors import ConfigurationError, StoreUnavailable
from resources.queue import Message

_BATCH = 10  # SQS's own limit of one call
_LONGEST_WAIT = 20  # seconds
_ORIGINAL = "logsight-message-id"  # of the message of which a quarantined one is a copy


def sqs_client(region: str | None, endpoint_url: str | None) -> Any:
    """A client whose calls end: reading waits longer than SQS does, and faults are tried again a few times."""
    config = Config(connect_timeout=5, read_timeout=_LONGEST_WAIT + 10, retries={"mode": "standard", "max_attempts": 3})
    return boto3.client("sqs", region_name=region, endpoint_url=endpoint_url, config=config)


class SqsQueue:
    """A standard queue with a redrive policy. Bodies are text: SQS takes nothing else."""

    def __init__(self, client: Any, queue_url: str, *, hidden_seconds: int = 120) -> None:
        self._client = client
        self._url = queue_url
        self._hidden_seconds = hidden_seconds
        self._aside_url: str | None = None

    def send(self, body: bytes) -> str:
        with self._faults():
            sent: str = self._client.send_message(QueueUrl=self._url, MessageBody=body.decode())["MessageId"]
            return sent

    def receive(self, most: int = 10, wait_seconds: float = 0.0) -> list[Message]:
        with self._faults():
            self._aside()
            found = self._receive(self._url, min(most, _BATCH), wait_seconds)
            # A batch that is not full says that little is left, and the next look takes it.
            while len(found) < most and len(found) % _BATCH == 0 and found:
                more = self._receive(self._url, min(most - len(found), _BATCH), 0.0)
                if not more:
                    break
                found += more
            return found

    def acknowledge(self, receipts: Iterable[str]) -> None:
        with self._faults():
            for chunk in _chunks(receipts):
                entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(chunk)]
                # Entries that failed are handles of no use any more: the message comes again, and is known then.
                self._client.delete_message_batch(QueueUrl=self._url, Entries=entries)

    def quarantine(self, message: Message) -> None:
        with self._faults():
            original = {_ORIGINAL: {"DataType": "String", "StringValue": message.id}}
            self._client.send_message(
                QueueUrl=self._aside(), MessageBody=message.body.decode(errors="replace"), MessageAttributes=original
            )

    def quarantined(self) -> list[bytes]:
        """Some of what lies there, each original once: SQS has no listing. Nothing is hidden from others by it."""
        with self._faults():
            answer = self._client.receive_message(
                QueueUrl=self._aside(),
                MaxNumberOfMessages=_BATCH,
                VisibilityTimeout=0,
                MessageAttributeNames=[_ORIGINAL],
            )
        held = {
            message.get("MessageAttributes", {}).get(_ORIGINAL, {}).get("StringValue", message["MessageId"]): message
            for message in answer.get("Messages", ())
        }
        return [_bytes(message["Body"]) for message in held.values()]

    def _receive(self, url: str, most: int, wait_seconds: float) -> list[Message]:
        answer = self._client.receive_message(
            QueueUrl=url,
            MaxNumberOfMessages=most,
            WaitTimeSeconds=min(int(wait_seconds), _LONGEST_WAIT),
            VisibilityTimeout=self._hidden_seconds,
            MessageSystemAttributeNames=["ApproximateReceiveCount"],
        )
        return [
            Message(
                message["MessageId"],
                _bytes(message["Body"]),
                message["ReceiptHandle"],
                int(message.get("Attributes", {}).get("ApproximateReceiveCount", "1")),
            )
            for message in answer.get("Messages", ())
        ]

    def _aside(self) -> str:
        """Address of the dead-letter queue; ConfigurationError if there is none."""
        if self._aside_url is None:
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=["RedrivePolicy"])
            policy = json.loads(answer.get("Attributes", {}).get("RedrivePolicy", "{}"))
            if "deadLetterTargetArn" not in policy:
                raise ConfigurationError(
                    f"alarms.queue_url: {self._url} has no redrive policy; give the queue a dead-letter queue"
                )
            name = policy["deadLetterTargetArn"].rpartition(":")[2]
            self._aside_url = self._client.get_queue_url(QueueName=name)["QueueUrl"]
        return self._aside_url

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise StoreUnavailable(f"queue {self._url}: SQS answers {error.response['Error']['Code']}") from error
        except BotoCoreError as error:
            raise StoreUnavailable(f"queue {self._url}: {type(error).__name__}") from error


def _bytes(body: str) -> bytes:
    """A body's bytes. SQS refuses halves of characters, what stands in for it may not: that is its reader's matter."""
    return body.encode(errors="surrogatepass")


def _chunks(receipts: Iterable[str]) -> Iterator[list[str]]:
    """Different receipts in lists that one call takes; what no receipt can be (over 2 KiB, empty) is left out."""
    kept = [receipt for receipt in dict.fromkeys(receipts) if 0 < len(receipt) <= 2048]
    return (kept[start : start + _BATCH] for start in range(0, len(kept), _BATCH))
