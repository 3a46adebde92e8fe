"""Real processes, killed before every change of the store and every request: the next run tells all of it, once.

Killed before one operation is killed after the one before it, so a request whose answer nobody saw is among them. What
a receiver has to know by a key itself (mail programs, webhooks) may come twice, under one key and word for word.
"""

from __future__ import annotations

import multiprocessing
import shutil
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.channel_settings import JiraChannel as JiraSettings
from logsight_assets.channel_settings import ServiceNowChannel as ServiceNowSettings
from logsight_assets.delivery.channel import Channel
from logsight_assets.delivery.email_message import EmailChannel
from logsight_assets.delivery.file import FileChannel
from logsight_assets.delivery.jira import JiraChannel
from logsight_assets.delivery.overview import is_anything_due
from logsight_assets.delivery.pagerduty import PagerDutyChannel
from logsight_assets.delivery.servicenow import ServiceNowChannel
from logsight_assets.delivery.slack import SlackChannel
from logsight_assets.delivery.webhook import WebhookChannel
from logsight_assets.lake import Lake, open_lake
from resources.jira import JiraApi
from resources.outbound import Answer, Outbound
from resources.servicenow import ServiceNowApi
from resources.slack import SlackApi
from resources.smtp import SmtpServer
from tests.delivery.lakes import Clock, alarm, make_lake, send
from tests.delivery.servers import (
    Jira,
    LocalServer,
    Mailbox,
    PagerDuty,
    Receiver,
    ServiceNow,
    Slack,
    mail_server,
    serving,
)
from tests.delivery.test_email import MAIL
from tests.delivery.test_jira import JIRA
from tests.delivery.test_servicenow import SNOW
from tests.doubles import HookedStore, nothing
from tests.intake.lakes import NOW, everything, with_store
from tests.kills import killing_at

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.delivery.test_kills"])
Count = Callable[[str, str], None]
SETTINGS: dict[str, Any] = {
    "channels": {
        "slack": {"type": "slack", "channel": "C1", "token": "env:SLACK"},
        "jira": JIRA,
        "snow": SNOW,
        "mail": MAIL,
        "hook": {"type": "webhook", "url": "https://hooks.acme.example/in", "secret": "env:HOOK"},
        "pager": {"type": "pagerduty", "routing_key": "env:PAGER"},
    },
}


class CountedOutbound(Outbound):
    """Calls back before each request."""

    def __init__(self, port: int, count: Count) -> None:
        super().__init__([], loopback_ports=[port])
        self._count = count

    def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        self._count("request", url)
        return super().call(method, url, headers, body)


@dataclass(frozen=True)
class CountedSmtp(SmtpServer):
    """Calls back before each mail."""

    count: Count = field(default=nothing)

    def send(self, message: EmailMessage) -> None:
        self.count("mail", "")
        super().send(message)


def channels(lake: Lake, port: int, count: Count = nothing) -> dict[str, Channel]:
    """All of them, whatever listens at the port."""
    outbound, site = CountedOutbound(port, count), f"http://127.0.0.1:{port}"
    jira = JiraApi(outbound, "bot@acme.example", lambda: "right", site)
    snow = ServiceNowApi(outbound, "bot", lambda: "right", site, "incident")
    mail = CountedSmtp("127.0.0.1", port, "none", count=count)
    return {
        "slack": SlackChannel(SlackApi(outbound, lambda: Slack.TOKEN, site), "C1"),
        "jira": JiraChannel(jira, JiraSettings.model_validate(JIRA)),
        "snow": ServiceNowChannel(snow, ServiceNowSettings.model_validate(SNOW)),
        "mail": EmailChannel(mail, "logsight@acme.example", ["ops@acme.example"]),
        "hook": WebhookChannel(outbound, f"{site}/in", lambda: "s3cret", lake.clock),
        "pager": PagerDutyChannel(outbound, lambda: "R" * 32, site),
        "outbox": FileChannel(lake.store, "outbox"),
    }


def run_until_killed(root: Path, port: int, now: datetime, at: int) -> None:
    count = killing_at(at)
    lake = open_lake(str(root), {}, None, Clock(now))
    hooked = with_store(lake, HookedStore(lake.store, before=count))
    send(hooked, channels(hooked, port, count))


