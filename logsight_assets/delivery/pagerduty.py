"""PagerDuty: events of its Events API v2, which knows an incident by its deduplication key at every attempt."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, Literal

from logsight_assets.delivery.channel import Handles
from logsight_assets.delivery.message import Letter, Wrote
from logsight_assets.delivery.plain import plain_text
from resources.outbound import Outbound

HOSTS = {"us": "events.pagerduty.com", "eu": "events.eu.pagerduty.com"}
_SEVERITIES = {"critical": "critical", "high": "error", "medium": "warning", "low": "info"}
_LONGEST_SUMMARY, _LONGEST_DETAIL = 1024, 20_000  # PagerDuty's own; an event has 512 KB at most
Action = Literal["trigger", "acknowledge", "resolve"]


class PagerDutyChannel:
    """Triggers, acknowledges and resolves; a trigger of a key that is open is one more line of its log."""

    def __init__(self, outbound: Outbound, routing_key: Callable[[], str], site: str) -> None:
        self._outbound = outbound
        self._routing_key = routing_key
        self._site = site

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:
        for action in actions(letter):
            name = f"{action}:{letter.revision}"
            if not handles.get(name):
                body = json.dumps({"routing_key": self._routing_key(), **event(letter, action)}).encode()
                self._outbound.call("POST", f"{self._site}/v2/enqueue", {"Content-Type": "application/json"}, body)
                handles.keep(name, {"sent": True})
        return Wrote()

    def check(self) -> str:
        self._routing_key()
        return "the integration key is there; nothing is sent to find out more"


def actions(letter: Letter) -> Iterator[Action]:
    """What PagerDuty is told: nobody is paged for what is over already."""
    if letter.subject.kind == "report":
        return
    if letter.has("resolved"):
        yield "resolve"
        return
    if not letter.document.is_open:
        # Such as an answer that late data changed: nothing would ever resolve what pages now.
        return
    if letter.loud:
        yield "trigger"
    if letter.has("acknowledged"):
        yield "acknowledge"


def event(letter: Letter, action: Action) -> dict[str, Any]:
    """An event of Events API v2, without the key that says whose it is."""
    document = letter.document
    found: dict[str, Any] = {"event_action": action, "dedup_key": letter.key, "client": "LogSight"}
    if action != "trigger":
        return found
    if document.link:
        found |= {"client_url": document.link, "links": [{"href": document.link, "text": "Open in LogSight"}]}
    details = dict(document.lines)
    details["Details"] = plain_text(document)[:_LONGEST_DETAIL]
    return found | {
        "payload": {
            "summary": document.title[:_LONGEST_SUMMARY],
            "source": "logsight",
            "severity": _SEVERITIES[document.severity],
            "component": letter.subject.name,
            "custom_details": details,
        }
    }
