"""A message as plain text and as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from logsight_assets.delivery.message import Document, Item, News

_SPECIAL = re.compile(r"([\\`*_\[\]<>#!|~&])")


def plain_text(document: Document, news: Iterable[News] = ()) -> str:
    """For mail and tickets: nothing in it means anything to whoever shows it as text."""
    lines = [document.title, *(f"{label}: {text}" for label, text in document.lines)]
    lines += [each.text for each in news if each.kind != "opened"]
    return "\n".join([*lines, *details(document), "", document.link or document.command]) + "\n"


def details(document: Document) -> Iterator[str]:
    """The lines of the parts."""
    for part in document.parts:
        yield from ("", part.title)
        for mark, item in part.marked("-"):
            yield f"{mark} {item.text}" + (f"\n    {item.quote}" if item.quote else "")


def markdown(document: Document) -> str:
    """For files: texts of strangers can form neither a heading nor a link nor a picture."""
    parts = [
        f"# {_escaped(document.title)}",
        "\n".join(f"- **{label}**: {_escaped(text)}" for label, text in document.lines),
    ]
    for part in document.parts:
        parts += [f"## {_escaped(part.title)}", "\n".join(_item(mark, item) for mark, item in part.marked("-"))]
    parts.append(f"[All of it]({document.link})" if document.link else f"`{document.command}`")
    return "\n\n".join(parts) + "\n"


def _item(mark: str, item: Item) -> str:
    return f"{mark} {_escaped(item.text)}" + (f"\n  {_escaped(item.quote)}" if item.quote else "")


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
