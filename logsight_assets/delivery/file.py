"""The file channel, embedded and always there: a message as files below `outbox/` of the lake, edited in place."""

from __future__ import annotations

import hashlib
import json

from logsight_assets.delivery.channel import Handles
from logsight_assets.delivery.message import Letter, Wrote
from logsight_assets.delivery.page import page
from logsight_assets.delivery.plain import markdown
from logsight_assets.delivery.structured import structured
from logsight_assets.lake import outbox_key
from resources.object_store import ObjectStore


class FileChannel:
    """Writes `message.md`, `message.html` (of a report its own page) and `message.json`, the last one last.

    Each channel has a folder of its own, by its name: they may show more or less of an incident.
    """

    def __init__(self, store: ObjectStore, name: str) -> None:
        self._store = store
        self._name = name

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:  # noqa: ARG002  files are known by their keys
        document = json.dumps(structured(letter), ensure_ascii=False, indent=1).encode() + b"\n"
        self._put(letter, "message.md", markdown(letter.document).encode())
        self._put(letter, "message.html", letter.page or page(letter.document).encode())
        self._put(letter, "message.json", document)
        return Wrote()

    def check(self) -> str:
        return self._store.uri("outbox")

    def _put(self, letter: Letter, name: str, data: bytes) -> None:
        subject = letter.subject
        # Several subscribers whom nothing else reaches share the channel.
        name = f"{hashlib.sha256(letter.to.encode()).hexdigest()[:8]}-{name}" if letter.to else name
        self._store.put(outbox_key(subject.tenant, subject.kind, subject.name, self._name, name), data)
