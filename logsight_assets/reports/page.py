"""The page of a report: one HTML file that loads nothing and runs nothing.

Every text is made visible (controls, bidi and zero-width characters are written out) and escaped on its way into the
page, by the template engine itself: no place in the template can forget it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup

from logsight_assets.reports import sections
from logsight_assets.reports.headlines import Headline
from logsight_assets.reports.numbers import Numbers
from logsight_assets.reports.pictures import Picture
from logsight_assets.visible import visible

INPUTS_NAME = "logsight-inputs"
# `cid:` is for mail, where the pictures stand beside the page.
_POLICY = ("default-src 'none'", "img-src data: cid:", "base-uri 'none'", "form-action 'none'")
_HERE = Path(__file__).parent


def render(numbers: Numbers, headlines: Iterable[Headline], pictures: Iterable[Picture], fingerprint: str) -> bytes:
    """The page of these numbers; the same ones always give the same bytes."""
    css = _css()
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    text = _template().render(
        policy="; ".join((*_POLICY, f"style-src 'sha256-{digest}'")),
        css=Markup(css),  # noqa: S704  a file of ours
        inputs_name=INPUTS_NAME,
        inputs=fingerprint,
        about=sections.about(numbers),
        headlines=[sections.headline(line) for line in headlines],
        totals=sections.totals(numbers),
        pictures=[sections.picture(each) for each in pictures],
        parts=sections.parts(numbers),
        novelties=sections.novelties(numbers),
        quality=sections.quality(numbers),
    )
    return text.encode()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2")


@cache
def _css() -> str:
    return (_HERE / "report.css").read_text(encoding="utf-8")


def _printed(value: object) -> object:
    """Whatever the template prints, but markup of our own."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