def run_out(root: Path, port: int, now: datetime) -> None:
    """Runs from then on, as the sensor asks for them, until nothing is due any more."""
    clock = Clock(now)
    lake = open_lake(str(root), {}, None, clock)
    for _ in range(10):
        clock.forward(minutes=6)
        send(lake, channels(lake, port))
    assert not is_anything_due(lake)
    assert [entry.key for entry in lake.store.list("deliveries/waiting/")] == []


class Web:
    """What an application over HTTP holds; `told` puts it into the state of another that was told before."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @contextmanager
    def listening(self, told: Web | None = None) -> Iterator[int]:
        self.app = self._make()
        with serving(self.app) as server:
            self.server: LocalServer = server
            for request in told.before if told else ():
                self.app(request)
                server.requests.append(request)
            yield server.port

    def remember(self) -> None:
        self.before = list(self.server.requests)

    def contents(self, root: Path) -> Any:
        """All that people see."""
        if isinstance(self.app, Slack):
            return [
                (bool(message.get("thread_ts")), message["text"], message["blocks"]) for message in self.app.messages
            ]
        if isinstance(self.app, Jira):
            return [(ticket.fields, ticket.status, ticket.comments) for ticket in self.app.tickets.values()]
        if isinstance(self.app, ServiceNow):
            return list(self.app.rows.values())
        if isinstance(self.app, PagerDuty):
            # One that comes twice is one more line of the same alert's log.
            return self.app.alerts, once((f"{event}", event) for event in self.app.events)
        posted = once((request.headers["idempotency-key"], request.body) for request in self._posted())
        files = {key: data for key, data in everything(root).items() if key.startswith("outbox/")}
        return posted, files

    def _posted(self) -> list[Any]:
        return [request for request in self.server.requests if request.path == "/in"]


class Post:
    """What a mailbox holds."""

    @contextmanager
    def listening(self, told: Post | None = None) -> Iterator[int]:
        with mail_server() as box:
            self.box: Mailbox = box
            box.mails += told.before if told else []
            yield box.port

    def remember(self) -> None:
        self.before = list(self.box.mails)

    def contents(self, _: Path) -> Any:
        return once((mail["Message-ID"], plain(mail)) for mail in self.box.mails)


def plain(mail: EmailMessage) -> str:
    found = mail.get_body(("plain",))
    assert found is not None
    return f"{mail['Subject']}\n{found.get_content()}"


def once(told: Iterator[tuple[str, Any]] | Any) -> dict[str, Any]:
    """What was told by its key; the same key never says something else."""
    found: dict[str, Any] = {}
    for key, content in told:
        assert found.setdefault(key, content) == content, key
    return found


SYSTEMS: dict[str, Callable[[], Web | Post]] = {
    "slack": lambda: Web(Slack),
    "jira": lambda: Web(Jira),
    "snow": lambda: Web(ServiceNow),
    "mail": Post,
    "hook": lambda: Web(Receiver),
    "pager": lambda: Web(PagerDuty),
    "outbox": lambda: Web(Receiver),
}


@pytest.mark.parametrize("phase", ["opened", "resolved", "reopened"])
@pytest.mark.parametrize("channel", SYSTEMS)
def test_a_delivery_run_killed_anywhere_tells_all_of_it_once(tmp_path: Path, channel: str, phase: str) -> None:
    template, now = tmp_path / "template", NOW
    lake = make_lake(template, Clock(now), **SETTINGS, routing=[{"channels": [channel]}])
    alarm(lake)
    first: Any = SYSTEMS[channel]()
    with first.listening() as port:
        if phase != "opened":
            send(lake, channels(lake, port))
            alarm(lake, state="OK", minute=5)
        if phase == "reopened":
            send(lake, channels(lake, port))
            alarm(lake, minute=9)
        shutil.copytree(template, tmp_path / "expected")
        first.remember()
        run_out(tmp_path / "expected", port, now)
        expected = first.contents(tmp_path / "expected")
    kills = 0
    while True:
        system: Any = SYSTEMS[channel]()
        root = tmp_path / f"killed-{kills}"
        shutil.copytree(template, root)
        with system.listening(first) as port:
            process = _PROCESSES.Process(target=run_until_killed, args=(root, port, now, kills + 1))
            process.start()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            run_out(root, port, now + timedelta(seconds=1))
            assert system.contents(root) == expected, f"killed before operation {kills + 1}"
        kills += 1
        shutil.rmtree(root)
    assert kills >= 8
