"""Local servers that behave as the real systems do in the points that delivery relies on.

Each is an application, a function of a request, behind one small HTTP server. A fault is queued by a test: an answer
that is lost after the write, a refusal with `Retry-After`, a page of a gateway.
"""

from __future__ import annotations

import base64
import json
import re
import socket
import socketserver
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit


@dataclass(frozen=True)
class Request:
    """What was asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


LOST = "lost"  # the application has done it, and the connection ends without an answer
DROPPED = "dropped"  # the connection ends before the application sees anything
Fault = Reply | str
App = Callable[[Request], Reply]


class LocalServer:
    """An application at `site`; `faults` are used up in order, those for `writes` by requests that change something."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.requests: list[Request] = []
        self.faults: deque[Fault] = deque()
        self.write_faults: deque[Fault] = deque()
        self._lock = threading.Lock()
        self._http = _Http(("127.0.0.1", 0), _Handler)
        self._http.local = self
        self.port = self._http.server_address[1]
        self.site = f"http://127.0.0.1:{self.port}"

    def answer(self, request: Request) -> Reply | None:
        """The reply, or None for none at all."""
        with self._lock:
            self.requests.append(request)
            fault = self.faults.popleft() if self.faults else None
            if fault is None and is_write(request) and self.write_faults:
                fault = self.write_faults.popleft()
            if fault == DROPPED:
                return None
            if isinstance(fault, Reply):
                return fault
            reply = self.app(request)
            return None if fault == LOST else reply

    def secure(self, certificate: Path) -> None:
        """Speak TLS from now on; the handshake is the handler's, so that one that fails stops no other."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def writes(self) -> list[Request]:
        return [request for request in self.requests if is_write(request)]


def is_write(request: Request) -> bool:
    return request.method != "GET" and not re.search(r"conversations\.|auth\.test", request.path)


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    local: LocalServer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or does not trust us, is what a test wants."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, unquote(parts.path), dict(parse_qsl(parts.query)), headers, body)
        assert isinstance(self.server, _Http)
        reply = self.server.local.answer(request)
        self.close_connection = True
        if reply is None:
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        data = (
            reply.body
            if isinstance(reply.body, bytes)
            else b""
            if reply.body is None
            else json.dumps(reply.body).encode()
        )
        self.send_response(reply.status)
        for name, value in {"Content-Length": str(len(data)), **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PUT = do_PATCH = _serve  # noqa: N815  names of the standard library

    def log_message(self, *_: Any) -> None:
        """Nothing on stderr."""


@contextmanager
def serving(app: App) -> Iterator[LocalServer]:
    server = LocalServer(app)
    thread = threading.Thread(target=server._http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server._http.shutdown()
        server._http.server_close()
        thread.join()


# Slack ----------------------------------------------------------------------------------------------------------------


class Slack:
    """Channels with messages and threads. A person removes a message by `remove`."""

    TOKEN = "xoxb-right"

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.names = {"C1": "ops", "C2": "acme-ops"}
        self.edits = 0
        self._ts = 1_748_779_200  # 12:00, when the lake has it too

    def __call__(self, request: Request) -> Reply:
        method = request.path.removeprefix("/api/")
        is_form = request.headers["content-type"].startswith("application/x-www-form-urlencoded")
        if request.headers.get("authorization") != f"Bearer {self.TOKEN}":
            return self._error("invalid_auth")
        if method.startswith("conversations."):
            # Its reading methods take no JSON.
            return (
                self._read(method, dict(parse_qsl(request.body.decode())))
                if is_form
                else self._error("invalid_form_data")
            )
        arguments = request.json
        if method == "auth.test":
            return Reply(body={"ok": True, "user": "logsight", "team": "Acme"})
        fault = blocks_fault(arguments)
        if fault:
            return self._error(fault)
        return self._post(arguments) if method == "chat.postMessage" else self._update(arguments)

    def _post(self, arguments: dict[str, Any]) -> Reply:
        channel = next((i for i, name in self.names.items() if arguments["channel"] in (i, f"#{name}")), None)
        if channel is None:
            return self._error("channel_not_found")
        self._ts += 1
        message = {**arguments, "channel": channel, "ts": f"{self._ts}.000100"}
        self.messages.append(message)
        return Reply(body={"ok": True, "channel": channel, "ts": message["ts"]})

    def _update(self, arguments: dict[str, Any]) -> Reply:
        for message in self.messages:
            if (message["channel"], message["ts"]) == (arguments["channel"], arguments["ts"]):
                message.update(arguments)
                self.edits += 1
                return Reply(body={"ok": True, "channel": message["channel"], "ts": message["ts"]})
        return self._error("message_not_found")

    def _read(self, method: str, arguments: dict[str, str]) -> Reply:
        if method == "conversations.list":
            return Reply(body={"ok": True, "channels": [{"id": i, "name": name} for i, name in self.names.items()]})
        if arguments["channel"] not in self.names:
            return self._error("channel_not_found")
        thread = arguments.get("ts")
        held = [
            message
            for message in self.messages
            if message["channel"] == arguments["channel"]
            and (thread in (message["ts"], message.get("thread_ts")) if thread else not message.get("thread_ts"))
            and float(message["ts"]) >= float(arguments["oldest"])
        ]
        shown = [m if arguments.get("include_all_metadata") else {**m, "metadata": {}} for m in reversed(held)]
        start = int(arguments.get("cursor") or 0)
        page = shown[start : start + 2]  # small pages, so that they are turned
        more = str(start + 2) if start + 2 < len(shown) else ""
        return Reply(body={"ok": True, "messages": page, "response_metadata": {"next_cursor": more}})

    def _error(self, word: str) -> Reply:
        return Reply(body={"ok": False, "error": word})

    def remove(self, message: dict[str, Any]) -> None:
        self.messages.remove(message)

    @property
    def top(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if not message.get("thread_ts")]

    @property
    def replies(self) -> list[dict[str, Any]]:
        return [message for message in self.messages if message.get("thread_ts")]


def blocks_fault(message: dict[str, Any]) -> str | None:
    """What Slack refuses of blocks: more than 50, texts that are too long or empty, headers that are no plain text."""
    blocks = message.get("blocks", [])
    if len(blocks) > 50:
        return "invalid_blocks"
    for block in blocks:
        texts = block.get("elements", [block.get("text")])
        for text in texts:
            longest = 150 if block["type"] == "header" else 3000
            if not text or not text["text"] or len(text["text"]) > longest:
                return "invalid_blocks"
        if block["type"] == "header" and block["text"]["type"] != "plain_text":
            return "invalid_blocks"
    return None if len(message.get("text", "")) <= 40_000 else "msg_too_long"


# Jira -----------------------------------------------------------------------------------------------------------------


@dataclass
class Ticket:
    fields: dict[str, Any]
    status: str = "To Do"
    comments: list[dict[str, Any]] = field(default_factory=list)
    is_indexed: bool = True


class Jira:
    """A project OPS with To Do, In Progress, Done. What was made just now is found after `index`, if `is_slow`."""

    _CATEGORY: ClassVar = {"To Do": "new", "In Progress": "indeterminate", "Done": "done"}

    def __init__(self) -> None:
        self.tickets: dict[str, Ticket] = {}
        self.is_slow = False
        self.account = base64.b64encode(b"bot@acme.example:right").decode()

    def index(self) -> None:
        for ticket in self.tickets.values():
            ticket.is_indexed = True

    def __call__(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Basic {self.account}":
            return Reply(401, {"errorMessages": ["no"]})
        path = request.path.removeprefix("/rest/api/3/")
        if path == "myself":
            return Reply(body={"displayName": "LogSight bot"})
        if path == "search/jql":
            return self._search(request.query["jql"])
        if path == "issue":
            return self._create(request.json)
        _, key, *rest = path.split("/")
        ticket = self.tickets.get(key)
        if ticket is None:
            return Reply(404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."]})
        return self._issue(request, key, ticket, rest[0] if rest else "")

    def _search(self, jql: str) -> Reply:
        match = re.fullmatch(r'project = "OPS" AND labels = "([a-z0-9-]+)" ORDER BY created ASC', jql)
        assert match, jql
        held = [k for k, t in self.tickets.items() if match[1] in t.fields["labels"] and t.is_indexed]
        return Reply(body={"issues": [{"key": key, "fields": {}} for key in held[:1]]})

    def _create(self, body: dict[str, Any]) -> Reply:
        fields = body["fields"]
        if fields["project"] != {"key": "OPS"} or "\n" in fields["summary"] or len(fields["summary"]) > 255:
            return Reply(400, {"errors": {"summary": "no"}})
        if fault := adf_fault(fields["description"]) or description_fault(fields["description"]):
            return Reply(400, {"errors": {"description": fault}})
        key = f"OPS-{len(self.tickets) + 1}"
        self.tickets[key] = Ticket(dict(fields), is_indexed=not self.is_slow)
        return Reply(201, {"key": key})

    def _issue(self, request: Request, key: str, ticket: Ticket, part: str) -> Reply:
        if part == "comment":
            if request.method == "GET":
                assert request.query["expand"] == "properties"
                return Reply(body={"comments": ticket.comments[::-1]})
            if fault := adf_fault(request.json["body"]):
                return Reply(400, {"errors": {"comment": fault}})
            ticket.comments.append(request.json)
            return Reply(201, {"id": str(len(ticket.comments))})
        if part == "transitions":
            if request.method == "GET":
                return Reply(
                    body={"transitions": [self._way(name) for name in self._CATEGORY if name != ticket.status]}
                )
            ticket.status = request.json["transition"]["id"].removeprefix("to ")
            return Reply(204)
        if request.method == "PUT":
            fields = request.json["fields"]
            if fault := description_fault(fields.get("description", {})):
                return Reply(400, {"errors": {"description": fault}})
            ticket.fields.update(fields)
            return Reply(204)
        shown = {**ticket.fields, "status": self._status(ticket.status)}
        return Reply(body={"key": key, "fields": shown})

    def _way(self, status: str) -> dict[str, Any]:
        return {"id": f"to {status}", "name": f"Move to {status}", "to": self._status(status)}

    def _status(self, name: str) -> dict[str, Any]:
        return {"name": name, "statusCategory": {"key": self._CATEGORY[name]}}


def adf_fault(node: dict[str, Any]) -> str | None:
    """What Jira refuses of a document: an empty text, a node without its content."""
    if node["type"] == "text":
        return None if node["text"] else "an empty text"
    if not node.get("content"):
        return f"a {node['type']} without content"
    return next((fault for child in node["content"] if (fault := adf_fault(child))), None)


def description_fault(document: dict[str, Any]) -> str | None:
    """What Jira refuses of a description's length. It stores another form of it, which is shorter than its JSON."""
    longest = 32_767
    return "the entered text is too long" if len(json.dumps(document, ensure_ascii=False)) > longest else None


