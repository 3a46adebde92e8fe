"""Real processes, killed before every change of the store and every request: the next run tells all of it, once.

Killed before one operation is killed after the one before it, so a request whose answer nobody saw is among them.
"""

from __future__ import annotations

import multiprocessing
import shutil
import signal
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logsight_assets.channel_settings import JiraChannel as JiraSettings
from logsight_assets.delivery.channel import Channel
from logsight_assets.delivery.file import FileChannel
from logsight_assets.delivery.jira import JiraChannel
from logsight_assets.delivery.overview import is_anything_due
from logsight_assets.delivery.slack import SlackChannel
from logsight_assets.lake import Lake, open_lake
from resources.jira import JiraApi
from resources.outbound import Answer, Outbound
from resources.slack import SlackApi
from tests.delivery.lakes import Clock, alarm, make_lake, send
from tests.delivery.servers import Jira, Receiver, Slack, serving
from tests.delivery.test_jira import JIRA
from tests.doubles import HookedStore, nothing
from tests.intake.lakes import NOW, everything, with_store
from tests.kills import killing_at

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.delivery.test_kills"])
Count = Callable[[str, str], None]
SETTINGS: dict[str, Any] = {
    "channels": {"slack": {"type": "slack", "channel": "C1", "token": "env:SLACK"}, "jira": JIRA},
}


class CountedOutbound(Outbound):
    """Calls back before each request."""

    def __init__(self, port: int, count: Count) -> None:
        super().__init__([], loopback_ports=[port])
        self._count = count

    def call(self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        self._count("request", url)
        return super().call(method, url, headers, body)


def channels(lake: Lake, port: int, count: Count = nothing) -> dict[str, Channel]:
    outbound, site = CountedOutbound(port, count), f"http://127.0.0.1:{port}"
    jira = JiraApi(outbound, "bot@acme.example", lambda: "right", site)
    return {
        "slack": SlackChannel(SlackApi(outbound, lambda: Slack.TOKEN, site), "C1"),
        "jira": JiraChannel(jira, JiraSettings.model_validate(JIRA)),
        "outbox": FileChannel(lake.store),
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


def contents(app: Any, root: Path) -> Any:
    """All that people see."""
    if isinstance(app, Slack):
        return [(bool(message.get("thread_ts")), message["text"], message["blocks"]) for message in app.messages]
    if isinstance(app, Jira):
        return [(ticket.fields, ticket.status, ticket.comments) for ticket in app.tickets.values()]
    return {key: data for key, data in everything(root).items() if key.startswith("outbox/")}


@pytest.mark.parametrize("phase", ["opened", "resolved"])
@pytest.mark.parametrize(("channel", "make"), [("slack", Slack), ("jira", Jira), ("outbox", Receiver)])
def test_a_delivery_run_killed_anywhere_tells_all_of_it_once(
    tmp_path: Path, channel: str, make: Callable[[], Any], phase: str
) -> None:
    template, now = tmp_path / "template", NOW
    lake = make_lake(template, Clock(now), **SETTINGS, routing=[{"channels": [channel]}])
    alarm(lake)
    first = make()
    with serving(first) as server:
        if phase == "resolved":
            send(lake, channels(lake, server.port))
            alarm(lake, state="OK", minute=5)
        shutil.copytree(template, tmp_path / "expected")
        before = list(server.requests)
        run_out(tmp_path / "expected", server.port, now)
        expected = contents(first, tmp_path / "expected")
    kills = 0
    while True:
        app, root = make(), tmp_path / f"killed-{kills}"
        shutil.copytree(template, root)
        with serving(app) as server:
            for request in before:  # what was told before the phase
                app(request)
            process = _PROCESSES.Process(target=run_until_killed, args=(root, server.port, now, kills + 1))
            process.start()
            process.join()
            if process.exitcode == 0:
                break
            assert process.exitcode == -signal.SIGKILL
            run_out(root, server.port, now + timedelta(seconds=1))
            assert contents(app, root) == expected, f"killed before operation {kills + 1}"
        kills += 1
        shutil.rmtree(root)
    assert kills >= 10
