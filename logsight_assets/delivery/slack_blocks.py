"""A message in Slack's Block Kit.

Texts of strangers stand in `plain_text` alone, which knows neither mentions nor links nor formats. Slack's own markup
holds words of ours and our own links. The fallback text of a notification is escaped, because Slack parses it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from logsight_assets.delivery.message import Document, News, Part

_LONGEST_HEADER, _LONGEST_SECTION, _MOST_BLOCKS, _LONGEST_TEXT = 150, 3000, 50, 3000  # Slack's own limits
_SIGNS = {"critical": "🔴", "high": "🟠", "medium": "🟡", "low": "⚪"}
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_AGAIN = "Told again after a fault, so this may stand here twice."
Block = dict[str, Any]
Message = dict[str, Any]


def summary(document: Document) -> Message:
    """What stands in the channel: the headline, and five lines for a phone."""
    sign = _SIGNS.get(document.severity, "") if document.is_open else "✅"
    blocks = [
        {"type": "header", "text": _plain(f"{sign} {document.title}".strip(), _LONGEST_HEADER)},
        *_sections("\n".join(f"{label}: {text}" for label, text in document.lines)),
        {"type": "context", "elements": [_where(document)]},
    ]
    return _message(f"{sign} {document.title}".strip(), blocks)


def details(document: Document) -> Message:
    """What stands in the thread: all the rest."""
    blocks: list[Block] = []
    for part in document.parts:
        blocks += [{"type": "section", "text": _bold(part.title)}]
        blocks += _sections("\n".join(_lines(part)))
    return _message("Details", blocks)


def note(news: Iterable[News]) -> Message:
    """What is new, in the thread."""
    text = "\n".join(each.text for each in news)
    return _message(text, list(_sections(text)))


def everything(document: Document, news: Iterable[News], *, is_again: bool = False) -> Message:
    """All in one message, for where nothing can be edited and there is no thread. `is_again`: it may stand there."""
    first = [each for each in news if each.kind != "opened"]
    head, rest = summary(document), details(document)
    again = [{"type": "context", "elements": [{"type": "plain_text", "text": _AGAIN, "emoji": False}]}]
    blocks = [
        *(note(first)["blocks"] if first else []),
        *head["blocks"],
        *(again if is_again else []),
        *rest["blocks"],
    ]
    return {**head, "blocks": blocks[:_MOST_BLOCKS]}


def _message(text: str, blocks: list[Block]) -> Message:
    return {
        "text": text.translate(_ESCAPES)[:_LONGEST_TEXT],
        "blocks": blocks[:_MOST_BLOCKS],
        "unfurl_links": False,
        "unfurl_media": False,
    }


def _bold(title: str) -> Block:
    """Names of runbooks and people stand in titles: escaped, so that they are words."""
    return {"type": "mrkdwn", "text": f"*{title.translate(_ESCAPES)}*"[:_LONGEST_SECTION], "verbatim": True}


def _where(document: Document) -> Block:
    """Our own link, or the command. A base_url of the settings holds no character of Slack's markup."""
    text = f"<{document.link}|Open in LogSight>" if document.link else f"`{document.command}`"
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _lines(part: Part) -> Iterator[str]:
    for mark, item in part.marked("•"):
        yield f"{mark} {item.text}" + (f"\n    {item.quote}" if item.quote else "")


def _sections(text: str) -> Iterator[Block]:
    """Sections that each hold what Slack takes, cut between lines."""
    held = ""
    for line in text.split("\n"):
        line = line[:_LONGEST_SECTION]
        if held and len(held) + 1 + len(line) > _LONGEST_SECTION:
            yield {"type": "section", "text": _plain(held, _LONGEST_SECTION)}
            held = line
        else:
            held = f"{held}\n{line}" if held else line
    if held.strip():
        yield {"type": "section", "text": _plain(held, _LONGEST_SECTION)}


def _plain(text: str, longest: int) -> Block:
    cut = text if len(text) <= longest else text[: longest - 1] + "…"
    return {"type": "plain_text", "text": cut, "emoji": False}
