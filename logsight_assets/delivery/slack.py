"""Slack: one message in the channel that is edited, the rest and what is new in its thread."""

from __future__ import annotations

from typing import Any

from logsight_assets.delivery import slack_blocks
from logsight_assets.delivery.channel import Handles
from logsight_assets.delivery.message import Letter, Wrote
from logsight_assets.errors import RefusedDelivery
from resources.slack import SlackApi, SlackWebhook

_GONE = "message_not_found"
# Words of a workspace that lets nobody edit, or not any more.
_FIXED = frozenset({"cant_update_message", "edit_window_closed", "message_not_editable"})


class SlackChannel:
    """With a bot token. What was posted is found again by its key, in the channel's history or the thread."""

    def __init__(self, api: SlackApi, channel: str) -> None:
        self._api = api
        self._channel = channel

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:
        message, left = self._message(letter, handles)
        if message is None:
            return Wrote(left=left)
        left += self._details(letter, handles, message)
        self._note(letter, handles, message)
        return Wrote(left=left)

    def check(self) -> str:
        return self._api.who()

    def _message(self, letter: Letter, handles: Handles) -> tuple[dict[str, str] | None, tuple[str, ...]]:
        """The message as it stands, made or edited; None if people have removed it twice."""
        content = slack_blocks.summary(letter.document)
        second = handles.get("message:2")
        held = second or handles.get("message")
        if held is None:
            return self._posted(letter, handles, "message", letter.key, content), ()
        try:
            self._api.update(held, content, letter.key)
        except RefusedDelivery as error:
            if error.code in _FIXED:
                return held, ("the message cannot be edited",)
            if error.code != _GONE:
                raise
            if second is not None:
                return None, ("the message was removed twice",)
            # Once: whoever removes it again wants none.
            return self._posted(letter, handles, "message:2", f"{letter.key}-2", content), ("the message was removed",)
        return held, ()

    def _details(self, letter: Letter, handles: Handles, message: dict[str, str]) -> tuple[str, ...]:
        if not letter.document.parts:
            return ()
        # A second message has a thread of its own.
        name = "details:2" if message == handles.get("message:2") else "details"
        content, key = slack_blocks.details(letter.document), f"{letter.key}-{name}"
        held = handles.get(name)
        if held is None:
            self._posted(letter, handles, name, key, content, message)
            return ()
        try:
            self._api.update(held, content, key)
        except RefusedDelivery as error:
            if error.code not in {_GONE, *_FIXED}:
                raise
            return ("the details were removed or cannot be edited",)
        return ()

    def _note(self, letter: Letter, handles: Handles, message: dict[str, str]) -> None:
        """Tell what is new in the thread; the first message tells itself."""
        news = [each for each in letter.loud if each.kind != "opened"]
        name = f"note:{letter.revision}"
        if not news or letter.has("opened") or handles.get(name):
            return
        content = slack_blocks.note(news)
        # A thread disturbs those who are in it; what is worse than it was is for the channel.
        content["reply_broadcast"] = letter.has("reopened", "severity")
        self._posted(letter, handles, name, letter.note_key, content, message)

    def _posted(
        self,
        letter: Letter,
        handles: Handles,
        name: str,
        key: str,
        content: dict[str, Any],
        thread: dict[str, str] | None = None,
    ) -> dict[str, str]:
        """Post, unless an attempt before has done it; the handle is kept at once."""
        channel = thread["channel"] if thread else letter.to or self._channel
        ts = thread["ts"] if thread else ""
        if letter.tried_since is not None:
            channel = self._api.channel_id(channel) if channel.startswith("#") else channel
            if found := self._api.find(channel, key, letter.tried_since.timestamp(), ts):
                handles.keep(name, found)
                self._api.update(found, content, key)
                return found
        posted = self._api.post(channel, content, key, ts)
        handles.keep(name, posted)
        return posted


class SlackWebhookChannel:
    """Without a token: each loud news is a message of its own, and nothing is edited.

    What was lost on the way back cannot be looked for: after such a fault a message may stand there twice, and says so.
    """

    def __init__(self, webhook: SlackWebhook) -> None:
        self._webhook = webhook

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:
        name = f"note:{letter.revision}"
        if letter.loud and not handles.get(name):
            is_again = letter.tried_since is not None
            self._webhook.post(slack_blocks.everything(letter.document, letter.loud, is_again=is_again))
            handles.keep(name, {"sent": True})
        return Wrote()

    def check(self) -> str:
        self._webhook.checked_address()
        return "an incoming webhook, which nothing can be asked of"
