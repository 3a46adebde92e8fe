"""A message as an Atlassian document (ADF): text is text there, and a link is a link only where we put one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from logsight_assets.delivery.message import Document, Item, News

_LONGEST_SUMMARY = 255  # characters that Jira takes
Node = dict[str, Any]


def summary_line(document: Document) -> str:
    """The summary: without the state, which the ticket has itself."""
    title = document.title.partition(": ")[2] or document.title
    return title if len(title) <= _LONGEST_SUMMARY else title[: _LONGEST_SUMMARY - 1] + "…"


def description(document: Document) -> Node:
    """Five lines, then the rest."""
    nodes = [_paragraph([_text(f"{label}: ", strong=True), _text(text)]) for label, text in document.lines]
    for part in document.parts:
        nodes.append({"type": "heading", "attrs": {"level": 3}, "content": [_text(part.title)]})
        nodes.append({"type": "bulletList", "content": [_item(item) for item in part.items]})
    nodes.append(_where(document))
    return _document(nodes)


def comment(news: Iterable[News]) -> Node:
    return _document([_paragraph([_text(each.text)]) for each in news])


def text_of(node: Mapping[str, Any] | None) -> str:
    """The text of a document: what people see, and all that is compared. Jira may order attributes anew."""
    if node is None:
        return ""
    inner = "".join(text_of(child) for child in node.get("content", ()))
    return (
        str(node.get("text", "")) + inner + ("\n" if node.get("type") in ("paragraph", "heading", "codeBlock") else "")
    )


def _document(nodes: list[Node]) -> Node:
    return {"type": "doc", "version": 1, "content": nodes}


def _item(item: Item) -> Node:
    content = [_paragraph([_text(item.text)])]
    if item.quote:
        content.append({"type": "codeBlock", "content": [{"type": "text", "text": item.quote}]})
    return {"type": "listItem", "content": content}


def _paragraph(content: list[Node]) -> Node:
    return {"type": "paragraph", "content": content}


def _text(text: str, *, strong: bool = False) -> Node:
    node: Node = {"type": "text", "text": text or " "}  # an empty text node is refused
    return node | ({"marks": [{"type": "strong"}]} if strong else {})


def _where(document: Document) -> Node:
    if document.link:
        link = {"type": "link", "attrs": {"href": document.link}}
        return _paragraph([{"type": "text", "text": "Open in LogSight", "marks": [link]}])
    return _paragraph([{"type": "text", "text": document.command, "marks": [{"type": "code"}]}])
