"""A message as an Atlassian document (ADF): text is text there, and a link is a link only where we put one."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from logsight_assets.delivery.message import Document, Item, News, Part

_LONGEST_SUMMARY = 255  # characters that Jira takes
# Of a description it takes 32,767 of the form that it stores, which is shorter than this one.
_LONGEST_DESCRIPTION = 32_000
_CUT = "The rest does not fit here."
Node = dict[str, Any]


def summary_line(document: Document) -> str:
    """The summary: without the state, which the ticket has itself."""
    title = document.title.partition(": ")[2] or document.title
    return title if len(title) <= _LONGEST_SUMMARY else title[: _LONGEST_SUMMARY - 1] + "…"


def description(document: Document) -> Node:
    """Five lines, as much of the rest as Jira takes, and where all of it is."""
    lines = [_paragraph([_text(f"{label}: ", strong=True), _text(text)]) for label, text in document.lines]
    cut, where = _paragraph([_text(_CUT)]), _where(document)
    room = _LONGEST_DESCRIPTION - _size(_document([*lines, cut, where]))
    rest, is_all = _fitting(document.parts, room)
    return _document([*lines, *rest, *([] if is_all else [cut]), where])


def _fitting(parts: Iterable[Part], room: int) -> tuple[list[Node], bool]:
    """Headings and lists of parts, from the first on, as far as there is room; whether they are all there."""
    nodes: list[Node] = []
    for part in parts:
        items: list[Node] = []
        found = [_heading(part.title), {"type": "orderedList" if part.is_numbered else "bulletList", "content": items}]
        room -= sum(map(_size, found))
        for item in map(_item, part.items):
            room -= _size(item)
            if room < 0:
                return nodes + (found if items else []), False
            items.append(item)
        nodes += found
    return nodes, True


def _size(node: Node) -> int:
    """Characters of a node and what stands between it and the next, counted as Java does: in UTF-16."""
    return len(json.dumps(node, ensure_ascii=False).encode("utf-16-le", "surrogatepass")) // 2 + 2


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


def _heading(title: str) -> Node:
    return {"type": "heading", "attrs": {"level": 3}, "content": [_text(title)]}


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
