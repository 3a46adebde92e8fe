"""A message as one HTML page that loads nothing and runs nothing: for files and for mail."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from logsight_assets.delivery.message import Document, News

_HERE = Path(__file__).parent


def page(document: Document, news: Sequence[News] = ()) -> str:
    """The page; every text is escaped by the template engine."""
    css = _css()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    return _template().render(
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        css=Markup(css),  # noqa: S704  a file of ours
        document=document,
        news=news,
    )


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    return environment.get_template("message.html.j2")


@cache
def _css() -> str:
    return (_HERE / "message.css").read_text(encoding="utf-8")
