"""A message as JSON: what files and webhooks carry."""

from __future__ import annotations

from typing import Any

from logsight_assets.delivery.message import Letter

FORMAT_VERSION = 1


def structured(letter: Letter) -> dict[str, Any]:
    """Plain lists and dictionaries; keys may be added."""
    document, subject = letter.document, letter.subject
    return {
        "version": FORMAT_VERSION,
        "key": letter.key,
        "revision": letter.revision,
        "kind": subject.kind,
        "name": subject.name,
        "tenant": subject.tenant,
        "to": letter.to or None,
        "facts": dict(letter.facts),
        "news": [{"kind": news.kind, "text": news.text} for news in letter.news],
        "notify": bool(letter.loud),
        "title": document.title,
        "lines": [{"label": label, "text": text} for label, text in document.lines],
        "parts": [
            {
                "title": part.title,
                "is_numbered": part.is_numbered,
                "items": [{"text": item.text, "quote": item.quote} for item in part.items],
            }
            for part in document.parts
        ],
        "link": document.link or None,
        "command": document.command,
    }
