"""A webhook: each revision as signed JSON, with a key by which a receiver knows one that came twice.

The signature is `v1=` and the hex HMAC-SHA256 of `<timestamp>.<body>`; docs/delivery.md shows how to check it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable

from logsight_assets.delivery.channel import Handles
from logsight_assets.delivery.message import Letter, Wrote
from logsight_assets.delivery.structured import structured
from logsight_assets.timeline import Clock
from resources.outbound import Outbound


class WebhookChannel:
    """Posts to one address."""

    def __init__(self, outbound: Outbound, url: str, secret: Callable[[], str], clock: Clock) -> None:
        self._outbound = outbound
        self._url = url
        self._secret = secret
        self._clock = clock

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:
        name = f"sent:{letter.revision}"
        if not handles.get(name):
            body = json.dumps(structured(letter), ensure_ascii=False, separators=(",", ":")).encode()
            timestamp = str(int(self._clock().timestamp()))
            headers = {
                "Content-Type": "application/json; charset=utf-8",
                "Idempotency-Key": letter.note_key,
                "X-LogSight-Timestamp": timestamp,
                "X-LogSight-Signature": signature(self._secret(), timestamp, body),
            }
            self._outbound.call("POST", self._url, headers, body)
            handles.keep(name, {"sent": True})
        return Wrote()

    def check(self) -> str:
        self._secret()
        return "the secret is there; nothing is posted to find out more"


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What the header `X-LogSight-Signature` holds."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"
