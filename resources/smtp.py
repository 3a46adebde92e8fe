"""Mail through an SMTP server. It may stand in a private network: settings name it, and nothing else is spoken to."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Literal

from logsight_assets.errors import RefusedDelivery, Unanswered

_SECONDS = 20.0


@dataclass(frozen=True)
class SmtpServer:
    """Where mail goes, and as whom."""

    host: str
    port: int
    security: Literal["starttls", "tls", "none"]
    user: str = ""
    password: Callable[[], str] | None = None

    def send(self, message: EmailMessage) -> None:
        """Hand a message over; RefusedDelivery for what the server will never take, Unanswered for what it may."""
        try:
            with self._session() as session:
                refused = session.send_message(message)
        except smtplib.SMTPResponseException as error:
            raise self._refused(error.smtp_code) from None
        except smtplib.SMTPRecipientsRefused as error:
            raise self._refused(max(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPNotSupportedError:
            raise RefusedDelivery(f"mail server {self.host}: offers no {self.security} or no login", "tls") from None
        except (OSError, smtplib.SMTPException) as error:
            raise Unanswered(f"mail server {self.host}: {type(error).__name__}") from None
        if refused:
            # Some have it: sending to all again would write to them twice.
            raise RefusedDelivery(f"mail server {self.host}: refused {len(refused)} of the recipients", "recipients")

    def check(self) -> str:
        """What the server calls itself; raises what `send` does."""
        try:
            with self._session() as session:
                code, _ = session.noop()
        except (OSError, smtplib.SMTPException) as error:
            raise Unanswered(f"mail server {self.host}: {type(error).__name__}") from None
        return f"{self.host}:{self.port} answers {code}"

    def _session(self) -> smtplib.SMTP:
        """A connection that is secured and logged in, as settings ask."""
        context = ssl.create_default_context()
        if self.security == "tls":
            session: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=_SECONDS, context=context)
        else:
            session = smtplib.SMTP(self.host, self.port, timeout=_SECONDS)
        try:
            if self.security == "starttls":
                session.starttls(context=context)
            if self.password is not None:
                session.login(self.user, self.password())
        except BaseException:
            session.close()
            raise
        return session

    def _refused(self, code: int) -> RefusedDelivery | Unanswered:
        if 400 <= code < 500:
            return Unanswered(f"mail server {self.host}: answers {code}")
        return RefusedDelivery(f"mail server {self.host}: answers {code}", str(code))
