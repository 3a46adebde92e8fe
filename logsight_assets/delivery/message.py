"""What a message says, before any channel gives it a form: a headline, five lines for a phone, and the rest.

Texts here are plain and safe to show: what is invisible is written out, addresses of strangers are defanged, length is
bounded. Escaping for a form (Slack, HTML, ADF) is the renderers' own. Links are LogSight's alone.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

from logsight_assets.channel_settings import Disclosure
from logsight_assets.delivery.entries import Subject
from logsight_assets.visible import visible

LONGEST = 300  # characters of one text
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]*)://([^\s/]*)", re.IGNORECASE)
_SCHEME = re.compile(r"\b(javascript|vbscript|data|mailto|tel|sms|file):(?=\S)", re.IGNORECASE)
_HOST = re.compile(r"\b(?:www\.[^\s/]+|(?:[a-z0-9-]+\.)+[a-z]{2,24}(?=/))", re.IGNORECASE)
_HARMLESS = {"http": "hxxp", "https": "hxxps", "ftp": "fxp"}


@dataclass(frozen=True)
class Item:
    """One line of a section: words of ours, and text of strangers, which is shown as a quote."""

    text: str
    quote: str = ""


@dataclass(frozen=True)
class Part:
    """A titled list."""

    title: str
    items: tuple[Item, ...]
    is_numbered: bool = False  # from 1, as steps are

    def marked(self, mark: str) -> Iterator[tuple[str, Item]]:
        """Each item behind what stands before it: its number, or a form's own mark."""
        yield from ((f"{n}." if self.is_numbered else mark, item) for n, item in enumerate(self.items, 1))


@dataclass(frozen=True)
class Document:
    """All that a message says."""

    title: str  # one line: what, how bad
    lines: tuple[tuple[str, str], ...]  # label and text; the first five fit a phone
    parts: tuple[Part, ...] = ()
    link: str = ""  # of LogSight's own page; empty without a base_url
    command: str = ""  # what shows all of it
    is_open: bool = True
    severity: str = ""  # critical, high, medium or low; empty for a report

    @property
    def fingerprint(self) -> str:
        """Equal for documents that say the same."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Style:
    """How a tenant's messages are made."""

    disclosure: Disclosure
    zone: str
    base_url: str = ""
    tenant: str = ""  # whose; empty where there is nobody to name

    @property
    def names(self) -> bool:
        return self.disclosure != "links"

    @property
    def quotes(self) -> bool:
        return self.disclosure == "quotes"


NewsKind = Literal["opened", "reopened", "resolved", "severity", "verdict", "acknowledged", "assigned"]
_LOUD = frozenset({"opened", "reopened", "resolved", "severity", "verdict"})


@dataclass(frozen=True)
class News:
    """Something that happened since a channel was told last."""

    kind: NewsKind
    text: str

    @property
    def is_loud(self) -> bool:
        """Whether people are notified; else the message is edited, and nobody is disturbed."""
        return self.kind in _LOUD


@dataclass(frozen=True)
class Letter:
    """What a channel is given to deliver."""

    key: str  # what the channel can know the message by; the same at every attempt
    subject: Subject
    revision: int
    document: Document
    news: tuple[News, ...]
    facts: Mapping[str, Any]
    to: str = ""  # a subscriber: an address or a #channel
    wrote: Mapping[str, str] = field(default_factory=dict)  # what the channel wrote last
    tried_since: datetime | None = None  # an attempt from then on may have arrived
    page: bytes = b""  # of a report

    @property
    def loud(self) -> tuple[News, ...]:
        return tuple(news for news in self.news if news.is_loud)

    @property
    def note_key(self) -> str:
        """What one telling of news can be known by."""
        return f"{self.key}-{self.revision}"

    def has(self, *kinds: NewsKind) -> bool:
        return any(news.kind in kinds for news in self.news)


@dataclass(frozen=True)
class Wrote:
    """What a channel did: fields as it wrote them, and what it left because people had changed it."""

    fields: Mapping[str, str] = field(default_factory=dict)
    left: tuple[str, ...] = ()


def shown(text: object, longest: int = LONGEST) -> str:
    """Text of strangers as it may be shown: on one line, visible, without an address that leads anywhere, cut."""
    # Cut first: a line may have megabytes, and looking for addresses costs its square.
    plain = defanged(visible(str(text)[: longest + 1]))
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"


def defanged(text: str) -> str:
    """The text without what programs turn into a link of their own accord: `hxxps://evil[.]example/x`."""
    text = _ADDRESS.sub(_without_fang, text)
    text = _SCHEME.sub(r"\1[:]", text)
    return _HOST.sub(lambda match: match[0].replace(".", "[.]"), text)


def _without_fang(match: re.Match[str]) -> str:
    scheme, host = match[1], match[2].replace(".", "[.]")
    harmless = _HARMLESS.get(scheme.lower())
    return f"{harmless}://{host}" if harmless else f"{scheme}[:]//{host}"


def moment(unix_ms: int, zone: str) -> str:
    """`2025-06-01 12:30 Europe/Berlin (10:30 UTC)`."""
    utc = datetime.fromtimestamp(unix_ms / 1000, UTC)
    if zone == "UTC":
        return f"{utc:%Y-%m-%d %H:%M} UTC"
    local = utc.astimezone(ZoneInfo(zone))
    other = f"{utc:%H:%M}" if utc.date() == local.date() else f"{utc:%Y-%m-%d %H:%M}"
    return f"{local:%Y-%m-%d %H:%M} {zone} ({other} UTC)"
