"""The queue that a lake's alarms come through: its own inbox folder, or the SQS queue that settings name."""

from __future__ import annotations

from functools import cache

from logsight_assets.errors import UsageError
from logsight_assets.lake import Lake
from logsight_assets.settings import Alarms
from resources.object_store import FolderStore
from resources.queue import FolderQueue, MessageQueue

INBOX = "inbox"


def alarm_queue(lake: Lake) -> MessageQueue:
    """The queue of the settings; UsageError where a lake without a folder has none."""
    settings = lake.settings.alarms
    if settings.queue_url:
        return _sqs(settings)
    if not isinstance(lake.store, FolderStore):
        raise UsageError("alarms.queue_url: a lake that is no folder has no inbox; name its SQS queue")
    return FolderQueue(lake.store.root / INBOX, hidden_seconds=settings.hidden_seconds)


@cache
def _sqs(settings: Alarms) -> MessageQueue:
    # Here, because the SDK costs a third of a second and the inbox does without it.
    from resources.sqs import SqsQueue, sqs_client  # noqa: PLC0415

    client = sqs_client(settings.region or None, settings.endpoint_url or None)
    return SqsQueue(client, settings.queue_url, hidden_seconds=settings.hidden_seconds)