# ServiceNow -----------------------------------------------------------------------------------------------------------


class ServiceNow:
    """The table incident. A record is resolved only with a code and notes, as its data policy asks."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, str]] = {}
        self.account = base64.b64encode(b"bot:right").decode()

    def __call__(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Basic {self.account}":
            return Reply(401, {"error": {"message": "User Not Authenticated"}})
        sys_id = request.path.removeprefix("/api/now/table/incident").strip("/")
        if request.method == "POST":
            sys_id = f"{len(self.rows) + 1:032x}"
            self.rows[sys_id] = {
                "sys_id": sys_id,
                "number": f"INC{len(self.rows) + 1:07}",
                "state": "1",
                "work_notes": "",
                **request.json,
            }
            return Reply(201, {"result": {"sys_id": sys_id}})
        if not sys_id:
            match = re.match(r"correlation_id=([a-z0-9-]+)", request.query.get("sysparm_query", ""))
            held = [row for row in self.rows.values() if match and row["correlation_id"] == match[1]]
            return Reply(body={"result": [{"sys_id": row["sys_id"]} for row in held[:1]]})
        row = self.rows.get(sys_id)
        if row is None:
            return Reply(404, {"error": {"message": "No Record found"}})
        if request.method == "PATCH":
            return self._change(row, dict(request.json))
        assert request.query["sysparm_display_value"] == "all"
        names = request.query["sysparm_fields"].split(",")
        return Reply(
            body={"result": {name: {"value": row[name], "display_value": row[name]} for name in names if name in row}}
        )

    def _change(self, row: dict[str, str], fields: dict[str, str]) -> Reply:
        if fields.get("state") == "6" and not (fields.get("close_code") and fields.get("close_notes")):
            return Reply(403, {"error": {"message": "Data Policy Exception"}})
        if note := fields.pop("work_notes", ""):
            row["work_notes"] = f"2025-06-01 12:00:00 - bot (Work notes)\n{note}\n\n{row['work_notes']}"
        row.update(fields)
        return Reply(body={"result": {"sys_id": row["sys_id"]}})


# Others ---------------------------------------------------------------------------------------------------------------


class PagerDuty:
    """Events API v2: alerts by deduplication key."""

    def __init__(self) -> None:
        self.alerts: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Reply:
        event = request.json
        payload = event.get("payload", {})
        known = {"critical", "error", "warning", "info"}
        is_whole = event["event_action"] != "trigger" or (
            payload.get("severity") in known and payload.get("source") and 0 < len(payload.get("summary", "")) <= 1024
        )
        if event["routing_key"] != "R" * 32 or not is_whole:
            return Reply(400, {"status": "invalid event"})
        states = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
        self.alerts[event["dedup_key"]] = states[event["event_action"]]
        self.events.append(event)
        return Reply(202, {"status": "success", "dedup_key": event["dedup_key"]})


class Receiver:
    """Takes what is posted."""

    def __call__(self, request: Request) -> Reply:  # noqa: ARG002
        return Reply(body=b"ok")


@dataclass
class Mailbox:
    """A mail server that keeps what it takes; `answers` replaces its answer to the next DATA or RCPT."""

    mails: list[EmailMessage] = field(default_factory=list)
    answers: dict[str, str] = field(default_factory=dict)
    port: int = 0


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    box = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 double")
            for line in iter(self.rfile.readline, b""):
                verb = line.split()[0].decode().upper()
                if verb in ("DATA", "RCPT") and (answer := box.answers.pop(verb, "")):
                    self.say(answer)
                elif verb == "DATA":
                    self.say("354 go on")
                    lines = list(iter(self.rfile.readline, b".\r\n"))
                    data = b"".join(each[1:] if each.startswith(b"..") else each for each in lines)
                    made = message_from_bytes(data, policy=policy.default)
                    assert isinstance(made, EmailMessage)
                    box.mails.append(made)
                    if box.answers.pop("END", ""):
                        return
                    self.say("250 taken")
                elif verb == "QUIT":
                    self.say("221 bye")
                    return
                else:
                    self.say("250 fine")

    class Threads(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Threads(("127.0.0.1", 0), Session) as server:
        box.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield box
        finally:
            server.shutdown()
            thread.join()
