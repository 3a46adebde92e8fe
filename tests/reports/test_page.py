"""The page: one file that loads nothing and runs nothing, whatever stands in the logs."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import unicodedata
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from PIL import Image

from logsight_assets.lake import Lake
from logsight_assets.reports.gather import gather, gather_all
from logsight_assets.reports.headlines import headlines
from logsight_assets.reports.numbers import Numbers
from logsight_assets.reports.page import render
from logsight_assets.reports.period import Period
from logsight_assets.reports.pictures import pictures
from resources.query_engine import QueryEngine
from tests.reports.lakes import BEFORE, DAY, WEEKDAY, Lines, new_lake, put_states, put_trends, whole_days

PERIOD = Period.day(DAY)
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "entity": "&lt;b&gt; &amp;",
    "template": "{{ 7 * 7 }} {% raw %}",
    "mathematics": "$x^2$ $\\frac{1}{0}$ $unclosed_{",
    "bidi": "invoice \u202egpj.exe\u202c",
    "zero_width": "ad\u200bmin\u2060\ufeff",
    "terminal": "\x1b[31mred\x07",
    "emoji": "done 😀 ✅",
    "separators": "one\u2028two\x00three",
    "long": "A" * 10_000,
    "css": "</style><style>*{display:none}",
    "comment": "--><!-- ]]>",
}


class Page(HTMLParser):
    """Tags with attributes, and the text that a reader sees."""

    def __init__(self, data: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(data.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory, engine: QueryEngine) -> Page:
    """The page of a text that does no harm."""
    lake = new_lake(tmp_path_factory.mktemp("plain") / "lake")
    return Page(page_of(harmless(lake, engine), lake))


def page_of(numbers: Numbers, lake: Lake) -> bytes:
    return render(numbers, headlines(numbers), pictures(numbers, lake.state / "matplotlib"), "f" * 64)


def fill(lake: Lake, *lines: Lines) -> None:
    """A day that is like the others, and what a test adds to it."""
    steady = [Lines(f"{day}T{hour:02}", 50, duration_ms=9) for day in (DAY, BEFORE, WEEKDAY) for hour in range(24)]
    put_trends(lake, "acme", [*steady, *lines])
    put_states(lake, "acme", whole_days("shop", DAY, BEFORE, WEEKDAY))


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_text_of_a_log_line_is_text(lake: Lake, engine: QueryEngine, plain: Page, text: str) -> None:
    """As the text of a template and as the name of a service, which is drawn into a picture too."""
    fill(lake, Lines(f"{DAY}T10", 99, 99, service=text[:300], pattern=77, mask=text, duration_ms=5))
    page = Page(data := page_of(gather(lake, engine, PERIOD, "acme").numbers, lake))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags], "the same elements as of a harmless text"
    names = {name for _, attributes in page.tags for name in attributes}
    assert not {name for name in names if name.startswith("on")}
    assert names <= {name for _, attributes in plain.tags for name in attributes} | {"title"}
    hidden = {c for c in data.decode() if unicodedata.category(c) in {"Cc", "Cf", "Zl", "Zp"}} - {"\n"}
    assert not hidden
    assert max(len(part) for part in page.text.split()) < 1100


def harmless(lake: Lake, engine: QueryEngine) -> Numbers:
    fill(lake, Lines(f"{DAY}T10", 99, 99, service="harmless", pattern=77, mask="harmless", duration_ms=5))
    return gather(lake, engine, PERIOD, "acme").numbers


def test_a_hidden_character_is_written_out(lake: Lake, engine: QueryEngine) -> None:
    fill(lake, Lines(f"{DAY}T10", 99, 99, pattern=77, mask=HOSTILE["bidi"]))
    assert "invoice \\u202egpj.exe\\u202c" in Page(page_of(gather(lake, engine, PERIOD, "acme").numbers, lake)).text


def test_a_long_text_is_cut_with_more_of_it_in_its_title(lake: Lake, engine: QueryEngine) -> None:
    fill(lake, Lines(f"{DAY}T10", 99, 99, pattern=77, mask=HOSTILE["long"]))
    page = Page(page_of(gather(lake, engine, PERIOD, "acme").numbers, lake))
    codes = page.all("code")
    assert codes
    assert {len(code["title"] or "") for code in codes} == {1000}


def test_nothing_is_loaded_and_nothing_runs(lake: Lake, engine: QueryEngine) -> None:
    page = Page(data := page_of(harmless(lake, engine), lake))
    assert not {"script", "link", "iframe", "object", "embed", "form", "base", "svg"} & {tag for tag, _ in page.tags}
    assert all((image["src"] or "").startswith("data:image/png;base64,") for image in page.all("img"))
    assert b"url(" not in data
    assert b"://" not in data
    (policy,) = [m["content"] or "" for m in page.all("meta") if m.get("http-equiv") == "Content-Security-Policy"]
    style = re.search(r"<style>(.*?)</style>", data.decode(), re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy.split("; ") == [
        "default-src 'none'",
        "img-src data: cid:",
        "base-uri 'none'",
        "form-action 'none'",
        f"style-src 'sha256-{digest}'",
    ]
    assert not any("style" in attributes for _, attributes in page.tags), "the policy would refuse it"


def test_it_can_be_read_without_pictures_and_colours(lake: Lake, engine: QueryEngine) -> None:
    page = Page(page_of(harmless(lake, engine), lake))
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert len(page.all("img")) == 3
    for image in page.all("img"):
        assert image["alt"]
        assert image["alt"] in page.text
    assert all("scope" in head for head in page.all("th"))
    assert "▲" in page.text
    assert " more" in page.text


def test_without_its_style_nothing_runs_together_and_numbers_are_aligned(lake: Lake, engine: QueryEngine) -> None:
    """Mail programs drop the style, or what of it they do not know."""
    page = Page(page_of(harmless(lake, engine), lake))
    for (before, _), (tag, attributes) in pairwise(page.tags):
        assert tag != "small" or before == "br", "a small text has a line of its own"
        assert tag not in {"td", "th"} or "align" in attributes or attributes == {}
    for table in page.all("table"):
        assert table["width"] == "100%"
    assert page.all("small")


def test_the_platforms_page_has_no_text_of_a_line_and_no_service(lake: Lake, engine: QueryEngine) -> None:
    fill(lake, Lines(f"{DAY}T10", 99, 99, service="secret-service", pattern=77, mask="secret of acme"))
    data = page_of(gather_all(lake, engine, PERIOD)[-1].numbers, lake)
    assert b"acme" in data
    assert b"secret" not in data
    assert b"checkout" not in data
    assert b"For operators." in data


def test_a_tenants_page_has_nothing_of_another(lake: Lake, engine: QueryEngine) -> None:
    fill(lake)
    put_trends(lake, "globex", [Lines(f"{DAY}T10", 99, 99, service="globex-service", mask="secret of globex")])
    assert b"globex" not in page_of(gather(lake, engine, PERIOD, "acme").numbers, lake)


def test_no_data_draws_no_picture(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", [Lines(f"{BEFORE}T00", 1)])
    numbers = gather(lake, engine, PERIOD, "acme").numbers
    assert pictures(numbers, lake.state / "matplotlib") == []
    assert "nothing is known of any of the 24 hours" in Page(page_of(numbers, lake)).text


def test_long_names_leave_a_picture_its_width(lake: Lake, engine: QueryEngine) -> None:
    """A legend that is wider than the picture once squeezed the lines into a corner."""
    hours = [f"{DAY}T{hour:02}" for hour in range(20)]  # the last hours are hatched, which is in the legend too
    put_trends(lake, "acme", [Lines(hour, 9, service=f"{n}" * 60, duration_ms=9) for hour in hours for n in "abc"])
    drawn = pictures(gather(lake, engine, PERIOD, "acme").numbers, lake.state / "matplotlib")
    (latency,) = [picture for picture in drawn if picture.name == "latency"]
    with Image.open(io.BytesIO(latency.png)) as image:
        right = image.convert("L").crop((image.width * 9 // 10, image.height // 2, image.width, image.height * 3 // 4))
    assert len(right.getcolors() or []) > 1, "something is drawn at the right end"


def test_a_single_event_makes_a_page(lake: Lake, engine: QueryEngine) -> None:
    put_trends(lake, "acme", [Lines(f"{DAY}T00", 1)])
    assert (
        "In all 1 event; none of them errors." in Page(page_of(gather(lake, engine, PERIOD, "acme").numbers, lake)).text
    )
