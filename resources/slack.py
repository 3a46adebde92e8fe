"""Slack's Web API and incoming webhooks, as far as messages need them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from logsight_assets.errors import ConfigurationError, RefusedDelivery, Unanswered
from resources.outbound import Outbound

SITE = "https://slack.com"
API_HOST = "slack.com"
WEBHOOK_HOSTS = frozenset({"hooks.slack.com", "hooks.slack-gov.com"})
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout", "ratelimited"})
_PAGES = 5  # of a search; the message that is looked for is minutes old
_PAGE = 200


class SlackApi:
    """Calls with a bot token. An answer that says `ok: false` is RefusedDelivery with Slack's word as its code."""

    def __init__(self, outbound: Outbound, token: Callable[[], str], site: str = SITE) -> None:
        self._outbound = outbound
        self._token = token
        self._site = site

    def post(self, channel: str, message: Mapping[str, Any], key: str, thread: str = "") -> dict[str, str]:
        """Post a message that can be found by its key; channel and ts of it."""
        body = {"channel": channel, **message, "metadata": _metadata(key)}
        if thread:
            body["thread_ts"] = thread
        answer = self._write("chat.postMessage", body)
        return {"channel": str(answer["channel"]), "ts": str(answer["ts"])}

    def update(self, message: Mapping[str, str], content: Mapping[str, Any], key: str) -> None:
        """Replace what a message says."""
        self._write("chat.update", {**message, **content, "metadata": _metadata(key)})

    def find(self, channel: str, key: str, since: float, thread: str = "") -> dict[str, str] | None:
        """A message of a key, in a channel or in a thread of it, not older than a time (seconds since 1970)."""
        method = "conversations.replies" if thread else "conversations.history"
        arguments = {"channel": channel, "oldest": f"{since:.6f}", "limit": str(_PAGE), "include_all_metadata": "true"}
        if thread:
            arguments |= {"ts": thread, "oldest": "0"}
        for message in self._pages(method, arguments, "messages"):
            if message.get("metadata", {}).get("event_payload", {}).get("key") == key:
                return {"channel": channel, "ts": str(message["ts"])}
        return None

    def channel_id(self, name: str) -> str:
        """The id of a `#channel`; RefusedDelivery if there is none that the bot can see."""
        arguments = {"limit": str(_PAGE), "exclude_archived": "true"}
        for channel in self._pages("conversations.list", arguments, "channels"):
            if f"#{channel.get('name')}" == name:
                return str(channel["id"])
        raise RefusedDelivery(f"Slack has no channel {name} that the bot can see; invite it", "channel_not_found")

    def who(self) -> str:
        """Bot and workspace that the token is of."""
        answer = self._write("auth.test", {})
        return f"{answer.get('user')} in {answer.get('team')}"

    def _pages(self, method: str, arguments: dict[str, str], name: str) -> Iterator[dict[str, Any]]:
        cursor = ""
        for _ in range(_PAGES):
            # Slack's reading methods take forms, its writing ones JSON.
            form = urlencode(arguments | ({"cursor": cursor} if cursor else {})).encode()
            answer = self._call(method, "application/x-www-form-urlencoded", form)
            yield from answer.get(name, ())
            cursor = answer.get("response_metadata", {}).get("next_cursor", "")
            if not cursor:
                return

    def _write(self, method: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._call(method, "application/json; charset=utf-8", json.dumps(body).encode())

    def _call(self, method: str, content_type: str, body: bytes) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token()}", "Content-Type": content_type}
        answer: dict[str, Any] = self._outbound.call("POST", f"{self._site}/api/{method}", headers, body).json()
        if answer.get("ok"):
            return answer
        word = str(answer.get("error"))[:60]
        if word in _PASSING:
            raise Unanswered(f"Slack {method}: {word}")
        raise RefusedDelivery(f"Slack {method}: {word}", word)


class SlackWebhook:
    """An incoming webhook: it takes messages, and can neither edit nor find one. Its address is a secret."""

    def __init__(self, outbound: Outbound, address: Callable[[], str], hosts: frozenset[str] = WEBHOOK_HOSTS) -> None:
        self._outbound = outbound
        self._address = address
        self._hosts = hosts

    def post(self, message: Mapping[str, Any]) -> None:
        address = self.checked_address()
        self._outbound.call("POST", address, {"Content-Type": "application/json"}, json.dumps(message).encode())

    def checked_address(self) -> str:
        """The address; ConfigurationError, without saying it, for one that is not Slack's."""
        address = self._address()
        host = address.removeprefix("https://").removeprefix("http://").partition("/")[0].partition(":")[0]
        if host not in self._hosts:
            raise ConfigurationError("the address of the Slack webhook is none of Slack's; correct the secret")
        return address


def _metadata(key: str) -> dict[str, Any]:
    return {"event_type": "logsight", "event_payload": {"key": key}}
