"""A web stack without severities: access log, application, database, cache, worker; durations stand in the lines."""

from __future__ import annotations

from datetime import UTC, datetime
from random import Random

from bench.systems.model import BURSTS, TIMER, Chatter, Failure, Step, System

_LOG = {"ERROR": "ERROR", "WARN": "WARNING", "INFO": "LOG", "DEBUG": "DEBUG"}


def _style(moment: float, service: str, level: str, text: str, dice: Random) -> str:
    at = datetime.fromtimestamp(moment, UTC)
    if service == "nginx":
        return text.replace("{at}", at.strftime("%d/%b/%Y:%H:%M:%S +0000"))
    if service == "postgres":
        return f"{at:%Y-%m-%d %H:%M:%S.%f} UTC [{dice.randint(40, 99)}] app@shop {_LOG[level]}:  {text}"
    if service == "redis":
        return (
            f"1:M {at:%d %b %Y %H:%M:%S}.{dice.randint(0, 999):03} {'#' if level in ('WARN', 'ERROR') else '*'} {text}"
        )
    if service == "envoy":
        return f"[{at:%Y-%m-%dT%H:%M:%S}.{dice.randint(0, 999):03}Z] {text}"
    return f"[{at:%Y-%m-%d %H:%M:%S} +0000] [{dice.randint(7, 15)}] {text}"


_AGENT = '"Mozilla/5.0 (X11; Linux x86_64)"'
_PAGE = (
    Step("envoy", '"GET {path} HTTP/1.1" 200 - 0 {n} {k} "{ip}" "{id}" "app:8000"', 1),
    Step("app", "view {path} rendered, queries={k}", 9),
    Step("postgres", "duration: {took}  statement: select * from items where id = {n}", 4),
    Step("nginx", '{ip} - - [{at}] "GET {path} HTTP/1.1" 200 {n} "-" ' + _AGENT + " rt={took}", 12),
)
_BUY = (
    Step("envoy", '"POST /checkout HTTP/1.1" 201 - {n} {n} {k} "{ip}" "{id}" "app:8000"', 1),
    Step("app", "order {n} saved", 12),
    Step("postgres", "duration: {took}  statement: insert into orders values ({n}, {n})", 6),
    Step("app", "task mail.receipt[{id}] queued", 3),
    Step("nginx", '{ip} - - [{at}] "POST /checkout HTTP/1.1" 201 {n} "-" ' + _AGENT + " rt={took}", 8),
    Step("worker", "Task mail.receipt[{id}] received", 20),
    Step("worker", "Task mail.receipt[{id}] succeeded in {took}: None", 60),
)

WEB = System(
    "web",
    _style,
    (_PAGE, _PAGE, _BUY),
    (
        Chatter("redis", "{k} changes in 300 seconds. Saving...", 0.02, rhythm=TIMER),
        Chatter("redis", "Background saving terminated with success", 0.02, rhythm=TIMER),
        Chatter("postgres", "checkpoint complete: wrote {n} buffers; write={k}.{n} s", 0.03, rhythm=TIMER),
        Chatter("postgres", "automatic vacuum of table shop.public.orders: index scans: {k}", 0.02),
        Chatter("nginx", '{ip} - - [{at}] "GET /robots.txt HTTP/1.1" 404 153 "-" "bot/{k}"', 0.1, "INFO", BURSTS),
        Chatter("nginx", '{ip} - - [{at}] "GET {path} HTTP/1.1" 499 0 "-" ' + _AGENT + " rt={took}", 0.03, "WARN"),
        Chatter("app", "Invalid HTTP_HOST header: '{ip}'", 0.05, "WARN", BURSTS),
        Chatter("worker", "beat: sending due task cleanup.sessions", 0.03, rhythm=TIMER),
        Chatter("worker", "Task feed.pull[{id}] retry: Retry in 180s: ConnectionError", 0.03, "WARN"),
    ),
    {
        "postgres": (
            Failure(
                'could not extend file "base/{n}/{n}": No space left on device',
                "django.db.utils.OperationalError: could not extend file",
            ),
            Failure("deadlock detected", "OperationalError: deadlock detected, view {path}"),
            Failure("sorry, too many clients already", "psycopg2.OperationalError: FATAL: sorry, too many clients"),
        ),
        "app": (
            Failure(
                "Traceback (most recent call last): KeyError: 'PRICE_TABLE' in shop/views.py",
                '"GET {path} HTTP/1.1" 500 UH {n} "{ip}"',
            ),
            Failure("[CRITICAL] WORKER TIMEOUT (pid:{n})", '"GET {path} HTTP/1.1" 504 UT {n} "{ip}"'),
        ),
        "worker": (
            Failure(
                "Task mail.receipt[{id}] raised unexpected: SMTPServerDisconnected('Connection unexpectedly closed')"
            ),
        ),
    },
    {
        "redis": (
            Failure("Can't save in background: fork: Cannot allocate memory", level="ERROR"),
            Failure("OOM command not allowed when used memory > 'maxmemory'", level="ERROR"),
        ),
        "postgres": (Failure("process {n} still waiting for ShareLock on transaction {n} after {n} ms", level="INFO"),),
        "app": (Failure("Worker (pid:{n}) was sent SIGKILL! Perhaps out of memory?", level="ERROR"),),
        "nginx": (Failure("{n} worker_connections are not enough while connecting to upstream", level="ERROR"),),
    },
    ("Starting, pid {n}", "Listening at: 0.0.0.0:{n}", "Booting worker with pid: {n}"),
    3.0,
    has_severity=False,
    took="{s:.3f}s",
    paths=("/", "/items/7", "/items/91", "/cart", "/about"),
)
