"""Mail: each loud news is one, all of a subject are one thread, and an attempt again has the same Message-ID."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from logsight_assets.delivery.channel import Handles
from logsight_assets.delivery.message import Letter, Wrote
from logsight_assets.delivery.page import page
from logsight_assets.delivery.plain import plain_text
from resources.smtp import SmtpServer

_LONGEST_SUBJECT = 180
_PICTURE = re.compile(rb'src="data:image/png;base64,([A-Za-z0-9+/=\s]+)"')


class EmailChannel:
    """Sends through one server. Mail programs know a message that comes twice by its Message-ID."""

    def __init__(self, server: SmtpServer, sender: str, to: Sequence[str]) -> None:
        self._server = server
        self._sender = sender
        self._to = tuple(to)

    def deliver(self, letter: Letter, handles: Handles) -> Wrote:
        to = [letter.to] if letter.to else list(self._to)
        name = f"sent:{letter.revision}"
        if letter.loud and to and not handles.get(name):
            self._server.send(mail(letter, self._sender, to))
            handles.keep(name, {"sent": True})
        return Wrote(left=() if to else ("the channel names nobody in `to`",))

    def check(self) -> str:
        return self._server.check()


def mail(letter: Letter, sender: str, to: Sequence[str]) -> EmailMessage:
    """The whole message: text and HTML; of a report its page, with the pictures beside it."""
    message = EmailMessage(policy=SMTP)
    domain = sender.partition("@")[2]
    message["Subject"] = _subject(letter)
    message["From"] = Address("LogSight", addr_spec=sender)
    message["To"] = [Address(addr_spec=each) for each in to]
    first = f"<{letter.key}@{domain}>"
    if letter.has("opened"):
        message["Message-ID"] = first
    else:
        message["Message-ID"] = f"<{letter.note_key}@{domain}>"
        message["In-Reply-To"] = message["References"] = first
    # Nobody's holiday notice is to answer, and no loop to begin.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    news = [each for each in letter.loud if each.kind != "opened"]
    message.set_content(plain_text(letter.document, news))
    html, pictures = with_pictures_beside(letter.page or page(letter.document, news).encode(), letter.key, domain)
    message.add_alternative(html, subtype="html")
    related = list(message.iter_parts())[1]
    assert isinstance(related, EmailMessage), "the alternative that was just added"
    for name, picture in pictures:
        related.add_related(picture, "image", "png", cid=f"<{name}>", disposition="inline")
    return message


def with_pictures_beside(html: bytes, key: str, domain: str) -> tuple[str, list[tuple[str, bytes]]]:
    """A page whose pictures are named instead of held, since mail programs show none that a page holds; and these."""
    pictures: list[tuple[str, bytes]] = []

    def named(match: re.Match[bytes]) -> bytes:
        name = f"{key}-picture-{len(pictures) + 1}@{domain}"
        pictures.append((name, base64.b64decode(match[1])))
        return f'src="cid:{name}"'.encode()

    return _PICTURE.sub(named, html).decode(), pictures


def _subject(letter: Letter) -> str:
    """One line; a reply keeps the thread's subject, because some programs make threads of it."""
    title = letter.document.title.partition(": ")[2] if letter.document.severity else letter.document.title
    state = (
        "" if not letter.document.severity else "[LogSight] " if letter.document.is_open else "[LogSight] Resolved: "
    )
    return f"{state}{title}"[:_LONGEST_SUBJECT]
