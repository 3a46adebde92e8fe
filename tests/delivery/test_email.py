"""Mail, against a server of the protocol: one thread an incident, pictures beside the page, no header of a line."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from logsight_assets.delivery.channel import Channel
from logsight_assets.delivery.email_message import EmailChannel
from logsight_assets.delivery.outbox import enqueue_reports
from logsight_assets.errors import RefusedDelivery
from logsight_assets.incidents.people import acknowledge
from logsight_assets.lake import Lake, report_page_key
from logsight_assets.reports.period import Period
from resources.smtp import SmtpServer
from tests.delivery.lakes import Clock, Found, alarm, incident, make_lake, send, state_in
from tests.delivery.servers import Mailbox, mail_server

MAIL = {"type": "email", "host": "mail.acme.example", "sender": "logsight@acme.example", "to": ["ops@acme.example"]}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lake(tmp_path: Path, clock: Clock) -> Lake:
    return make_lake(
        tmp_path / "lake",
        clock,
        channels={"mail": MAIL},
        routing=[{"channels": ["mail"]}],
        tenants={"acme": {"report_subscribers": ["sre@acme.example"]}},
    )


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with mail_server() as found:
        yield found


def channels(box: Mailbox) -> dict[str, Channel]:
    server = SmtpServer("127.0.0.1", box.port, "none")
    return {"mail": EmailChannel(server, "logsight@acme.example", ["ops@acme.example"])}


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_each_loud_news_is_a_mail_of_one_thread(lake: Lake, box: Mailbox) -> None:
    name = alarm(lake)
    send(lake, channels(box))
    acknowledge(lake, incident(lake, name), "jo")
    send(lake, channels(box))
    alarm(lake, state="OK", minute=5)
    send(lake, channels(box))
    first, second = box.mails
    assert first["Subject"] == f"[LogSight] checkout of acme · {name}"
    assert second["Subject"] == f"[LogSight] Resolved: checkout of acme · {name}"
    assert second["In-Reply-To"] == second["References"] == first["Message-ID"]
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["To"] == "ops@acme.example"
    assert "Cause: payment (score 0.81)" in part(first, "plain")
    assert "Over since 2025-06-01 10:35 UTC." in part(second, "plain")
    assert "<td>payment (score 0.81)" in part(first, "html")


def test_a_mail_whose_answer_is_lost_comes_again_under_the_same_id(lake: Lake, clock: Clock, box: Mailbox) -> None:
    box.answers["END"] = "lost"
    alarm(lake)
    send(lake, channels(box))
    clock.forward(seconds=60)
    send(lake, channels(box))
    first, second = box.mails
    assert first["Message-ID"] == second["Message-ID"]


def test_a_server_that_is_busy_is_tried_again_and_one_that_refuses_is_not(
    lake: Lake, clock: Clock, box: Mailbox
) -> None:
    box.answers["RCPT"] = "451 later"
    alarm(lake)
    send(lake, channels(box))
    assert not state_in(lake, "mail").is_dead
    clock.forward(seconds=60)
    box.answers["DATA"] = "554 no"
    send(lake, channels(box))
    assert state_in(lake, "mail").is_dead
    assert channels(box)["mail"].check().endswith("answers 250")


def test_a_server_without_tls_is_refused_where_settings_ask_for_it(box: Mailbox) -> None:
    with pytest.raises(RefusedDelivery, match="starttls"):
        SmtpServer("127.0.0.1", box.port, "starttls").send(EmailMessage())


def test_a_line_cannot_write_a_header(lake: Lake, box: Mailbox) -> None:
    evil = "x\r\nBcc: all@evil.example\r\n\r\nbody"
    alarm(lake, service=evil, found=Found(suspect=evil))
    send(lake, channels(box))
    (mail,) = box.mails
    assert mail["Bcc"] is None
    assert "\\r\\nBcc" in mail["Subject"]


def test_a_reports_page_is_the_mail_and_its_pictures_lie_beside_it(lake: Lake, box: Mailbox) -> None:
    png = base64.b64decode("iVBORw0KGgo=")
    page = f'<html><img src="data:image/png;base64,{base64.b64encode(png).decode()}"></html>'
    lake.store.put(report_page_key("acme", "daily", "2025-05-31"), page.encode())
    enqueue_reports(lake, Period.day("2025-05-31"))
    send(lake, channels(box))
    (mail,) = box.mails
    assert (mail["To"], mail["Subject"]) == ("sre@acme.example", "Saturday 31 May 2025: acme")
    (picture,) = [each for each in mail.walk() if each.get_content_type() == "image/png"]
    assert picture.get_payload(decode=True) == png
    assert f"cid:{picture['Content-ID'].strip('<>')}" in part(mail, "html")
    assert "data:image" not in part(mail, "html")
